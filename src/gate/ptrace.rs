//! The tracer's seccomp stop as a gate.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::time::{Duration, Instant};

use super::{Attempt, HeldCall, Round, interrupted};
use crate::sys::arch::{self, Entry};
use crate::sys::ptrace::{Stopped, gone};
use crate::sys::wait::{self, Status};
use crate::sys::{Pid, socket};

/// The longest that the tracer's loop, which everybody else needs as well, waits for one caller's socket.
const LONGEST_SLICE: Duration = Duration::from_millis(10);

/// How often, and how long after one another, it looks where a caller that makes its call again has got.
const PEEKS: u32 = 40;
const PEEK: Duration = Duration::from_micros(20);

/// The most callers whose rounds are remembered. Who is killed in the midst of one leaves it behind.
const MAX_ROUNDS: usize = 4096;

thread_local! {
    /// The calls that were tried and are about to be made again. There is one tracing thread.
    static ROUNDS: RefCell<HashMap<Pid, (Entry, Round)>> = RefCell::default();
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

    /// Lets the caller make the call again, so that signals reach it in between; one that does ends the
    /// call with `value`.
    fn again(self, round: Round, value: i64) -> io::Result<()> {
        let tid = self.stopped.pid();
        ROUNDS.with_borrow_mut(|rounds| {
            if rounds.len() >= MAX_ROUNDS {
                rounds.clear();
            }
            rounds.insert(tid, (self.entry, round));
        });
        gone(arch::repeat_call(tid, self.entry.nr))?;
        self.stopped.resume(0)?;
        if let Some(Status::Stopped { event: 0, .. }) = next_stop(tid) {
            gone(arch::end_for_signal(tid, self.entry.nr, value))?;
        }
        Ok(())
    }
}

/// What becomes of a tracee that was let go to make a call again: it stops, at the call or for a signal,
/// without running a program's instruction. Left for the loop to take. `None` where it takes its time: a
/// group leader that dies is told of only after the loop has taken its threads.
fn next_stop(tid: Pid) -> Option<Status> {
    for _ in 0..PEEKS {
        match wait::peek(tid) {
            Ok(None) => std::thread::sleep(PEEK),
            Ok(status) => return status,
            Err(_) => return None,
        }
    }
    None
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

    fn earlier(&self) -> Option<Round> {
        let (entry, round) = ROUNDS.with_borrow_mut(|rounds| rounds.remove(&self.stopped.pid()))?;
        (entry == self.entry).then_some(round)
    }

    fn finish(self, mut attempt: Box<dyn Attempt>) -> io::Result<()> {
        let round = attempt.round();
        let since = round.since.elapsed();
        // Short while the answer may be near, longer once it is not.
        let slice = (since / 16).clamp(Duration::from_millis(1), LONGEST_SLICE);
        socket::writable(&[attempt.socket()], None, slice);
        if let Some(value) = attempt.advance(&|| true).or_else(|| attempt.cut_short()) {
            return self.answer(value);
        }
        match attempt.deadline() {
            Some((end, value)) if Instant::now() >= end => self.answer(value),
            _ => self.again(round, interrupted(&*attempt)),
        }
    }

    fn abandon(self) {
        self.stopped.abandon();
    }
}
