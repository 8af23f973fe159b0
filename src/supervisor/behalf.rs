//! Calls that gatekeeper makes itself, in the caller's stead, on a copy of the caller's socket.
//!
//! Under `--allow-network-client=HOST`, or with local sockets and a list of paths, a verdict hangs on an
//! address in the caller's memory, and the kernel would read it a second time if the call went on:
//! another thread may have changed it by then, or put another socket behind the descriptor. So nothing
//! goes on. The address is read once, judged,
//! and given to the kernel from gatekeeper's own copy, with gatekeeper's own descriptor of the socket
//! (pidfd_getfd(2)). This holds for every connect and for every send whose destination, or its absence,
//! is not in a register: whether the socket is one that reaches the network at all is no reason to let
//! a call go on, since the descriptor may mean another one by then.
//!
//! What a call may do must not depend on gatekeeper's being more than the caller: control messages are
//! limited to those that ask for no privilege, routing sockets to queries, and local sockets to callers
//! with gatekeeper's own identity ([`rights`]). The other end of a local socket sees gatekeeper's pid.

mod connecting;
mod control;
mod local;
mod memo;
mod message;
mod rights;
mod sending;

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::time::{Duration, Instant};

use super::judge::{Action, Judge, Ruling};
use crate::decode::{self, Host, Live};
use crate::gate::Attempt;
use crate::policy::shape::{self, Sent, Shape};
use crate::policy::{Call, Denial, Effect, Hint, NetScope, Policy, Reason, Scope, Target};
use crate::sys::arch::Entry;
use crate::sys::{Pid, pidfd, socket};
use memo::Memo;

/// What of a call's result goes wrong: a positive errno.
type Errno = i32;

/// Whether the call is never let go on under this policy, only made by gatekeeper or refused.
pub fn concerns(policy: &Policy, entry: &Entry) -> bool {
    let hosts = matches!(policy.net.client, NetScope::Only(_));
    let paths = policy.net.local && matches!(policy.files.read, Scope::Under(_));
    if !(hosts || paths) || entry.is_foreign() || policy.named(entry.nr) {
        return false;
    }
    match shape::of(entry.nr) {
        Shape::Connect => true,
        // The registers say that there is no address.
        Shape::Send(Sent::To) => {
            entry.args[4] != 0 || entry.args[3] as i32 & libc::MSG_FASTOPEN != 0
        }
        // A message on a local socket mostly goes to the peer, who may ask who sends it.
        Shape::Send(_) => hosts,
        _ => false,
    }
}

/// Whether the call is a listen(2) that hangs on what its socket is bound to.
pub fn listens(policy: &Policy, entry: &Entry) -> bool {
    !entry.is_foreign()
        && !policy.named(entry.nr)
        && policy.net.any()
        && shape::of(entry.nr) == Shape::Listen
}

/// Rules on such a call of thread `tid`: the socket whose address is judged is the one that listens,
/// whatever stands behind the descriptor meanwhile.
pub fn rule_listen(judge: &Judge, entry: Entry, guest: &Live<'_>, tid: Pid) -> Ruling {
    let out_of_reach = || {
        let denial = Denial { reason: Reason::Unreadable, hint: Hint::None, effect: Effect::Rule };
        judge.deny(Call { entry, target: Target::Hidden }, denial)
    };
    let socket = match copy(guest, tid, entry.args[0] as i32) {
        Ok(socket) => socket,
        Err(error) if error.raw_os_error() == Some(libc::EBADF) => {
            return Action::Return(-i64::from(libc::EBADF)).into();
        }
        Err(_) => return out_of_reach(),
    };
    let address = match socket::local_address(socket.as_fd()) {
        Ok(bytes) => decode::bound_address(guest, &bytes),
        Err(error) => return Action::Return(-i64::from(errno(error))).into(),
    };
    let ruling = judge.carry_out(Call { entry, target: Target::Listener(address) });
    if !matches!(ruling.action, Action::Resume) {
        return ruling;
    }
    match socket::listen(socket.as_fd(), entry.args[1] as i32) {
        Ok(()) => Action::Return(0).into(),
        Err(error) => Action::Return(-i64::from(errno(error))).into(),
    }
}

