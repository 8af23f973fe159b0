//! Signals that are waited for instead of handled: blocked, and taken or seen while they are pending.

use std::io;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};

use super::check;

/// `si_code` of a signal that the kernel itself sent.
pub const SI_KERNEL: i32 = 0x80;

fn set_of(signals: &[i32]) -> libc::sigset_t {
    // SAFETY: sigemptyset initialises the set; sigaddset refuses numbers that are no signals.
    unsafe {
        let mut set = std::mem::zeroed();
        libc::sigemptyset(&raw mut set);
        for &signal in signals {
            libc::sigaddset(&raw mut set, signal);
        }
        set
    }
}

/// Blocks `signals` for the calling thread and those it starts from here on.
pub fn block(signals: &[i32]) -> io::Result<()> {
    let set = set_of(signals);
    // SAFETY: both pointers are valid or null.
    match unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut()) } {
        0 => Ok(()),
        errno => Err(io::Error::from_raw_os_error(errno)),
    }
}

/// Whether `signal`, which is blocked, was sent and not taken yet.
pub fn is_pending(signal: i32) -> bool {
    let mut set = set_of(&[signal]);
    // SAFETY: the kernel stores one set.
    unsafe { libc::sigpending(&raw mut set) == 0 && libc::sigismember(&raw const set, signal) == 1 }
}

/// A signal that was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// Its number.
    pub signal: i32,
    /// Whether the kernel sent it by itself, as the terminal's driver does (`SI_KERNEL`).
    pub from_kernel: bool,
}

/// Takes blocked signals one by one (signalfd(2)).
#[derive(Debug)]
pub struct Signals(OwnedFd);

impl Signals {
    /// Takes `signals`, which are blocked.
    pub fn new(signals: &[i32]) -> io::Result<Self> {
        let set = set_of(signals);
        // SAFETY: makes a new descriptor for the set.
        let fd = check(libc::c_long::from(unsafe {
            libc::signalfd(-1, &raw const set, libc::SFD_CLOEXEC)
        }))?;
        // SAFETY: the descriptor was just made and is ours alone.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(fd as i32) }))
    }

    /// Waits for the next one and takes it.
    pub fn next(&self) -> io::Result<Taken> {
        let mut info = std::mem::MaybeUninit::<libc::signalfd_siginfo>::zeroed();
        let size = size_of::<libc::signalfd_siginfo>();
        loop {
            // SAFETY: the kernel stores at most `size` bytes, and whole structs only.
            let read = unsafe { libc::read(self.0.as_raw_fd(), info.as_mut_ptr().cast(), size) };
            if read == size as isize {
                // SAFETY: just filled in.
                let info = unsafe { info.assume_init() };
                let from_kernel = info.ssi_code == SI_KERNEL;
                return Ok(Taken { signal: info.ssi_signo as i32, from_kernel });
            }
            match io::Error::last_os_error() {
                error if read == -1 && error.raw_os_error() != Some(libc::EINTR) => {
                    return Err(error);
                }
                _ => {}
            }
        }
    }

    /// Waits until one is pending and leaves it so.
    pub fn wait(&self) -> io::Result<()> {
        loop {
            let mut poll =
                libc::pollfd { fd: self.0.as_raw_fd(), events: libc::POLLIN, revents: 0 };
            // SAFETY: one pollfd.
            match check(libc::c_long::from(unsafe { libc::poll(&raw mut poll, 1, -1) })) {
                Ok(_) => return Ok(()),
                Err(error) if error.raw_os_error() == Some(libc::EINTR) => {}
                Err(error) => return Err(error),
            }
        }
    }
}
