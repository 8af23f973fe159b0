//! Signals to gatekeeper, passed on to the command.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::judge::Judge;
use super::trigger::Cause;
use crate::sys::signals::{self, Signals, Taken};
use crate::sys::{Pid, ids};

const PASSED: [i32; 9] = [
    libc::SIGTERM,
    libc::SIGINT,
    libc::SIGHUP,
    libc::SIGQUIT,
    libc::SIGUSR1,
    libc::SIGUSR2,
    libc::SIGWINCH,
    libc::SIGCONT,
    libc::SIGTSTP,
];

/// What the loop and the signal thread tell each other.
#[derive(Debug, Default)]
pub struct Forwarding {
    /// Whether the command is in a group-stop.
    pub stopped: AtomicBool,
    /// Whether it was sent a stop signal that reached gatekeeper only.
    pub stop_passed: AtomicBool,
    /// Whether a SIGCONT has arrived since the last stop signal.
    pub continued: AtomicBool,
    /// Whether gatekeeper stopped itself along with it.
    pub self_stopped: AtomicBool,
}

/// Starts passing signals to `main`, on a thread of its own; called before any other thread is started,
/// so that all of them have these signals blocked.
///
/// The signal that is a trigger is consumed: it stays pending, and is never passed.
pub fn forward(
    judge: &'static Judge,
    forwarding: &'static Forwarding,
    main: Pid,
) -> io::Result<()> {
    let trigger = judge.enforcement.triggers().signal;
    if let Some(signal) = trigger {
        signals::block(&[signal])?;
        let pending = Signals::new(&[signal])?;
        spawn("trigger", move || match pending.wait() {
            Ok(()) => judge.arm(Cause::Signal(signal)),
            Err(error) => log::error!("cannot wait for the trigger signal: {error}"),
        })?;
    }
    let passed: Vec<i32> = PASSED.into_iter().filter(|&s| trigger != Some(s)).collect();
    signals::block(&passed)?;
    let arriving = Signals::new(&passed)?;
    spawn("signals", move || {
        loop {
            match arriving.next() {
                Ok(taken) => pass(judge, forwarding, main, taken),
                Err(error) => return log::error!("cannot take signals: {error}"),
            }
        }
    })
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name(name.to_owned()).stack_size(64 << 10).spawn(work)?;
    Ok(())
}

fn pass(judge: &Judge, forwarding: &Forwarding, main: Pid, taken: Taken) {
    if taken.signal == libc::SIGCONT {
        forwarding.continued.store(true, Ordering::SeqCst);
    }
    // What the terminal sends goes to its whole foreground group, the command among it.
    let same_group = ids::process_group(main).is_ok_and(|group| group == judge.host.group);
    if taken.from_kernel && same_group {
        return;
    }
    match taken.signal {
        // fg and bg, which wake gatekeeper itself, continue the whole job.
        libc::SIGCONT
            if forwarding.self_stopped.swap(false, Ordering::SeqCst)
                && !forwarding.stopped.load(Ordering::SeqCst) =>
        {
            return;
        }
        libc::SIGTSTP => {
            forwarding.continued.store(false, Ordering::SeqCst);
            forwarding.stop_passed.store(true, Ordering::SeqCst);
        }
        _ => {}
    }
    if let Err(error) = ids::kill(main, taken.signal) {
        log::debug!("cannot pass signal {}: {error}", taken.signal);
    }
}
