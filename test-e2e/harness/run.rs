//! Runs gatekeeper, or a command without it, with bounded waits and nothing left behind.

use std::ffi::{OsStr, OsString};
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::{Out, tools};

/// How long anything may take on a machine that is busy with other things.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// How held calls reach the supervisor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// `--gate=notify`
    Notify,
    /// `--gate=ptrace`
    Ptrace,
}

impl Gate {
    /// The flag that asks for it.
    pub fn flag(self) -> &'static str {
        match self {
            Gate::Notify => "--gate=notify",
            Gate::Ptrace => "--gate=ptrace",
        }
    }
}

/// Who runs gatekeeper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum User {
    /// Whoever runs the suite: root, as a rule.
    Root,
    /// 65534, without groups and capabilities.
    Nobody,
}

/// A command line in the making.
#[derive(Clone)]
pub struct Run {
    words: Vec<OsString>,
    env: Vec<(String, OsString)>,
    cwd: PathBuf,
    user: User,
    stdin: Option<Vec<u8>>,
    keep: Vec<RawFd>,
    terminal: Option<RawFd>,
}

impl Run {
    /// `gatekeeper run` over a gate.
    pub fn over(gate: Gate) -> Run {
        Run::gatekeeper().args(["run", gate.flag()])
    }

    /// `gatekeeper`, and nothing yet.
    pub fn gatekeeper() -> Run {
        Run::native(&tools().gatekeeper)
    }

    /// A program without gatekeeper.
    pub fn native(program: impl AsRef<OsStr>) -> Run {
        Run {
            words: vec![program.as_ref().to_owned()],
            env: Vec::new(),
            cwd: PathBuf::from("/"),
            user: User::Root,
            stdin: Some(Vec::new()),
            keep: Vec::new(),
            terminal: None,
        }
    }

    /// Adds flags or arguments.
    pub fn args<S: AsRef<OsStr>>(mut self, words: impl IntoIterator<Item = S>) -> Run {
        self.words.extend(words.into_iter().map(|word| word.as_ref().to_owned()));
        self
    }

    /// Adds one flag or argument.
    pub fn arg(self, word: impl AsRef<OsStr>) -> Run {
        self.args([word])
    }

    /// `--on-syscall-denied=error`
    pub fn error(self) -> Run {
        self.arg("--on-syscall-denied=error")
    }

    /// Ends the flags and adds the probe with these calls.
    pub fn probe<S: AsRef<str>>(self, calls: impl IntoIterator<Item = S>) -> Run {
        let calls = calls.into_iter().map(|call| call.as_ref().to_owned());
        self.arg("--").arg(&tools().probe).args(calls)
    }

    /// Ends the flags and adds one of the hostile programs.
    pub fn hostile<S: AsRef<OsStr>>(self, words: impl IntoIterator<Item = S>) -> Run {
        self.arg("--").arg(&tools().hostile).args(words)
    }

    /// Ends the flags and adds a command.
    pub fn cmd<S: AsRef<OsStr>>(self, words: impl IntoIterator<Item = S>) -> Run {
        self.arg("--").args(words)
    }

    /// Ends the flags and adds a shell script.
    pub fn sh(self, script: impl AsRef<str>) -> Run {
        self.cmd(["/bin/sh", "-c", script.as_ref()])
    }

    /// Puts a launcher and its arguments in front.
    pub fn inside<S: AsRef<OsStr>>(mut self, launcher: impl IntoIterator<Item = S>) -> Run {
        let launcher: Vec<OsString> =
            launcher.into_iter().map(|word| word.as_ref().to_owned()).collect();
        self.words.splice(0..0, launcher);
        self
    }

