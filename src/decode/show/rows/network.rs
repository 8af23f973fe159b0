//! Calls on sockets.

use crate::decode::show::sets::network::*;
use crate::decode::show::signature::Kind::{
    Address, Bits, Bytes, Fd, Int, Message, Messages, One, Protocol, Ptr, Size, SocketOption,
    SocketType, Timespec, Uint,
};
use crate::decode::show::signature::Row;

/// The rows.
#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    ("socket", &[One(&DOMAIN), SocketType, Protocol(0)]),
    ("socketpair", &[One(&DOMAIN), SocketType, Protocol(0), Ptr]),
    ("connect", &[Fd, Address(2), Size]),
    ("bind", &[Fd, Address(2), Size]),
    ("listen", &[Fd, Int]),
    ("accept", &[Fd, Ptr, Ptr]),
    ("accept4", &[Fd, Ptr, Ptr, Bits(&SOCKET_FLAGS)]),
    ("getsockname", &[Fd, Ptr, Ptr]),
    ("getpeername", &[Fd, Ptr, Ptr]),
    ("shutdown", &[Fd, One(&SHUTDOWN)]),
    ("sendto", &[Fd, Bytes(2), Size, Bits(&MSG), Address(5), Size]),
    ("recvfrom", &[Fd, Ptr, Size, Bits(&MSG), Ptr, Ptr]),
    ("sendmsg", &[Fd, Message, Bits(&MSG)]),
    ("recvmsg", &[Fd, Ptr, Bits(&MSG)]),
    ("sendmmsg", &[Fd, Messages(2), Uint, Bits(&MSG)]),
    ("recvmmsg", &[Fd, Ptr, Uint, Bits(&MSG), Timespec]),
    ("setsockopt", &[Fd, One(&LEVEL), SocketOption(1), Bytes(4), Size]),
    ("getsockopt", &[Fd, One(&LEVEL), SocketOption(1), Ptr, Ptr]),
];
