//! seccomp(2): installing a program, and the notification listener (seccomp_unotify(2)).

use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

use super::arch::Entry;
use super::{Pid, check};

const SET_MODE_FILTER: libc::c_ulong = 1;
const GET_ACTION_AVAIL: libc::c_ulong = 2;
const FLAG_NEW_LISTENER: libc::c_ulong = 1 << 3;
const FLAG_WAIT_KILLABLE_RECV: libc::c_ulong = 1 << 5;

const IOCTL_RECV: libc::c_ulong = 0xC050_2100;
const IOCTL_SEND: libc::c_ulong = 0xC018_2101;
const IOCTL_ID_VALID: libc::c_ulong = 0x4008_2102;
const IOCTL_ADDFD: libc::c_ulong = 0x4018_2103;
const IOCTL_SET_FLAGS: libc::c_ulong = 0x4008_2104;
const FD_SYNC_WAKE_UP: u64 = 1;
const RESPONSE_CONTINUE: u32 = 1;
const ADDFD_SEND: u32 = 1 << 1;

#[repr(C)]
#[derive(Default)]
struct Notification {
    id: u64,
    pid: u32,
    flags: u32,
    nr: i32,
    arch: u32,
    instruction_pointer: u64,
    args: [u64; 6],
}

#[repr(C)]
struct Response {
    id: u64,
    val: i64,
    error: i32,
    flags: u32,
}

#[repr(C)]
struct AddFd {
    id: u64,
    flags: u32,
    srcfd: u32,
    newfd: u32,
    newfd_flags: u32,
}

/// A call that waits for an answer.
#[derive(Debug)]
#[must_use = "a held call that nobody answers waits for ever"]
pub struct Held {
    id: u64,
    /// The calling thread.
    pub tid: Pid,
    /// The call.
    pub entry: Entry,
}

/// The listening end of a filter with `RET_USER_NOTIF`.
#[derive(Debug)]
pub struct Listener(OwnedFd);

/// Whether the kernel knows `action` (a `SECCOMP_RET_*` value).
pub fn action_available(action: u32) -> bool {
    // SAFETY: the kernel reads one u32.
    let ret = unsafe { libc::syscall(libc::SYS_seccomp, GET_ACTION_AVAIL, 0, &raw const action) };
    ret == 0
}

/// Installs `program` for the calling thread; needs no_new_privs.
pub fn install(program: &[libc::sock_filter]) -> io::Result<()> {
    set_filter(program, 0).map(|_| ())
}

/// Installs `program` and returns the number of its listener, a close-on-exec descriptor.
///
/// EBUSY: an outer filter has a listener already. `WAIT_KILLABLE_RECV` (Linux 5.19) keeps a call that
/// the supervisor has received from being restarted by signals; older kernels go without.
pub fn install_with_listener(program: &[libc::sock_filter]) -> io::Result<RawFd> {
    match set_filter(program, FLAG_NEW_LISTENER | FLAG_WAIT_KILLABLE_RECV) {
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => {
            set_filter(program, FLAG_NEW_LISTENER)
        }
        other => other,
    }
}

fn set_filter(program: &[libc::sock_filter], flags: libc::c_ulong) -> io::Result<RawFd> {
    let len = libc::c_ushort::try_from(program.len())
        .map_err(|_| io::Error::from_raw_os_error(libc::E2BIG))?;
    let prog = libc::sock_fprog { len, filter: program.as_ptr().cast_mut() };
    // SAFETY: `prog` describes `program`; the kernel copies and checks it.
    let ret = check(unsafe {
        libc::syscall(libc::SYS_seccomp, SET_MODE_FILTER, flags, &raw const prog)
    })?;
    Ok(ret as RawFd)
}

impl Listener {
    /// Takes over the listener; asks for synchronous wake-ups (Linux 6.6), which keep caller and
    /// supervisor on one CPU, and goes on without where the kernel has none.
    pub fn new(fd: OwnedFd) -> Self {
        // SAFETY: the argument is a plain word.
        unsafe { libc::ioctl(fd.as_raw_fd(), IOCTL_SET_FLAGS, FD_SYNC_WAKE_UP) };
        Self(fd)
    }

