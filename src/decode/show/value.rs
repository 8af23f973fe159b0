//! One argument of a call as text.

use super::memory::{self, Memory};
use super::signal::signal_name;
use super::signature::Kind;
use super::{address, by_command, scalar, structs};
use crate::sys::arch::Entry;

/// The most bytes of a string or buffer that are shown (strace's default).
pub(super) const TEXT_LIMIT: usize = 32;

/// Argument `n` of the call; `None` where this call does not use it.
pub(super) fn show(kind: Kind, n: usize, entry: &Entry, memory: Memory<'_>) -> Option<String> {
    let raw = entry.args[n];
    let word = raw as u32;
    let other = |at: u8| entry.args[usize::from(at)];
    Some(match kind {
        Kind::Fd | Kind::Int | Kind::Pid => (word as i32).to_string(),
        Kind::Id if word == u32::MAX => "-1".into(),
        Kind::Uint | Kind::Id => word.to_string(),
        Kind::Long => (raw as i64).to_string(),
        Kind::Size => raw.to_string(),
        Kind::Hex => hex(raw),
        Kind::Ptr => pointer(raw),
        Kind::DirFd => directory(word as i32),
        Kind::Mode => scalar::mode(word),
        Kind::NewMode(at) if scalar::creates(other(at)) => scalar::mode(word),
        Kind::NewMode(_) => return None,
        Kind::Device(at) if scalar::is_device(other(at)) => scalar::device(raw),
        Kind::Device(_) => return None,
        Kind::Bits(set) => set.bits(word),
        Kind::One(set) => set.one(word),
        Kind::Open => scalar::open(u64::from(word)),
        Kind::IpcFlags => scalar::ipc(word),
        Kind::Signal => signal_name(word as i32),
        Kind::SocketType => scalar::socket_type(word),
        Kind::Protocol(at) => scalar::protocol(other(at) as i32, word),
        Kind::SocketOption(at) => scalar::socket_option(other(at) as i32, word),
        Kind::Clone => scalar::clone(raw),
        Kind::Ioctl => scalar::ioctl(word),
        Kind::Futex => scalar::futex(word),
        Kind::FutexArg => return by_command::futex_arg(n, entry, memory),
        Kind::FcntlArg => return by_command::fcntl_arg(entry),
        Kind::PrctlArg => return by_command::prctl_arg(n, entry, memory),
        _ => return Some(in_memory(kind, raw, &other, memory)),
    })
}

/// What stands behind a pointer, or the pointer where that cannot be read.
pub(super) fn in_memory(
    kind: Kind,
    addr: u64,
    other: &dyn Fn(u8) -> u64,
    memory: Memory<'_>,
) -> String {
    if addr == 0 {
        return pointer(addr);
    }
    let text = match kind {
        Kind::Path | Kind::Name => memory.path(addr),
        Kind::Text => memory.text(addr, TEXT_LIMIT),
        Kind::Bytes(len) => memory.bytes(addr, other(len), TEXT_LIMIT),
        Kind::Address(len) => address::read(memory, addr, other(len)),
        Kind::Strings => memory.strings(addr, memory::MAX_ITEMS, TEXT_LIMIT),
        Kind::Environment => {
            memory.count(addr).map(|vars| format!("{} /* {vars} vars */", pointer(addr)))
        }
        Kind::FdSet(count) => structs::fd_set(memory, addr, other(count) as i32),
        Kind::OpenHow => structs::open_how(memory, addr),
        Kind::Message => structs::message(memory, addr),
        Kind::Messages(count) => structs::messages(memory, addr, other(count)),
        Kind::CloneArgs(len) => structs::clone_args(memory, addr, other(len)),
        Kind::Timespec => structs::timespec(memory, addr),
        Kind::Times => structs::times(memory, addr),
        Kind::Timeval => structs::timeval(memory, addr),
        Kind::Timevals => structs::timevals(memory, addr),
        Kind::Itimerspec => structs::itimerspec(memory, addr),
        Kind::Itimerval => structs::itimerval(memory, addr),
        Kind::Vector(count) => structs::vector(memory, addr, other(count), true),
        Kind::VectorOut(count) => structs::vector(memory, addr, other(count), false),
        Kind::SignalSet => structs::signal_set(memory, addr),
        Kind::SigAction => structs::sigaction(memory, addr),
        Kind::Poll(count) => structs::poll(memory, addr, other(count)),
        Kind::EpollEvent => structs::epoll_event(memory, addr),
        Kind::Limit => structs::limit(memory, addr),
        _ => None,
    };
    text.unwrap_or_else(|| pointer(addr))
}

/// An address.
pub(super) fn pointer(addr: u64) -> String {
    if addr == 0 { "NULL".into() } else { hex(addr) }
}

/// A number in hex.
pub(super) fn hex(value: u64) -> String {
    if value == 0 { "0".into() } else { format!("{value:#x}") }
}

/// A descriptor that may stand for the working directory.
pub(super) fn directory(fd: i32) -> String {
    if fd == libc::AT_FDCWD { "AT_FDCWD".into() } else { fd.to_string() }
}
