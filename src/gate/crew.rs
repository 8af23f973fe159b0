//! How many threads answer the listener, and where they run.
//!
//! With `SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP` a caller and the thread that answers it take turns on one
//! processor, which is the cheapest there is for one caller. All threads that wait at a listener are
//! woken by each call, so a second one only costs; and several callers all gather on the processor of
//! the one that answers. So one thread does the work as long as calls come one after the other. Once
//! they keep arriving while another is being answered, the others join in, each on a processor of its
//! own, and the callers spread with them.

use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::notify::Notified;
use crate::sys::Pid;
use crate::sys::cpus::Cpus;
use crate::sys::seccomp::Listener;

/// How long a call may wait because the only thread on duty waits for a file system.
const RELIEF: Duration = Duration::from_millis(250);

/// How much more a call that found another one waiting counts than one that found none: the others
/// join in when more than one in five does.
const WEIGHT: u32 = 4;

/// The weight at which the others join in.
const CROWD: u32 = 64;

/// So many calls of one thread in a row send them away again.
const ALONE: u32 = 64;

/// What the calls so far say about how many threads it takes.
#[derive(Debug, Default)]
struct Tempo {
    crowded: bool,
    last: Pid,
    weight: u32,
    repeats: u32,
}

impl Tempo {
    /// A call of `tid` arrived; `more` tells whether another one waits already. Returns whether the
    /// others are to join in now.
    fn arrived(&mut self, tid: Pid, more: impl FnOnce() -> bool) -> bool {
        if std::mem::replace(&mut self.last, tid) == tid {
            self.repeats += 1;
            if self.crowded && self.repeats >= ALONE {
                *self = Self { last: tid, ..Self::default() };
            }
            return false;
        }
        self.repeats = 0;
        if self.crowded {
            return false;
        }
        self.weight = if more() { self.weight + WEIGHT } else { self.weight.saturating_sub(1) };
        self.weight >= CROWD && self.gather()
    }

    fn gather(&mut self) -> bool {
        !std::mem::replace(&mut self.crowded, true)
    }
}

/// The threads of one listener.
#[derive(Debug)]
pub struct Crew {
    listener: &'static Listener,
    cpus: Option<Cpus>,
    tempo: Mutex<Tempo>,
    gathered: Condvar,
}

impl Crew {
    /// A crew for `listener`, none of whose threads is there yet.
    pub fn new(listener: &'static Listener) -> Self {
        let cpus = Cpus::allowed().ok();
        Self { listener, cpus, tempo: Mutex::default(), gathered: Condvar::new() }
    }

    /// How many processors there are for its threads. (`available_parallelism` would read the control
    /// groups' files as well, while the command waits for its exec.)
    pub fn processors(&self) -> usize {
        self.cpus.as_ref().map_or(1, Cpus::count)
    }

    /// The work of the crew's thread number `index`: hands calls that arrive to `settle` until no
    /// filtered task is left.
    pub fn serve(&self, index: usize, settle: impl Fn(Notified)) -> io::Result<()> {
        let mut kept = false;
        loop {
            let crowded = self.await_duty(index);
            if crowded != kept {
                self.settle_down(crowded.then_some(index));
                kept = crowded;
            }
            let Some(held) = self.listener.receive()? else { return Ok(()) };
            if self.tempo().arrived(held.tid, || self.listener.has_more()) {
                self.gathered.notify_all();
            }
            settle(Notified::new(self.listener, held));
        }
    }

    /// Waits until thread `index` has something to do; returns whether it is one of several.
    fn await_duty(&self, index: usize) -> bool {
        let mut tempo = self.tempo();
        while index > 0 && !tempo.crowded {
            let waited = self.gathered.wait_timeout(tempo, RELIEF);
            let (again, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            tempo = again;
            if timeout.timed_out() && self.listener.has_more() && tempo.gather() {
                self.gathered.notify_all();
            }
        }
        tempo.crowded
    }

    /// It is only speed: where the kernel does not let us choose, threads run anywhere.
    fn settle_down(&self, place: Option<usize>) {
        let Some(cpus) = &self.cpus else { return };
        let kept = match place {
            Some(index) => cpus.only(index).keep_thread(),
            None => cpus.keep_thread(),
        };
        if let Err(error) = kept {
            log::debug!("cannot choose a processor: {error}");
        }
    }

    fn tempo(&self) -> MutexGuard<'_, Tempo> {
        self.tempo.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Calls as (thread, whether another waits).
    fn crowded_after(tempo: &mut Tempo, calls: impl Iterator<Item = (Pid, bool)>) -> bool {
        for (tid, more) in calls {
            tempo.arrived(tid, || more);
        }
        tempo.crowded
    }

    #[test]
    fn others_join_in_only_when_calls_keep_others_waiting() {
        for (name, period, waiting, want) in [
            ("one thread", 1, 1, false),
            ("a pipeline, one at a time", 2, 0, false),
            ("rarely at the same time", 10, 1, false),
            ("every third time", 3, 1, true),
            ("always", 2, 2, true),
        ] {
            let calls = (0..2000).map(|n| (n % period, n % period < waiting));
            assert_eq!(crowded_after(&mut Tempo::default(), calls), want, "{name}");
        }
    }

    #[test]
    fn they_leave_when_one_caller_is_left() {
        let mut tempo = Tempo::default();
        assert!(crowded_after(&mut tempo, (0..100).map(|n| (n % 2, true))));
        assert!(crowded_after(&mut tempo, (0..60).map(|_| (7, false))));
        assert!(!crowded_after(&mut tempo, (0..60).map(|_| (7, false))));
        assert!(crowded_after(&mut tempo, (0..100).map(|n| (n % 2, true))));
    }
}
