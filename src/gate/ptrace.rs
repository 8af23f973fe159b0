//! The tracer's seccomp stop as a gate.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::time::{Duration, Instant};

use super::{Attempt, HeldCall, interrupted};
use crate::sys::arch::{self, Entry};
use crate::sys::ptrace::{Stopped, gone};
use crate::sys::{Pid, socket};

/// How long a caller sleeps, in milliseconds, before its socket is looked at again: longer the longer it
/// has waited.
const SLEEP: std::ops::RangeInclusive<u32> = 1..=20;

thread_local! {
    /// The calls that were tried and are about to be made again. There is one tracing thread.
    static BEGUN: RefCell<HashMap<Pid, Begun>> = RefCell::default();
}

/// A call to be made again.
#[derive(Debug)]
struct Begun {
    entry: Entry,
    attempt: Box<dyn Attempt>,
    /// Whether the caller sleeps and stops at the end of it.
    asleep: bool,
}

/// A tracee stands at the end of a call: if that was its sleep, it makes its own call again now.
pub fn returned(stopped: &Stopped) -> io::Result<()> {
    let tid = stopped.pid();
    let entry = BEGUN.with_borrow_mut(|all| {
        let begun = all.get_mut(&tid)?;
        std::mem::take(&mut begun.asleep).then_some(begun.entry)
    });
    let Some(entry) = entry else { return Ok(()) };
    if gone(arch::wake(tid, &entry))? == Some(true) {
        signaled(stopped)?;
    }
    Ok(())
}

/// A tracee is about to get a signal: if it was about to make a call again, that call ends for it.
pub fn signaled(stopped: &Stopped) -> io::Result<()> {
    let tid = stopped.pid();
    let Some(mut begun) = BEGUN.with_borrow_mut(|all| all.remove(&tid)) else { return Ok(()) };
    let value = begun.attempt.cut_short().unwrap_or_else(|| interrupted(&*begun.attempt));
    gone(arch::end_repeated(tid, begun.entry.nr, value)).map(|_| ())
}

/// A tracee is no more.
pub fn ended(tid: Pid) {
    BEGUN.with_borrow_mut(|all| all.remove(&tid));
}

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

    /// Lets the caller sleep for a while, and make the call again then. It is the caller that waits, not
    /// the tracer's loop, and signals end its sleep as they would end the call.
    fn again(self, attempt: Box<dyn Attempt>) -> io::Result<()> {
        let tid = self.stopped.pid();
        let waited = u32::try_from(attempt.since().elapsed().as_millis()).unwrap_or(u32::MAX);
        let millis = (waited / 8).clamp(*SLEEP.start(), *SLEEP.end());
        let Some(asleep) = gone(arch::sleep(tid, millis))? else { return Ok(()) };
        if !asleep {
            // Then the loop has to, as shortly as it can.
            socket::writable(&[attempt.socket()], None, Duration::from_millis(1));
            gone(arch::repeat_call(tid, self.entry.nr))?;
        }
        let begun = Begun { entry: self.entry, attempt, asleep };
        BEGUN.with_borrow_mut(|all| all.insert(tid, begun));
        if asleep { self.stopped.resume_to_call(0) } else { self.stopped.resume(0) }
    }
}

impl HeldCall for AtEntry {
    fn tid(&self) -> Pid {
        self.stopped.pid()
    }

    fn entry(&self) -> Entry {
        self.entry
    }

    /// A ptrace stop lasts until it is answered, or the tracee is killed in it: then its memory is gone,
    /// but the tid stays its own until it is reaped.
    fn is_waiting(&self) -> bool {
        self.stopped.lasts()
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

    fn begun(&self) -> Option<Box<dyn Attempt>> {
        let begun = BEGUN.with_borrow_mut(|all| all.remove(&self.stopped.pid()))?;
        (begun.entry == self.entry).then_some(begun.attempt)
    }

    fn finish(self, mut attempt: Box<dyn Attempt>) -> io::Result<()> {
        match attempt.deadline() {
            Some((end, value)) if Instant::now() >= end => {
                let value = attempt.cut_short().unwrap_or(value);
                self.answer(value)
            }
            _ => self.again(attempt),
        }
    }

    fn abandon(self) {
        self.stopped.abandon();
    }
}
