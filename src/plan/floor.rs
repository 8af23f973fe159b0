//! What Landlock enforces under the supervisor's decisions (landlock(7)).

use std::path::PathBuf;

use crate::policy::shape::{self, Access};
use crate::policy::{FREE_DEVICES, NetScope, Policy, Scope};

/// File system rights in Landlock's own division, coarse enough to be named after what they are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FileRights {
    /// Opening files to read them, listing directories.
    pub read: bool,
    /// Opening to write.
    pub write: bool,
    /// Truncating. Where it is handled, the kernel asks for it at every open, for reading as well
    /// (`hook_file_open`, security/landlock/fs.c), which then costs half as much again.
    pub truncate: bool,
    /// Making and removing anything but device nodes.
    pub create: bool,
    /// Linking and renaming from one directory to another, which Landlock refuses wherever it handles
    /// anything.
    pub refer: bool,
    /// Executing.
    pub execute: bool,
    /// Controlling devices with ioctl(2).
    pub ioctl: bool,
}

impl FileRights {
    /// No right.
    pub const NONE: Self = Self {
        read: false,
        write: false,
        truncate: false,
        create: false,
        refer: false,
        execute: false,
        ioctl: false,
    };

    /// Whether no right is in it.
    pub fn is_empty(&self) -> bool {
        *self == Self::NONE
    }
}

/// A Landlock ruleset before it is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Floor {
    /// The rights that are refused unless a rule gives them.
    pub handled: FileRights,
    /// What each path gives.
    pub rules: Vec<(PathBuf, FileRights)>,
    /// The TCP ports that may be connected to; `None`: any.
    pub connect: Option<Vec<u16>>,
    /// The TCP ports that may be bound; `None`: any.
    pub bind: Option<Vec<u16>>,
    /// Whether abstract local sockets outside the domain are out of reach. Signals always are.
    pub scope_abstract: bool,
}

/// The floor under `policy`.
pub fn floor(policy: &Policy) -> Floor {
    let (handled, rules) = files(policy);
    let unrestricted_sockets = policy.named(libc::SYS_socket as u32)
        || policy.named(libc::SYS_connect as u32)
        || policy.named(libc::SYS_bind as u32);
    let ports = |scope: &NetScope, ephemeral: bool| match scope.ports() {
        _ if unrestricted_sockets => None,
        Some(mut ports) if ephemeral && !ports.contains(&0) => {
            ports.insert(0, 0);
            Some(ports)
        }
        ports => ports,
    };
    Floor {
        handled,
        rules,
        connect: ports(&policy.net.client, false),
        // A client may bind to port 0, which is what connecting unbound does as well.
        bind: ports(&policy.net.server, policy.net.client.is_some()),
        scope_abstract: !policy.net.local,
    }
}

fn files(policy: &Policy) -> (FileRights, Vec<(PathBuf, FileRights)>) {
    let files = &policy.files;
    let named = |wanted: fn(Access) -> bool| named_access(policy, wanted);
    let writing = match files.write {
        Scope::Everything => false,
        Scope::Under(_) => true,
        Scope::Nothing => !named(|a| a == Access::Write || a == Access::Read),
    };
    let listed = matches!(files.write, Scope::Under(_)) && !files.shielded;
    let handled = FileRights {
        // Without any read grant every open is refused by its number, and the kernel wants this right
        // for executing as well.
        read: matches!(files.read, Scope::Under(_)),
        // Where writing is not granted at all, opens of the free devices are the only ones whose path
        // counts; every other call is refused by its number.
        write: writing,
        truncate: listed,
        create: listed,
        refer: listed || files.shielded,
        execute: matches!(files.execute, Scope::Under(_)),
        ioctl: files.controllable.is_some() && files.any(),
    };
    let mut rules: Vec<(PathBuf, FileRights)> = Vec::new();
    let mut give = |paths: &[PathBuf], rights: FileRights| {
        rules.extend(paths.iter().map(|path| (path.clone(), rights)));
    };
    let none = FileRights::NONE;
    let ioctl = handled.ioctl;
    give(files.read.roots(), FileRights { read: handled.read, ioctl, ..none });
    give(files.controllable.as_deref().unwrap_or_default(), FileRights { ioctl, ..none });
    give(files.execute.roots(), FileRights { execute: handled.execute, ..none });
    give(
        files.write.roots(),
        FileRights { read: false, execute: false, ioctl: ioctl && !files.shielded, ..handled },
    );
    if files.shielded {
        give(&[PathBuf::from("/")], FileRights { refer: true, ..none });
    }
    give(&files.programs, FileRights { read: handled.read, execute: handled.execute, ..none });
    if files.any() {
        let devices = FREE_DEVICES.map(PathBuf::from);
        give(&devices, FileRights { read: handled.read, write: handled.write, ..none });
    }
    (handled, merge(rules))
}

/// Whether some call granted by name needs an access that no path grant gives.
fn named_access(policy: &Policy, wanted: fn(Access) -> bool) -> bool {
    policy.syscalls.iter().any(|&nr| shape::of(nr).paths().any(|path| wanted(path.access)))
}

fn merge(mut rules: Vec<(PathBuf, FileRights)>) -> Vec<(PathBuf, FileRights)> {
    rules.retain(|(_, rights)| !rights.is_empty());
    rules.sort_by(|a, b| a.0.cmp(&b.0));
    rules.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1.read |= next.1.read;
            kept.1.write |= next.1.write;
            kept.1.truncate |= next.1.truncate;
            kept.1.create |= next.1.create;
            kept.1.refer |= next.1.refer;
            kept.1.execute |= next.1.execute;
            kept.1.ioctl |= next.1.ioctl;
        }
        same
    });
    rules
}
