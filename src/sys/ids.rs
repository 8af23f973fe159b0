//! Who we are and who they are: ids, priorities, signals to processes.

use std::io;

use super::{Pid, check};

/// Sends `signal` to process `pid` (kill(2)).
pub fn kill(pid: Pid, signal: i32) -> io::Result<()> {
    // SAFETY: no pointers.
    check(libc::c_long::from(unsafe { libc::kill(pid, signal) }))?;
    Ok(())
}

/// The process group of `pid`; 0 is the caller.
pub fn process_group(pid: Pid) -> io::Result<Pid> {
    // SAFETY: no pointers.
    Ok(check(libc::c_long::from(unsafe { libc::getpgid(pid) }))? as Pid)
}

/// The effective user.
pub fn effective_user() -> u32 {
    // SAFETY: always succeeds.
    unsafe { libc::geteuid() }
}

/// Makes this process invisible to others of the same user: no ptrace, no `/proc/PID/mem`, no core.
pub fn hide_self() -> io::Result<()> {
    // SAFETY: an option without pointers.
    check(libc::c_long::from(unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 0, 0, 0, 0) }))?;
    Ok(())
}
