//! waitpid(2) with every status it can return, real-time signals included.

use std::io;
use std::time::{Duration, Instant};

use super::Pid;

/// What waitpid(2) reported of one child or tracee.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Ended by itself with this exit code.
    Exited(i32),
    /// Ended by this signal.
    Signaled(i32),
    /// Stopped by this signal, with a `PTRACE_EVENT_*` number or 0 (ptrace(2), "Stopped states").
    Stopped {
        /// The stop signal, as `WSTOPSIG` gives it.
        signal: i32,
        /// The ptrace event, 0 where there is none.
        event: i32,
    },
}

/// Decodes a raw wait status; `None` for the states nobody asked for.
pub fn decode(status: i32) -> Option<Status> {
    if libc::WIFEXITED(status) {
        Some(Status::Exited(libc::WEXITSTATUS(status)))
    } else if libc::WIFSIGNALED(status) {
        Some(Status::Signaled(libc::WTERMSIG(status)))
    } else if libc::WIFSTOPPED(status) {
        Some(Status::Stopped { signal: libc::WSTOPSIG(status), event: (status >> 16) & 0xff })
    } else {
        None
    }
}

/// How long the next change is looked out for before sleeping. To be woken from an idle processor takes
/// some 40 µs, several times in a fork that takes 100.
const LOOK_OUT: Duration = Duration::from_micros(100);

/// Waits for changes one after the other.
#[derive(Debug, Default)]
pub struct Waiter {
    /// Whether the last change came so soon that looking out for it would have paid.
    soon: bool,
}

impl Waiter {
    /// Waits for the next change of any child or tracee; `None` when there is none left (ECHILD).
    ///
    /// Interrupted waits are taken up again.
    pub fn change(&mut self) -> io::Result<Option<(Pid, Status)>> {
        let begin = Instant::now();
        let mut seen = Seen::Nothing;
        while self.soon && seen == Seen::Nothing && begin.elapsed() < LOOK_OUT {
            seen = look(libc::WNOHANG)?;
            if seen == Seen::Nothing {
                // Whoever else could run here does.
                std::thread::yield_now();
            }
        }
        if seen == Seen::Nothing {
            seen = look(0)?;
        }
        self.soon = begin.elapsed() < LOOK_OUT;
        match seen {
            Seen::Change(pid, status) => Ok(Some((pid, status))),
            Seen::Nothing | Seen::Nobody => Ok(None),
        }
    }
}

/// As [`Waiter::change`], for a single change.
pub fn next() -> io::Result<Option<(Pid, Status)>> {
    Waiter::default().change()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    Change(Pid, Status),
    /// No change yet.
    Nothing,
    /// Nobody is left.
    Nobody,
}

/// waitpid(2) with `flags`, until it says something that is asked for.
fn look(flags: libc::c_int) -> io::Result<Seen> {
    loop {
        let mut status = 0;
        // SAFETY: `status` is a valid int for the call. __WALL: clone children without SIGCHLD too.
        let pid = unsafe { libc::waitpid(-1, &raw mut status, libc::__WALL | flags) };
        if pid == 0 {
            return Ok(Seen::Nothing);
        }
        if pid > 0 {
            match decode(status) {
                Some(status) => return Ok(Seen::Change(pid, status)),
                None => continue,
            }
        }
        let error = io::Error::last_os_error();
        match error.raw_os_error() {
            Some(libc::EINTR) => {}
            Some(libc::ECHILD) => return Ok(Seen::Nobody),
            _ => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_status() {
        for (raw, want) in [
            (0x0000, Some(Status::Exited(0))),
            (0x2a00, Some(Status::Exited(42))),
            (0x0009, Some(Status::Signaled(9))),
            (0x008b, Some(Status::Signaled(11))),
            (0x137f, Some(Status::Stopped { signal: 19, event: 0 })),
            (0x227f, Some(Status::Stopped { signal: 34, event: 0 })),
            (0x0004_057f, Some(Status::Stopped { signal: 5, event: 4 })),
            (0x0080_137f, Some(Status::Stopped { signal: 19, event: 128 })),
            (0xffff, None),
        ] {
            assert_eq!(decode(raw), want, "{raw:#x}");
        }
    }
}
