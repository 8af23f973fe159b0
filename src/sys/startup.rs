//! What gatekeeper inherited, noted before Rust's runtime changes it.
//!
//! The runtime ignores SIGPIPE and opens `/dev/null` on closed standard descriptors before `main`; the
//! command must see what gatekeeper was given, so both are noted in an ELF constructor.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

static SIGPIPE_IGNORED: AtomicBool = AtomicBool::new(false);
static CLOSED: AtomicU8 = AtomicU8::new(0);

// SAFETY: `.init_array` holds pointers to `extern "C" fn()`; the function below is one and uses
// nothing of the Rust runtime.
#[used]
#[unsafe(link_section = ".init_array")]
static NOTE: extern "C" fn() = note;

extern "C" fn note() {
    // SAFETY: queries only; an all-zero sigaction is a valid value.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        if libc::sigaction(libc::SIGPIPE, std::ptr::null(), &raw mut action) == 0 {
            SIGPIPE_IGNORED.store(action.sa_sigaction == libc::SIG_IGN, Ordering::Relaxed);
        }
        let mut closed = 0;
        for fd in 0..3 {
            if libc::fcntl(fd, libc::F_GETFD) == -1 {
                closed |= 1 << fd;
            }
        }
        CLOSED.store(closed, Ordering::Relaxed);
    }
}

/// Puts the calling (forked) process back into the state gatekeeper was started in.
pub fn restore() {
    let pipe = if SIGPIPE_IGNORED.load(Ordering::Relaxed) { libc::SIG_IGN } else { libc::SIG_DFL };
    // SAFETY: a disposition without a handler; closing descriptors that only the runtime opened.
    unsafe {
        libc::signal(libc::SIGPIPE, pipe);
        for fd in 0..3 {
            if CLOSED.load(Ordering::Relaxed) & (1 << fd) != 0 {
                libc::close(fd);
            }
        }
    }
}
