//! Changes of modes, owners, times and attributes, which gatekeeper makes in the caller's stead.
//!
//! Under a list for them the verdict hangs on a path in the caller's memory or on what a descriptor
//! refers to. The kernel would look at both again if the call went on, another thread may have changed
//! them by then, and Landlock knows no such right. So nothing goes on: everything is read once, the
//! object is got hold of (an `O_PATH` look-up, or a copy of the caller's descriptor), judged by where it
//! is then, and changed through that very descriptor.
//!
//! gatekeeper may be more than the caller, and looks the path up and makes the change as the caller
//! ([`acting_as`]): with its user, groups and capabilities.

mod change;

use std::ffi::CString;
use std::fmt::Write as _;
use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};

use super::behalf;
use super::judge::{Action, Judge, Ruling};
use crate::decode::{self, Guest as _, Live};
use crate::policy::shape::{self, Access, Shape};
use crate::policy::{
    Call, Denial, Effect, Hint, IOCTL_ATTRIBUTES, Object, Place, Policy, Reason, Scope, Target,
};
use crate::sys::Pid;
use crate::sys::arch::Entry;
use crate::sys::attributes::On;
use crate::sys::identity::{Identity, acting_as};
use crate::sys::walk::{self, CWD, NO_LINKS, NO_MAGIC_LINKS};
use change::Way;

/// Whether the call is never let go on under this policy, only made by gatekeeper or refused.
pub fn concerns(policy: &Policy, entry: &Entry) -> bool {
    if !matches!(policy.files.attributes, Scope::Under(_)) || entry.is_foreign() {
        return false;
    }
    match shape::of(entry.nr) {
        Shape::Path(path) => path.access == Access::Attributes,
        Shape::Descriptor(_, access) => access == Access::Attributes,
        // One that was granted by name is not looked at, whatever it does.
        Shape::Ioctl => {
            IOCTL_ATTRIBUTES.contains(&(entry.args[1] as u32)) && !policy.named(entry.nr)
        }
        _ => false,
    }
}

/// Rules on such a call of thread `tid`, and makes it where it may be made; `is_waiting` tells whether
/// the caller still waits for it.
pub fn rule(
    judge: &Judge,
    entry: Entry,
    guest: &Live<'_>,
    tid: Pid,
    is_waiting: &dyn Fn() -> bool,
) -> Ruling {
    let call = decode::decode(entry, guest);
    let ruling = judge.carry_out(call.clone());
    if !matches!(ruling.action, Action::Resume) {
        return ruling;
    }
    let [object] = objects(&call) else { return unreadable(judge, call) };
    match (Caller { judge, guest, tid, is_waiting }).make(&call, object) {
        Ok(()) => Action::Return(0).into(),
        Err(Unmade::Fails(errno)) => Action::Return(-i64::from(errno)).into(),
        Err(Unmade::OutOfReach) => unreadable(judge, call),
        Err(Unmade::Ruled(ruling)) => *ruling,
    }
}

fn objects(call: &Call) -> &[Object] {
    match &call.target {
        Target::Objects(objects) => objects,
        _ => &[],
    }
}

fn unreadable(judge: &Judge, call: Call) -> Ruling {
    let denial = Denial { reason: Reason::Unreadable, hint: Hint::None, effect: Effect::Rule };
    judge.deny(call, denial)
}

/// Why a change was not made.
#[derive(Debug)]
enum Unmade {
    /// Nor could the caller, with this errno.
    Fails(i32),
    /// The object, or the caller's identity, is not to be had.
    OutOfReach,
    /// What was got hold of is not what was judged first, and not allowed.
    Ruled(Box<Ruling>),
}

impl From<io::Error> for Unmade {
    fn from(error: io::Error) -> Self {
        Unmade::Fails(error.raw_os_error().unwrap_or(libc::EIO))
    }
}

/// Whose call it is.
struct Caller<'c> {
    judge: &'c Judge,
    guest: &'c Live<'c>,
    tid: Pid,
    is_waiting: &'c dyn Fn() -> bool,
}

