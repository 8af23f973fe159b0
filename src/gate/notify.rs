//! The seccomp listener as a gate.

use std::io;

use super::{Attempt, HeldCall, waiting};
use crate::sys::arch::Entry;
use crate::sys::seccomp::{Held, Listener};
use crate::sys::{Pid, socket};

/// A call that waits at the listener.
#[derive(Debug)]
pub struct Notified {
    listener: &'static Listener,
    held: Held,
}

impl Notified {
    /// The call that `listener` gave as `held`.
    pub fn new(listener: &'static Listener, held: Held) -> Self {
        Self { listener, held }
    }
}

impl HeldCall for Notified {
    fn tid(&self) -> Pid {
        self.held.tid
    }

    fn entry(&self) -> Entry {
        self.held.entry
    }

    fn is_waiting(&self) -> bool {
        self.listener.is_valid(&self.held)
    }

    fn resume(self) -> io::Result<()> {
        self.listener.resume(self.held)
    }

    fn answer(self, value: i64) -> io::Result<()> {
        self.listener.answer(self.held, value)
    }

    fn dead_end(self, kind: i32) -> io::Result<()> {
        match socket::dead_end(kind) {
            Ok(end) => self.listener.give(self.held, &end, kind & libc::SOCK_CLOEXEC != 0),
            Err(_) => self.answer(-i64::from(libc::EAFNOSUPPORT)),
        }
    }

    /// A call waits at the listener for as long as it takes, in one round.
    fn begun(&self) -> Option<Box<dyn Attempt>> {
        None
    }

    fn finish(self, attempt: Box<dyn Attempt>) -> io::Result<()> {
        waiting::hand_over(self, attempt)
    }

    fn abandon(self) {}
}
