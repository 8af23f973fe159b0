//! Addresses of local sockets, whose paths mean something to the caller only.

use std::ffi::CString;
use std::os::fd::{AsRawFd as _, OwnedFd};

use super::{Caller, Errno, Socket, errno, rights};
use crate::policy::{Address, Place};
use crate::sys::walk::{self, CWD, NO_MAGIC_LINKS};

/// An address to give to the kernel.
#[derive(Debug)]
pub struct Name {
    /// In the kernel's form.
    pub bytes: Vec<u8>,
    /// What a path in it goes through.
    _object: Option<OwnedFd>,
}

/// The address `bytes`, judged as `address`, as gatekeeper can give it for `caller`.
///
/// The path of a local socket becomes one through a descriptor of the very object that was judged; EACCES
/// where the caller's identity is not gatekeeper's, since the kernel would look at gatekeeper's.
pub fn name(
    caller: Caller,
    socket: &Socket,
    bytes: Vec<u8>,
    address: &Address,
) -> Result<Name, Errno> {
    if socket.domain == libc::AF_NETLINK && bytes.iter().skip(2).any(|&byte| byte != 0) {
        return Err(libc::EPERM);
    }
    if socket.domain != libc::AF_UNIX {
        return Ok(Name { bytes, _object: None });
    }
    if !rights::are_ours(caller.tid) {
        return Err(libc::EACCES);
    }
    match address {
        Address::Local(object) => match &object.place {
            Place::Path(path) if caller.host.same_root => through(path),
            Place::Fails(errno) => Err(*errno),
            Place::Missing(_) => Err(libc::ENOENT),
            _ => Err(libc::EACCES),
        },
        _ => Ok(Name { bytes, _object: None }),
    }
}

fn through(path: &[u8]) -> Result<Name, Errno> {
    let text = CString::new(path).map_err(|_| libc::EINVAL)?;
    let object = walk::look_up(CWD, &text, false, NO_MAGIC_LINKS).map_err(errno)?;
    if walk::path_of(&object).map_err(errno)? != path {
        return Err(libc::ENOENT);
    }
    let family = libc::AF_UNIX as libc::sa_family_t;
    let mut bytes = family.to_ne_bytes().to_vec();
    bytes.extend(format!("/proc/self/fd/{}\0", object.as_raw_fd()).bytes());
    Ok(Name { bytes, _object: Some(object) })
}