    /// Waits for the next held call; `None` when no filtered task is left.
    pub fn receive(&self) -> io::Result<Option<Held>> {
        loop {
            let mut n = Notification::default();
            // SAFETY: the kernel stores one notification into the zeroed `n`.
            let ret = unsafe { libc::ioctl(self.0.as_raw_fd(), IOCTL_RECV, &raw mut n) };
            if ret == 0 {
                let entry = Entry { arch: n.arch, nr: n.nr as u32, args: n.args };
                return Ok(Some(Held { id: n.id, tid: n.pid as Pid, entry }));
            }
            let error = io::Error::last_os_error();
            match error.raw_os_error() {
                // ENOENT: the caller died between wake-up and receive, or (since 6.11) nobody is
                // left; poll tells the two apart.
                Some(libc::ENOENT) if self.is_hung_up() => return Ok(None),
                Some(libc::ENOENT | libc::EINTR) => {}
                _ => return Err(error),
            }
        }
    }

    /// Whether a call waits to be received.
    pub fn has_more(&self) -> bool {
        self.state() & libc::POLLIN != 0
    }

    fn is_hung_up(&self) -> bool {
        self.state() & libc::POLLHUP != 0
    }

    fn state(&self) -> libc::c_short {
        let mut poll = libc::pollfd { fd: self.0.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: one pollfd, no wait.
        unsafe { libc::poll(&raw mut poll, 1, 0) };
        poll.revents
    }

    /// Whether the caller still waits: what was read under its pid was its own.
    pub fn is_valid(&self, held: &Held) -> bool {
        // SAFETY: the kernel reads one u64.
        unsafe { libc::ioctl(self.0.as_raw_fd(), IOCTL_ID_VALID, &raw const held.id) == 0 }
    }

    /// Lets the call run.
    pub fn resume(&self, held: Held) -> io::Result<()> {
        self.send(&Response { id: held.id, val: 0, error: 0, flags: RESPONSE_CONTINUE })
    }

    /// Makes the call return `value` (a negative errno on failure) without running.
    pub fn answer(&self, held: Held, value: i64) -> io::Result<()> {
        let response = if value < 0 {
            Response { id: held.id, val: 0, error: value as i32, flags: 0 }
        } else {
            Response { id: held.id, val: value, error: 0, flags: 0 }
        };
        self.send(&response)
    }

    /// Makes the call return a new descriptor of the caller's that refers to `fd`.
    pub fn give(&self, held: Held, fd: &OwnedFd, close_on_exec: bool) -> io::Result<()> {
        let add = AddFd {
            id: held.id,
            flags: ADDFD_SEND,
            srcfd: fd.as_raw_fd() as u32,
            newfd: 0,
            newfd_flags: if close_on_exec { libc::O_CLOEXEC as u32 } else { 0 },
        };
        // SAFETY: the kernel reads one struct.
        let ret = unsafe { libc::ioctl(self.0.as_raw_fd(), IOCTL_ADDFD, &raw const add) };
        if ret < 0 {
            return answered_or_gone(io::Error::last_os_error());
        }
        Ok(())
    }

    fn send(&self, response: &Response) -> io::Result<()> {
        // SAFETY: the kernel reads one struct.
        let ret =
            unsafe { libc::ioctl(self.0.as_raw_fd(), IOCTL_SEND, std::ptr::from_ref(response)) };
        if ret == -1 {
            return answered_or_gone(io::Error::last_os_error());
        }
        Ok(())
    }
}

/// ENOENT: the caller was killed, or interrupted by a signal, and waits no longer.
fn answered_or_gone(error: io::Error) -> io::Result<()> {
    match error.raw_os_error() {
        Some(libc::ENOENT | libc::EINPROGRESS) => Ok(()),
        _ => Err(error),
    }
}
