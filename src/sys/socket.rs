//! The few socket calls that gatekeeper makes itself, on its own or a duplicated descriptor.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use super::check;

/// `listen(2)`.
pub fn listen(fd: BorrowedFd<'_>, backlog: i32) -> io::Result<()> {
    // SAFETY: no pointers.
    check(libc::c_long::from(unsafe { libc::listen(fd.as_raw_fd(), backlog) }))?;
    Ok(())
}

/// An AF_UNIX stream socket that can never be connected or bound to anything: one end of a pair whose
/// other end is gone. `connect` on it fails with EISCONN.
pub fn dead_end(flags: i32) -> io::Result<OwnedFd> {
    let mut pair = [-1; 2];
    let kind = libc::SOCK_STREAM | libc::SOCK_CLOEXEC | (flags & libc::SOCK_NONBLOCK);
    // SAFETY: the kernel stores two descriptors into `pair`.
    check(libc::c_long::from(unsafe {
        libc::socketpair(libc::AF_UNIX, kind, 0, pair.as_mut_ptr())
    }))?;
    // SAFETY: both were just made and are ours alone; the second is closed here.
    let (end, _other) = unsafe { (OwnedFd::from_raw_fd(pair[0]), OwnedFd::from_raw_fd(pair[1])) };
    Ok(end)
}

/// The address a socket is bound to, as the kernel writes it: at most 128 bytes.
pub fn local_address(fd: BorrowedFd<'_>) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0_u8; size_of::<libc::sockaddr_storage>()];
    let mut len = bytes.len() as libc::socklen_t;
    // SAFETY: the kernel stores at most `len` bytes into `bytes` and the true length into `len`.
    check(libc::c_long::from(unsafe {
        libc::getsockname(fd.as_raw_fd(), bytes.as_mut_ptr().cast(), &raw mut len)
    }))?;
    bytes.truncate(len as usize);
    Ok(bytes)
}
