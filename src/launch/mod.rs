//! From a plan to a running command: fork, attach, the layers in order, exec.

pub mod descriptors;
mod floor;
mod host;
pub mod program;

pub use floor::{Foundation, prepare};
pub use host::SystemLookup;

use std::ffi::{CString, OsString};
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use landlock::RulesetCreated;
use thiserror::Error;

use crate::error::plain;
use crate::plan::GateKind;
use crate::plan::bpf::Program;
use crate::sys::ptrace::Stopped;
use crate::sys::seccomp::{self, Listener};
use crate::sys::spawn::{self, Side};
use crate::sys::wait::{self, Status};
use crate::sys::{Pid, arch, ids, pidfd, ptrace, startup};

/// What is to be launched, and how it is confined.
#[derive(Debug)]
pub struct Spec {
    /// The program file.
    pub program: PathBuf,
    /// Its arguments, the name it was called by first.
    pub arguments: Vec<OsString>,
    /// Descriptors above 2 that it keeps.
    pub keep_fds: Vec<i32>,
    /// The seccomp program.
    pub filter: Program,
    /// How held calls arrive.
    pub gate: GateKind,
}

/// A command that is attached and about to be executed.
#[derive(Debug)]
pub struct Launched {
    /// Its process.
    pub pid: Pid,
    /// Where held calls arrive, with the notify gate.
    pub listener: Option<Listener>,
    /// Tells afterwards why it was not executed.
    pub failure: File,
}

/// A step of the launch, as it goes over the pipe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Step {
    /// Keeping and closing descriptors.
    Descriptors,
    /// Capabilities and no_new_privs.
    Privileges,
    /// Landlock.
    Landlock,
    /// The seccomp program.
    Filter,
    /// execve(2).
    Exec,
}

const STEPS: [Step; 5] =
    [Step::Descriptors, Step::Privileges, Step::Landlock, Step::Filter, Step::Exec];

