//! ptrace(2) requests, each on a tracee that is stopped.
//!
//! [`Stopped`] stands for one stop: it is neither `Clone` nor `Copy` and every way to let the tracee
//! go consumes it, so a stop is answered exactly once. A tracee may die by SIGKILL at any moment, even
//! while stopped; every request then fails with ESRCH, which [`gone`] turns into `None` in one place.

use std::io;

use super::arch::{self, Entry};
use super::{Pid, check};

/// Options that every tracee gets with SEIZE, atomically.
///
/// EXITKILL: nothing outlives the supervisor. TRACESYSGOOD: call stops differ from a genuine SIGTRAP.
const OPTIONS: libc::c_int = libc::PTRACE_O_EXITKILL
    | libc::PTRACE_O_TRACEEXEC
    | libc::PTRACE_O_TRACEFORK
    | libc::PTRACE_O_TRACEVFORK
    | libc::PTRACE_O_TRACECLONE
    | libc::PTRACE_O_TRACESECCOMP
    | libc::PTRACE_O_TRACESYSGOOD;

/// A tracee in one of its ptrace stops.
#[derive(Debug)]
#[must_use = "a stop that nobody answers leaves the tracee stopped"]
pub struct Stopped(Pid);

/// Where a call stop is: what `PTRACE_GET_SYSCALL_INFO` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallStop {
    /// Before the call.
    Entry(Entry),
    /// After it, with the value it returned (negative errno on failure).
    Exit(i64),
    /// Not at a call.
    Neither,
}

/// Attaches to `pid` with all options; it goes on running.
pub fn seize(pid: Pid) -> io::Result<()> {
    // SAFETY: a request without pointers.
    check(unsafe {
        libc::syscall(libc::SYS_ptrace, libc::PTRACE_SEIZE, pid, 0, OPTIONS as usize)
    })?;
    Ok(())
}

/// Maps "the tracee is gone" to `None`.
pub fn gone<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.raw_os_error() == Some(libc::ESRCH) => Ok(None),
        Err(error) => Err(error),
    }
}

impl Stopped {
    /// The token for a stop that wait just reported.
    pub fn new(pid: Pid) -> Self {
        Self(pid)
    }

    /// Whose stop this is.
    pub fn pid(&self) -> Pid {
        self.0
    }

    /// Lets the tracee run, delivering `signal` unless it is 0.
    pub fn resume(self, signal: i32) -> io::Result<()> {
        self.request(libc::PTRACE_CONT, signal)
    }

    /// Lets the tracee run to the next entry to or exit from a call.
    pub fn resume_to_call(self, signal: i32) -> io::Result<()> {
        self.request(libc::PTRACE_SYSCALL, signal)
    }

    /// Leaves a group-stopped tracee stopped, but listening for SIGCONT.
    pub fn listen(self) -> io::Result<()> {
        self.request(libc::PTRACE_LISTEN, 0)
    }

    /// Makes the call at whose entry the tracee stands return `value` without running, and lets go.
    pub fn skip(self, value: i64) -> io::Result<()> {
        gone(arch::skip_call(self.0, value))?;
        self.resume(0)
    }

    /// Leaves the tracee where it is, for good: a SIGKILL is on its way.
    pub fn abandon(self) {}

    /// Whether the tracee is still in this stop, and not dying.
    pub fn lasts(&self) -> bool {
        self.event_message().is_ok()
    }

    /// The event's datum: the new pid after a fork, the former tid after an exec.
    pub fn event_message(&self) -> io::Result<u64> {
        let mut message: libc::c_ulong = 0;
        // SAFETY: the kernel stores one unsigned long through the pointer.
        check(unsafe {
            libc::syscall(libc::SYS_ptrace, libc::PTRACE_GETEVENTMSG, self.0, 0, &raw mut message)
        })?;
        Ok(message)
    }

    /// Who sent the signal at whose delivery the tracee stands: (si_code, si_pid).
    pub fn signal_origin(&self) -> io::Result<(i32, Pid)> {
        // SAFETY: an all-zero siginfo_t is a valid value.
        let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
        // SAFETY: the kernel stores one siginfo_t through the pointer.
        check(unsafe {
            libc::syscall(libc::SYS_ptrace, libc::PTRACE_GETSIGINFO, self.0, 0, &raw mut info)
        })?;
        // SAFETY: si_pid overlays initialised bytes whatever the code says.
        Ok((info.si_code, unsafe { info.si_pid() }))
    }

    /// The call at whose entry or exit the tracee stands.
    pub fn call(&self) -> io::Result<CallStop> {
        // SAFETY: an all-zero ptrace_syscall_info is a valid value of plain integers.
        let mut info: libc::ptrace_syscall_info = unsafe { std::mem::zeroed() };
        let size = size_of::<libc::ptrace_syscall_info>();
        // SAFETY: the kernel stores at most `size` bytes through the pointer.
        check(unsafe {
            libc::syscall(
                libc::SYS_ptrace,
                libc::PTRACE_GET_SYSCALL_INFO,
                self.0,
                size,
                &raw mut info,
            )
        })?;
        // SAFETY: each union arm is read only where `op` says that the kernel filled it in; entry and
        // seccomp begin with the same fields.
        Ok(unsafe {
            match info.op {
                libc::PTRACE_SYSCALL_INFO_ENTRY | libc::PTRACE_SYSCALL_INFO_SECCOMP => {
                    CallStop::Entry(Entry {
                        arch: info.arch,
                        nr: info.u.entry.nr as u32,
                        args: info.u.entry.args,
                    })
                }
                libc::PTRACE_SYSCALL_INFO_EXIT => CallStop::Exit(info.u.exit.sval),
                _ => CallStop::Neither,
            }
        })
    }

    fn request(self, request: libc::c_uint, signal: i32) -> io::Result<()> {
        // SAFETY: a request without pointers.
        let result =
            check(unsafe { libc::syscall(libc::SYS_ptrace, request, self.0, 0, signal as usize) });
        gone(result).map(|_| ())
    }
}
