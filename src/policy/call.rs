//! What the policy is asked about: a call with everything it needs to know read and resolved.
//!
//! The decoder makes these from registers and memory; they are owned and hold no pointer.

use std::net::{IpAddr, SocketAddr};

use super::shape::Access;
use crate::sys::arch::Entry;

/// One decoded call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The registers.
    pub entry: Entry,
    /// What they refer to.
    pub target: Target,
}

/// What a call refers to beyond its registers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Nothing: the registers say all.
    Registers,
    /// One or two objects.
    Objects(Vec<Object>),
    /// An object and how it is opened (open(2) flags, wherever they were).
    Open(Object, u64),
    /// The address of connect(2) or bind(2).
    Address(Address),
    /// Every destination that a send names; none for a connected socket.
    Destinations(Vec<Address>),
    /// The address that the socket given to listen(2) is bound to.
    Listener(Address),
    /// The process that is named.
    Process(Relation),
    /// It could not be read: the call gets the errno that the kernel itself would give.
    Faulty(i32),
    /// It could not be read, and not because the kernel could not either.
    Hidden,
}

/// An object as the caller named it and as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// The directory descriptor it is relative to, `AT_FDCWD` for none.
    pub dirfd: i32,
    /// The path as given: bytes, not text. Empty where only a descriptor was given.
    pub text: Vec<u8>,
    /// Where that is.
    pub place: Place,
    /// What the call does with it.
    pub access: Access,
}

/// Where a path leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// An absolute path without `.`, `..` or symbolic links in it (bar a last one that the call does not
    /// follow).
    Path(Vec<u8>),
    /// The same, where nothing is there (yet).
    Missing(Vec<u8>),
    /// An object without a path that the caller holds already: a pipe, a socket, a memfd.
    Anonymous,
    /// The kernel will refuse the look-up with this errno.
    Fails(i32),
    /// It cannot be told.
    Unknown,
}

/// A socket address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// AF_INET or AF_INET6; mapped IPv4 addresses are IPv4 here.
    Inet(SocketAddr),
    /// An AF_UNIX path, resolved.
    Local(Object),
    /// An AF_UNIX name in the abstract name space.
    Abstract(Vec<u8>),
    /// AF_UNIX without a name (autobind), or AF_UNSPEC (disconnect).
    Unnamed,
    /// Any other family.
    Other(u16),
}

impl Address {
    /// The IP address and port, if it has any.
    pub fn inet(&self) -> Option<(IpAddr, u16)> {
        match self {
            Address::Inet(addr) => Some((addr.ip(), addr.port())),
            _ => None,
        }
    }
}

/// How a named process relates to the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// The caller itself or another task of the command's tree.
    Own,
    /// There is none of that number.
    Nobody,
    /// gatekeeper.
    Supervisor,
    /// Some other process.
    Bystander,
    /// A process group whose members are all in the tree.
    OwnGroup,
    /// A process group with gatekeeper or others in it, or everybody.
    MixedGroup,
}
