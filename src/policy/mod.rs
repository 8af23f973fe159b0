//! The policy: what was granted, and the verdict on one call. Pure: no I/O, no pids.

mod build;
mod call;
mod decide;
mod files;
pub mod groups;
mod hint;
mod network;
mod operation;
pub mod shape;

pub use build::{BuildError, Lookup, build};
pub use call::{Address, Call, Object, Place, Relation, Target};
pub use decide::{Denial, Effect, Reason, Verdict, writes_contents};
pub use files::{
    FREE_DEVICES, FileRules, PLAIN_DEVICES, Scope, WRITE_INTENT, is_kernel_control, makes_new,
    open_access,
};
pub use groups::{Group, GroupSet};
pub use hint::Hint;
pub use network::{NetRules, NetScope, Peer, SocketRule};
pub use operation::{
    CLONE_NAMESPACES, CLONE_UNTRACED, FCNTL_OWNER, FCNTL_SETSIG, IOCTL_ATTRIBUTES, IOCTL_DENIED,
    IOCTL_DENIED_KINDS, PRCTL_ALLOWED, PRCTL_SECURITY, ROUTING_OPTIONS, SECCOMP_NEW_LISTENER,
    SO_PEERPIDFD,
};
pub use shape::Access;

/// Calls that work on a descriptor the command already holds, though their group is another's: what
/// stdio does with 0, 1 and 2, and what one does with a socketpair.
const DESCRIPTOR_FORMS: [i64; 11] = [
    libc::SYS_fstat,
    libc::SYS_lseek,
    libc::SYS_readv,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    libc::SYS_recvmmsg,
    libc::SYS_shutdown,
    libc::SYS_getsockopt,
    libc::SYS_setsockopt,
    libc::SYS_getsockname,
    libc::SYS_getpeername,
];

/// What one run may do.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The granted groups with everything they include.
    pub granted: GroupSet,
    /// Calls granted by name (`--allow-syscall`), ascending.
    pub syscalls: Vec<u32>,
    /// Path rules.
    pub files: FileRules,
    /// Network rules.
    pub net: NetRules,
}

impl Policy {
    /// Whether `nr` was granted by name.
    pub fn named(&self, nr: u32) -> bool {
        self.syscalls.binary_search(&nr).is_ok()
    }

    /// Whether the number of the call alone is granted, by its group or by name.
    pub fn grants(&self, nr: u32) -> bool {
        self.named(nr)
            || groups::group_of(nr).is_some_and(|g| self.granted.contains(g))
            || (self.net.local && [libc::SYS_accept, libc::SYS_accept4].contains(&i64::from(nr)))
            || (self.granted.contains(Group::Descriptors)
                && DESCRIPTOR_FORMS.contains(&i64::from(nr)))
    }

    /// Whether the command can give itself another root or mount table, so that paths may mean
    /// something else to it than to gatekeeper.
    pub fn may_change_root(&self) -> bool {
        [
            libc::SYS_chroot,
            libc::SYS_pivot_root,
            libc::SYS_setns,
            libc::SYS_unshare,
            libc::SYS_mount,
        ]
        .iter()
        .any(|&nr| self.named(nr as u32))
    }
}
