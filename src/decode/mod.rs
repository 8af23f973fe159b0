//! From registers and memory to a [`Call`] that the policy can judge.

mod guest;
mod live;
mod resolve;
pub mod show;

pub use guest::Guest;
pub use live::{Host, Live};

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::policy::shape::{self, Access, Empty, Follow, Named, PathArg, Sent, Shape};
use crate::policy::{
    Address, Call, IOCTL_ATTRIBUTES, Object, Place, Relation, Target, open_access,
};
use crate::sys::arch::Entry;

/// The longest path the kernel takes, its NUL included.
const PATH_MAX: usize = libc::PATH_MAX as usize;

/// The most messages of one sendmmsg(2) that are looked at; more do not pass (the kernel's own limit is
/// `UIO_MAXIOV`).
const MAX_MESSAGES: u64 = 1024;

/// `PRIO_PROCESS` of setpriority(2); `IOPRIO_WHO_PROCESS` is one more.
const PRIO_PROCESS: i32 = 0;

/// Reads what `entry` refers to.
pub fn decode(entry: Entry, guest: &dyn Guest) -> Call {
    let target = if entry.is_foreign() {
        Target::Registers
    } else {
        target(&entry, guest).unwrap_or_else(|Unread(errno)| match errno {
            libc::EFAULT | libc::ENAMETOOLONG | libc::EINVAL | libc::EBADF | libc::ENOENT => {
                Target::Faulty(errno)
            }
            _ => Target::Hidden,
        })
    };
    Call { entry, target }
}

/// Something could not be read; the errno says why.
struct Unread(i32);

impl From<std::io::Error> for Unread {
    fn from(error: std::io::Error) -> Self {
        Unread(error.raw_os_error().unwrap_or(libc::EPERM))
    }
}

type Read<T> = Result<T, Unread>;

fn target(entry: &Entry, guest: &dyn Guest) -> Read<Target> {
    let args = &entry.args;
    Ok(match shape::of(entry.nr) {
        Shape::Path(path) | Shape::MakeNode(path, _) => {
            Target::Objects(vec![object(args, guest, path, path.access, follows(args, path))?])
        }
        Shape::TwoPaths(first, second) => Target::Objects(vec![
            object(args, guest, first, first.access, follows(args, first))?,
            object(args, guest, second, second.access, follows(args, second))?,
        ]),
        Shape::Open(path, flags) => opened(args, guest, path, args[flags as usize] & 0xFFFF_FFFF)?,
        Shape::OpenHow(path) => {
            let mut flags = [0; 8];
            read_exact(guest, args[2], &mut flags)?;
            opened(args, guest, path, u64::from_ne_bytes(flags))?
        }
        Shape::Descriptor(arg, access) => {
            Target::Objects(vec![descriptor(guest, args[arg as usize] as i32, access)])
        }
        Shape::Ioctl if IOCTL_ATTRIBUTES.contains(&(args[1] as u32)) => {
            Target::Objects(vec![descriptor(guest, args[0] as i32, Access::Attributes)])
        }
        Shape::Connect => {
            let bytes = address_bytes(guest, args[1], args[2] as u32)?;
            Target::Address(address(guest, &bytes, Access::Connect))
        }
        Shape::Bind => {
            let bytes = address_bytes(guest, args[1], args[2] as u32)?;
            Target::Address(address(guest, &bytes, Access::Write))
        }
        Shape::Listen => {
            let bytes = guest.local_address(args[0] as i32)?;
            Target::Listener(address(guest, &bytes, Access::Write))
        }
        Shape::Send(kind) => Target::Destinations(destinations(args, guest, kind)?),
        Shape::Process(named) => Target::Process(process(args, guest, named)?),
        Shape::Fcntl => owner(args, guest)?,
        _ => Target::Registers,
    })
}

fn follows(args: &[u64; 6], path: PathArg) -> bool {
    match path.follow {
        Follow::Yes => true,
        Follow::No => false,
        Follow::Unless(arg, bits) => args[arg as usize] as u32 & bits == 0,
        Follow::If(arg, bits) => args[arg as usize] as u32 & bits != 0,
    }
}

