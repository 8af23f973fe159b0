//! The verdict on one call, one case a line.

use std::path::PathBuf;

use super::*;
use crate::policy::GroupSet;
use crate::policy::call::{Address, Object};
use crate::policy::files::FileRules;
use crate::policy::files::{Scope, open_access};
use crate::policy::network::{NetRules, NetScope, Peer};
use crate::sys::arch::{AUDIT_ARCH, Entry, FOREIGN_BIT};

/// The baseline, reading below /srv, writing below /srv/out, connecting to port 443.
fn listed() -> Policy {
    let under = |paths: &[&str]| Scope::Under(paths.iter().map(PathBuf::from).collect());
    let groups = [Group::FileSystemWrite, Group::FileSystemPermissions, Group::NetworkClient];
    let granted: GroupSet = groups.into_iter().collect();
    Policy {
        granted: granted.union(GroupSet::baseline()).closure(),
        syscalls: vec![],
        files: FileRules {
            read: under(&["/srv"]),
            write: under(&["/srv/out"]),
            attributes: under(&["/srv/out"]),
            execute: under(&["/srv"]),
            programs: vec!["/bin/tool".into()],
            scripts: vec![],
            restricted: false,
            shielded: false,
            controllable: None,
        },
        net: NetRules {
            client: NetScope::Only(vec![Peer { net: None, port: Some(443) }]),
            server: NetScope::Nothing,
            local: false,
        },
    }
}

/// The baseline alone.
fn baseline() -> Policy {
    let mut policy = listed();
    policy.granted = GroupSet::baseline().closure();
    policy.files.read = Scope::Nothing;
    policy.files.write = Scope::Nothing;
    policy.files.attributes = Scope::Nothing;
    policy.files.execute = Scope::Everything;
    policy.net.client = NetScope::Nothing;
    policy
}

fn call(nr: i64, args: [u64; 6], target: Target) -> Call {
    Call { entry: Entry { arch: AUDIT_ARCH, nr: nr as u32, args }, target }
}

fn object(text: &str, place: Place, access: Access) -> Object {
    Object { dirfd: libc::AT_FDCWD, text: text.into(), place, access }
}

fn at(path: &str, access: Access) -> Object {
    object(path, Place::Path(path.into()), access)
}

