//! The tracer's seccomp stop as a gate.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::time::{Duration, Instant};

use super::{Attempt, HeldCall, Round, interrupted};
use crate::sys::arch::{self, Entry};
use crate::sys::ptrace::{Stopped, gone};
use crate::sys::{Pid, socket};

/// How long a caller sleeps, in milliseconds, before its socket is looked at again: longer the longer it
/// has waited.
const SLEEP: std::ops::RangeInclusive<u32> = 1..=20;

/// The most callers whose rounds are remembered. Who is killed in the midst of one leaves it behind.
const MAX_ROUNDS: usize = 4096;

thread_local! {
    /// The calls that were tried and are about to be made again. There is one tracing thread.
    static ROUNDS: RefCell<HashMap<Pid, Again>> = RefCell::default();
}

/// A call to be made again.
#[derive(Debug, Clone, Copy)]
struct Again {
    entry: Entry,
    round: Round,
    /// What it returns where a signal ends it.
    interrupted: i64,
    /// Whether the caller sleeps and stops at the end of it.
    asleep: bool,
}

/// A tracee stands at the end of a call: if that was its sleep, it is to make its own call again.
pub fn returned(stopped: &Stopped) -> io::Result<()> {
    let slept = ROUNDS.with_borrow_mut(|rounds| {
        let again = rounds.get_mut(&stopped.pid())?;
        std::mem::take(&mut again.asleep).then_some(*again)
    });
    if let Some(again) = slept {
        gone(arch::wake(stopped.pid(), &again.entry, again.interrupted))?;
    }
    Ok(())
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
    fn again(self, attempt: &dyn Attempt) -> io::Result<()> {
        let tid = self.stopped.pid();
        let round = attempt.round();
        let waited = u32::try_from(round.since.elapsed().as_millis()).unwrap_or(u32::MAX);
        let millis = (waited / 8).clamp(*SLEEP.start(), *SLEEP.end());
        let Some(asleep) = gone(arch::sleep(tid, millis))? else { return Ok(()) };
        if !asleep {
            // Then the loop has to, as shortly as it can.
            let pause = Duration::from_millis(1);
            socket::writable(&[attempt.socket()], None, pause);
            gone(arch::repeat_call(tid, self.entry.nr))?;
        }
        let interrupted = interrupted(attempt);
        ROUNDS.with_borrow_mut(|rounds| {
            if rounds.len() >= MAX_ROUNDS {
                rounds.retain(|_, again| again.asleep);
            }
            rounds.insert(tid, Again { entry: self.entry, round, interrupted, asleep });
        });
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

    fn earlier(&self) -> Option<Round> {
        let again = ROUNDS.with_borrow_mut(|rounds| rounds.remove(&self.stopped.pid()))?;
        (again.entry == self.entry).then_some(again.round)
    }

    fn finish(self, mut attempt: Box<dyn Attempt>) -> io::Result<()> {
        // A part that is done would be forgotten by the next round.
        if let Some(value) = attempt.cut_short() {
            return self.answer(value);
        }
        match attempt.deadline() {
            Some((end, value)) if Instant::now() >= end => self.answer(value),
            _ => self.again(&*attempt),
        }
    }

    fn abandon(self) {
        self.stopped.abandon();
    }
}