impl Caller<'_> {
    fn make(&self, call: &Call, object: &Object) -> Result<(), Unmade> {
        let Some(asked) = change::read(call, object, self.tid).map_err(Unmade::Fails)? else {
            return Ok(());
        };
        let identity = Identity::of(self.tid).map_err(|_| Unmade::OutOfReach)?;
        let on = match asked.way {
            Way::File(fd) => On::File(self.copy(fd)?),
            Way::Object(CWD) => On::Object(self.base(CWD)?),
            Way::Object(fd) => On::Object(self.copy(fd)?),
            Way::Path { follow } => On::Object(self.find(object, follow, &identity)?),
        };
        self.judge_again(call, object, &on)?;
        // All that was read was the caller's own if it still waits; else nobody asks for the change.
        if !(self.is_waiting)() {
            return Err(Unmade::Fails(libc::EINTR));
        }
        Ok(acting_as(&identity, || on.apply(&asked.change)).map_err(|_| Unmade::OutOfReach)??)
    }

    /// What the path leads to, looked up as the caller does it.
    fn find(&self, object: &Object, follow: bool, identity: &Identity) -> Result<OwnedFd, Unmade> {
        let text = &object.text;
        let look_up = |dir: i32, path: &[u8], follow: bool, resolve: u64| {
            let path = c_string(path)?;
            acting_as(identity, || walk::look_up(dir, &path, follow, resolve))
                .map_err(|_| Unmade::OutOfReach)
                .map(|found| found.map_err(Unmade::from))?
        };
        let mut failed = libc::ENOENT;
        if self.judge.host.same_root {
            let base = if text.starts_with(b"/") { None } else { Some(self.base(object.dirfd)?) };
            let dir = base.as_ref().map_or(CWD, |base| base.as_raw_fd());
            match look_up(dir, text, follow, NO_MAGIC_LINKS) {
                Ok(found) if !self.is_own_proc(&found)? => return Ok(found),
                Ok(_) => {}
                // What depends on who asks, or jumps, has to be taken from where it leads.
                Err(Unmade::Fails(errno @ (libc::ENOENT | libc::ELOOP))) => {
                    failed = errno;
                }
                Err(other) => return Err(other),
            }
        }
        match (own_descriptor(text).filter(|_| follow), &object.place) {
            (Some(fd), _) => self.copy(fd),
            (None, Place::Path(path)) => match look_up(CWD, path, false, NO_LINKS) {
                // A link in it was not there when it was judged.
                Err(Unmade::Fails(libc::ELOOP)) => Err(Unmade::Fails(libc::EACCES)),
                found => found,
            },
            (None, Place::Missing(_)) => Err(Unmade::Fails(failed)),
            _ => Err(Unmade::OutOfReach),
        }
    }

    /// What was got hold of must be within the rules where it is now.
    fn judge_again(&self, call: &Call, object: &Object, on: &On) -> Result<(), Unmade> {
        let host = &self.judge.host;
        let place = Live::new(host, host.supervisor).descriptor(on.descriptor().as_raw_fd());
        let target = Target::Objects(vec![Object { place, ..object.clone() }]);
        let ruling = self.judge.carry_out(Call { target, ..call.clone() });
        match ruling.action {
            Action::Resume => Ok(()),
            _ => Err(Unmade::Ruled(Box::new(ruling))),
        }
    }

    /// A copy of one of the caller's descriptors.
    fn copy(&self, fd: i32) -> Result<OwnedFd, Unmade> {
        behalf::copy(self.guest, self.tid, fd).map_err(|error| match error.raw_os_error() {
            Some(libc::EBADF) => Unmade::Fails(libc::EBADF),
            // gatekeeper has no room for another one just now.
            Some(libc::EMFILE | libc::ENFILE) => Unmade::Fails(libc::ENOMEM),
            _ => Unmade::OutOfReach,
        })
    }

    /// What the caller's relative paths start from.
    fn base(&self, dirfd: i32) -> Result<OwnedFd, Unmade> {
        let mut link = String::with_capacity(32);
        let _ = match dirfd {
            CWD => write!(link, "/proc/{}/cwd", self.tid),
            _ => write!(link, "/proc/{}/fd/{dirfd}", self.tid),
        };
        walk::look_up(CWD, &c_string(link.as_bytes())?, true, 0).map_err(|error| {
            match error.raw_os_error() {
                Some(libc::ENOENT) if dirfd != CWD => Unmade::Fails(libc::EBADF),
                _ => Unmade::OutOfReach,
            }
        })
    }

    /// Whether it lies in gatekeeper's own `/proc` directory, where `/proc/self` leads in its look-ups.
    fn is_own_proc(&self, found: &OwnedFd) -> io::Result<bool> {
        let own = self.judge.host.supervisor.to_string();
        let path = walk::path_of(found)?;
        Ok(path.split(|&b| b == b'/').any(|part| part == own.as_bytes()))
    }
}

/// The caller's descriptor that a path names, as it is usually written.
fn own_descriptor(text: &[u8]) -> Option<i32> {
    let number = match text {
        b"/dev/stdin" => return Some(0),
        b"/dev/stdout" => return Some(1),
        b"/dev/stderr" => return Some(2),
        _ => ["/dev/fd/", "/proc/self/fd/", "/proc/thread-self/fd/"]
            .iter()
            .find_map(|dir| text.strip_prefix(dir.as_bytes()))?,
    };
    let plain = number.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(number).ok().filter(|_| plain)?.parse().ok()
}

fn c_string(text: &[u8]) -> Result<CString, Unmade> {
    CString::new(text).map_err(|_| Unmade::Fails(libc::EINVAL))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptors_by_path() {
        for (text, want) in [
            ("/dev/stdout", Some(1)),
            ("/dev/stderr", Some(2)),
            ("/dev/fd/0", Some(0)),
            ("/proc/self/fd/17", Some(17)),
            ("/proc/thread-self/fd/3", Some(3)),
            ("/proc/self/fd/", None),
            ("/proc/self/fd/+3", None),
            ("/proc/self/fd/3/x", None),
            ("/proc/self/fd/99999999999", None),
            ("/proc/1/fd/3", None),
            ("/dev/stdouts", None),
            ("x", None),
        ] {
            assert_eq!(own_descriptor(text.as_bytes()), want, "{text}");
        }
    }
}