/// What a verdict comes to, short enough for a table.
#[derive(Debug, PartialEq, Eq)]
enum Short {
    Allow,
    Fail(i32),
    DeadEnd,
    Deny(Reason, &'static str),
    Quiet(i32),
    Always(Reason),
}

fn short(verdict: Verdict) -> Short {
    match verdict {
        Verdict::Allow => Short::Allow,
        Verdict::Fail(errno) => Short::Fail(errno),
        Verdict::DeadEnd => Short::DeadEnd,
        Verdict::Deny(denial) => match denial.effect {
            Effect::Quiet(errno) => Short::Quiet(errno),
            Effect::Always => Short::Always(denial.reason),
            Effect::Rule => Short::Deny(denial.reason, denial.hint.to_string().leak()),
        },
    }
}

#[test]
fn paths_under_a_list() {
    use Access::{Attributes, Enter, Execute, Look, Write};
    use Short::{Allow, Deny, Fail, Quiet};
    let outside = Reason::OutsidePaths;
    let missing = |path: &str, access| object(path, Place::Missing(path.into()), access);
    for (nr, target, want) in [
        (libc::SYS_newfstatat, at("/srv/x", Look), Allow),
        (libc::SYS_newfstatat, at("/", Look), Allow),
        (libc::SYS_newfstatat, at("/etc", Look), Quiet(libc::EACCES)),
        (libc::SYS_chdir, at("/", Enter), Allow),
        (libc::SYS_chdir, at("/etc", Enter), Deny(outside(Enter), "--allow-file-system-read=/etc")),
        (libc::SYS_execve, at("/srv/x", Execute), Allow),
        (libc::SYS_execve, at("/bin/tool", Execute), Allow),
        (libc::SYS_execve, missing("/opt/x", Execute), Fail(libc::ENOENT)),
        (
            libc::SYS_execve,
            at("/bin/sh", Execute),
            Deny(outside(Execute), "--allow-file-system-read=/bin/sh"),
        ),
        (
            libc::SYS_mkdirat,
            missing("/srv/new", Write),
            Deny(outside(Write), "--allow-file-system-write=/srv"),
        ),
        (libc::SYS_unlinkat, at("/srv/out/x", Write), Allow),
        (
            libc::SYS_truncate,
            at("/srv/x", Write),
            Deny(outside(Write), "--allow-file-system-write=/srv/x"),
        ),
        (libc::SYS_fchmodat, at("/srv/out/x", Attributes), Allow),
        (
            libc::SYS_fchmodat,
            at("/srv/x", Attributes),
            Deny(outside(Attributes), "--allow-file-system-write=/srv/x"),
        ),
        (libc::SYS_mkdirat, object("x", Place::Unknown, Write), Deny(Reason::Unresolvable, "")),
        (libc::SYS_mkdirat, object("x", Place::Fails(libc::ELOOP), Write), Fail(libc::ELOOP)),
        (libc::SYS_execveat, object("", Place::Anonymous, Execute), Deny(Reason::Unresolvable, "")),
    ] {
        let text = format!("{nr} {target:?}");
        let verdict = listed().decide(&call(nr, [0; 6], Target::Objects(vec![target])));
        assert_eq!(short(verdict), want, "{text}");
    }
}

#[test]
fn opens() {
    use Short::{Allow, Deny, Quiet};
    let (read, write) = (libc::O_RDONLY, libc::O_WRONLY);
    let outside = Reason::OutsidePaths;
    for (path, flags, want) in [
        ("/srv/x", read, Allow),
        ("/srv/x", libc::O_PATH, Allow),
        ("/", libc::O_PATH, Allow),
        ("/", read, Deny(outside(Access::Read), "--allow-file-system-read=/")),
        ("/etc/shadow", read, Deny(outside(Access::Read), "--allow-file-system-read=/etc/shadow")),
        ("/srv/out/x", write, Allow),
        ("/srv/x", write, Deny(outside(Access::Write), "--allow-file-system-write=/srv/x")),
        (
            "/srv/x",
            write | libc::O_CREAT,
            Deny(outside(Access::Write), "--allow-file-system-write=/srv"),
        ),
        (
            "/srv/x",
            read | libc::O_TRUNC,
            Deny(outside(Access::Write), "--allow-file-system-write=/srv/x"),
        ),
        ("/dev/null", write | libc::O_CREAT | libc::O_TRUNC, Allow),
        ("/dev/sda", write, Deny(outside(Access::Write), "--allow-file-system-write=/dev/sda")),
        ("/proc/self/oom_score_adj", write, Quiet(libc::EACCES)),
    ] {
        let target = Target::Open(at(path, open_access(flags as u64)), flags as u64);
        let verdict = listed().decide(&call(libc::SYS_openat, [0; 6], target));
        assert_eq!(short(verdict), want, "{path} {flags:#o}");
    }
}

#[test]
fn the_baseline_reaches_no_path_and_no_network() {
    use Short::{Allow, Always, DeadEnd, Deny, Quiet};
    let read = Reason::NotGranted(Group::FileSystemRead);
    let etc = || Target::Objects(vec![at("/etc/passwd", Access::Look)]);
    let own = |text: &str| {
        Target::Objects(vec![object(text, Place::Path("/usr/bin/x".into()), Access::Look)])
    };
    let held =
        Target::Objects(vec![Object { dirfd: 1, ..object("", Place::Anonymous, Access::Look) }]);
    for (nr, args, target, want) in [
        (libc::SYS_getpid, [0; 6], Target::Registers, Allow),
        (libc::SYS_fstat, [0; 6], Target::Registers, Allow),
        (libc::SYS_newfstatat, [0; 6], etc(), Deny(read, "--allow-file-system-read=/etc/passwd")),
        (libc::SYS_newfstatat, [0; 6], held, Allow),
        (libc::SYS_readlinkat, [0; 6], own("/proc/self/exe"), Allow),
        (
            libc::SYS_readlinkat,
            [0; 6],
            own("/x"),
            Deny(read, "--allow-file-system-read=/usr/bin/x"),
        ),
        (libc::SYS_socket, [1, 1, 0, 0, 0, 0], Target::Registers, DeadEnd),
        (
            libc::SYS_socket,
            [2, 1, 0, 0, 0, 0],
            Target::Registers,
            Deny(Reason::NotGranted(Group::NetworkClient), "--allow-network-client"),
        ),
        (libc::SYS_socketpair, [1, 1, 0, 0, 0, 0], Target::Registers, Allow),
        (
            libc::SYS_socketpair,
            [1, 2, 0, 0, 0, 0],
            Target::Registers,
            Deny(Reason::LocalSocket, "--allow-network-local-sockets"),
        ),
        (libc::SYS_copy_file_range, [0; 6], Target::Registers, Quiet(libc::EXDEV)),
        (libc::SYS_ptrace, [0; 6], Target::Registers, Always(Reason::InNoGroup)),
        (libc::SYS_unshare, [0; 6], Target::Registers, Always(Reason::InNoGroup)),
        (libc::SYS_io_uring_setup, [0; 6], Target::Registers, Always(Reason::InNoGroup)),
        (
            libc::SYS_clone,
            [u64::from(CLONE_UNTRACED), 0, 0, 0, 0, 0],
            Target::Registers,
            Always(Reason::Escape),
        ),
        (
            libc::SYS_ioctl,
            [0, 0x5412, 0, 0, 0, 0],
            Target::Registers,
            Deny(Reason::Operation, "--allow-syscall=ioctl"),
        ),
        (
            libc::SYS_reboot,
            [0; 6],
            Target::Registers,
            Deny(Reason::InNoGroup, "--allow-syscall=reboot"),
        ),
    ] {
        let text = format!("{nr} {args:x?} {target:?}");
        assert_eq!(short(baseline().decide(&call(nr, args, target))), want, "{text}");
    }
}

/// What would be used later, or lead to gatekeeper, is refused armed or not.
#[test]
fn nothing_is_laid_up_for_later() {
    use Short::{Allow, Always, Deny, Fail};
    let handle =
        Target::Objects(vec![Object { dirfd: 0, ..object("", Place::Anonymous, Access::Look) }]);
    let (fcntl, ioctl) = (libc::SYS_fcntl, libc::SYS_ioctl);
    let registers = || Target::Registers;
    let bystander = || Target::Process(Relation::Bystander);
    for (nr, args, target, want) in [
        (ioctl, [3, 0x8901, 0, 0, 0, 0], registers(), Always(Reason::Operation)),
        (ioctl, [3, 0x8902, 0, 0, 0, 0], registers(), Always(Reason::Operation)),
        (
            ioctl,
            [3, 0x4C06, 0, 0, 0, 0],
            registers(),
            Deny(Reason::Operation, "--allow-syscall=ioctl"),
        ),
        (ioctl, [3, 0x4004_9409, 0, 0, 0, 0], registers(), Allow),
        (fcntl, [3, 10, 0, 0, 0, 0], registers(), Allow),
        (fcntl, [3, 10, libc::SIGIO as u64, 0, 0, 0], registers(), Allow),
        (fcntl, [3, 10, libc::SIGKILL as u64, 0, 0, 0], registers(), Always(Reason::Operation)),
        (fcntl, [3, 8, 1, 0, 0, 0], bystander(), Always(Reason::ForeignProcess)),
        (libc::SYS_getsockopt, [3, 1, 77, 0, 0, 0], registers(), Fail(libc::ENOPROTOOPT)),
        (libc::SYS_getsockopt, [3, 1, 4, 0, 0, 0], registers(), Allow),
        (
            libc::SYS_name_to_handle_at,
            [0; 6],
            handle,
            Deny(Reason::InNoGroup, "--allow-syscall=name_to_handle_at"),
        ),
    ] {
        let text = format!("{nr} {args:x?} {target:?}");
        assert_eq!(short(baseline().decide(&call(nr, args, target))), want, "{text}");
    }
}

#[test]
fn other_doors_are_closed() {
    let entry = |arch, nr| Entry { arch, nr, args: [0; 6] };
    let getpid = libc::SYS_getpid as u32;
    for (entry, want) in [
        (entry(AUDIT_ARCH, getpid), Short::Allow),
        (entry(0x4000_0003, 20), Short::Deny(Reason::ForeignAbi, "")),
        (entry(AUDIT_ARCH, getpid | FOREIGN_BIT), Short::Deny(Reason::ForeignAbi, "")),
        (entry(AUDIT_ARCH, 5000), Short::Deny(Reason::UnknownCall, "")),
    ] {
        let verdict = listed().decide(&Call { entry, target: Target::Registers });
        assert_eq!(short(verdict), want, "{entry:?}");
    }
}

#[test]
fn processes_outside_the_tree_are_out_of_reach() {
    use Short::{Allow, Always, Deny, Fail};
    for (relation, want) in [
        (Relation::Own, Allow),
        (Relation::OwnGroup, Allow),
        (Relation::Nobody, Fail(libc::ESRCH)),
        (Relation::Bystander, Deny(Reason::ForeignProcess, "")),
        (Relation::Supervisor, Always(Reason::ForeignProcess)),
        (Relation::MixedGroup, Always(Reason::ForeignProcess)),
    ] {
        let call = call(libc::SYS_kill, [1, 9, 0, 0, 0, 0], Target::Process(relation));
        assert_eq!(short(listed().decide(&call)), want, "{relation:?}");
    }
}

#[test]
fn addresses() {
    use Short::{Allow, Deny, Fail};
    let inet = |text: &str| Address::Inet(text.parse().unwrap_or_else(|_| unreachable!()));
    let nscd = Address::Local(at("/var/run/nscd/socket", Access::Connect));
    let docker = Address::Local(at("/run/docker.sock", Access::Connect));
    let local = Deny(Reason::LocalSocket, "--allow-network-local-sockets");
    for (nr, address, want) in [
        (libc::SYS_connect, inet("192.0.2.1:443"), Allow),
        (
            libc::SYS_connect,
            inet("192.0.2.1:80"),
            Deny(Reason::OutsideHosts, "--allow-network-client=192.0.2.1:80"),
        ),
        (libc::SYS_connect, nscd, Fail(libc::ENOENT)),
        (libc::SYS_connect, docker, local),
        (libc::SYS_connect, Address::Unnamed, Allow),
        (libc::SYS_bind, inet("0.0.0.0:0"), Allow),
        (
            libc::SYS_bind,
            inet("0.0.0.0:80"),
            Deny(Reason::NotGranted(Group::NetworkServer), "--allow-network-server=80"),
        ),
    ] {
        let text = format!("{nr} {address:?}");
        assert_eq!(
            short(listed().decide(&call(nr, [0; 6], Target::Address(address)))),
            want,
            "{text}"
        );
    }
}

#[test]
fn what_cannot_be_read_is_refused() {
    for (target, want) in [
        (Target::Faulty(libc::EFAULT), Short::Fail(libc::EFAULT)),
        (Target::Hidden, Short::Deny(Reason::Unreadable, "")),
    ] {
        for nr in [libc::SYS_openat, libc::SYS_unlinkat, libc::SYS_connect, libc::SYS_kill] {
            let verdict = listed().decide(&call(nr, [0; 6], target.clone()));
            assert_eq!(short(verdict), want, "{nr} {target:?}");
        }
    }
}
