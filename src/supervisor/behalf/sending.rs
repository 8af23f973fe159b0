//! sendto(2), sendmsg(2), sendmmsg(2).

use std::os::fd::{AsFd as _, BorrowedFd};
use std::time::Instant;

use super::control::{self, Control};
use super::local::{self, Name};
use super::message::Message;
use super::{Caller, Errno, Socket, errno, rights};
use crate::decode::Live;
use crate::gate::Attempt;
use crate::policy::Address;
use crate::policy::shape::Sent;
use crate::sys::{memory, socket};

/// Where the length sent stands in a struct mmsghdr.
const LENGTH: u64 = 56;

/// Messages to judged addresses.
#[derive(Debug)]
pub struct Sending {
    caller: Caller,
    socket: Socket,
    kind: Sent,
    messages: Vec<(Message, Option<Name>)>,
    flags: i32,
    /// How many messages are sent.
    done: usize,
    /// How many bytes of the next one.
    sent: u64,
}

impl Sending {
    /// The messages of a call with these flags; `to` are their addresses, as they were judged.
    pub fn new(
        caller: Caller,
        mut socket: Socket,
        kind: Sent,
        messages: Vec<Message>,
        to: &[Address],
        flags: i32,
    ) -> Result<Self, Errno> {
        // The pages would be gatekeeper's, and changed before they are sent; senders are told that
        // their pages cannot be pinned, and copy.
        if flags & libc::MSG_ZEROCOPY != 0 {
            return Err(libc::ENOBUFS);
        }
        if socket.domain == libc::AF_UNIX && !rights::are_ours(caller.tid) {
            return Err(libc::EPERM);
        }
        let mut to = to.iter();
        let named = |mut message: Message| match message.name.take() {
            None => Ok((message, None)),
            Some(bytes) => {
                let address = to.next().ok_or(libc::EFAULT)?;
                Ok((message, Some(local::name(caller, &socket, bytes, address)?)))
            }
        };
        let messages = messages.into_iter().map(named).collect::<Result<_, Errno>>()?;
        socket.blocking &= flags & libc::MSG_DONTWAIT == 0;
        Ok(Self { caller, socket, kind, messages, flags, done: 0, sent: 0 })
    }

    /// Sends the next message or, of a stream, piece of a message.
    fn next(&mut self, is_waiting: &dyn Fn() -> bool) -> Result<(), Errno> {
        let (message, name) = &self.messages[self.done];
        let tid = self.caller.tid;
        let piece = message.piece(tid, self.socket.stream, self.sent)?;
        let begins = self.sent == 0;
        let control = if begins { self.control(message)? } else { Control::default() };
        let name = name.as_ref().filter(|_| begins).map(|name| &name.bytes[..]);
        if self.socket.domain == libc::AF_NETLINK && !rights::only_asks(name, &piece.data) {
            return Err(libc::EPERM);
        }
        // Whatever was read was another's, if the caller is gone.
        if !is_waiting() {
            return Err(libc::EINTR);
        }
        let fd = self.socket.fd.as_fd();
        let flags = self.flags_for(begins, piece.last);
        let sent = socket::send(fd, name, &piece.data, &control.bytes, flags).map_err(errno)?;
        self.sent += sent as u64;
        if piece.last && (sent == piece.data.len() || !self.socket.stream) {
            self.complete()?;
        }
        Ok(())
    }

    fn control(&self, message: &Message) -> Result<Control, Errno> {
        let original = message.control(self.caller.tid)?;
        if original.is_empty() {
            return Ok(Control::default());
        }
        let guest = Live::new(&self.caller.host, self.caller.tid);
        let process = guest.process().map_err(errno)?;
        control::translate(&original, self.socket.domain, process, &|fd| {
            super::copy(&guest, self.caller.tid, fd)
        })
    }

    fn flags_for(&self, begins: bool, ends: bool) -> i32 {
        let mut flags = self.flags | libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
        if !begins {
            flags &= !libc::MSG_FASTOPEN;
        }
        if !ends {
            flags &= !(libc::MSG_OOB | libc::MSG_EOR);
        }
        flags
    }

    /// The message is sent, as far as it is: sendmmsg(2) is told how far.
    fn complete(&mut self) -> Result<(), Errno> {
        if self.kind == Sent::Messages {
            let header = self.messages[self.done].0.header;
            let sent = (self.sent as u32).to_ne_bytes();
            memory::write(self.caller.tid, header.wrapping_add(LENGTH), &sent).map_err(errno)?;
            self.sent = 0;
        }
        self.done += 1;
        Ok(())
    }

    /// Whether the socket has to become ready first: full, or (`MSG_FASTOPEN`) not connected yet.
    fn has_to_wait(&self, errno: Errno) -> bool {
        let opens = self.flags & libc::MSG_FASTOPEN != 0 && self.sent == 0;
        self.socket.blocking
            && match errno {
                libc::EAGAIN => true,
                libc::EINPROGRESS | libc::EALREADY => opens,
                _ => false,
            }
    }

    /// The call ends with this error, or with what was sent before it.
    fn fail(&mut self, errno: Errno) -> i64 {
        if let Some(part) = self.cut_short() {
            return part;
        }
        // Of all protocols only streams do (sk_stream_error, unix_stream_sendmsg).
        if errno == libc::EPIPE && self.socket.stream && self.flags & libc::MSG_NOSIGNAL == 0 {
            if let Err(error) = socket::broken_pipe(self.caller.tid) {
                log::debug!("cannot send SIGPIPE: {error}");
            }
        }
        -i64::from(errno)
    }

    fn total(&self) -> i64 {
        if self.kind == Sent::Messages { self.done as i64 } else { self.sent as i64 }
    }
}

impl Attempt for Sending {
    fn advance(&mut self, is_waiting: &dyn Fn() -> bool) -> Option<i64> {
        while self.done < self.messages.len() {
            match self.next(is_waiting) {
                Ok(()) => {}
                Err(errno) if self.has_to_wait(errno) => return None,
                Err(errno) => return Some(self.fail(errno)),
            }
        }
        Some(self.total())
    }

    fn socket(&self) -> BorrowedFd<'_> {
        self.socket.fd.as_fd()
    }

    fn since(&self) -> Instant {
        self.socket.since
    }

    fn deadline(&self) -> Option<(Instant, i64)> {
        Some((self.socket.deadline()?, -i64::from(libc::EAGAIN)))
    }

    fn cut_short(&mut self) -> Option<i64> {
        if self.kind == Sent::Messages && self.sent > 0 {
            if let Err(errno) = self.complete() {
                return Some(-i64::from(errno));
            }
        }
        Some(self.total()).filter(|&total| total > 0)
    }
}
