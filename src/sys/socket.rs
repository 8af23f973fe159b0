//! The few socket calls that gatekeeper makes itself, on its own or a duplicated descriptor.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::{Pid, check};

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

/// `PIDFD_THREAD` (Linux 6.9): a pidfd that stands for one thread instead of its group.
const PIDFD_THREAD: libc::c_uint = libc::O_EXCL as libc::c_uint;

/// `TCP_CLOSE` of `enum` in `include/net/tcp_states.h`.
const TCP_CLOSE: u8 = 7;

/// Held while a socket that the tracee shares is switched to non-blocking and back.
static SWITCHING: Mutex<()> = Mutex::new(());

/// A copy of descriptor `fd` of thread `tid`, close-on-exec, from the thread's own table.
///
/// EINVAL before Linux 6.9, EBADF where there is no such descriptor; else as [`super::pidfd::get_fd`].
pub fn of_thread(tid: Pid, fd: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: no pointers; the returned descriptor is ours alone.
    let thread = check(unsafe { libc::syscall(libc::SYS_pidfd_open, tid, PIDFD_THREAD) })?;
    // SAFETY: see above.
    let thread = unsafe { OwnedFd::from_raw_fd(thread as RawFd) };
    super::pidfd::get_fd(&thread, fd)
}

/// An `int` option (getsockopt(2)).
pub fn option(fd: BorrowedFd<'_>, level: i32, name: i32) -> io::Result<i32> {
    let mut value: libc::c_int = 0;
    let mut len = size_of::<libc::c_int>() as libc::socklen_t;
    // SAFETY: the kernel stores at most `len` bytes into `value`.
    check(libc::c_long::from(unsafe {
        let value = (&raw mut value).cast();
        libc::getsockopt(fd.as_raw_fd(), level, name, value, &raw mut len)
    }))?;
    Ok(value)
}

/// `SO_SNDTIMEO`; `None` where sends and connects wait for ever.
pub fn send_timeout(fd: BorrowedFd<'_>) -> io::Result<Option<Duration>> {
    let mut value = libc::timeval { tv_sec: 0, tv_usec: 0 };
    let mut len = size_of::<libc::timeval>() as libc::socklen_t;
    // SAFETY: the kernel stores at most `len` bytes into `value`.
    check(libc::c_long::from(unsafe {
        let value = (&raw mut value).cast();
        libc::getsockopt(fd.as_raw_fd(), libc::SOL_SOCKET, libc::SO_SNDTIMEO, value, &raw mut len)
    }))?;
    let time = Duration::new(
        value.tv_sec.try_into().unwrap_or(0),
        u32::try_from(value.tv_usec).unwrap_or(0).saturating_mul(1000),
    );
    Ok((!time.is_zero()).then_some(time))
}

/// Whether a TCP socket is in the state CLOSE; false for any other kind of socket.
pub fn is_closed(fd: BorrowedFd<'_>) -> bool {
    let mut info = [0_u8; 8];
    let mut len = info.len() as libc::socklen_t;
    // SAFETY: the kernel stores at most `len` bytes into `info`, whose first is `tcpi_state`.
    let ret = unsafe {
        let info = info.as_mut_ptr().cast();
        libc::getsockopt(fd.as_raw_fd(), libc::IPPROTO_TCP, libc::TCP_INFO, info, &raw mut len)
    };
    ret == 0 && len > 0 && info[0] == TCP_CLOSE
}

/// Whether calls on the open file wait (no `O_NONBLOCK`).
pub fn is_blocking(fd: BorrowedFd<'_>) -> io::Result<bool> {
    let _not_now = SWITCHING.lock().unwrap_or_else(PoisonError::into_inner);
    // SAFETY: no pointers.
    let flags = check(libc::c_long::from(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_GETFL) }))?;
    Ok(flags & libc::c_long::from(libc::O_NONBLOCK) == 0)
}

/// connect(2) to an address in the kernel's form, without waiting.
///
/// connect has no flag for that: a socket in blocking mode is switched for the moment. `blocking` is
/// what [`is_blocking`] said.
pub fn connect(fd: BorrowedFd<'_>, address: &[u8], blocking: bool) -> io::Result<()> {
    let _switching = blocking.then(|| SWITCHING.lock().unwrap_or_else(PoisonError::into_inner));
    if blocking {
        switch(fd, 1)?;
    }
    // SAFETY: the kernel reads `len` bytes at the pointer.
    let connected = check(libc::c_long::from(unsafe {
        libc::connect(fd.as_raw_fd(), address.as_ptr().cast(), address.len() as libc::socklen_t)
    }));
    if blocking {
        switch(fd, 0)?;
    }
    connected.map(|_| ())
}

/// Sets or clears `O_NONBLOCK` alone; FIONBIO leaves the other flags to whoever changes them just now.
fn switch(fd: BorrowedFd<'_>, on: libc::c_int) -> io::Result<()> {
    // SAFETY: the kernel reads one int.
    check(libc::c_long::from(unsafe {
        libc::ioctl(fd.as_raw_fd(), libc::FIONBIO as _, &raw const on)
    }))?;
    Ok(())
}

/// sendmsg(2) of one piece of data; the number of bytes sent. An empty `control` is none.
pub fn send(
    fd: BorrowedFd<'_>,
    name: Option<&[u8]>,
    data: &[u8],
    control: &[u8],
    flags: i32,
) -> io::Result<usize> {
    let mut part = libc::iovec { iov_base: data.as_ptr().cast_mut().cast(), iov_len: data.len() };
    // SAFETY: an all-zero msghdr is a valid value.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    message.msg_iov = &raw mut part;
    message.msg_iovlen = 1;
    if let Some(name) = name {
        message.msg_name = name.as_ptr().cast_mut().cast();
        message.msg_namelen = name.len() as libc::socklen_t;
    }
    if !control.is_empty() {
        message.msg_control = control.as_ptr().cast_mut().cast();
        message.msg_controllen = control.len() as _;
    }
    // SAFETY: every pointer in `message` is valid for its length, and the kernel only reads there.
    let sent = unsafe { libc::sendmsg(fd.as_raw_fd(), &raw const message, flags) };
    Ok(check(sent as libc::c_long)? as usize)
}

/// Waits until one of `sockets` can be written or has failed, or `bell` can be read, at most `timeout`;
/// which of the sockets. A signal ends the wait as well.
pub fn writable(
    sockets: &[BorrowedFd<'_>],
    bell: Option<BorrowedFd<'_>>,
    timeout: Duration,
) -> Vec<bool> {
    let poll =
        |fd: &BorrowedFd<'_>, events| libc::pollfd { fd: fd.as_raw_fd(), events, revents: 0 };
    let mut polled: Vec<_> = sockets.iter().map(|fd| poll(fd, libc::POLLOUT)).collect();
    polled.extend(bell.iter().map(|fd| poll(fd, libc::POLLIN)));
    let millis = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
    // SAFETY: the array is valid for its length. On failure no `revents` is set.
    unsafe { libc::poll(polled.as_mut_ptr(), polled.len() as libc::nfds_t, millis) };
    polled.iter().take(sockets.len()).map(|one| one.revents != 0).collect()
}

/// Sends SIGPIPE to a thread, as the kernel does where it wrote to a broken stream.
pub fn broken_pipe(tid: Pid) -> io::Result<()> {
    // SAFETY: no pointers.
    check(unsafe { libc::syscall(libc::SYS_tkill, tid, libc::SIGPIPE) })?;
    Ok(())
}
