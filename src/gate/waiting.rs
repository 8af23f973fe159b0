//! Calls at the listener that wait for a socket, all on one thread.
//!
//! A caller whose notification has been received sleeps killable (`WAIT_KILLABLE_RECV`) and, being
//! traced, is not woken by any signal but SIGKILL. So signals that wait for it are looked for, and the
//! call is ended for them as the kernel would: with a value that restarts it or turns into EINTR.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::notify::Notified;
use super::{Attempt, HeldCall as _, interrupted};
use crate::sys::{Pid, socket};

/// How often signals, deadlines and callers that are gone are looked for.
const SLICE: Duration = Duration::from_millis(50);

/// How soon a socket is tried again that seemed ready and was not, or not for all.
const PAUSE: Duration = Duration::from_millis(2);

/// The thread's letter box, and what wakes it.
static THREAD: Mutex<Option<(Sender<Waiting>, UnixStream)>> = Mutex::new(None);

/// A call on its way.
struct Waiting {
    held: Notified,
    attempt: Box<dyn Attempt>,
    looked: Instant,
    /// When a socket that is always ready, but never in fact, may be tried next.
    rests_until: Option<Instant>,
}

/// Answers `held` once `attempt` has come to an end.
pub fn hand_over(held: Notified, attempt: Box<dyn Attempt>) -> io::Result<()> {
    let waiting = Waiting { held, attempt, looked: Instant::now(), rests_until: None };
    let mut thread = THREAD.lock().unwrap_or_else(PoisonError::into_inner);
    if thread.is_none() {
        *thread = Some(start()?);
    }
    let Some((letters, bell)) = &mut *thread else { return Err(io::ErrorKind::NotFound.into()) };
    letters.send(waiting).map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
    match bell.write(&[0]) {
        // It has not got round to the last ones yet.
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
        rung => rung.map(|_| ()),
    }
}

fn start() -> io::Result<(Sender<Waiting>, UnixStream)> {
    let (letters, inbox) = channel();
    let (bell, ear) = UnixStream::pair()?;
    bell.set_nonblocking(true)?;
    ear.set_nonblocking(true)?;
    std::thread::Builder::new()
        .name("waiting".to_owned())
        .stack_size(128 << 10)
        .spawn(move || serve(&inbox, ear))?;
    Ok((letters, bell))
}

fn serve(inbox: &Receiver<Waiting>, mut ear: UnixStream) {
    let mut calls: Vec<Waiting> = Vec::new();
    loop {
        if calls.is_empty() {
            match inbox.recv() {
                Ok(call) => calls.push(call),
                Err(_) => return,
            }
        }
        calls.extend(inbox.try_iter());
        let ready = wait(&calls, &ear);
        while matches!(ear.read(&mut [0; 64]), Ok(1..)) {}
        calls = calls.into_iter().zip(ready).filter_map(|(call, ready)| call.step(ready)).collect();
    }
}

/// Sleeps until something may have changed; which sockets are ready.
fn wait(calls: &[Waiting], ear: &UnixStream) -> Vec<bool> {
    let now = Instant::now();
    let awake: Vec<bool> =
        calls.iter().map(|call| call.rests_until.is_none_or(|until| until <= now)).collect();
    let next = calls.iter().map(Waiting::next_look).min().unwrap_or(now);
    // Up to the next whole millisecond, or the last one is spent turning in circles.
    let timeout = next.saturating_duration_since(now) + Duration::from_millis(1);
    let sockets: Vec<_> = calls
        .iter()
        .zip(&awake)
        .filter(|&(_, &awake)| awake)
        .map(|(call, _)| call.attempt.socket())
        .collect();
    let mut ready = socket::writable(&sockets, Some(ear.as_fd()), timeout).into_iter();
    awake.into_iter().map(|awake| awake && ready.next() == Some(true)).collect()
}

impl Waiting {
    fn next_look(&self) -> Instant {
        let deadline = self.attempt.deadline().map(|(end, _)| end);
        let look = self.looked + SLICE;
        [deadline, self.rests_until].into_iter().flatten().fold(look, Instant::min)
    }

    /// Goes on with it; `None` once it is answered.
    fn step(mut self, ready: bool) -> Option<Self> {
        let now = Instant::now();
        self.rests_until = self.rests_until.filter(|&until| until > now);
        if ready {
            if let Some(value) = self.attempt.advance(&|| self.held.is_waiting()) {
                return self.answer(value);
            }
            self.rests_until = Some(Instant::now() + PAUSE);
        }
        if let Some((end, value)) = self.attempt.deadline() {
            if now >= end {
                let value = self.attempt.cut_short().unwrap_or(value);
                return self.answer(value);
            }
        }
        if now.saturating_duration_since(self.looked) < SLICE {
            return Some(self);
        }
        self.looked = now;
        if !self.held.is_waiting() {
            self.held.abandon();
            return None;
        }
        match signal_waits(self.held.tid()) {
            true => {
                let restart = interrupted(&*self.attempt);
                let value = self.attempt.cut_short().unwrap_or(restart);
                self.answer(value)
            }
            false => Some(self),
        }
    }

    fn answer(self, value: i64) -> Option<Self> {
        let tid = self.held.tid();
        if let Err(error) = self.held.answer(value) {
            log::error!("cannot answer a held call of {tid}: {error}");
        }
        None
    }
}

/// Whether a signal waits for this thread and for no other one: the kernel then has work pending for it
/// on its way back to user mode, and acts on the restart values.
fn signal_waits(tid: Pid) -> bool {
    fs::read_to_string(format!("/proc/{tid}/status")).is_ok_and(|status| has_signal(&status))
}

/// [`signal_waits`], from the text of `/proc/TID/status` (proc_pid_status(5)).
///
/// What is pending for the whole process (`ShdPnd`) is the main thread's as long as that does not block
/// it (`complete_signal`, kernel/signal.c); of other threads nobody can tell which one is to take it.
fn has_signal(status: &str) -> bool {
    let field = |name: &str| {
        status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
    };
    let set = |name| field(name).and_then(|hex| u64::from_str_radix(hex, 16).ok()).unwrap_or(0);
    let leads = field("Tgid").is_some() && field("Tgid") == field("Pid");
    let alone = field("Threads") == Some("1");
    let shared = if leads || alone { set("ShdPnd") } else { 0 };
    (set("SigPnd") | shared) & !set("SigBlk") != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_signal_it_is() {
        for (tgid, pid, threads, own, shared, blocked, want) in [
            (7, 7, 1, "0", "0", "0", false),
            (7, 7, 1, "0000000000002000", "0", "0", true),
            (7, 7, 1, "0", "0000000000002000", "0", true),
            (7, 7, 1, "0", "0000000000002000", "0000000000002000", false),
            (7, 7, 3, "0", "0000000000002000", "0", true),
            (7, 8, 3, "0", "0000000000002000", "0", false),
            (7, 8, 1, "0", "0000000000002000", "0", true),
            (7, 8, 3, "0000000000002000", "0", "0", true),
        ] {
            let status = format!(
                "Name:\tx\nTgid:\t{tgid}\nPid:\t{pid}\nPPid:\t1\nThreads:\t{threads}\nSigQ:\t0/1\n\
                 SigPnd:\t{own}\nShdPnd:\t{shared}\nSigBlk:\t{blocked}\n"
            );
            assert_eq!(has_signal(&status), want, "{status}");
        }
        assert!(!has_signal(""));
    }
}
