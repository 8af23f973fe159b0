//! The kernel interface: the only place where `unsafe` is allowed.
//!
//! Every function wraps one system call (or one fixed sequence of them), takes and returns owned or
//! borrowed Rust values and reports failure as [`std::io::Error`] with the kernel's errno.

pub mod arch;
pub mod attributes;
pub mod capabilities;
pub mod cpus;
pub mod identity;
pub mod ids;
pub mod landlock;
pub mod memory;
pub mod pidfd;
pub mod ptrace;
pub mod seccomp;
pub mod signals;
pub mod socket;
pub mod spawn;
pub mod startup;
pub mod wait;
pub mod walk;

/// A thread or process id as the kernel numbers it in gatekeeper's own pid namespace.
pub type Pid = libc::pid_t;

/// Turns the −1 convention of libc into a result.
fn check(ret: libc::c_long) -> std::io::Result<libc::c_long> {
    if ret == -1 { Err(std::io::Error::last_os_error()) } else { Ok(ret) }
}
