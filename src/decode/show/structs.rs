//! Structures in a tracee's memory (64-bit layouts, the same on both our machines but where noted).

use super::memory::{MAX_ITEMS, Memory};
use super::sets::{files, process};
use super::signal::signal_name;
use super::value::{TEXT_LIMIT, pointer};
use super::{address, scalar};

/// `UTIME_NOW`, `UTIME_OMIT` of utimensat(2).
const UTIME_NOW: u64 = 0x3FFF_FFFF;
const UTIME_OMIT: u64 = 0x3FFF_FFFE;

/// The most messages of one sendmmsg(2) that are shown: each may have a long vector.
const MAX_MESSAGES: u64 = 4;

/// The kernel's `sigset_t` has 64 signals, real-time ones from 32.
const SIGNALS: i32 = 64;

pub(super) fn timespec(memory: Memory<'_>, addr: u64) -> Option<String> {
    memory.words(addr).map(|[sec, nsec]| pair("tv_sec", sec, "tv_nsec", nsec))
}

pub(super) fn timeval(memory: Memory<'_>, addr: u64) -> Option<String> {
    memory.words(addr).map(|[sec, usec]| pair("tv_sec", sec, "tv_usec", usec))
}

fn pair(first: &str, a: u64, second: &str, b: u64) -> String {
    format!("{{{first}={}, {second}={}}}", a as i64, b as i64)
}

pub(super) fn times(memory: Memory<'_>, addr: u64) -> Option<String> {
    let one = |sec, nsec| match nsec {
        UTIME_NOW => "UTIME_NOW".to_string(),
        UTIME_OMIT => "UTIME_OMIT".to_string(),
        _ => pair("tv_sec", sec, "tv_nsec", nsec),
    };
    memory.words(addr).map(|[a, b, c, d]| format!("[{}, {}]", one(a, b), one(c, d)))
}

pub(super) fn timevals(memory: Memory<'_>, addr: u64) -> Option<String> {
    let one = |sec, usec| pair("tv_sec", sec, "tv_usec", usec);
    memory.words(addr).map(|[a, b, c, d]| format!("[{}, {}]", one(a, b), one(c, d)))
}

pub(super) fn itimerspec(memory: Memory<'_>, addr: u64) -> Option<String> {
    let (every, first) = (timespec(memory, addr)?, timespec(memory, addr.wrapping_add(16))?);
    Some(format!("{{it_interval={every}, it_value={first}}}"))
}

pub(super) fn itimerval(memory: Memory<'_>, addr: u64) -> Option<String> {
    let (every, first) = (timeval(memory, addr)?, timeval(memory, addr.wrapping_add(16))?);
    Some(format!("{{it_interval={every}, it_value={first}}}"))
}

/// `struct rlimit`.
pub(super) fn limit(memory: Memory<'_>, addr: u64) -> Option<String> {
    let one = |value| match value {
        u64::MAX => "RLIM64_INFINITY".to_string(),
        // strace's way with round numbers.
        _ if value > 1024 && value % 1024 == 0 => format!("{}*1024", value / 1024),
        _ => value.to_string(),
    };
    let [soft, hard] = memory.words(addr)?;
    Some(format!("{{rlim_cur={}, rlim_max={}}}", one(soft), one(hard)))
}

/// `struct open_how` (linux/openat2.h).
pub(super) fn open_how(memory: Memory<'_>, addr: u64) -> Option<String> {
    let [flags, mode, resolve] = memory.words(addr)?;
    let mode = if mode == 0 { String::new() } else { format!(", mode=0{mode:o}") };
    let resolve = files::RESOLVE.bits(resolve as u32);
    Some(format!("{{flags={}{mode}, resolve={resolve}}}", scalar::open(flags)))
}

/// `struct clone_args` (linux/sched.h), its first five fields.
pub(super) fn clone_args(memory: Memory<'_>, addr: u64, size: u64) -> Option<String> {
    // CLONE_ARGS_SIZE_VER0
    if size < 64 {
        return None;
    }
    let [flags, _pidfd, _child_tid, _parent_tid, signal] = memory.words(addr)?;
    let flags = match flags >> 32 {
        0 => process::CLONE.bits(flags as u32),
        high => format!("{}|{:#x}", process::CLONE.bits(flags as u32), high << 32),
    };
    let signal = i32::try_from(signal).map_or_else(|_| format!("{signal:#x}"), signal_name);
    Some(format!("{{flags={flags}, exit_signal={signal}, ...}}"))
}

/// An array of `struct iovec`; with the bytes where the call reads them.
pub(super) fn vector(memory: Memory<'_>, addr: u64, count: u64, bytes: bool) -> Option<String> {
    memory.array(addr, count, (16, MAX_ITEMS as u64), |at| {
        let [base, len] = memory.words(at)?;
        let shown = if bytes { memory.bytes(base, len, TEXT_LIMIT) } else { None };
        let shown = shown.unwrap_or_else(|| pointer(base));
        Some(format!("{{iov_base={shown}, iov_len={len}}}"))
    })
}