    /// Sets a variable.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Run {
        self.env.push((name.to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Where it starts; `/` otherwise.
    pub fn cwd(mut self, dir: impl AsRef<Path>) -> Run {
        self.cwd = dir.as_ref().to_owned();
        self
    }

    /// Who runs it.
    pub fn by(mut self, user: User) -> Run {
        self.user = user;
        self
    }

    /// What it reads; nothing otherwise.
    pub fn stdin(mut self, bytes: impl AsRef<[u8]>) -> Run {
        self.stdin = Some(bytes.as_ref().to_owned());
        self
    }

    /// Lets it inherit this descriptor under its own number; the caller keeps it open until the run has started.
    pub fn inherit(mut self, fd: RawFd) -> Run {
        self.keep.push(fd);
        self
    }

    /// Gives it this terminal as the controlling one, in a session of its own, and as stdin, stdout and stderr.
    pub fn on_terminal(mut self, fd: RawFd) -> Run {
        self.terminal = Some(fd);
        self
    }

    /// Runs it to its end.
    #[track_caller]
    pub fn output(self) -> Out {
        let stdin = self.stdin.clone();
        let mut running = self.start();
        if let Some(bytes) = stdin {
            running.feed(&bytes);
        }
        running.close_stdin();
        running.finish()
    }

    fn shown(&self) -> String {
        let words: Vec<_> =
            self.words.iter().map(|word| format!("{:?}", word.to_string_lossy())).collect();
        words.join(" ")
    }

    /// Starts it with its stdin open.
    #[track_caller]
    pub fn start(self) -> Running {
        let mut command = Command::new(&self.words[0]);
        command
            .args(&self.words[1..])
            .env_clear()
            .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
            .env("LC_ALL", "C")
            .env("HOME", "/nonexistent")
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .current_dir(&self.cwd);
        if self.terminal.is_none() {
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        }
        let keep = self.keep.clone();
        let terminal = self.terminal;
        let drop_to = (self.user == User::Nobody && super::is_root()).then_some(65534);
        unsafe {
            command.pre_exec(move || before_exec(&keep, terminal, drop_to));
        }
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{}: {error}", self.shown()));
        Running {
            stdin: child.stdin.take(),
            stdout: Stream::of(child.stdout.take()),
            stderr: Stream::of(child.stderr.take()),
            child,
            status: None,
            command: self.shown(),
        }
    }
}

/// Runs in the child between fork and exec: system calls only.
fn before_exec(
    keep: &[RawFd],
    terminal: Option<RawFd>,
    drop_to: Option<u32>,
) -> std::io::Result<()> {
    let check = |result: i32| match result {
        -1 => Err(std::io::Error::last_os_error()),
        _ => Ok(()),
    };
    unsafe {
        // What the suite itself was started with is not for the programs.
        let all = libc::syscall(libc::SYS_close_range, 3, u32::MAX, libc::CLOSE_RANGE_CLOEXEC);
        check(all as i32)?;
        for fd in keep {
            check(libc::fcntl(*fd, libc::F_SETFD, 0))?;
        }
        if let Some(fd) = terminal {
            check(libc::setsid())?;
            check(libc::ioctl(fd, libc::TIOCSCTTY, 0))?;
            for standard in 0..3 {
                check(libc::dup2(fd, standard))?;
            }
        }
        if let Some(id) = drop_to {
            check(libc::setgroups(0, std::ptr::null()))?;
            check(libc::setgid(id))?;
            check(libc::setuid(id))?;
        }
    }
    Ok(())
}

/// Bytes and whether they have ended, and how their reader says that there are more.
type Shared = (Mutex<(Vec<u8>, bool)>, Condvar);

/// What a pipe delivered so far, read by a thread of its own.
struct Stream {
    read: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Stream {
    fn of(pipe: Option<impl Read + Send + 'static>) -> Stream {
        let read = Arc::new((Mutex::new((Vec::new(), pipe.is_none())), Condvar::new()));
        let shared = read.clone();
        let thread = pipe.map(|mut pipe| {
            std::thread::spawn(move || {
                let mut chunk = vec![0; 1 << 16];
                loop {
                    let count = pipe.read(&mut chunk).unwrap_or(0);
                    let mut state = shared.0.lock().unwrap();
                    state.0.extend_from_slice(&chunk[..count]);
                    state.1 = count == 0;
                    shared.1.notify_all();
                    if count == 0 {
                        return;
                    }
                }
            })
        });
        Stream { read, thread }
    }

    /// Waits until `done` holds of the bytes, or the end; returns whether it held.
    fn until(&self, done: impl Fn(&[u8]) -> bool) -> bool {
        let end = Instant::now() + PATIENCE;
        let mut state = self.read.0.lock().unwrap();
        loop {
            if done(&state.0) {
                return true;
            }
            let left = end.saturating_duration_since(Instant::now());
            if state.1 || left.is_zero() {
                return false;
            }
            state = self.read.1.wait_timeout(state, left).unwrap().0;
        }
    }

    /// Waits for the end.
    fn ended(&self) -> bool {
        let (state, _) = self
            .read
            .1
            .wait_timeout_while(self.read.0.lock().unwrap(), PATIENCE, |state| !state.1)
            .unwrap();
        state.1
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.read.0.lock().unwrap().0).into_owned()
    }
}

/// A run under way. Dropped before its end, it is killed, and with gatekeeper all that gatekeeper runs.
pub struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Stream,
    stderr: Stream,
    status: Option<ExitStatus>,
    command: String,
}

impl Running {
    /// Its process id.
    pub fn pid(&self) -> i32 {
        self.child.id() as i32
    }

