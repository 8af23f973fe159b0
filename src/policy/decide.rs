//! The verdict on one call.

use super::Policy;
use super::call::{Address, Call, Object, Place, Relation, Target};
use super::files::{Scope, is_own_proc, makes_new, open_access};
use super::groups::{self, Group};
use super::hint::Hint;
use super::network::{NetScope, SocketRule, is_name_cache};
use super::operation::{
    CLONE_NAMESPACES, CLONE_UNTRACED, IOCTL_ATTRIBUTES, ROUTING_OPTIONS, SECCOMP_NEW_LISTENER,
    ioctl_denied, prctl_allowed,
};
use super::shape::{self, Access, Shape};

/// What the policy says of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It may run.
    Allow,
    /// It may not.
    Deny(Denial),
    /// It fails as it would without us; not a denial.
    Fail(i32),
    /// It gets a local socket that leads nowhere ([`SocketRule::DeadEnd`]).
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
            && match object.text.as_slice() {
                b"" => {
                    object.dirfd >= 0
                        && object.place != Place::Fails(libc::ENOENT)
                        && [libc::SYS_newfstatat, libc::SYS_statx].contains(&call.entry.nr.into())
                }
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
            Shape::Ioctl => operation(!ioctl_denied(second)),
            Shape::SocketOption => {
                let third = call.entry.args[2] as u32;
                let routes = ROUTING_OPTIONS
                    .iter()
                    .any(|(level, options)| *level == second && options.contains(&third));
                operation(!(routes && matches!(self.net.client, NetScope::Only(_))))
            }
            Shape::Prctl => operation(prctl_allowed(first, self.granted)),
            Shape::Process(_) | Shape::Fcntl => decide_process(call),
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

    fn decide_objects(&self, call: &Call) -> Verdict {
        let objects = match &call.target {
            Target::Objects(objects) => objects,
            other => return unread(other),
        };
        objects
            .iter()
            .map(|object| self.decide_object(call.entry.nr, object, object.access))
            .find(|verdict| *verdict != Verdict::Allow)
            .unwrap_or(Verdict::Allow)
    }

    fn decide_object(&self, nr: u32, object: &Object, access: Access) -> Verdict {
        if self.files.allow(object, access)
            || self.named_without_list(nr, access)
            || (self.files.shielded && access == Access::Write && !writes_contents(nr))
        {
            return match object.place {
                Place::Fails(errno) => Verdict::Fail(errno),
                Place::Missing(_) if access == Access::Execute => Verdict::Fail(libc::ENOENT),
                _ => Verdict::Allow,
            };
        }
        let reason = match object.place {
            Place::Path(_) | Place::Missing(_) => Reason::OutsidePaths(access),
            _ => Reason::Unresolvable,
        };
        let hint = self.object_hint(nr, object, access);
        Verdict::Deny(Denial { reason, hint, effect: effect(object, access) })
    }

    /// A call granted by name alone has no list of its own; a list that exists binds it too.
    fn named_without_list(&self, nr: u32, access: Access) -> bool {
        let scope = match access {
            Access::Write => &self.files.write,
            Access::Attributes => &self.files.attributes,
            Access::Execute => &self.files.execute,
            _ => &self.files.read,
        };
        self.named(nr) && *scope == Scope::Nothing
    }

    fn decide_open(&self, call: &Call) -> Verdict {
        let nr = call.entry.nr;
        let (object, flags) = match &call.target {
            Target::Open(object, flags) => (object, *flags),
            // Only the kind of open is at issue where no path is: the flags are in a register.
            Target::Registers => return self.decide_open_flags(nr, open_flags(call)),
            other => return unread(other),
        };
        match self.decide_open_flags(nr, flags) {
            _ if self.files.is_free(object) => Verdict::Allow,
            Verdict::Allow if self.files.shielded && makes_new(flags) => Verdict::Allow,
            Verdict::Deny(mut denial) => {
                denial.hint =
                    open_hint(Hint::for_object(&self.files, object, open_access(flags)), flags);
                denial.effect = effect(object, open_access(flags));
                Verdict::Deny(denial)
            }
            _ => match self.decide_object(nr, object, open_access(flags)) {
                Verdict::Deny(mut denial) => {
                    denial.hint = open_hint(denial.hint, flags);
                    Verdict::Deny(denial)
                }
                verdict => verdict,
            },
        }
    }

    fn decide_open_flags(&self, nr: u32, flags: u64) -> Verdict {
        let group = match open_access(flags) {
            Access::Write => Group::FileSystemWrite,
            _ => Group::FileSystemRead,
        };
        if self.granted.contains(group) || self.named(nr) {
            Verdict::Allow
        } else {
            deny(Reason::NotGranted(group), Hint::Group(group))
        }
    }

    fn decide_socket(&self, call: &Call) -> Verdict {
        let [domain, kind, protocol, ..] = call.entry.args.map(|arg| arg as i32);
        if self.named(call.entry.nr) {
            return Verdict::Allow;
        }
        match self.net.socket(domain, kind, protocol) {
            SocketRule::Allow => Verdict::Allow,
            SocketRule::Absent(errno) => Verdict::Fail(errno),
            SocketRule::DeadEnd => Verdict::DeadEnd,
            SocketRule::Deny => match domain {
                libc::AF_INET | libc::AF_INET6 if !self.net.inet() => {
                    let group = Group::NetworkClient;
                    deny(Reason::NotGranted(group), Hint::Group(group))
                }
                libc::AF_UNIX => local_socket(),
                libc::AF_NETLINK if !self.net.any() && protocol == libc::NETLINK_ROUTE => {
                    let group = Group::NetworkClient;
                    deny(Reason::NotGranted(group), Hint::Group(group))
                }
                _ => deny(Reason::SocketKind, Hint::Syscall(call.entry.nr)),
            },
        }
    }

    fn decide_pair(&self, call: &Call) -> Verdict {
        let nr = call.entry.nr;
        let [domain, kind, ..] = call.entry.args.map(|arg| arg as i32);
        let granted = self.granted.contains(Group::Descriptors);
        if self.named(nr) || (granted && self.net.socket_pair(domain, kind)) {
            Verdict::Allow
        } else if domain == libc::AF_UNIX {
            local_socket()
        } else {
            deny(Reason::SocketKind, Hint::Syscall(nr))
        }
    }

    fn decide_peer(&self, call: &Call) -> Verdict {
        let nr = call.entry.nr;
        match (shape::of(nr), &call.target) {
            (Shape::Connect, Target::Address(address)) => {
                if !self.net.local && is_name_cache(address) {
                    return Verdict::Fail(libc::ENOENT);
                }
                self.decide_address(nr, address, self.net.connect(address), Access::Connect)
            }
            (Shape::Bind, Target::Address(address)) => {
                self.decide_address(nr, address, self.net.bind(address), Access::Write)
            }
            (Shape::Listen, Target::Listener(address)) => {
                self.decide_address(nr, address, self.net.listen(address), Access::Write)
            }
            (Shape::Send(_), Target::Destinations(addresses)) => {
                let connects = sends_fast_open(call);
                addresses
                    .iter()
                    .map(|to| {
                        let granted = self.net.send(to, connects);
                        self.decide_address(nr, to, granted, Access::Connect)
                    })
                    .find(|verdict| *verdict != Verdict::Allow)
                    .unwrap_or_else(|| self.decide_connected_send(connects))
            }
            (_, other) => unread(other),
        }
    }

    /// A send without a destination needs no more than some socket grant, or a socket that the command
    /// was given; fast open without an address fails in the kernel.
    fn decide_connected_send(&self, connects: bool) -> Verdict {
        if connects && !self.net.client.is_some() {
            let group = Group::NetworkClient;
            return deny(Reason::NotGranted(group), Hint::Group(group));
        }
        if self.granted.contains(Group::Descriptors) {
            Verdict::Allow
        } else {
            deny(Reason::NotGranted(Group::Sockets), Hint::Group(Group::NetworkClient))
        }
    }

    fn decide_address(&self, nr: u32, address: &Address, granted: bool, access: Access) -> Verdict {
        if granted {
            return match address {
                Address::Local(object) => self.decide_local(nr, object, access),
                _ => Verdict::Allow,
            };
        }
        let serves = access == Access::Write;
        match address {
            Address::Inet(at) if serves => {
                let reason = if self.net.server.is_some() {
                    Reason::OutsidePorts
                } else {
                    Reason::NotGranted(Group::NetworkServer)
                };
                deny(reason, Hint::Serve(*at))
            }
            Address::Inet(to) => {
                let reason = if self.net.client.is_some() {
                    Reason::OutsideHosts
                } else {
                    Reason::NotGranted(Group::NetworkClient)
                };
                deny(reason, Hint::Reach(*to))
            }
            Address::Local(_) | Address::Abstract(_) | Address::Unnamed => local_socket(),
            Address::Other(_) => deny(Reason::SocketKind, Hint::Syscall(nr)),
        }
    }

    fn decide_local(&self, nr: u32, object: &Object, access: Access) -> Verdict {
        // Without a list of readable paths the local-sockets grant stands alone; making a socket file
        // is always a write.
        if access == Access::Connect && !matches!(self.files.read, Scope::Under(_)) {
            return Verdict::Allow;
        }
        if object.text.is_empty() {
            return Verdict::Allow;
        }
        self.decide_object(nr, object, access)
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

    fn object_hint(&self, nr: u32, object: &Object, access: Access) -> Hint {
        let hint = Hint::for_object(&self.files, object, access);
        // Creating and removing are rights on the directory.
        if access == Access::Write && !changes_in_place(nr) { hint.for_directory() } else { hint }
    }
}

/// Look-ups are probes, and so is what runtimes write to their own files in `/proc` (thread names, what
/// a core dump includes): they go on without.
fn effect(object: &Object, access: Access) -> Effect {
    match access {
        Access::Look => Effect::Quiet(libc::EACCES),
        Access::Write if is_own_proc(object) => Effect::Quiet(libc::EACCES),
        _ => Effect::Rule,
    }
}

fn open_hint(hint: Hint, flags: u64) -> Hint {
    if flags & libc::O_CREAT as u64 != 0 { hint.for_directory() } else { hint }
}

/// Whether a write access of this call changes what a file holds, not where it is.
pub fn writes_contents(nr: u32) -> bool {
    #[cfg(target_arch = "x86_64")]
    if i64::from(nr) == libc::SYS_creat {
        return true;
    }
    changes_in_place(nr)
}

/// Whether a write access of this call needs the file itself to be listed, not its directory.
fn changes_in_place(nr: u32) -> bool {
    i64::from(nr) == libc::SYS_truncate
        || matches!(shape::of(nr), Shape::Open(..) | Shape::OpenHow(_))
}

/// open(2)'s flags where they are in a register; openat2's are not, and count as the worst.
fn open_flags(call: &Call) -> u64 {
    match shape::of(call.entry.nr) {
        Shape::Open(_, arg) => call.entry.args[arg as usize],
        _ => libc::O_RDWR as u64,
    }
}

/// Whether the flags argument of a send has `MSG_FASTOPEN`.
pub(super) fn sends_fast_open(call: &Call) -> bool {
    let arg = match shape::of(call.entry.nr) {
        Shape::Send(shape::Sent::Message) => 2,
        _ => 3,
    };
    call.entry.args[arg] as u32 & libc::MSG_FASTOPEN as u32 != 0
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

fn local_socket() -> Verdict {
    deny(Reason::LocalSocket, Hint::Group(Group::NetworkLocalSockets))
}

fn deny(reason: Reason, hint: Hint) -> Verdict {
    Verdict::Deny(Denial { reason, hint, effect: Effect::Rule })
}

fn always(reason: Reason, hint: Hint) -> Verdict {
    Verdict::Deny(Denial { reason, hint, effect: Effect::Always })
}

#[cfg(test)]
mod tests;