/// Why a launch failed.
#[derive(Debug, Error)]
pub enum LaunchError {
    /// A step in the child failed.
    #[error("{}: {}", describe(*step), plain(error))]
    Child {
        /// Which.
        step: Step,
        /// Why.
        error: io::Error,
    },
    /// Attaching failed.
    #[error("cannot trace the command: {}; is gatekeeper itself being traced, or ptrace forbidden here?", plain(.0))]
    Attach(io::Error),
    /// The listener cannot be fetched: pidfd_getfd(2) is newer than this kernel, or forbidden here.
    #[error("cannot fetch the seccomp listener: {}", plain(.0))]
    Listener(#[source] io::Error),
    /// Something else did.
    #[error("cannot start the command: {}", plain(.0))]
    System(#[from] io::Error),
}

fn describe(step: Step) -> &'static str {
    match step {
        Step::Descriptors => "cannot keep the descriptors of --keep-fd",
        Step::Privileges => "cannot set no_new_privs",
        Step::Landlock => "cannot enter the Landlock domain",
        Step::Filter => "cannot install the seccomp filter; does this kernel have seccomp?",
        Step::Exec => "cannot execute the command",
    }
}

/// Forks, attaches and prepares the command up to its exec; nothing of it has run when this returns.
pub fn launch(spec: &Spec, floor: Option<RulesetCreated>) -> Result<Launched, LaunchError> {
    let image = Image {
        program: CString::new(spec.program.as_os_str().as_bytes()).map_err(io::Error::from)?,
        arguments: c_strings(&spec.arguments)?,
        environment: environment(std::process::id())?,
    };
    let (wait, go) = pipe()?;
    let (failure, report) = pipe()?;
    match spawn::fork()? {
        Side::Child => {
            drop((go, failure));
            child(spec, floor, wait, report, &image)
        }
        Side::Parent(pid) => {
            drop((wait, report));
            attend(spec, pid, go, failure)
        }
    }
}

/// What execve(2) gets.
struct Image {
    program: CString,
    arguments: Vec<CString>,
    environment: Vec<CString>,
}

fn child(
    spec: &Spec,
    floor: Option<RulesetCreated>,
    mut wait: File,
    mut report: File,
    image: &Image,
) -> ! {
    let argv = spawn::null_terminated(&image.arguments);
    let envp = spawn::null_terminated(&image.environment);
    // Nothing is done before the tracer is attached; if it gives up, the pipe just ends.
    if !matches!(wait.read(&mut [0]), Ok(1)) {
        spawn::exit_now(125);
    }
    startup::restore();
    let (step, error) = match confine(spec, floor) {
        Ok(()) => (Step::Exec, spawn::execute(&image.program, &argv, &envp)),
        Err(failed) => failed,
    };
    let mut message = [0; 5];
    message[0] = step as u8;
    message[1..].copy_from_slice(&error.raw_os_error().unwrap_or(libc::EIO).to_ne_bytes());
    let _ = report.write_all(&message);
    spawn::exit_now(125)
}

fn confine(spec: &Spec, floor: Option<RulesetCreated>) -> Result<(), (Step, io::Error)> {
    let at = |step: Step| move |error: io::Error| (step, error);
    spawn::close_all_but(&spec.keep_fds).map_err(at(Step::Descriptors))?;
    spawn::drop_far_reaching_capabilities().map_err(at(Step::Privileges))?;
    spawn::no_new_privileges().map_err(at(Step::Privileges))?;
    if let Some(ruleset) = floor {
        floor::enter(ruleset).map_err(at(Step::Landlock))?;
    }
    let filter = spec.filter.instructions();
    match spec.gate {
        GateKind::Ptrace => seccomp::install(filter).map_err(at(Step::Filter))?,
        GateKind::Notify => {
            let listener = seccomp::install_with_listener(filter).map_err(at(Step::Filter))?;
            // From here on calls may be held, and nobody holds them yet: the number goes over without.
            arch::trap_with(listener as u64);
        }
    }
    Ok(())
}

fn attend(spec: &Spec, pid: Pid, mut go: File, failure: File) -> Result<Launched, LaunchError> {
    if let Err(error) = ptrace::seize(pid) {
        discard(pid);
        return Err(LaunchError::Attach(error));
    }
    if spec.gate == GateKind::Ptrace {
        ids::hide_self()?;
    }
    go.write_all(&[0])?;
    drop(go);
    let listener = match spec.gate {
        GateKind::Ptrace => None,
        GateKind::Notify => match receive_listener(pid) {
            Ok(Some(listener)) => Some(listener),
            Ok(None) => return Err(failed(failure)),
            Err(error) => {
                discard(pid);
                return Err(error);
            }
        },
    };
    Ok(Launched { pid, listener, failure })
}

/// Ends a child that will not be launched, and sees it out.
fn discard(pid: Pid) {
    if ids::kill(pid, libc::SIGKILL).is_err() {
        return;
    }
    while let Ok(Some((who, status))) = wait::next() {
        if who == pid && matches!(status, Status::Exited(_) | Status::Signaled(_)) {
            return;
        }
    }
}

/// Waits for the breakpoint behind which the filter is installed; `None` if the child ended instead.
fn receive_listener(pid: Pid) -> Result<Option<Listener>, LaunchError> {
    loop {
        match wait::next()? {
            Some((who, _)) if who != pid => {}
            Some((_, Status::Stopped { signal: libc::SIGTRAP, event: 0 })) => {
                let number = arch::trapped_value(pid)? as i32;
                let fd = pidfd::open(pid)
                    .and_then(|process| pidfd::get_fd(&process, number))
                    .map_err(LaunchError::Listener)?;
                // Not before: a child of the next attempt would be as unreadable as gatekeeper.
                ids::hide_self()?;
                Stopped::new(pid).resume(0)?;
                return Ok(Some(Listener::new(fd)));
            }
            Some((_, Status::Stopped { signal, event: 0 })) => Stopped::new(pid).resume(signal)?,
            Some((_, Status::Stopped { event: libc::PTRACE_EVENT_STOP, signal })) => match signal {
                libc::SIGTRAP => Stopped::new(pid).resume(0)?,
                _ => Stopped::new(pid).listen()?,
            },
            Some((_, Status::Stopped { .. })) => Stopped::new(pid).resume(0)?,
            Some((_, Status::Exited(_) | Status::Signaled(_))) | None => return Ok(None),
        }
    }
}

/// Why the child ended without executing the command.
pub fn failed(mut failure: File) -> LaunchError {
    let mut message = [0; 5];
    match failure.read_exact(&mut message) {
        Ok(()) => {
            let step = STEPS.get(usize::from(message[0])).copied().unwrap_or(Step::Exec);
            let errno = i32::from_ne_bytes([message[1], message[2], message[3], message[4]]);
            LaunchError::Child { step, error: io::Error::from_raw_os_error(errno) }
        }
        Err(_) => LaunchError::System(io::Error::other("it was ended before it began")),
    }
}

/// A close-on-exec pipe: the end to read from, the end to write to.
fn pipe() -> io::Result<(File, File)> {
    let (read, write) = nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC)?;
    Ok((read.into(), write.into()))
}

fn c_strings(words: &[OsString]) -> io::Result<Vec<CString>> {
    words.iter().map(|word| CString::new(word.as_bytes()).map_err(io::Error::from)).collect()
}

/// The command's environment: gatekeeper's own, and `GATEKEEPER_PID`.
fn environment(supervisor: u32) -> io::Result<Vec<CString>> {
    let mut all = Vec::new();
    for (name, value) in std::env::vars_os() {
        if name == "GATEKEEPER_PID" {
            continue;
        }
        let mut entry = name.into_encoded_bytes();
        entry.push(b'=');
        entry.extend_from_slice(value.as_bytes());
        all.push(CString::new(entry)?);
    }
    all.push(CString::new(format!("GATEKEEPER_PID={supervisor}"))?);
    Ok(all)
}
