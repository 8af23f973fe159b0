//! The tracer's seccomp stop as a gate.

use std::io;

use super::HeldCall;
use crate::sys::Pid;
use crate::sys::arch::Entry;
use crate::sys::ptrace::Stopped;

/// A call at whose entry the tracee stands (`PTRACE_EVENT_SECCOMP`).
#[derive(Debug)]
pub struct AtEntry {
    stopped: Stopped,
    entry: Entry,
}

impl AtEntry {
    /// The call of a tracee in its seccomp stop.
    pub fn new(stopped: Stopped, entry: Entry) -> Self {
        Self { stopped, entry }
    }
}

impl HeldCall for AtEntry {
    fn tid(&self) -> Pid {
        self.stopped.pid()
    }

    fn entry(&self) -> Entry {
        self.entry
    }

    /// A ptrace stop lasts until it is answered, or the tracee dies unreaped; the tid stays its own.
    fn is_waiting(&self) -> bool {
        true
    }

    fn resume(self) -> io::Result<()> {
        self.stopped.resume(0)
    }

    fn answer(self, value: i64) -> io::Result<()> {
        self.stopped.skip(value)
    }

    /// No descriptor can be put into the tracee from here; every connect is looked at instead.
    fn dead_end(self, _kind: i32) -> io::Result<()> {
        self.stopped.resume(0)
    }

    fn abandon(self) {
        self.stopped.abandon();
    }
}
