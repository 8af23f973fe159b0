//! What the seccomp program does with each call under a policy.
//!
//! A call that the policy always allows passes; what a register can decide is decided there; everything
//! else, refusals included, is held, so that each denial is reported.

use super::rule::{Cond, Decision, Outcome, Test, Width};
use crate::policy::groups::{self, MAX_NR};
use crate::policy::shape::{self, Access, Named, Output, PathArg, Sent, Shape};
use crate::policy::{
    CLONE_NAMESPACES, CLONE_UNTRACED, FCNTL_OWNER, Group, IOCTL_ATTRIBUTES, IOCTL_DENIED,
    IOCTL_DENIED_KINDS, NetScope, PRCTL_ALLOWED, PRCTL_SECURITY, Policy, ROUTING_OPTIONS,
    SECCOMP_NEW_LISTENER, SO_PEERPIDFD, Scope, WRITE_INTENT, writes_contents,
};

/// What besides the policy settles who decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Whether every AF_UNIX socket that is not granted leads nowhere ([`crate::policy::SocketRule::DeadEnd`]), so
    /// that connect(2) with the length of an internet address needs no look.
    pub dead_ends: bool,
    /// Whether Landlock is under the path rules, so that arguments in memory may be checked at all.
    pub files_floored: bool,
    /// Whether Landlock keeps signals within the tree.
    pub signals_floored: bool,
    /// Whether writes to descriptors 1 and 2 are read for a trigger.
    pub watch_output: bool,
    /// Whether listen(2) is a trigger.
    pub watch_listen: bool,
}

const ALLOW: Decision = Decision::Always(Outcome::Allow);
const HOLD: Decision = Decision::Always(Outcome::Hold);

/// The decision for every call number up to the highest known; higher ones are held by the program.
pub fn decisions(policy: &Policy, terms: &Terms) -> Vec<Decision> {
    (0..=MAX_NR).map(|nr| decision(policy, terms, nr)).collect()
}

fn decision(policy: &Policy, terms: &Terms, nr: u32) -> Decision {
    if groups::name_of(nr).is_none() {
        return HOLD;
    }
    let named = policy.named(nr);
    match shape::of(nr) {
        Shape::Clone3 => Decision::Always(Outcome::Errno(libc::ENOSYS as u16)),
        Shape::Socket if named => ALLOW,
        Shape::Socket => allow_when(sockets(policy)),
        Shape::SocketPair if named => ALLOW,
        Shape::SocketPair => socket_pairs(policy),
        Shape::Connect if !named => connect(policy, terms),
        Shape::Bind if !named => HOLD,
        Shape::Listen if terms.watch_listen => HOLD,
        Shape::Listen if !named => listen(policy),
        Shape::Send(kind) if !named && terms.watch_output => watch(0, send(policy, kind)),
        Shape::Send(kind) if !named => send(policy, kind),
        Shape::Open(_, flags) => open(policy, nr, flags),
        Shape::OpenHow(path) => open_how(policy, terms, nr, path),
        _ if !policy.grants(nr) => HOLD,
        granted => decide_granted(policy, terms, nr, granted),
    }
}

fn decide_granted(policy: &Policy, terms: &Terms, nr: u32, shape: Shape) -> Decision {
    let named = policy.named(nr);
    match shape {
        Shape::Path(_) | Shape::TwoPaths(..) => paths(policy, nr, shape),
        Shape::MakeNode(_, mode) => {
            let device = [libc::S_IFCHR, libc::S_IFBLK]
                .map(|kind| vec![masked(mode, libc::S_IFMT.into(), kind.into())]);
            let otherwise = match paths(policy, nr, shape) {
                ALLOW => Outcome::Allow,
                _ => Outcome::Hold,
            };
            if named { paths(policy, nr, shape) } else { hold_when(device.into(), otherwise) }
        }
        Shape::Descriptor(_, access) => by_scope(policy, access),
        Shape::Clone => {
            let flags = if named { CLONE_UNTRACED } else { CLONE_UNTRACED | CLONE_NAMESPACES };
            allow_when(vec![vec![masked(0, flags.into(), 0)]])
        }
        Shape::Ioctl if named => ALLOW,
        Shape::Ioctl => ioctl(policy),
        Shape::Fcntl => hold_when(vec![vec![among(1, &FCNTL_OWNER)]], Outcome::Allow),
        Shape::PeerProcess if !named && !policy.net.local => {
            let query = vec![among(1, &[libc::SOL_SOCKET as u32]), among(2, &[SO_PEERPIDFD])];
            hold_when(vec![query], Outcome::Allow)
        }
        Shape::SocketOption if !named && matches!(policy.net.client, NetScope::Only(_)) => {
            let routes =
                |(level, options): (u32, &[u32])| vec![among(1, &[level]), among(2, options)];
            hold_when(ROUTING_OPTIONS.map(routes).into(), Outcome::Allow)
        }
        Shape::Prctl if named => ALLOW,
        Shape::Prctl => prctl(policy),
        Shape::Seccomp => allow_when(vec![vec![masked(1, SECCOMP_NEW_LISTENER.into(), 0)]]),
        Shape::Process(who) => process(terms, who),
        Shape::Output(Output::Kernel(fd)) if terms.watch_output => watch(fd, ALLOW),
        Shape::Output(_) if terms.watch_output => watch(0, ALLOW),
        _ => ALLOW,
    }
}

