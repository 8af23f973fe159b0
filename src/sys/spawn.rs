//! fork(2), what the child does to itself, execve(2).
//!
//! Fork happens while gatekeeper has a single thread, so the child may allocate. Everything the child
//! does after its filter is installed is either not a system call or judged as the launch.

use std::ffi::CStr;
use std::io;
use std::os::fd::RawFd;

use super::{Pid, capabilities, check};

/// Which side of a fork this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The new process.
    Child,
    /// The old one, and the new one's id.
    Parent(Pid),
}

/// fork(2).
pub fn fork() -> io::Result<Side> {
    // SAFETY: called while there is one thread only, see the module's doc.
    match check(libc::c_long::from(unsafe { libc::fork() }))? {
        0 => Ok(Side::Child),
        pid => Ok(Side::Parent(pid as Pid)),
    }
}

/// Marks every descriptor above 2 close-on-exec, but clears the mark on `keep` (ascending).
///
/// EBADF where one of `keep` is not open.
pub fn close_all_but(keep: &[RawFd]) -> io::Result<()> {
    for &fd in keep {
        // SAFETY: no pointers.
        check(libc::c_long::from(unsafe { libc::fcntl(fd, libc::F_GETFD) }))?;
    }
    // SAFETY: marks descriptors only; nothing is closed before the exec.
    check(unsafe { libc::syscall(libc::SYS_close_range, 3, u32::MAX, libc::CLOSE_RANGE_CLOEXEC) })?;
    for &fd in keep {
        // SAFETY: no pointers.
        check(libc::c_long::from(unsafe { libc::fcntl(fd, libc::F_SETFD, 0) }))?;
    }
    Ok(())
}

/// Sets no_new_privs (PR_SET_NO_NEW_PRIVS), which no exec can undo.
pub fn no_new_privileges() -> io::Result<()> {
    // SAFETY: an option without pointers.
    check(libc::c_long::from(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) }))?;
    Ok(())
}

const CAP_NET_ADMIN: u32 = 12;
const CAP_SYS_MODULE: u32 = 16;
const CAP_SYS_RAWIO: u32 = 17;
const CAP_SYS_PTRACE: u32 = 19;
const CAP_SYS_ADMIN: u32 = 21;
const CAP_SYS_BOOT: u32 = 22;
const CAP_SYS_TIME: u32 = 25;
const CAP_PERFMON: u32 = 38;

const FAR_REACHING: [u32; 8] = [
    CAP_NET_ADMIN,
    CAP_SYS_MODULE,
    CAP_SYS_RAWIO,
    CAP_SYS_PTRACE,
    CAP_SYS_ADMIN,
    CAP_SYS_BOOT,
    CAP_SYS_TIME,
    CAP_PERFMON,
];

/// Gives up the capabilities that reach into other processes, the supervisor among them, or reconfigure
/// the network.
///
/// `mm_access` (kernel/fork.c) lets CAP_PERFMON and CAP_SYS_ADMIN read `/proc/PID/{environ,maps}` of
/// anybody, and CAP_SYS_PTRACE overrides the supervisor's undumpable state. CAP_NET_ADMIN would make a
/// NETLINK_ROUTE socket, which name resolution needs, a way to change routes. Devices opened for reading
/// obey CAP_SYS_RAWIO and CAP_SYS_TIME; no group has a call that needs these or the others. An ordinary
/// user holds none of them: then nothing happens.
pub fn drop_far_reaching_capabilities() -> io::Result<()> {
    let mut data = capabilities::get()?;
    let before = data;
    for cap in FAR_REACHING {
        // SAFETY: options without pointers. It fails without CAP_SETPCAP, but then either the
        // capability is not held either, or the permitted set below still bounds every exec under
        // no_new_privs.
        unsafe {
            libc::prctl(libc::PR_CAPBSET_DROP, cap, 0, 0, 0);
            libc::prctl(libc::PR_CAP_AMBIENT, libc::PR_CAP_AMBIENT_LOWER, cap, 0, 0);
        }
        let (word, bit) = ((cap / 32) as usize, 1_u32 << (cap % 32));
        data[word].effective &= !bit;
        data[word].permitted &= !bit;
        data[word].inheritable &= !bit;
    }
    if before == data { Ok(()) } else { capabilities::set(&data) }
}

/// Replaces the process; returns only on failure.
///
/// Both vectors must end with a null pointer; [`null_terminated`] makes them.
pub fn execute(
    path: &CStr,
    argv: &[*const libc::c_char],
    envp: &[*const libc::c_char],
) -> io::Error {
    if argv.last().is_none_or(|p| !p.is_null()) || envp.last().is_none_or(|p| !p.is_null()) {
        return io::Error::from_raw_os_error(libc::EINVAL);
    }
    // SAFETY: both arrays end with a null pointer and their strings outlive the call.
    unsafe { libc::execve(path.as_ptr(), argv.as_ptr(), envp.as_ptr()) };
    io::Error::last_os_error()
}

/// The pointer array that execve(2) takes; the strings must outlive it.
pub fn null_terminated(strings: &[std::ffi::CString]) -> Vec<*const libc::c_char> {
    strings.iter().map(|s| s.as_ptr()).chain([std::ptr::null()]).collect()
}

/// Ends the calling process at once, without destructors or exit handlers.
pub fn exit_now(code: i32) -> ! {
    // SAFETY: does not return.
    unsafe { libc::_exit(code) }
}
