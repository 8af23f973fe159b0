//! connect(2).

use std::os::fd::{AsFd as _, BorrowedFd};
use std::time::Instant;

use super::local::Name;
use super::{Socket, errno};
use crate::gate::Attempt;
use crate::sys::socket;

/// A connect to a judged address.
///
/// A socket in blocking mode is connected without waiting, and the call made again once the socket is
/// ready: the kernel then says how it ended (connect(2), EINPROGRESS).
#[derive(Debug)]
pub struct Connecting {
    socket: Socket,
    name: Name,
    /// Whether an attempt of this call's own is under way.
    begun: bool,
}

impl Connecting {
    /// A connect that nothing has come of yet.
    pub fn new(socket: Socket, name: Name) -> Self {
        Self { socket, name, begun: false }
    }

    /// The end of an attempt that another thread's shutdown(2) or disconnect has ended, or that has
    /// failed. The next connect starts afresh then, as after the kernel's own.
    fn closed(&self) -> i64 {
        let fd = self.socket.fd.as_fd();
        let pending = socket::option(fd, libc::SOL_SOCKET, libc::SO_ERROR).unwrap_or(0);
        let unspecified = [0; 16];
        if let Err(error) = socket::connect(fd, &unspecified, self.socket.blocking) {
            log::debug!("cannot disconnect: {error}");
        }
        -i64::from(if pending == 0 { libc::ECONNABORTED } else { pending })
    }

    fn connect(&mut self) -> Option<i64> {
        let fd = self.socket.fd.as_fd();
        let connected = socket::connect(fd, &self.name.bytes, self.socket.blocking);
        let error = connected.map_or_else(errno, |()| 0);
        match error {
            0 => Some(0),
            // An earlier try of this call was it.
            libc::EISCONN if self.begun => Some(0),
            libc::EINPROGRESS | libc::EALREADY if self.socket.blocking && self.socket.stream => {
                self.begun = true;
                None
            }
            // The listener's queue is full (unix_stream_connect).
            libc::EAGAIN if self.socket.blocking && !self.socket.is_internet() => None,
            _ => Some(-i64::from(error)),
        }
    }

    fn is_ready(&self) -> bool {
        socket::writable(&[self.socket.fd.as_fd()], None, std::time::Duration::ZERO) == [true]
    }
}

impl Attempt for Connecting {
    fn advance(&mut self, _is_waiting: &dyn Fn() -> bool) -> Option<i64> {
        if !self.begun {
            let ended = self.connect();
            // On loopback it is over by now.
            if ended.is_some() || !self.begun {
                return ended;
            }
        }
        if !self.is_ready() {
            return None;
        }
        if socket::is_closed(self.socket.fd.as_fd()) {
            return Some(self.closed());
        }
        self.connect()
    }

    fn socket(&self) -> BorrowedFd<'_> {
        self.socket.fd.as_fd()
    }

    fn since(&self) -> Instant {
        self.socket.since
    }

    fn deadline(&self) -> Option<(Instant, i64)> {
        let late = if self.socket.is_internet() { libc::EINPROGRESS } else { libc::EAGAIN };
        Some((self.socket.deadline()?, -i64::from(late)))
    }

    fn cut_short(&mut self) -> Option<i64> {
        None
    }
}