/// Holds what goes to standard output and standard error, whatever else applies.
fn watch(fd: u8, decision: Decision) -> Decision {
    match decision {
        ALLOW => hold_when(vec![vec![among(fd, &[1, 2])]], Outcome::Allow),
        // Anything with conditions of its own is rare on these descriptors; all of it is looked at.
        _ => HOLD,
    }
}

fn sockets(policy: &Policy) -> Vec<Vec<Cond>> {
    let (stream, datagram) = (libc::SOCK_STREAM as u32, libc::SOCK_DGRAM as u32);
    let mut any = Vec::new();
    if policy.net.inet() {
        let families = among(0, &[libc::AF_INET as u32, libc::AF_INET6 as u32]);
        for (kind, protocol) in [(stream, libc::IPPROTO_TCP), (datagram, libc::IPPROTO_UDP)] {
            any.push(vec![
                families.clone(),
                masked(1, 0xf, kind.into()),
                among(2, &[0, protocol as u32]),
            ]);
        }
    }
    if policy.net.any() {
        any.push(vec![
            among(0, &[libc::AF_NETLINK as u32]),
            among(2, &[libc::NETLINK_ROUTE as u32]),
        ]);
    }
    if policy.net.local {
        any.push(vec![among(0, &[libc::AF_UNIX as u32])]);
    }
    any
}

fn socket_pairs(policy: &Policy) -> Decision {
    if !policy.granted.contains(Group::Descriptors) {
        return HOLD;
    }
    let local = among(0, &[libc::AF_UNIX as u32]);
    if policy.net.local {
        return allow_when(vec![vec![local]]);
    }
    let kinds = [libc::SOCK_STREAM, libc::SOCK_SEQPACKET];
    allow_when(kinds.map(|kind| vec![local.clone(), masked(1, 0xf, kind as u64)]).into())
}

fn connect(policy: &Policy, terms: &Terms) -> Decision {
    match (&policy.net.client, policy.net.local) {
        (NetScope::Everything, true) if !matches!(policy.files.read, Scope::Under(_)) => ALLOW,
        // Anything but the length of an internet address is looked at for the report.
        (NetScope::Everything, false) if terms.dead_ends => {
            let lengths =
                [size_of::<libc::sockaddr_in>() as u32, size_of::<libc::sockaddr_in6>() as u32];
            allow_when(vec![vec![among(2, &lengths)]])
        }
        _ => HOLD,
    }
}

fn listen(policy: &Policy) -> Decision {
    let net = &policy.net;
    if net.server == NetScope::Everything || (net.local && !net.inet()) { ALLOW } else { HOLD }
}

fn send(policy: &Policy, kind: Sent) -> Decision {
    let net = &policy.net;
    if !net.any() && !policy.granted.contains(Group::Descriptors) {
        return HOLD;
    }
    let by_address = matches!(net.client, NetScope::Only(_))
        || (net.local && matches!(policy.files.read, Scope::Under(_)));
    if net.client == NetScope::Everything && !by_address {
        return ALLOW;
    }
    let flags = if kind == Sent::Message { 2 } else { 3 };
    let connected = masked(flags, libc::MSG_FASTOPEN as u64, 0);
    match kind {
        Sent::To if by_address => {
            let no_address = Cond { arg: 4, width: Width::U64, test: Test::In(vec![0]) };
            allow_when(vec![vec![no_address, connected]])
        }
        _ if by_address => HOLD,
        _ => allow_when(vec![vec![connected]]),
    }
}