/// Rules on such a call of thread `tid`.
pub fn rule(judge: &Judge, mut entry: Entry, guest: &Live<'_>, tid: Pid) -> Ruling {
    let memo = Memo::new(guest);
    if shape::of(entry.nr) == Shape::Send(Sent::Messages) {
        // The first is judged, and refused, whether or not it can be read.
        entry.args[2] = message::readable(&entry, &memo).max(entry.args[2].min(1));
    }
    let call = decode::decode(entry, &memo);
    memo.seal();
    let ruling = judge.carry_out(call.clone());
    if !matches!(ruling.action, Action::Resume) {
        return ruling;
    }
    let caller = Caller { tid, host: judge.host };
    match prepare(caller, &call, &memo) {
        Ok(attempt) => Action::OnBehalf(attempt).into(),
        Err(Unready::Fails(errno)) => Action::Return(-i64::from(errno)).into(),
        Err(Unready::OutOfReach) => {
            let denial =
                Denial { reason: Reason::Unreadable, hint: Hint::None, effect: Effect::Rule };
            judge.deny(call, denial)
        }
    }
}

/// Why gatekeeper cannot make a call.
enum Unready {
    /// Nor could the caller.
    Fails(Errno),
    /// The caller's socket is not to be had.
    OutOfReach,
}

impl From<Errno> for Unready {
    fn from(errno: Errno) -> Self {
        Unready::Fails(errno)
    }
}

/// A copy of the socket, and what there is to know about it.
#[derive(Debug)]
struct Socket {
    fd: OwnedFd,
    /// `SO_DOMAIN`.
    domain: i32,
    /// Whether it is a stream.
    stream: bool,
    /// Whether calls on it wait.
    blocking: bool,
    /// `SO_SNDTIMEO`.
    timeout: Option<Duration>,
    /// When the call was first tried.
    since: Instant,
}

/// Who makes the call.
#[derive(Debug, Clone, Copy)]
struct Caller {
    tid: Pid,
    host: Host,
}

fn prepare(caller: Caller, call: &Call, memo: &Memo<'_, '_>) -> Result<Box<dyn Attempt>, Unready> {
    let entry = &call.entry;
    let socket = Socket::of(memo.live(), caller.tid, entry.args[0] as i32)?;
    Ok(match (shape::of(entry.nr), &call.target) {
        (Shape::Connect, Target::Address(address)) => {
            let name = memo.bytes(entry.args[1], entry.args[2] as u32 as usize)?;
            let name = local::name(caller, &socket, name, address)?;
            Box::new(connecting::Connecting::new(socket, name))
        }
        (Shape::Send(kind), Target::Destinations(to)) => {
            let messages = message::read(entry, kind, memo)?;
            let flags = entry.args[if kind == Sent::Message { 2 } else { 3 }] as i32;
            Box::new(sending::Sending::new(caller, socket, kind, messages, to, flags)?)
        }
        _ => return Err(Unready::OutOfReach),
    })
}

impl Socket {
    fn of(guest: &Live<'_>, tid: Pid, fd: i32) -> Result<Self, Unready> {
        let fd = copy(guest, tid, fd).map_err(|error| match error.raw_os_error() {
            Some(libc::EBADF) => Unready::Fails(libc::EBADF),
            // gatekeeper has no room for another one just now.
            Some(libc::EMFILE | libc::ENFILE) => Unready::Fails(libc::ENOBUFS),
            _ => Unready::OutOfReach,
        })?;
        let option = |name| socket::option(fd.as_fd(), libc::SOL_SOCKET, name).map_err(errno);
        let kind = option(libc::SO_TYPE)?;
        let domain = option(libc::SO_DOMAIN)?;
        Ok(Self {
            domain,
            stream: kind == libc::SOCK_STREAM,
            blocking: socket::is_blocking(fd.as_fd()).map_err(errno)?,
            timeout: socket::send_timeout(fd.as_fd()).map_err(errno)?,
            since: Instant::now(),
            fd,
        })
    }

    fn is_internet(&self) -> bool {
        matches!(self.domain, libc::AF_INET | libc::AF_INET6)
    }

    fn deadline(&self) -> Option<Instant> {
        self.blocking.then_some(self.timeout?).map(|timeout| self.since + timeout)
    }
}

/// A copy of the caller's descriptor; before Linux 6.9 of its process's, which is the same unless the
/// thread has a table of its own. Whichever socket that is, it gets an address that was granted.
pub(super) fn copy(guest: &Live<'_>, tid: Pid, fd: i32) -> io::Result<OwnedFd> {
    match socket::of_thread(tid, fd) {
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => {
            pidfd::get_fd(&pidfd::open(guest.process()?)?, fd)
        }
        copied => copied,
    }
}

fn errno(error: io::Error) -> Errno {
    error.raw_os_error().unwrap_or(libc::EIO)
}
