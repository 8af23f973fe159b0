//! What each argument of a call is.

use std::sync::OnceLock;

use super::flags::Set;
use super::rows;
use crate::policy::groups;

/// One argument's kind. A number in it is the position of another argument, counted from 0.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// A descriptor.
    Fd,
    /// A descriptor that a path is relative to, or `AT_FDCWD`.
    DirFd,
    /// A path that the policy judges.
    Path,
    /// A path or another text that it does not judge, shown whole.
    Name,
    /// Text of any length.
    Text,
    /// Bytes that the call reads; their number is argument `.0`.
    Bytes(u8),
    /// Memory that the call fills, or that we do not read: an address.
    Ptr,
    /// `int`.
    Int,
    /// `unsigned int`.
    Uint,
    /// `long`, `off_t`.
    Long,
    /// `size_t`, `unsigned long`.
    Size,
    /// A number best read in hex.
    Hex,
    /// A process, thread or group.
    Pid,
    /// A user or group id.
    Id,
    /// Permission bits, octal, with the file type where it has one.
    Mode,
    /// Permission bits that count only if argument `.0`, open flags, creates.
    NewMode(u8),
    /// A device number that counts only if argument `.0`, a mode, is a device's.
    Device(u8),
    /// Named bits of 32.
    Bits(&'static Set),
    /// A named value of 32 bits.
    One(&'static Set),
    /// open(2) flags.
    Open,
    /// `struct open_how`.
    OpenHow,
    /// IPC flags, a mode below them.
    IpcFlags,
    /// A signal.
    Signal,
    /// A socket's type with its flags.
    SocketType,
    /// A protocol; argument `.0` is the domain.
    Protocol(u8),
    /// An option; argument `.0` is the level.
    SocketOption(u8),
    /// A socket address; its length is argument `.0`.
    Address(u8),
    /// `struct msghdr` of a send.
    Message,
    /// An array of `struct mmsghdr`; its length is argument `.0`.
    Messages(u8),
    /// clone(2) flags with the exit signal.
    Clone,
    /// `struct clone_args` of argument `.0` bytes.
    CloneArgs(u8),
    /// ioctl(2) request.
    Ioctl,
    /// fcntl(2)'s last argument.
    FcntlArg,
    /// One of prctl(2)'s arguments after the option.
    PrctlArg,
    /// futex(2) operation.
    Futex,
    /// futex(2)'s arguments 3 to 5.
    FutexArg,
    /// `struct timespec`.
    Timespec,
    /// Two of them: access and modification.
    Times,
    /// `struct timeval`.
    Timeval,
    /// Two of them.
    Timevals,
    /// `struct itimerspec`.
    Itimerspec,
    /// `struct itimerval`.
    Itimerval,
    /// An array of `struct iovec` that the call reads; its length is argument `.0`.
    Vector(u8),
    /// The same, to be filled.
    VectorOut(u8),
    /// A NULL-ended array of strings.
    Strings,
    /// The environment: how many there are.
    Environment,
    /// A signal set.
    SignalSet,
    /// `struct sigaction`.
    SigAction,
    /// An array of `struct pollfd`; its length is argument `.0`.
    Poll(u8),
    /// An `fd_set`; argument `.0` is the number of descriptors looked at.
    FdSet(u8),
    /// `struct epoll_event`.
    EpollEvent,
    /// `struct rlimit`.
    Limit,
}

impl Kind {
    /// Whether it says what the call is about, rather than where in memory or how much of it.
    pub(super) fn identifies(self) -> bool {
        !matches!(
            self,
            Kind::Ptr
                | Kind::Bytes(_)
                | Kind::Size
                | Kind::Hex
                | Kind::NewMode(_)
                | Kind::PrctlArg
                | Kind::FutexArg
                | Kind::Timespec
                | Kind::Times
                | Kind::Timeval
                | Kind::Timevals
                | Kind::Itimerspec
                | Kind::Itimerval
                | Kind::Vector(_)
                | Kind::VectorOut(_)
                | Kind::Environment
                | Kind::SignalSet
                | Kind::SigAction
                | Kind::Poll(_)
                | Kind::FdSet(_)
                | Kind::EpollEvent
                | Kind::Limit
                | Kind::CloneArgs(_)
        )
    }
}

/// One call of the native table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Signature {
    /// Its name.
    pub(super) name: &'static str,
    /// Its arguments, in the kernel's order.
    pub(super) args: &'static [Kind],
}

/// One row of the tables in [`rows`].
pub(super) type Row = (&'static str, &'static [Kind]);

/// The signature of call `nr`; `None` for one that no table has.
pub(super) fn of(nr: u32) -> Option<Signature> {
    static INDEX: OnceLock<Vec<Option<Signature>>> = OnceLock::new();
    *INDEX.get_or_init(index).get(usize::try_from(nr).ok()?)?
}

fn index() -> Vec<Option<Signature>> {
    let mut found = vec![None; groups::MAX_NR as usize + 1];
    for &(name, args) in rows::TABLES.iter().copied().flatten() {
        let slot = groups::number_of(name).and_then(|nr| found.get_mut(nr as usize));
        if let Some(slot) = slot {
            *slot = Some(Signature { name, args });
        }
    }
    found
}
