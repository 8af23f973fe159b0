//! Control messages (cmsg(3)) that gatekeeper passes on with a caller's message.

use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};

use super::Errno;

/// What passes on an internet socket: level and types. Each says how or from which of the host's own
/// addresses a packet goes, and none needs a privilege; routes, marks and whatever the future brings do
/// not pass.
const INTERNET: [(i32, &[i32]); 4] = [
    (libc::IPPROTO_IP, &[libc::IP_TOS, libc::IP_TTL, libc::IP_PKTINFO]),
    (
        libc::IPPROTO_IPV6,
        &[libc::IPV6_PKTINFO, libc::IPV6_HOPLIMIT, libc::IPV6_TCLASS, libc::IPV6_DONTFRAG],
    ),
    // UDP_SEGMENT (linux/udp.h).
    (libc::SOL_UDP, &[103]),
    (libc::SOL_SOCKET, &[libc::SO_TIMESTAMPING]),
];

/// The most descriptors in one message (`SCM_MAX_FD`).
const MAX_DESCRIPTORS: usize = 253;

/// struct cmsghdr: a `size_t` length, level and type.
const HEADER: usize = 16;

/// Control data that means to gatekeeper what the original means to the caller.
#[derive(Debug, Default)]
pub struct Control {
    /// In the kernel's form.
    pub bytes: Vec<u8>,
    /// The descriptors in it.
    _descriptors: Vec<OwnedFd>,
}

/// Translates `original`, sent on a socket of family `domain` by process `caller`: `copy` gives a copy of
/// a descriptor of the caller's.
///
/// EINVAL, as from a kernel that does not know it, for anything that does not pass.
pub fn translate(
    original: &[u8],
    domain: i32,
    caller: i32,
    copy: &dyn Fn(i32) -> io::Result<OwnedFd>,
) -> Result<Control, Errno> {
    let mut bytes = original.to_vec();
    let mut descriptors = Vec::new();
    let mut at = 0;
    // CMSG_OK and __cmsg_nxthdr (linux/socket.h).
    while bytes.len() - at >= HEADER {
        let len = u64::from_ne_bytes(chunk(&bytes, at)?);
        let (level, kind) = (int(&bytes, at + 8)?, int(&bytes, at + 12)?);
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        if len < HEADER || len > bytes.len() - at {
            return Err(libc::EINVAL);
        }
        let content = &mut bytes[at + HEADER..at + len];
        match (domain, level, kind) {
            (libc::AF_UNIX, libc::SOL_SOCKET, libc::SCM_RIGHTS) => {
                pass_descriptors(content, &mut descriptors, copy)?;
            }
            (libc::AF_UNIX, libc::SOL_SOCKET, libc::SCM_CREDENTIALS) => {
                own_pid(content, caller)?;
            }
            (libc::AF_INET | libc::AF_INET6, level, kind)
                if INTERNET.iter().any(|(of, kinds)| *of == level && kinds.contains(&kind)) => {}
            _ => return Err(libc::EINVAL),
        }
        at = (at + len.next_multiple_of(8)).min(bytes.len());
    }
    Ok(Control { bytes, _descriptors: descriptors })
}

fn pass_descriptors(
    content: &mut [u8],
    copies: &mut Vec<OwnedFd>,
    copy: &dyn Fn(i32) -> io::Result<OwnedFd>,
) -> Result<(), Errno> {
    for number in content.chunks_exact_mut(4) {
        if copies.len() == MAX_DESCRIPTORS {
            return Err(libc::EINVAL);
        }
        let fd = copy(int(number, 0)?).map_err(|error| match error.raw_os_error() {
            Some(libc::EBADF) => libc::EBADF,
            Some(libc::EMFILE | libc::ENFILE) => libc::ETOOMANYREFS,
            _ => libc::EPERM,
        })?;
        number.copy_from_slice(&fd.as_raw_fd().to_ne_bytes());
        copies.push(fd);
    }
    Ok(())
}

/// A process may name nobody but itself in a struct ucred, and it is gatekeeper that names itself here.
fn own_pid(content: &mut [u8], caller: i32) -> Result<(), Errno> {
    if int(content, 0)? != caller {
        return Err(libc::EPERM);
    }
    content[..4].copy_from_slice(&std::process::id().to_ne_bytes());
    Ok(())
}

