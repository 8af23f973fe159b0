//! Signals by name.

use nix::sys::signal::Signal;

/// The first real-time signal of the kernel's (`SIGRTMIN`, asm/signal.h); libc's own is higher.
const REAL_TIME: i32 = 32;

/// The highest signal there is (`_NSIG`).
const HIGHEST: i32 = 64;

/// The name of a signal: `SIGKILL`, `SIGRT_3` for the third after the kernel's first real-time signal,
/// which is `SIGRTMIN`, the bare number for what is none.
pub fn signal_name(signal: i32) -> String {
    match Signal::try_from(signal) {
        Ok(known) => known.as_str().to_string(),
        Err(_) if signal == REAL_TIME => "SIGRTMIN".into(),
        Err(_) if (REAL_TIME..=HIGHEST).contains(&signal) => {
            format!("SIGRT_{}", signal - REAL_TIME)
        }
        Err(_) => signal.to_string(),
    }
}
