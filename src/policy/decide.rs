//! The verdict on one call.

use super::Policy;
use super::call::{Call, Place, Relation, Target};
use super::groups::{self, Group};
use super::hint::Hint;
use super::network::NetScope;
use super::operation::{
    CLONE_NAMESPACES, CLONE_UNTRACED, FCNTL_SETSIG, IOCTL_ATTRIBUTES, IOCTL_OWNER, ROUTING_OPTIONS,
    SECCOMP_NEW_LISTENER, SO_PEERPIDFD, ioctl_denied, prctl_allowed,
};
use super::shape::{self, Access, Shape};

mod objects;
mod peers;

pub use objects::writes_contents;

/// What the policy says of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It may run.
    Allow,
    /// It may not.
    Deny(Denial),
    /// It fails as it would without us; not a denial.
    Fail(i32),
    /// It gets a local socket that leads nowhere ([`crate::policy::SocketRule::DeadEnd`]).
    DeadEnd,
}

/// Why and how a call is denied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// The rule that refused.
    pub reason: Reason,
    /// The smallest flag that would allow it.
    pub hint: Hint,
    /// What is done.
    pub effect: Effect,
}

/// How a denied call ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// As `--on-syscall-denied` says, once enforcement is armed.
    Rule,
    /// As `--on-syscall-denied` says, armed or not: it would outlive the switch, or reach the supervisor.
    Always,
    /// With this errno, reported only on request, once enforcement is armed: programs probe.
    Quiet(i32),
}

/// Why a call is denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Its group is not granted.
    NotGranted(Group),
    /// No group has it.
    InNoGroup,
    /// This gatekeeper does not know it.
    UnknownCall,
    /// It came through another ABI.
    ForeignAbi,
    /// What it refers to could not be read.
    Unreadable,
    /// What it refers to could not be told.
    Unresolvable,
    /// Its path is not in the list for this access.
    OutsidePaths(Access),
    /// The address is not among the granted hosts and ports.
    OutsideHosts,
    /// The address or port is not among those granted to servers.
    OutsidePorts,
    /// A kind of socket that no network grant includes.
    SocketKind,
    /// A local socket without the grant.
    LocalSocket,
    /// An operation of a call with many that no group has.
    Operation,
    /// A flag that would take the child out of gatekeeper's sight.
    Escape,
    /// The named process is not the command's own.
    ForeignProcess,
    /// A device node.
    DeviceNode,
}

/// Calls whose effect would outlive the switch of delayed enforcement, or reach the supervisor: they are
/// refused before it too. Rings bypass the filter; another root, mount table or namespace would make
/// paths mean something else to the command than to gatekeeper.
const OUTLIVING: [&str; 20] = [
    "bpf",
    "chroot",
    "fsconfig",
    "fsmount",
    "fsopen",
    "fspick",
    "io_uring_setup",
    "mount",
    "mount_setattr",
    "move_mount",
    "open_tree",
    "open_tree_attr",
    "pidfd_getfd",
    "pivot_root",
    "process_vm_readv",
    "process_vm_writev",
    "ptrace",
    "setns",
    "umount2",
    "unshare",
];

impl Policy {
    /// What becomes of `call`.
    pub fn decide(&self, call: &Call) -> Verdict {
        if call.entry.is_foreign() {
            return deny(Reason::ForeignAbi, Hint::None);
        }
        let nr = call.entry.nr;
        if groups::name_of(nr).is_none() {
            return deny(Reason::UnknownCall, Hint::None);
        }
        match shape::of(nr) {
            Shape::Clone3 => Verdict::Fail(libc::ENOSYS),
            Shape::Socket => self.decide_socket(call),
            Shape::SocketPair => self.decide_pair(call),
            Shape::Connect | Shape::Bind | Shape::Listen | Shape::Send(_) if !self.named(nr) => {
                self.decide_peer(call)
            }
            Shape::Open(..) | Shape::OpenHow(_) => self.decide_open(call),
            Shape::Path(_) if self.is_own_metadata(call) => Verdict::Allow,
            _ if !self.grants(nr) => self.not_granted(nr, call),
            _ => self.decide_granted(call),
        }
    }

    /// What a process may always ask about itself, as libc does at start: a descriptor that it holds
    /// (`newfstatat(fd, "", …, AT_EMPTY_PATH)` is fstat), and where its own program is.
    fn is_own_metadata(&self, call: &Call) -> bool {
        let Target::Objects(objects) = &call.target else { return false };
        let [object] = &objects[..] else { return false };
        self.granted.contains(Group::Descriptors)
            && object.access == Access::Look
            && groups::group_of(call.entry.nr) == Some(Group::FileSystemRead)
            && match object.text.as_slice() {
                b"" => object.dirfd >= 0 && object.place != Place::Fails(libc::ENOENT),
                text => text == b"/proc/self/exe",
            }
    }

