//! Acting on files as somebody else: what the kernel asks of a thread's identity when it touches a file.
//!
//! gatekeeper may be more than the command: a command that gave up its user or its capabilities must not
//! get them back through a call that gatekeeper makes for it. Credentials belong to a thread
//! (credentials(7)); libc's wrappers change all threads at once, so these are raw calls.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::OnceLock;

use super::{Pid, capabilities, check, ids};

/// What decides about a thread's access to files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// File system user (setfsuid(2)).
    pub user: u32,
    /// File system group.
    pub group: u32,
    /// Supplementary groups, as the kernel sorts them.
    pub groups: Vec<u32>,
    /// Effective capabilities, bit n for capability n.
    pub effective: u64,
    /// The user namespace, in which the rest has its meaning: `user:[inode]`.
    pub namespace: PathBuf,
}

impl Identity {
    /// That of thread `tid`.
    pub fn of(tid: Pid) -> io::Result<Self> {
        Self::read(&format!("/proc/{tid}"))
    }

    /// gatekeeper's own, which every thread of it has.
    fn ours() -> io::Result<&'static Self> {
        static OURS: OnceLock<Identity> = OnceLock::new();
        if let Some(ours) = OURS.get() {
            return Ok(ours);
        }
        let ours = Self::read("/proc/thread-self")?;
        Ok(OURS.get_or_init(|| ours))
    }

    fn read(task: &str) -> io::Result<Self> {
        let namespace = fs::read_link(format!("{task}/ns/user"))?;
        let status = fs::read_to_string(format!("{task}/status"))?;
        parse(&status, namespace).ok_or_else(|| io::Error::from_raw_os_error(libc::EINVAL))
    }
}

/// From the text of `/proc/TID/status` (proc_pid_status(5)).
fn parse(status: &str, namespace: PathBuf) -> Option<Identity> {
    let field = |name: &str| {
        status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
    };
    // Real, effective, saved, file system.
    let fourth = |name| field(name)?.split_whitespace().nth(3)?.parse().ok();
    let groups = field("Groups")?.split_whitespace().map(str::parse);
    Some(Identity {
        user: fourth("Uid")?,
        group: fourth("Gid")?,
        groups: groups.collect::<Result<_, _>>().ok()?,
        effective: u64::from_str_radix(field("CapEff")?, 16).ok()?,
        namespace,
    })
}

/// Does `work` on this thread as somebody else would do it.
///
/// EPERM where gatekeeper cannot become that, or may not: a user of another namespace is not the one of
/// the same number here.
pub fn acting_as<T>(whom: &Identity, work: impl FnOnce() -> T) -> io::Result<T> {
    let ours = Identity::ours()?;
    if whom.namespace != ours.namespace {
        return Err(io::Error::from_raw_os_error(libc::EPERM));
    }
    if let Err(error) = become_like(ours, whom) {
        go_back(Identity::read("/proc/thread-self").as_ref().ok(), ours);
        return Err(error);
    }
    let _back = Back { ours, theirs: whom };
    Ok(work())
}

/// Ends the time as somebody else, however it ends.
struct Back<'i> {
    ours: &'i Identity,
    theirs: &'i Identity,
}

impl Drop for Back<'_> {
    fn drop(&mut self) {
        go_back(Some(self.theirs), self.ours);
    }
}

/// Makes this thread itself again. A supervisor that cannot be must not go on: nothing survives it.
fn go_back(from: Option<&Identity>, ours: &Identity) {
    let back = |from: &Identity| {
        // The capabilities come first: the other steps need them.
        if from.effective != ours.effective {
            set_effective(ours.effective)?;
        }
        become_like(from, ours)
    };
    if from.is_none_or(|from| back(from).is_err()) {
        std::process::abort();
    }
}

/// Takes the steps from one identity to another; what is equal is left alone.
fn become_like(from: &Identity, to: &Identity) -> io::Result<()> {
    if from.groups != to.groups {
        set_groups(&to.groups)?;
    }
    if from.group != to.group {
        set_group(to.group)?;
    }
    if from.user != to.user {
        set_user(to.user)?;
    }
    if (from.user, from.group) != (to.user, to.group) {
        // commit_creds (kernel/cred.c) gives the process the dumpable state of fs.suid_dumpable.
        ids::hide_self()?;
    }
    // Leaving or becoming user 0 has changed them by itself (capabilities(7)).
    if from.effective != to.effective || from.user != to.user {
        set_effective(to.effective)?;
    }
    Ok(())
}