fn opened(args: &[u64; 6], guest: &dyn Guest, path: PathArg, flags: u64) -> Read<Target> {
    let exclusive = (libc::O_CREAT | libc::O_EXCL) as u64;
    // O_EXCL with O_CREAT refuses a link in the last place (open(2)).
    let follow = flags & libc::O_NOFOLLOW as u64 == 0 && flags & exclusive != exclusive;
    let object = object(args, guest, path, open_access(flags), follow)?;
    Ok(Target::Open(object, flags))
}

fn object(
    args: &[u64; 6],
    guest: &dyn Guest,
    path: PathArg,
    access: Access,
    follow: bool,
) -> Read<Object> {
    let dirfd = path.dirfd.map_or(libc::AT_FDCWD, |arg| args[arg as usize] as i32);
    let addr = args[path.path as usize];
    let may_be_empty = match path.empty {
        Empty::Never => false,
        Empty::Always => true,
        Empty::WithFlag(arg) => args[arg as usize] as u32 & libc::AT_EMPTY_PATH as u32 != 0,
        Empty::Null => addr == 0,
    };
    let text = match addr {
        0 if may_be_empty => Vec::new(),
        _ => guest.c_string(addr, PATH_MAX)?,
    };
    let place = match text.is_empty() {
        // fstat(2) under its other name, which libc prefers: like that, it is about what the caller has.
        true if may_be_empty && access == Access::Look && dirfd >= 0 => Place::Anonymous,
        true if may_be_empty => guest.descriptor(dirfd),
        true => Place::Fails(libc::ENOENT),
        false => guest.locate(dirfd, &text, follow),
    };
    Ok(Object { dirfd, text, place, access })
}

fn descriptor(guest: &dyn Guest, fd: i32, access: Access) -> Object {
    Object { dirfd: fd, text: Vec::new(), place: guest.descriptor(fd), access }
}

fn address_bytes(guest: &dyn Guest, addr: u64, len: u32) -> Read<Vec<u8>> {
    // move_addr_to_kernel (net/socket.c): 0 to sizeof(sockaddr_storage).
    if len as usize > size_of::<libc::sockaddr_storage>() {
        return Err(Unread(libc::EINVAL));
    }
    let mut bytes = vec![0; len as usize];
    read_exact(guest, addr, &mut bytes)?;
    Ok(bytes)
}

/// The address that getsockname(2) gave as `bytes`.
pub fn bound_address(guest: &dyn Guest, bytes: &[u8]) -> Address {
    address(guest, bytes, Access::Write)
}

fn address(guest: &dyn Guest, bytes: &[u8], access: Access) -> Address {
    let Some(family) = bytes.first_chunk::<2>().map(|b| u16::from_ne_bytes(*b)) else {
        return Address::Unnamed;
    };
    let port = || bytes.get(2..4).map_or(0, |b| u16::from_be_bytes([b[0], b[1]]));
    match i32::from(family) {
        // Datagram sockets take AF_UNSPEC with an address for AF_INET (udp_sendmsg, inet_bind).
        libc::AF_INET | libc::AF_UNSPEC if bytes.len() >= 8 && !is_disconnect(bytes, access) => {
            let ip = Ipv4Addr::new(bytes[4], bytes[5], bytes[6], bytes[7]);
            Address::Inet(SocketAddr::new(ip.into(), port()))
        }
        libc::AF_INET6 if bytes.len() >= 24 => {
            let mut ip = [0; 16];
            ip.copy_from_slice(&bytes[8..24]);
            let ip = Ipv6Addr::from(ip);
            let ip = ip.to_ipv4_mapped().map_or(IpAddr::V6(ip), IpAddr::V4);
            Address::Inet(SocketAddr::new(ip, port()))
        }
        libc::AF_UNIX => match &bytes[2..] {
            [] => Address::Unnamed,
            [0, name @ ..] => Address::Abstract(name.to_vec()),
            path => {
                let end = path.iter().position(|&b| b == 0).unwrap_or(path.len());
                let text = path[..end].to_vec();
                let follow = access == Access::Connect;
                let place = guest.locate(libc::AT_FDCWD, &text, follow);
                Address::Local(Object { dirfd: libc::AT_FDCWD, text, place, access })
            }
        },
        libc::AF_UNSPEC => Address::Unnamed,
        _ => Address::Other(family),
    }
}

