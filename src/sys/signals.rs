//! A signal that is waited for instead of handled: blocked, and seen while it is pending.

use std::io;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};

use super::check;

fn set_of(signal: i32) -> libc::sigset_t {
    // SAFETY: sigemptyset initialises the set; sigaddset refuses numbers that are no signals.
    unsafe {
        let mut set = std::mem::zeroed();
        libc::sigemptyset(&raw mut set);
        libc::sigaddset(&raw mut set, signal);
        set
    }
}

/// Blocks `signal` for the calling thread and those it starts from here on.
pub fn block(signal: i32) -> io::Result<()> {
    let set = set_of(signal);
    // SAFETY: both pointers are valid or null.
    match unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut()) } {
        0 => Ok(()),
        errno => Err(io::Error::from_raw_os_error(errno)),
    }
}

/// Whether `signal`, which is blocked, was sent and not taken yet.
pub fn is_pending(signal: i32) -> bool {
    let mut set = set_of(signal);
    // SAFETY: the kernel stores one set.
    unsafe { libc::sigpending(&raw mut set) == 0 && libc::sigismember(&raw const set, signal) == 1 }
}

/// Waits until `signal`, which is blocked, is pending, and leaves it so.
pub fn wait_until_pending(signal: i32) -> io::Result<()> {
    let set = set_of(signal);
    // SAFETY: makes a new descriptor for the set.
    let fd = check(libc::c_long::from(unsafe {
        libc::signalfd(-1, &raw const set, libc::SFD_CLOEXEC)
    }))?;
    // SAFETY: the descriptor was just made and is ours alone.
    let fd = unsafe { OwnedFd::from_raw_fd(fd as i32) };
    loop {
        let mut poll = libc::pollfd { fd: fd.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: one pollfd.
        match check(libc::c_long::from(unsafe { libc::poll(&raw mut poll, 1, -1) })) {
            Ok(_) => return Ok(()),
            Err(error) if error.raw_os_error() == Some(libc::EINTR) => {}
            Err(error) => return Err(error),
        }
    }
}