/// `struct msghdr` of a send.
pub(super) fn message(memory: Memory<'_>, addr: u64) -> Option<String> {
    let [name, name_len, iov, iov_len, control, control_len] = memory.words(addr)?;
    let name_len = name_len & 0xFFFF_FFFF;
    let shown = if name == 0 { None } else { address::read(memory, name, name_len) };
    let name = shown.unwrap_or_else(|| pointer(name));
    let parts = vector(memory, iov, iov_len, true).unwrap_or_else(|| pointer(iov));
    let control = match control_len {
        0 => String::new(),
        _ => format!(", msg_control={}", pointer(control)),
    };
    Some(format!(
        "{{msg_name={name}, msg_namelen={name_len}, msg_iov={parts}, msg_iovlen={iov_len}{control}, \
         msg_controllen={control_len}}}"
    ))
}

/// An array of `struct mmsghdr`: a msghdr of 56 bytes and a length, 64 together.
pub(super) fn messages(memory: Memory<'_>, addr: u64, count: u64) -> Option<String> {
    memory.array(addr, count & 0xFFFF_FFFF, (64, MAX_MESSAGES), |at| {
        message(memory, at).map(|head| format!("{{msg_hdr={head}}}"))
    })
}

/// `[INT TERM]`; of a fuller set what is missing: `~[KILL STOP]`.
pub(super) fn signal_set(memory: Memory<'_>, addr: u64) -> Option<String> {
    memory.words(addr).map(|[set]| signals(set))
}

fn signals(set: u64) -> String {
    let most = set.count_ones() > 42;
    let (sign, set) = if most { ("~", !set) } else { ("", set) };
    let names: Vec<String> = (1..=SIGNALS)
        .filter(|signal| set >> (signal - 1) & 1 == 1)
        .map(|signal| signal_name(signal).trim_start_matches("SIG").to_string())
        .collect();
    format!("{sign}[{}]", names.join(" "))
}

/// The kernel's `struct sigaction`: handler, flags, restorer, mask.
pub(super) fn sigaction(memory: Memory<'_>, addr: u64) -> Option<String> {
    let [handler, flags, restorer, mask] = memory.words(addr)?;
    let handler = match handler {
        0 => "SIG_DFL".to_string(),
        1 => "SIG_IGN".to_string(),
        _ => pointer(handler),
    };
    let restorer = match flags & 0x0400_0000 {
        0 => String::new(),
        _ => format!(", sa_restorer={}", pointer(restorer)),
    };
    Some(format!(
        "{{sa_handler={handler}, sa_mask={}, sa_flags={}{restorer}}}",
        signals(mask),
        process::SIGACTION.bits(flags as u32)
    ))
}

/// An array of `struct pollfd`.
pub(super) fn poll(memory: Memory<'_>, addr: u64, count: u64) -> Option<String> {
    memory.array(addr, count & 0xFFFF_FFFF, (8, MAX_ITEMS as u64), |at| {
        let [a, b, c, d, e, f, ..]: [u8; 8] = memory.exactly(at)?;
        let fd = i32::from_ne_bytes([a, b, c, d]);
        let events = files::POLL.bits(u32::from(u16::from_ne_bytes([e, f])));
        Some(if fd < 0 { format!("{{fd={fd}}}") } else { format!("{{fd={fd}, events={events}}}") })
    })
}

/// `struct epoll_event`, packed on x86_64 only (`EPOLL_PACKED`, linux/eventpoll.h).
pub(super) fn epoll_event(memory: Memory<'_>, addr: u64) -> Option<String> {
    let data_at = if cfg!(target_arch = "x86_64") { 4 } else { 8 };
    let events = u32::from_ne_bytes(memory.exactly(addr)?);
    let [data] = memory.words(addr.wrapping_add(data_at))?;
    Some(format!("{{events={}, data={data:#x}}}", files::EPOLL_EVENTS.bits(events)))
}

/// `[3 4]`: the descriptors in an `fd_set` below `count`, of which select(2) has 1024.
pub(super) fn fd_set(memory: Memory<'_>, addr: u64, count: i32) -> Option<String> {
    let count = usize::try_from(count).ok()?.min(libc::FD_SETSIZE);
    let len = count.div_ceil(64) * 8;
    let bytes = memory.some(addr, len);
    if bytes.len() < len {
        return None;
    }
    let fds: Vec<String> = (0..count)
        .filter(|fd| bytes[fd / 8] >> (fd % 8) & 1 == 1)
        .map(|fd| fd.to_string())
        .collect();
    Some(format!("[{}]", fds.join(" ")))
}