/// connect(2) with AF_UNSPEC dissolves an association; sends and binds take it for AF_INET.
fn is_disconnect(bytes: &[u8], access: Access) -> bool {
    bytes[..2] == [0, 0] && access == Access::Connect && bytes[2..8].iter().all(|&b| b == 0)
}

fn destinations(args: &[u64; 6], guest: &dyn Guest, kind: Sent) -> Read<Vec<Address>> {
    let mut to = Vec::new();
    match kind {
        Sent::To if args[4] == 0 => {}
        Sent::To => {
            let bytes = address_bytes(guest, args[4], args[5] as u32)?;
            to.push(address(guest, &bytes, Access::Connect));
        }
        Sent::Message => to.extend(message_name(guest, args[1])?),
        Sent::Messages => {
            let count = args[2] & 0xFFFF_FFFF;
            for n in 0..count.min(MAX_MESSAGES) {
                // struct mmsghdr is a msghdr of 56 bytes and a length, 64 together.
                to.extend(message_name(guest, args[1].wrapping_add(n * 64))?);
            }
        }
    }
    Ok(to)
}

/// The destination in a struct msghdr: a pointer and an `int` length.
fn message_name(guest: &dyn Guest, addr: u64) -> Read<Option<Address>> {
    let mut head = [0; 16];
    read_exact(guest, addr, &mut head)?;
    let (name, len) = head.split_at(8);
    let name = u64::from_ne_bytes(name.try_into().map_err(|_| Unread(libc::EFAULT))?);
    let len = u32::from_ne_bytes([len[0], len[1], len[2], len[3]]);
    if name == 0 || len == 0 {
        return Ok(None);
    }
    // The kernel cuts a length beyond sockaddr_storage down to it (__copy_msghdr).
    let bytes = address_bytes(guest, name, len.min(128))?;
    Ok(Some(address(guest, &bytes, Access::Connect)))
}

fn process(args: &[u64; 6], guest: &dyn Guest, named: Named) -> Read<Relation> {
    Ok(match named {
        Named::Task(arg) => match args[arg as usize] as i32 {
            0 => Relation::Own,
            pid => guest.task(pid),
        },
        Named::Kill(arg) => match args[arg as usize] as i32 {
            pid if pid > 0 => guest.task(pid),
            -1 => Relation::MixedGroup,
            group => guest.group(group.wrapping_neg()),
        },
        Named::Priority { ioprio } => {
            let which = args[0] as i32 - i32::from(ioprio);
            match (which, args[1] as i32) {
                (PRIO_PROCESS, 0) => Relation::Own,
                (PRIO_PROCESS, pid) => guest.task(pid),
                (1, group) => guest.group(group),
                _ => Relation::MixedGroup,
            }
        }
        Named::PidFd(arg) => guest.pidfd(args[arg as usize] as i32)?,
    })
}

fn owner(args: &[u64; 6], guest: &dyn Guest) -> Read<Target> {
    let to = |who: i32| match who {
        0 => Relation::Own,
        pid if pid > 0 => guest.task(pid),
        group => guest.group(group.wrapping_neg()),
    };
    Ok(match args[1] as u32 {
        8 => Target::Process(to(args[2] as i32)),
        15 => {
            // struct f_owner_ex: type (F_OWNER_TID 0, _PID 1, _PGRP 2) and pid.
            let mut owner = [0; 8];
            read_exact(guest, args[2], &mut owner)?;
            let word = |b: &[u8]| i32::from_ne_bytes([b[0], b[1], b[2], b[3]]);
            let (kind, pid) = (word(&owner[..4]), word(&owner[4..]));
            Target::Process(to(if kind == 2 { pid.wrapping_neg() } else { pid }))
        }
        _ => Target::Registers,
    })
}

fn read_exact(guest: &dyn Guest, addr: u64, buf: &mut [u8]) -> Read<()> {
    let mut done = 0;
    while done < buf.len() {
        match guest.read(addr.wrapping_add(done as u64), &mut buf[done..])? {
            0 => return Err(Unread(libc::EFAULT)),
            n => done += n,
        }
    }
    Ok(())
}
