//! Registers that hold flags, modes and codes.

use super::flags::Set;
use super::sets::{files, ioctls, memory, network, process};
use super::signal::signal_name;

/// The low eight bits of clone(2)'s flags are the exit signal (`CSIGNAL`, linux/sched.h).
const EXIT_SIGNAL: u32 = 0xFF;

/// `SOCK_TYPE_MASK` (linux/net.h).
const SOCKET_TYPE: u32 = 0xF;

/// `0644`, `S_IFIFO|0600`.
pub(super) fn mode(value: u32) -> String {
    let bits = value & !libc::S_IFMT;
    let octal = if bits == 0 { "000".into() } else { format!("0{bits:o}") };
    match files::FILE_TYPE.name(value & libc::S_IFMT) {
        Some(kind) => format!("{kind}|{octal}"),
        None if value == bits => octal,
        None => format!("0{value:o}"),
    }
}

/// Whether a mode is that of a device file.
pub(super) fn is_device(mode: u64) -> bool {
    matches!(mode as u32 & libc::S_IFMT, libc::S_IFCHR | libc::S_IFBLK)
}

/// `makedev(0x1, 0x3)`.
pub(super) fn device(value: u64) -> String {
    format!("makedev({:#x}, {:#x})", libc::major(value), libc::minor(value))
}

/// open(2) flags: the access mode, then the bits.
pub(super) fn open(flags: u64) -> String {
    let low = flags as u32;
    let access = match low as i32 & libc::O_ACCMODE {
        libc::O_RDONLY => "O_RDONLY",
        libc::O_WRONLY => "O_WRONLY",
        libc::O_RDWR => "O_RDWR",
        _ => "O_ACCMODE",
    };
    let rest = low & !(libc::O_ACCMODE as u32);
    let mut text = access.to_string();
    if rest != 0 {
        text.push('|');
        text.push_str(&files::OPEN.bits(rest));
    }
    // openat2(2) has 64 bits of them, and refuses what it does not know.
    if flags >> 32 != 0 {
        text.push_str(&format!("|{:#x}", flags >> 32 << 32));
    }
    text
}

/// Whether open(2) with these flags looks at its mode.
pub(super) fn creates(flags: u64) -> bool {
    let flags = flags as i32;
    flags & libc::O_CREAT != 0 || flags & libc::O_TMPFILE == libc::O_TMPFILE
}

/// shmget(2) flags with their mode.
pub(super) fn ipc(flags: u32) -> String {
    let named = flags & !0o777;
    match named {
        0 => mode(flags),
        _ => format!("{}|{}", memory::IPC.bits(named), mode(flags & 0o777)),
    }
}

/// `SOCK_STREAM|SOCK_CLOEXEC`.
pub(super) fn socket_type(value: u32) -> String {
    let mut text = network::SOCKET_TYPE.one(value & SOCKET_TYPE);
    let flags = value & !SOCKET_TYPE;
    if flags != 0 {
        text.push('|');
        text.push_str(&network::SOCKET_FLAGS.bits(flags));
    }
    text
}

/// A protocol by its domain.
pub(super) fn protocol(domain: i32, value: u32) -> String {
    match domain {
        libc::AF_INET | libc::AF_INET6 => network::PROTOCOL.one(value),
        libc::AF_NETLINK => network::NETLINK.one(value),
        // ETH_P_*, in network byte order.
        libc::AF_PACKET => format!("htons({:#x})", (value as u16).to_be()),
        _ => (value as i32).to_string(),
    }
}

/// A socket option by its level.
pub(super) fn socket_option(level: i32, value: u32) -> String {
    let set: &Set = match level {
        libc::SOL_SOCKET => &network::SOCKET_OPTION,
        libc::SOL_TCP => &network::TCP_OPTION,
        libc::SOL_IP => &network::IP_OPTION,
        libc::SOL_IPV6 => &network::IPV6_OPTION,
        _ => return (value as i32).to_string(),
    };
    set.one(value)
}

/// clone(2)'s flags, of which the kernel takes the low half (`lower_32_bits`, kernel/fork.c).
pub(super) fn clone(value: u64) -> String {
    let low = value as u32;
    let (flags, signal) = (low & !EXIT_SIGNAL, low & EXIT_SIGNAL);
    match (flags, signal) {
        (0, 0) => "0".into(),
        (0, _) => signal_name(signal as i32),
        (_, 0) => process::CLONE.bits(flags),
        _ => format!("{}|{}", process::CLONE.bits(flags), signal_name(signal as i32)),
    }
}

/// The request's name, or its parts (asm-generic/ioctl.h).
pub(super) fn ioctl(request: u32) -> String {
    if let Some(name) = ioctls::IOCTL.name(request) {
        return name.into();
    }
    let direction = match request >> 30 {
        0 => "_IOC_NONE",
        1 => "_IOC_WRITE",
        2 => "_IOC_READ",
        _ => "_IOC_READ|_IOC_WRITE",
    };
    let (kind, nr, size) = (request >> 8 & 0xFF, request & 0xFF, request >> 16 & 0x3FFF);
    format!("_IOC({direction}, {kind:#x}, {nr:#x}, {size:#x})")
}

/// futex(2) operation with its flags.
pub(super) fn futex(op: u32) -> String {
    let private = libc::FUTEX_PRIVATE_FLAG as u32;
    let realtime = libc::FUTEX_CLOCK_REALTIME as u32;
    let mut text = process::FUTEX.one(op & !(private | realtime));
    if op & private != 0 {
        text.push_str("_PRIVATE");
    }
    if op & realtime != 0 {
        text.push_str("|FUTEX_CLOCK_REALTIME");
    }
    text
}