    /// Sends it a signal.
    #[track_caller]
    pub fn signal(&self, signal: i32) {
        assert!(self.status.is_none());
        assert_eq!(unsafe { libc::kill(self.pid(), signal) }, 0);
    }

    /// Waits until stdout holds this, and returns stdout.
    #[track_caller]
    pub fn wait_stdout(&mut self, text: &str) -> String {
        let found = self.stdout.until(|bytes| contains(bytes, text.as_bytes()));
        assert!(found, "stdout never showed {text:?}{}", self.so_far());
        self.stdout.text()
    }

    /// Writes to its stdin; that it no longer reads is no error.
    pub fn feed(&mut self, bytes: &[u8]) {
        if let Some(stdin) = &mut self.stdin {
            let _ = stdin.write_all(bytes).and_then(|()| stdin.flush());
        }
    }

    /// Ends its stdin.
    pub fn close_stdin(&mut self) {
        self.stdin = None;
    }

    /// Waits for the process alone; whatever it left may still hold the pipes.
    #[track_caller]
    pub fn wait(&mut self) -> i32 {
        if self.status.is_none() {
            assert!(exits(self.pid()), "still running{}", self.so_far());
            self.status = Some(self.child.wait().unwrap());
        }
        let status = self.status.unwrap();
        status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
    }

    /// Waits for the process and for the end of its output: nothing that it started is left to write there.
    #[track_caller]
    pub fn finish(mut self) -> Out {
        self.stdin = None;
        let code = self.wait();
        let over = self.stdout.ended() && self.stderr.ended();
        assert!(over, "something outlives the run and holds its output{}", self.so_far());
        for stream in [&mut self.stdout, &mut self.stderr] {
            if let Some(thread) = stream.thread.take() {
                thread.join().unwrap();
            }
        }
        Out {
            stdout: self.stdout.text(),
            stderr: self.stderr.text(),
            code,
            command: self.command.clone(),
        }
    }

    /// Everything known, for messages.
    pub fn so_far(&self) -> Out {
        Out {
            stdout: self.stdout.text(),
            stderr: self.stderr.text(),
            code: self.status.and_then(|status| status.code()).unwrap_or(-1),
            command: self.command.clone(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.status.is_none() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

fn contains(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len().max(1)).any(|window| window == text)
}

/// Waits for the end of a process without reaping it; false where patience ran out.
pub fn exits(pid: i32) -> bool {
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) } as RawFd;
    if fd < 0 {
        return true;
    }
    let fd = unsafe { OwnedFd::from_raw_fd(fd) };
    readable(fd.as_raw_fd(), PATIENCE)
}

/// Waits until a descriptor can be read, or is at its end.
pub fn readable(fd: RawFd, patience: Duration) -> bool {
    let mut poll = libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
    unsafe { libc::poll(&mut poll, 1, patience.as_millis() as i32) == 1 }
}

/// Waits until `done` holds: for conditions that nothing announces, such as a process's state in /proc.
#[track_caller]
pub fn eventually(what: &str, mut done: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < end, "never came true: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
