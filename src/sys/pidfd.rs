//! pidfd_open(2) and pidfd_getfd(2): a copy of a descriptor of the tracee.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

use super::{Pid, check};

/// Opens a descriptor that stands for process `pid` (a thread group, by its leader).
pub fn open(pid: Pid) -> io::Result<OwnedFd> {
    // SAFETY: no pointers; the returned descriptor is ours alone.
    let fd = check(unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) })?;
    // SAFETY: see above.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as RawFd) })
}

/// Duplicates descriptor `fd` of the process behind `pidfd`, close-on-exec.
///
/// Needs `PTRACE_MODE_ATTACH_REALCREDS`, which a tracer of the same user has.
pub fn get_fd(pidfd: &OwnedFd, fd: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: no pointers; the returned descriptor is ours alone.
    let fd = check(unsafe { libc::syscall(libc::SYS_pidfd_getfd, pidfd.as_raw_fd(), fd, 0) })?;
    // SAFETY: see above.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as RawFd) })
}