fn int(bytes: &[u8], at: usize) -> Result<i32, Errno> {
    chunk(bytes, at).map(i32::from_ne_bytes)
}

fn chunk<const N: usize>(bytes: &[u8], at: usize) -> Result<[u8; N], Errno> {
    bytes.get(at..at + N).and_then(|chunk| chunk.try_into().ok()).ok_or(libc::EINVAL)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn message(level: i32, kind: i32, content: &[u8]) -> Vec<u8> {
        let mut bytes = (HEADER + content.len()).to_ne_bytes().to_vec();
        bytes.extend(level.to_ne_bytes());
        bytes.extend(kind.to_ne_bytes());
        bytes.extend(content);
        bytes.resize(bytes.len().next_multiple_of(8), 0);
        bytes
    }

    fn nothing(_: i32) -> io::Result<OwnedFd> {
        Err(io::Error::from_raw_os_error(libc::EBADF))
    }

    #[test]
    fn what_passes() {
        let (inet, inet6, unix) = (libc::AF_INET, libc::AF_INET6, libc::AF_UNIX);
        let info = message(libc::IPPROTO_IP, libc::IP_PKTINFO, &[0; 12]);
        let hops = message(libc::IPPROTO_IPV6, libc::IPV6_HOPLIMIT, &[0; 4]);
        let route = message(libc::IPPROTO_IPV6, libc::IPV6_RTHDR, &[0; 24]);
        let options = message(libc::IPPROTO_IP, libc::IP_RETOPTS, &[0; 8]);
        let mark = message(libc::SOL_SOCKET, libc::SO_MARK, &[0; 4]);
        let rights = message(libc::SOL_SOCKET, libc::SCM_RIGHTS, &[9, 0, 0, 0]);
        let me =
            message(libc::SOL_SOCKET, libc::SCM_CREDENTIALS, &[5, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0]);
        let other =
            message(libc::SOL_SOCKET, libc::SCM_CREDENTIALS, &[6, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0]);
        let short = message(libc::SOL_SOCKET, libc::SCM_CREDENTIALS, &[5, 0]);
        let mut long = info.clone();
        long[0] = 200;
        let mut none = info.clone();
        none[0] = 8;
        for (domain, original, want) in [
            (inet, vec![], Ok(())),
            (inet, info.clone(), Ok(())),
            (inet6, [hops.clone(), info.clone()].concat(), Ok(())),
            (inet6, [hops, route].concat(), Err(libc::EINVAL)),
            (inet, options, Err(libc::EINVAL)),
            (inet, mark, Err(libc::EINVAL)),
            (inet, rights.clone(), Err(libc::EINVAL)),
            (unix, info, Err(libc::EINVAL)),
            (unix, rights, Err(libc::EBADF)),
            (unix, me, Ok(())),
            (unix, other, Err(libc::EPERM)),
            (unix, short, Err(libc::EINVAL)),
            (
                libc::AF_NETLINK,
                message(libc::SOL_SOCKET, libc::SCM_CREDENTIALS, &[0; 12]),
                Err(libc::EINVAL),
            ),
            (inet, long, Err(libc::EINVAL)),
            (inet, none, Err(libc::EINVAL)),
            // Less than a header is no message.
            (inet, vec![1; 15], Ok(())),
        ] {
            let got = translate(&original, domain, 5, &nothing).map(|_| ());
            assert_eq!(got, want, "{domain} {original:?}");
        }
    }

    #[test]
    fn descriptors_become_ours() {
        let original = message(libc::SOL_SOCKET, libc::SCM_RIGHTS, &[9, 0, 0, 0, 8, 0, 0, 0]);
        let copy = |_| Ok(OwnedFd::from(std::fs::File::open("/dev/null")?));
        let control = translate(&original, libc::AF_UNIX, 5, &copy).unwrap();
        let numbers: Vec<i32> = control._descriptors.iter().map(|fd| fd.as_raw_fd()).collect();
        let passed = [int(&control.bytes, 16).unwrap(), int(&control.bytes, 20).unwrap()];
        assert_eq!(numbers, passed);
        assert_eq!(control.bytes.len(), original.len());
    }
}
