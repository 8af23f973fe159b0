//! Arguments whose meaning hangs on another one: futex(2), fcntl(2), prctl(2).

use super::memory::Memory;
use super::scalar::open;
use super::sets::{files, process, system};
use super::signal::signal_name;
use super::signature::Kind;
use super::value::{hex, in_memory, pointer};
use crate::sys::arch::Entry;

/// What futex(2) takes after `val`: by operation a timeout or a number, a second futex, a number.
pub(super) fn futex_arg(n: usize, entry: &Entry, memory: Memory<'_>) -> Option<String> {
    let raw = entry.args[n];
    let timeout = || Some(in_memory(Kind::Timespec, raw, &|_| 0, memory));
    let number = || Some((raw as u32).to_string());
    let command = entry.args[1] as i32 & !(libc::FUTEX_PRIVATE_FLAG | libc::FUTEX_CLOCK_REALTIME);
    match (command, n) {
        (libc::FUTEX_WAKE | libc::FUTEX_UNLOCK_PI | libc::FUTEX_TRYLOCK_PI | libc::FUTEX_FD, _) => {
            None
        }
        (libc::FUTEX_WAIT | libc::FUTEX_LOCK_PI | libc::FUTEX_LOCK_PI2, 3) => timeout(),
        (libc::FUTEX_WAIT | libc::FUTEX_LOCK_PI | libc::FUTEX_LOCK_PI2, _) => None,
        (libc::FUTEX_WAIT_BITSET | libc::FUTEX_WAIT_REQUEUE_PI, 3) => timeout(),
        (libc::FUTEX_WAKE_BITSET, 3) => Some(pointer(raw)),
        (libc::FUTEX_REQUEUE, 5) => None,
        (_, 3) => number(),
        (_, 4) => Some(pointer(raw)),
        (libc::FUTEX_WAIT_BITSET | libc::FUTEX_WAKE_BITSET, _) if raw as u32 == u32::MAX => {
            Some("FUTEX_BITSET_MATCH_ANY".into())
        }
        (libc::FUTEX_WAIT_REQUEUE_PI, _) => None,
        _ => Some(hex(u64::from(raw as u32))),
    }
}

/// fcntl(2)'s last argument; `None` where the command takes none.
pub(super) fn fcntl_arg(entry: &Entry) -> Option<String> {
    match entry.args[1] as i32 {
        libc::F_GETFD | libc::F_GETFL | libc::F_GETOWN | libc::F_GETLEASE => None,
        libc::F_GETPIPE_SZ | libc::F_GET_SEALS => None,
        // F_GETSIG, F_CREATED_QUERY
        11 | 1028 => None,
        _ => Some(fcntl_number(entry).unwrap_or_else(|| pointer(entry.args[2]))),
    }
}

/// fcntl(2)'s last argument where it is a number and no pointer.
pub(super) fn fcntl_number(entry: &Entry) -> Option<String> {
    let word = entry.args[2] as u32;
    Some(match entry.args[1] as i32 {
        libc::F_DUPFD | libc::F_DUPFD_CLOEXEC | libc::F_SETOWN => (word as i32).to_string(),
        // F_DUPFD_QUERY
        libc::F_SETPIPE_SZ | 1027 => (word as i32).to_string(),
        libc::F_SETFD => files::FD_FLAGS.bits(word),
        libc::F_SETFL => open(u64::from(word)),
        // F_SETSIG
        10 => signal_name(word as i32),
        libc::F_SETLEASE => files::LOCKS.one(word),
        libc::F_ADD_SEALS => files::SEALS.bits(word),
        _ => return None,
    })
}

/// prctl(2): how many arguments an option takes, and what the commonest are.
pub(super) fn prctl_arg(n: usize, entry: &Entry, memory: Memory<'_>) -> Option<String> {
    let option = entry.args[0] as i32;
    if n > prctl_arguments(option) {
        return None;
    }
    let raw = entry.args[n];
    let word = raw as u32;
    Some(match (option, n) {
        (libc::PR_SET_NAME, 1) => in_memory(Kind::Text, raw, &|_| 0, memory),
        (libc::PR_SET_PDEATHSIG, 1) => signal_name(word as i32),
        (libc::PR_SET_SECCOMP, 1) => system::SECCOMP_MODE.one(word),
        (libc::PR_CAP_AMBIENT, 1) => process::AMBIENT.one(word),
        (libc::PR_CAPBSET_DROP | libc::PR_CAPBSET_READ, 1) | (libc::PR_CAP_AMBIENT, 2) => {
            process::CAPABILITY.one(word)
        }
        (libc::PR_SET_DUMPABLE | libc::PR_SET_KEEPCAPS | libc::PR_SET_NO_NEW_PRIVS, _)
        | (libc::PR_SET_CHILD_SUBREAPER | libc::PR_SET_TIMERSLACK, _) => raw.to_string(),
        _ => hex(raw),
    })
}

fn prctl_arguments(option: i32) -> usize {
    match option {
        libc::PR_GET_DUMPABLE
        | libc::PR_GET_KEEPCAPS
        | libc::PR_GET_TIMING
        | libc::PR_GET_SECCOMP
        | libc::PR_GET_SECUREBITS
        | libc::PR_GET_TIMERSLACK => 0,
        libc::PR_SET_PDEATHSIG
        | libc::PR_GET_PDEATHSIG
        | libc::PR_SET_DUMPABLE
        | libc::PR_SET_KEEPCAPS
        | libc::PR_SET_NAME
        | libc::PR_GET_NAME
        | libc::PR_CAPBSET_READ
        | libc::PR_CAPBSET_DROP
        | libc::PR_SET_TIMERSLACK
        | libc::PR_SET_CHILD_SUBREAPER
        | libc::PR_GET_CHILD_SUBREAPER
        | libc::PR_SET_PTRACER => 1,
        libc::PR_SET_SECCOMP => 2,
        _ => 4,
    }
}