fn open(policy: &Policy, nr: u32, flags: u8) -> Decision {
    let read = policy.named(nr) || policy.granted.contains(Group::FileSystemRead);
    let write = policy.named(nr) || policy.granted.contains(Group::FileSystemWrite);
    let read = read && passes(policy, Access::Read);
    let granted_write = write;
    let write = write && passes(policy, Access::Write);
    match (read, write) {
        (true, true) => ALLOW,
        (true, false) => {
            let mut any = vec![vec![masked(flags, WRITE_INTENT, 0)]];
            if granted_write && policy.files.shielded {
                let new = (libc::O_CREAT | libc::O_EXCL) as u64;
                any.push(vec![masked(flags, new | libc::O_PATH as u64, new)]);
            }
            allow_when(any)
        }
        _ => HOLD,
    }
}

fn open_how(policy: &Policy, terms: &Terms, nr: u32, path: PathArg) -> Decision {
    let granted = policy.named(nr)
        || (policy.granted.contains(Group::FileSystemRead)
            && policy.granted.contains(Group::FileSystemWrite));
    if granted && passes(policy, path.access) && passes(policy, Access::Write) {
        ALLOW
    } else if !terms.files_floored && policy.granted.contains(Group::FileSystemRead) {
        // Its flags are in memory and nothing below would hold them: libc and runtimes fall back to
        // openat.
        Decision::Always(Outcome::Errno(libc::ENOSYS as u16))
    } else {
        HOLD
    }
}

fn paths(policy: &Policy, nr: u32, shape: Shape) -> Decision {
    let structural = policy.files.shielded && !writes_contents(nr);
    let passes =
        |path: PathArg| (structural && path.access == Access::Write) || passes(policy, path.access);
    if shape.paths().all(passes) { ALLOW } else { HOLD }
}

fn by_scope(policy: &Policy, access: Access) -> Decision {
    if passes(policy, access) { ALLOW } else { HOLD }
}

/// Whether an access whose group is granted needs no look at its path.
fn passes(policy: &Policy, access: Access) -> bool {
    let files = &policy.files;
    let scope = match access {
        Access::Write => &files.write,
        Access::Attributes => &files.attributes,
        Access::Execute => &files.execute,
        _ => &files.read,
    };
    // A call granted by name reaches here with no scope at all: then nothing restricts it.
    !matches!(scope, Scope::Under(_))
}

fn ioctl(policy: &Policy) -> Decision {
    let mut any: Vec<Vec<Cond>> = Vec::new();
    let mut single = Vec::new();
    for (first, last) in IOCTL_DENIED {
        if first == last {
            single.push(first);
        } else {
            let test = Test::Range(first.into(), last.into());
            any.push(vec![Cond { arg: 1, width: Width::U32, test }]);
        }
    }
    let attributes = policy.granted.contains(Group::FileSystemPermissions)
        && !matches!(policy.files.attributes, Scope::Under(_));
    if !attributes {
        single.extend(IOCTL_ATTRIBUTES);
    }
    any.push(vec![among(1, &single)]);
    any.extend(IOCTL_DENIED_KINDS.map(|kind| vec![masked(1, 0xFF00, u64::from(kind) << 8)]));
    hold_when(any, Outcome::Allow)
}

fn prctl(policy: &Policy) -> Decision {
    let security = policy.granted.contains(Group::SecurityAndPermissions);
    let more: &[(u32, u32)] = if security { &PRCTL_SECURITY } else { &[] };
    let range = |&(first, last): &(u32, u32)| {
        let test = Test::Range(first.into(), last.into());
        vec![Cond { arg: 0, width: Width::U32, test }]
    };
    allow_when(PRCTL_ALLOWED.iter().chain(more).map(range).collect())
}

fn process(terms: &Terms, who: Named) -> Decision {
    let negative = Cond { arg: 0, width: Width::U32, test: Test::Range(0x8000_0000, 0xFFFF_FFFF) };
    match who {
        Named::Task(arg) => allow_when(vec![vec![among(arg, &[0])]]),
        // Groups, and everybody: Landlock delivers to the members in the tree only.
        Named::Kill(0) if terms.signals_floored => {
            allow_when(vec![vec![among(0, &[0])], vec![negative]])
        }
        Named::Priority { ioprio } => {
            allow_when(vec![vec![among(0, &[u32::from(ioprio)]), among(1, &[0])]])
        }
        Named::Kill(_) | Named::PidFd(_) => HOLD,
    }
}

