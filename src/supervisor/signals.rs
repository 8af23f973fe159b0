//! Signals to gatekeeper, passed on to the command.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use signal_hook::iterator::SignalsInfo;
use signal_hook::iterator::exfiltrator::WithOrigin;
use signal_hook::iterator::exfiltrator::origin::Origin;
use signal_hook::low_level::siginfo::Cause as Sender;

use super::judge::Judge;
use super::trigger::Cause;
use crate::sys::{Pid, ids, signals};

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
    /// Whether gatekeeper stopped itself along with it.
    pub self_stopped: AtomicBool,
}

/// Starts passing signals to `main`, on a thread of its own.
///
/// The signal that is a trigger is consumed.
pub fn forward(
    judge: &'static Judge,
    forwarding: &'static Forwarding,
    main: Pid,
) -> io::Result<()> {
    let trigger = judge.enforcement.triggers().signal;
    if let Some(signal) = trigger {
        signals::block(signal)?;
        spawn("trigger", move || match signals::wait_until_pending(signal) {
            Ok(()) => judge.arm(Cause::Signal(signal)),
            Err(error) => log::error!("cannot wait for the trigger signal: {error}"),
        })?;
    }
    let wanted = PASSED.iter().copied().filter(|&signal| trigger != Some(signal));
    let mut signals = SignalsInfo::<WithOrigin>::new(wanted)?;
    spawn("signals", move || {
        for origin in &mut signals {
            pass(judge, forwarding, main, &origin);
        }
    })
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name(name.to_owned()).stack_size(64 << 10).spawn(work)?;
    Ok(())
}

fn pass(judge: &Judge, forwarding: &Forwarding, main: Pid, origin: &Origin) {
    // What the terminal sends goes to its whole foreground group, the command among it.
    let from_terminal = matches!(origin.cause, Sender::Kernel);
    let same_group = ids::process_group(main).is_ok_and(|group| group == judge.host.group);
    if from_terminal && same_group {
        return;
    }
    match origin.signal {
        // fg and bg, which wake gatekeeper itself, continue the whole job.
        libc::SIGCONT
            if forwarding.self_stopped.swap(false, Ordering::SeqCst)
                && !forwarding.stopped.load(Ordering::SeqCst) =>
        {
            return;
        }
        libc::SIGTSTP => forwarding.stop_passed.store(true, Ordering::SeqCst),
        _ => {}
    }
    if let Err(error) = ids::kill(main, origin.signal) {
        log::debug!("cannot pass signal {}: {error}", origin.signal);
    }
}