    fn decide_granted(&self, call: &Call) -> Verdict {
        let nr = call.entry.nr;
        let first = call.entry.args[0] as u32;
        let second = call.entry.args[1] as u32;
        let operation = |allowed| {
            if allowed || self.named(nr) {
                Verdict::Allow
            } else {
                deny(Reason::Operation, Hint::Syscall(nr))
            }
        };
        match shape::of(nr) {
            Shape::Clone if first & CLONE_UNTRACED != 0 => always(Reason::Escape, Hint::None),
            Shape::Clone if first & CLONE_NAMESPACES != 0 && !self.named(nr) => {
                always(Reason::Operation, Hint::Syscall(nr))
            }
            Shape::Clone => Verdict::Allow,
            Shape::Seccomp if second & SECCOMP_NEW_LISTENER != 0 => {
                always(Reason::Escape, Hint::None)
            }
            Shape::Ioctl if IOCTL_ATTRIBUTES.contains(&second) && !self.named(nr) => {
                if self.granted.contains(Group::FileSystemPermissions) {
                    self.decide_objects(call)
                } else {
                    let group = Group::FileSystemPermissions;
                    deny(Reason::NotGranted(group), Hint::Group(group))
                }
            }
            Shape::Ioctl if IOCTL_OWNER.contains(&second) => always(Reason::Operation, Hint::None),
            Shape::Ioctl => operation(!ioctl_denied(second)),
            // SIGIO and SIGURG are what descriptors send anyway.
            Shape::Fcntl if second == FCNTL_SETSIG => match call.entry.args[2] as i32 {
                0 | libc::SIGIO | libc::SIGURG => Verdict::Allow,
                _ => always(Reason::Operation, Hint::None),
            },
            Shape::Fcntl => match decide_process(call) {
                // An owner stays one, whatever is armed later.
                Verdict::Deny(denial) => Verdict::Deny(Denial { effect: Effect::Always, ..denial }),
                verdict => verdict,
            },
            Shape::PeerProcess => {
                let third = call.entry.args[2] as u32;
                let asks = second == libc::SOL_SOCKET as u32 && third == SO_PEERPIDFD;
                if asks && !self.net.local && !self.named(nr) {
                    Verdict::Fail(libc::ENOPROTOOPT)
                } else {
                    Verdict::Allow
                }
            }
            Shape::SocketOption => {
                let third = call.entry.args[2] as u32;
                let routes = ROUTING_OPTIONS
                    .iter()
                    .any(|(level, options)| *level == second && options.contains(&third));
                operation(!(routes && matches!(self.net.client, NetScope::Only(_))))
            }
            Shape::Prctl => operation(prctl_allowed(first, self.granted)),
            Shape::Process(_) => decide_process(call),
            Shape::MakeNode(_, mode) => {
                match call.entry.args[mode as usize] as u32 & libc::S_IFMT {
                    libc::S_IFBLK | libc::S_IFCHR if !self.named(nr) => {
                        deny(Reason::DeviceNode, Hint::Syscall(nr))
                    }
                    _ => self.decide_objects(call),
                }
            }
            _ => self.decide_objects(call),
        }
    }

    fn not_granted(&self, nr: u32, call: &Call) -> Verdict {
        let effect = match groups::name_of(nr) {
            Some(name) if OUTLIVING.contains(&name) => Effect::Always,
            // Programs copy with read and write where these are not to be had; what they write to was
            // opened under a write grant, or given.
            Some("copy_file_range") => Effect::Quiet(libc::EXDEV),
            Some("sendfile") => Effect::Quiet(libc::EINVAL),
            Some("seccomp") if call.entry.args[1] as u32 & SECCOMP_NEW_LISTENER != 0 => {
                Effect::Always
            }
            _ => Effect::Rule,
        };
        let (reason, hint) = match (groups::group_of(nr), &call.target) {
            (Some(Group::Never) | None, _) => (Reason::InNoGroup, Hint::Syscall(nr)),
            (
                Some(group @ (Group::FileSystemRead | Group::FileSystemWrite)),
                Target::Objects(objects),
            ) => {
                let hint = objects.last().map_or(Hint::Group(group), |object| {
                    self.object_hint(nr, object, object.access)
                });
                (Reason::NotGranted(group), hint)
            }
            (Some(group), _) => (Reason::NotGranted(group), Hint::Group(group)),
        };
        Verdict::Deny(Denial { reason, hint, effect })
    }
}

fn decide_process(call: &Call) -> Verdict {
    match &call.target {
        Target::Process(Relation::Own | Relation::OwnGroup) | Target::Registers => Verdict::Allow,
        Target::Process(Relation::Nobody) => Verdict::Fail(libc::ESRCH),
        Target::Process(Relation::Supervisor | Relation::MixedGroup) => {
            always(Reason::ForeignProcess, Hint::None)
        }
        Target::Process(Relation::Bystander) => deny(Reason::ForeignProcess, Hint::None),
        other => unread(other),
    }
}

/// The verdict where a target is not what the shape asks for: it could not be had, or (for calls
/// decided by registers alone) there is none.
fn unread(target: &Target) -> Verdict {
    match target {
        Target::Registers => Verdict::Allow,
        Target::Faulty(errno) => Verdict::Fail(*errno),
        _ => deny(Reason::Unreadable, Hint::None),
    }
}

fn deny(reason: Reason, hint: Hint) -> Verdict {
    Verdict::Deny(Denial { reason, hint, effect: Effect::Rule })
}

fn always(reason: Reason, hint: Hint) -> Verdict {
    Verdict::Deny(Denial { reason, hint, effect: Effect::Always })
}

#[cfg(test)]
mod tests;