fn masked(arg: u8, mask: u64, value: u64) -> Cond {
    Cond { arg, width: Width::U32, test: Test::Masked { mask, value } }
}

fn among(arg: u8, values: &[u32]) -> Cond {
    let values = values.iter().map(|&v| v.into()).collect();
    Cond { arg, width: Width::U32, test: Test::In(values) }
}

fn allow_when(any: Vec<Vec<Cond>>) -> Decision {
    Decision::When { any, then: Outcome::Allow, otherwise: Outcome::Hold }
}

fn hold_when(any: Vec<Vec<Cond>>, otherwise: Outcome) -> Decision {
    match otherwise {
        Outcome::Hold => HOLD,
        _ => Decision::When { any, then: Outcome::Hold, otherwise },
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::path::PathBuf;

    use proptest::prelude::*;

    use super::*;
    use crate::policy::{
        Call, FileRules, GroupSet, NetRules, Object, Peer, Place, Target, Verdict, open_access,
    };
    use crate::sys::arch::{AUDIT_ARCH, Entry};

    fn scope(choice: u8) -> Scope {
        match choice {
            0 => Scope::Nothing,
            1 => Scope::Everything,
            _ => Scope::Under(vec![PathBuf::from("/srv")]),
        }
    }

    fn net(choice: u8) -> NetScope {
        match choice {
            0 => NetScope::Nothing,
            1 => NetScope::Everything,
            _ => NetScope::Only(vec![Peer { net: None, port: Some(80) }]),
        }
    }

    prop_compose! {
        fn policies()(
            read in 0..3_u8, write in 0..3_u8, client in 0..3_u8, server in 0..3_u8,
            local: bool, implicit: bool, security: bool, permissions: bool,
            named in prop::option::of(0..MAX_NR), shielded: bool,
        ) -> Policy {
            let mut granted = if implicit { GroupSet::baseline() } else { GroupSet::EMPTY };
            let read = if write > 0 { read.max(write) } else { read };
            for (on, group) in [
                (read > 0, Group::FileSystemRead),
                (write > 0, Group::FileSystemWrite),
                (client > 0, Group::NetworkClient),
                (server > 0, Group::NetworkServer),
                (local, Group::NetworkLocalSockets),
                (security, Group::SecurityAndPermissions),
                (permissions, Group::FileSystemPermissions),
            ] {
                if on {
                    granted.insert(group);
                }
            }
            let read = scope(read);
            Policy {
                granted: granted.closure(),
                syscalls: named.into_iter().collect(),
                files: FileRules {
                    execute: if matches!(read, Scope::Under(_)) { read.clone() } else { Scope::Everything },
                    read,
                    write: scope(write),
                    attributes: scope(write.max(u8::from(permissions || security))),
                    programs: vec![],
                    scripts: vec![],
                    restricted: false,
                    shielded: shielded && write == 2,
                    controllable: None,
                },
                net: NetRules { client: net(client), server: net(server), local },
            }
        }
    }

    prop_compose! {
        fn terms()(
            dead_ends: bool, files_floored: bool, signals_floored: bool,
            watch_output: bool, watch_listen: bool,
        ) -> Terms {
            Terms {
                dead_ends, files_floored, signals_floored, watch_output,
                watch_listen,
            }
        }
    }

    fn register() -> impl Strategy<Value = u64> {
        let telling: Vec<u64> = vec![
            0,
            1,
            2,
            3,
            5,
            8,
            10,
            15,
            16,
            17,
            22,
            28,
            35,
            38,
            110,
            0x40,
            0x200,
            0x5412,
            0x8914,
            0x8_0801,
            0x40_0000,
            0x80_0000,
            0x1000_0000,
            0x2000_0000,
            0x4008_6602,
            0xFFFF_FFFF,
        ];
        (prop::sample::select(telling), any::<u32>(), any::<bool>())
            .prop_map(|(low, high, garbage)| low | if garbage { u64::from(high) << 32 } else { 0 })
    }

    /// The worst that memory can hold for a call whose registers are `entry`; `None` where only the
    /// tree's own state decides.
    fn worst(entry: Entry) -> Option<Target> {
        let object = |access| Object {
            dirfd: libc::AT_FDCWD,
            text: b"/etc/shadow".to_vec(),
            place: Place::Path(b"/etc/shadow".to_vec()),
            access,
        };
        Some(match shape::of(entry.nr) {
            Shape::Path(path) | Shape::MakeNode(path, _) => {
                Target::Objects(vec![object(path.access)])
            }
            Shape::TwoPaths(a, b) => Target::Objects(vec![object(a.access), object(b.access)]),
            Shape::Open(_, arg) => {
                let flags = entry.args[arg as usize] & 0xFFFF_FFFF;
                Target::Open(object(open_access(flags)), flags)
            }
            Shape::OpenHow(_) => Target::Open(object(Access::Write), libc::O_RDWR as u64),
            Shape::Descriptor(_, access) => Target::Objects(vec![object(access)]),
            Shape::Ioctl if IOCTL_ATTRIBUTES.contains(&(entry.args[1] as u32)) => {
                Target::Objects(vec![object(Access::Attributes)])
            }
            Shape::Connect | Shape::Bind | Shape::Listen | Shape::Send(_) | Shape::Process(_) => {
                return None;
            }
            _ => Target::Registers,
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_passes_unseen_is_allowed(
            policy in policies(),
            terms in terms(),
            nr in 0..MAX_NR + 2,
            args in prop::array::uniform6(register()),
        ) {
            let entry = Entry { arch: AUDIT_ARCH, nr, args };
            let outcome = decisions(&policy, &terms)
                .get(nr as usize)
                .map_or(Outcome::Hold, |decision| decision.evaluate(&args));
            if let (Outcome::Allow, Some(target)) = (outcome, worst(entry)) {
                let verdict = policy.decide(&Call { entry, target });
                prop_assert_eq!(verdict, Verdict::Allow, "{} {:?}", nr, args);
            }
        }
    }

    fn granting(groups: &[Group]) -> Policy {
        let granted: GroupSet = groups.iter().copied().collect();
        let on = |group| groups.contains(&group);
        let all = |on| if on { Scope::Everything } else { Scope::Nothing };
        let net = |on| if on { NetScope::Everything } else { NetScope::Nothing };
        Policy {
            granted: granted.union(GroupSet::baseline()).closure(),
            syscalls: vec![],
            files: FileRules {
                read: all(on(Group::FileSystemRead) || on(Group::FileSystemWrite)),
                write: all(on(Group::FileSystemWrite)),
                attributes: all(on(Group::FileSystemPermissions)),
                execute: Scope::Everything,
                programs: vec![],
                scripts: vec![],
                restricted: false,
                shielded: false,
                controllable: None,
            },
            net: NetRules {
                client: net(on(Group::NetworkClient)),
                server: net(on(Group::NetworkServer)),
                local: on(Group::NetworkLocalSockets),
            },
        }
    }

    /// What has to cost nothing costs nothing, and what has to be looked at is.
    #[test]
    fn calls_and_their_outcomes() {
        use Group::{
            FileSystemRead, FileSystemWrite, NetworkClient, NetworkServer, SecurityAndPermissions,
        };
        use Outcome::{Allow, Errno, Hold};
        let terms = Terms {
            dead_ends: true,
            files_floored: true,
            signals_floored: true,
            watch_output: false,
            watch_listen: false,
        };
        let (wronly, rdonly) = (libc::O_WRONLY as u64, libc::O_RDONLY as u64);
        for (groups, nr, args, want) in [
            (&[][..], libc::SYS_getppid, [0; 6], Allow),
            (&[], libc::SYS_read, [0; 6], Allow),
            (&[], libc::SYS_openat, [0; 6], Hold),
            (&[], libc::SYS_clone3, [0; 6], Errno(libc::ENOSYS as u16)),
            (&[], libc::SYS_clone, [0x11, 0, 0, 0, 0, 0], Allow),
            (&[], libc::SYS_clone, [0x80_0011, 0, 0, 0, 0, 0], Hold),
            (&[], libc::SYS_clone, [0x1000_0011, 0, 0, 0, 0, 0], Hold),
            (&[], libc::SYS_execve, [0; 6], Allow),
            (&[], libc::SYS_io_uring_setup, [0; 6], Hold),
            (&[], libc::SYS_ptrace, [0; 6], Hold),
            (&[], libc::SYS_ioctl, [0, 0x5413, 0, 0, 0, 0], Allow),
            (&[], libc::SYS_ioctl, [0, 0x5412, 0, 0, 0, 0], Hold),
            (&[], libc::SYS_ioctl, [0, 0xF_0000_5412, 0, 0, 0, 0], Hold),
            (&[], libc::SYS_kill, [5, 9, 0, 0, 0, 0], Hold),
            (&[], libc::SYS_kill, [0xFFFF_FFFF, 9, 0, 0, 0, 0], Allow),
            (&[], libc::SYS_prlimit64, [0; 6], Allow),
            (&[], libc::SYS_prlimit64, [1, 0, 0, 0, 0, 0], Hold),
            (&[], libc::SYS_fcntl, [0, 8, 1, 0, 0, 0], Hold),
            (&[], libc::SYS_socketpair, [1, 0x8_0001, 0, 0, 0, 0], Allow),
            (&[], libc::SYS_socketpair, [1, 2, 0, 0, 0, 0], Hold),
            (&[], libc::SYS_socket, [1, 1, 0, 0, 0, 0], Hold),
            (&[FileSystemRead], libc::SYS_openat, [0, 0, rdonly, 0, 0, 0], Allow),
            (&[FileSystemRead], libc::SYS_openat, [0, 0, wronly, 0, 0, 0], Hold),
            (&[FileSystemRead], libc::SYS_openat, [0, 0, 0x200, 0, 0, 0], Hold),
            (&[FileSystemRead], libc::SYS_openat2, [0; 6], Hold),
            (&[FileSystemRead], libc::SYS_newfstatat, [0; 6], Allow),
            (&[FileSystemRead], libc::SYS_unlink, [0; 6], Hold),
            (&[FileSystemWrite], libc::SYS_openat, [0, 0, wronly, 0, 0, 0], Allow),
            (&[FileSystemWrite], libc::SYS_openat2, [0; 6], Allow),
            (&[FileSystemWrite], libc::SYS_unlink, [0; 6], Allow),
            (&[FileSystemWrite], libc::SYS_mknodat, [0, 0, 0o020_666, 0, 0, 0], Hold),
            (&[FileSystemWrite], libc::SYS_mknodat, [0, 0, 0o010_666, 0, 0, 0], Allow),
            (&[FileSystemWrite], libc::SYS_chmod, [0; 6], Hold),
            (&[NetworkClient], libc::SYS_connect, [3, 0, 16, 0, 0, 0], Allow),
            (&[NetworkClient], libc::SYS_connect, [3, 0, 110, 0, 0, 0], Hold),
            (&[NetworkClient], libc::SYS_listen, [0; 6], Hold),
            (&[NetworkClient], libc::SYS_socket, [2, 1, 0, 0, 0, 0], Allow),
            (&[NetworkClient], libc::SYS_socket, [2, 3, 1, 0, 0, 0], Hold),
            (&[NetworkServer], libc::SYS_listen, [0; 6], Allow),
            (&[NetworkServer], libc::SYS_connect, [3, 0, 16, 0, 0, 0], Hold),
            (&[NetworkServer], libc::SYS_sendto, [3, 0, 0, 0, 9, 16], Allow),
            (&[NetworkServer], libc::SYS_sendto, [3, 0, 0, 0x2000_0000, 9, 16], Hold),
            (&[SecurityAndPermissions], libc::SYS_seccomp, [1, 0, 0, 0, 0, 0], Allow),
            (&[SecurityAndPermissions], libc::SYS_seccomp, [1, 8, 0, 0, 0, 0], Hold),
        ] {
            let got = decisions(&granting(groups), &terms)[nr as usize].evaluate(&args);
            assert_eq!(got, want, "{groups:?} {nr} {args:x?}");
        }
    }

    #[test]
    fn the_program_stays_short() {
        let terms = Terms {
            dead_ends: true,
            files_floored: true,
            signals_floored: true,
            watch_output: false,
            watch_listen: false,
        };
        let policy = granting(&[Group::FileSystemRead, Group::NetworkClient]);
        let program = super::super::bpf::compile(
            &decisions(&policy, &terms),
            super::super::bpf::Hold::Notify,
        );
        assert!(program.unwrap().len() < 300);
    }
}