fn set_groups(groups: &[u32]) -> io::Result<()> {
    // SAFETY: the kernel reads as many ids as it is told that there are.
    check(unsafe { libc::syscall(libc::SYS_setgroups, groups.len(), groups.as_ptr()) })?;
    Ok(())
}

fn set_group(group: u32) -> io::Result<()> {
    confirmed(libc::SYS_setfsgid, group)
}

fn set_user(user: u32) -> io::Result<()> {
    confirmed(libc::SYS_setfsuid, user)
}

/// setfsuid(2) and setfsgid(2) report no failure: they return what was before, so the second call, with
/// an id that there is not, says what the first one did.
fn confirmed(call: libc::c_long, id: u32) -> io::Result<()> {
    // SAFETY: no pointers.
    let now = unsafe {
        libc::syscall(call, id);
        libc::syscall(call, u32::MAX)
    };
    if now as u32 == id { Ok(()) } else { Err(io::Error::from_raw_os_error(libc::EPERM)) }
}

/// Sets this thread's effective capabilities; they must be among its permitted ones.
fn set_effective(effective: u64) -> io::Result<()> {
    let mut sets = capabilities::get()?;
    for (word, set) in [effective as u32, (effective >> 32) as u32].into_iter().zip(&mut sets) {
        // The kernel leaves out bits that it does not know.
        if word & !set.permitted != 0 {
            return Err(io::Error::from_raw_os_error(libc::EPERM));
        }
        set.effective = word;
    }
    capabilities::set(&sets)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn now() -> Identity {
        Identity::read("/proc/thread-self").unwrap()
    }

    #[test]
    fn status_files() {
        let good = "Name:\tUid:\nUid:\t0\t1\t2\t3\nGid:\t4\t5\t6\t7\n\
                    Groups:\t8 9 \nCapInh:\t0\nCapEff:\t00000000a0000001\n";
        let identity = parse(good, "user:[1]".into()).unwrap();
        let want = Identity {
            user: 3,
            group: 7,
            groups: vec![8, 9],
            effective: 0xa000_0001,
            namespace: "user:[1]".into(),
        };
        assert_eq!(identity, want);
        for lacking in ["Uid:\t", "Gid", "Groups", "CapEff", "\t2\t3", "8 9", "a0"] {
            let status = good.replace(lacking, "x");
            assert_eq!(parse(&status, PathBuf::new()), None, "{status}");
        }
    }

    #[test]
    fn it_is_taken_on_and_given_back() {
        let before = now();
        let lesser = Identity { effective: before.effective & 1, ..before.clone() };
        let within = acting_as(&lesser, now).unwrap();
        assert_eq!(within, lesser);
        assert_eq!(now(), before);
        let nobody = Identity {
            user: 65534,
            group: 65534,
            groups: vec![5, 6],
            effective: 0,
            ..before.clone()
        };
        match acting_as(&nobody, || (now(), fs::metadata("/proc/self/fd/0").is_ok())) {
            // What it has open itself stays in reach.
            Ok((within, reached)) => assert_eq!((within, reached), (nobody, true)),
            // Who is not root cannot.
            Err(error) => {
                assert_eq!(error.raw_os_error(), Some(libc::EPERM));
                assert_eq!(before.effective & (1 << 6), 0);
            }
        }
        assert_eq!(now(), before);
    }

    #[test]
    fn what_it_cannot_be() {
        let before = now();
        for whom in [
            Identity { namespace: "user:[1]".into(), ..before.clone() },
            // A capability that does not exist.
            Identity { effective: 1 << 62, user: 65534, ..before.clone() },
        ] {
            let error = acting_as(&whom, || ()).unwrap_err();
            assert_eq!(error.raw_os_error(), Some(libc::EPERM), "{whom:?}");
            assert_eq!(now(), before);
        }
    }
}
