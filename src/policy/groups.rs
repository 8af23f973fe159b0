//! The system call groups: which call belongs to which permission.
//!
//! The memberships are data: `syscall-groups/*.toml`, one file a group, compiled in by `build.rs`
//! for the target's call table. `docs/groups.md` is the same data for readers.

use std::fmt;

/// A named set of system calls; each call that is known stands in exactly one.
///
/// The order is that of the reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Group {
    /// Use of descriptors that are already open.
    Descriptors,
    /// Opening for reading, metadata, listings, watches.
    FileSystemRead,
    /// Everything that changes files, names and times.
    FileSystemWrite,
    /// Modes and owners of files.
    FileSystemPermissions,
    /// What every use of sockets needs.
    Sockets,
    /// Outgoing connections.
    NetworkClient,
    /// Incoming connections.
    NetworkServer,
    /// Local sockets; no members of its own, a wider reading of the other network groups' calls.
    NetworkLocalSockets,
    /// Processes and threads.
    ProcessManagement,
    /// The process's own memory.
    MemoryManagement,
    /// Signals.
    Signals,
    /// Clocks (reading them), sleeps and timers.
    TimersAndClocksManagement,
    /// Changes of identity, extended attributes, further restrictions.
    SecurityAndPermissions,
    /// Facts about the system and the process.
    SystemInformation,
    /// System V and POSIX IPC.
    ProcessCommunication,
    /// Futexes and their like.
    ProcessSynchronization,
    /// What is left and harmless.
    Misc,
    /// In no group, each with a reason; [`GroupSet`] never holds it.
    Never,
}

/// One group as its file describes it.
struct Info {
    name: &'static str,
    flag: Option<&'static str>,
    help: &'static str,
    includes: &'static [Group],
    baseline: bool,
    members: &'static [u32],
}

/// One call of the target's table.
struct Call {
    name: &'static str,
    group: Group,
    why: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/groups.rs"));

/// The highest call number that any group knows; higher ones are unknown to us.
pub const MAX_NR: u32 = HIGHEST;

impl Group {
    /// Every group, in the order of the reference.
    pub const ALL: &[Group] = ORDER;

    /// The group's name, which is its file's stem: `file-system-read`.
    pub fn name(self) -> &'static str {
        info(self).name
    }

    /// The flag that grants it, dashes included, where it has one of its own.
    pub fn flag(self) -> Option<&'static str> {
        info(self).flag
    }

    /// One line for the flag's help, without a full stop.
    pub fn help(self) -> &'static str {
        info(self).help
    }

    /// The groups that come with it, direct ones only; see [`GroupSet::closure`].
    pub fn includes(self) -> &'static [Group] {
        info(self).includes
    }

    /// Whether `--allow-implicit-commands` grants it.
    pub fn in_baseline(self) -> bool {
        info(self).baseline
    }

    /// Its own calls' numbers in the target's table, ascending.
    pub fn members(self) -> &'static [u32] {
        info(self).members
    }

    const fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// A set of groups; [`Group::Never`] cannot be in it.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct GroupSet(u32);

impl GroupSet {
    /// No group at all.
    pub const EMPTY: GroupSet = GroupSet(0);

    /// The groups listed.
    pub const fn of(groups: &[Group]) -> GroupSet {
        let mut set = GroupSet::EMPTY;
        let mut at = 0;
        while at < groups.len() {
            set.insert(groups[at]);
            at += 1;
        }
        set
    }

    /// The groups that `--allow-implicit-commands` grants.
    pub fn baseline() -> GroupSet {
        Group::ALL.iter().copied().filter(|group| group.in_baseline()).collect()
    }

    /// Adds `group`; [`Group::Never`] is left out.
    pub const fn insert(&mut self, group: Group) {
        if !matches!(group, Group::Never) {
            self.0 |= group.bit();
        }
    }

    /// Whether `group` itself is in the set; what it includes does not count.
    pub const fn contains(self, group: Group) -> bool {
        self.0 & group.bit() != 0
    }

    /// Whether no group is in the set.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// What is in either set.
    pub const fn union(self, other: GroupSet) -> GroupSet {
        GroupSet(self.0 | other.0)
    }

    /// The set with everything that its groups include, and what that includes.
    pub fn closure(self) -> GroupSet {
        let added = self.iter().flat_map(|group| group.includes().iter().copied());
        let wider = self.union(added.collect());
        if wider == self { self } else { wider.closure() }
    }

    /// The groups in the set, in the order of [`Group::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Group> {
        Group::ALL.iter().copied().filter(move |group| self.contains(*group))
    }
}

impl FromIterator<Group> for GroupSet {
    fn from_iter<I: IntoIterator<Item = Group>>(groups: I) -> GroupSet {
        groups.into_iter().fold(GroupSet::EMPTY, |mut set, group| {
            set.insert(group);
            set
        })
    }
}

impl fmt::Debug for GroupSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

fn call(nr: u32) -> Option<&'static Call> {
    CALLS.get(usize::try_from(nr).ok()?)?.as_ref()
}

/// The group of call `nr`; `None`: no table of ours has it, which must be read as a denial.
pub fn group_of(nr: u32) -> Option<Group> {
    call(nr).map(|call| call.group)
}

/// Why call `nr` is where it is, or what else decides about it, where its file says so.
pub fn reason(nr: u32) -> Option<&'static str> {
    call(nr).map(|call| call.why).filter(|why| !why.is_empty())
}

/// The name of call `nr` in the target's table.
pub fn name_of(nr: u32) -> Option<&'static str> {
    call(nr).map(|call| call.name)
}

/// The number of the call named exactly `name` in the target's table.
pub fn number_of(name: &str) -> Option<u32> {
    let at = NAMES.binary_search_by(|(known, _)| (*known).cmp(name)).ok()?;
    NAMES.get(at).map(|(_, nr)| *nr)
}

/// The call's name that `name` was probably meant to be; `None` where nothing is close.
///
/// Close means at most one edit for each three characters, and one at least.
pub fn nearest(name: &str) -> Option<&'static str> {
    let most = (name.chars().count() / 3).max(1);
    let alike = |known: &str| strsim::jaro_winkler(name, known);
    NAMES
        .iter()
        .map(|(known, _)| (strsim::osa_distance(name, known), *known))
        .filter(|(edits, _)| *edits <= most)
        .min_by(|a, b| a.0.cmp(&b.0).then_with(|| alike(b.1).total_cmp(&alike(a.1))))
        .map(|(_, known)| known)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::fs;
    use std::path::Path;
    use std::process::{Command, Output};

    use syscalls::Sysno;

    use super::*;

    /// Memberships that users rely on; a call that the target lacks is passed over.
    const REQUIRED: &[(&str, &str)] = &[
        ("file-system-read", "access faccessat faccessat2"),
        ("file-system-read", "fadvise64 readahead lseek"),
        ("file-system-read", "stat fstat lstat newfstatat statx"),
        ("file-system-read", "statfs fstatfs"),
        ("file-system-read", "getxattr lgetxattr fgetxattr getxattrat"),
        ("file-system-read", "listxattr llistxattr flistxattr listxattrat"),
        ("file-system-read", "getdents getdents64"),
        ("file-system-read", "pread64 preadv preadv2 readv"),
        ("file-system-read", "readlink readlinkat"),
        ("file-system-read", "open openat openat2"),
        ("file-system-read", "chdir fchdir"),
        ("file-system-read", "inotify_init inotify_init1 inotify_add_watch inotify_rm_watch"),
        ("file-system-read", "file_getattr"),
        ("file-system-write", "creat truncate ftruncate"),
        ("file-system-write", "rename renameat renameat2"),
        ("file-system-write", "link linkat symlink symlinkat unlink unlinkat"),
        ("file-system-write", "mkdir mkdirat rmdir mknod mknodat"),
        ("file-system-write", "utime utimes utimensat futimesat"),
        ("file-system-write", "fallocate copy_file_range sendfile"),
        ("file-system-write", "fsync fdatasync sync_file_range"),
        ("file-system-write", "pwrite64 pwritev pwritev2"),
        ("file-system-permissions", "chmod fchmod fchmodat fchmodat2"),
        ("file-system-permissions", "chown fchown lchown fchownat"),
        ("sockets", "socket socketpair getsockopt setsockopt getsockname getpeername shutdown"),
        ("sockets", "sendto sendmsg sendmmsg recvfrom recvmsg recvmmsg"),
        ("network-client", "connect"),
        ("network-server", "bind listen accept accept4"),
        ("process-communication", "mq_open mq_unlink mq_timedsend mq_timedreceive mq_notify"),
        ("process-communication", "msgget msgsnd msgrcv msgctl semget semop semtimedop semctl"),
        ("process-communication", "shmget shmat shmdt shmctl mq_getsetattr"),
        ("signals", "kill tkill tgkill rt_sigqueueinfo rt_tgsigqueueinfo pidfd_send_signal"),
        ("signals", "rt_sigaction rt_sigprocmask rt_sigreturn rt_sigsuspend sigaltstack pause"),
        ("timers-and-clocks-management", "nanosleep clock_nanosleep clock_gettime gettimeofday"),
        ("timers-and-clocks-management", "alarm setitimer timer_create timerfd_create time times"),
        ("security-and-permissions", "setuid setgid setreuid setregid setresuid setresgid"),
        ("security-and-permissions", "setgroups setfsuid setfsgid capset seccomp"),
        ("security-and-permissions", "setxattr lsetxattr fsetxattr setxattrat"),
        ("security-and-permissions", "removexattr lremovexattr fremovexattr removexattrat"),
        ("security-and-permissions", "file_setattr landlock_restrict_self"),
        ("system-information", "uname sysinfo getrusage getcpu getuid getgroups capget"),
        ("descriptors", "read write writev close close_range dup dup2 dup3 fcntl ioctl"),
        ("descriptors", "poll ppoll select pselect6 epoll_create1 epoll_ctl epoll_pwait2"),
        ("descriptors", "eventfd eventfd2 pipe pipe2 splice tee vmsplice restart_syscall"),
        ("process-management", "fork vfork clone clone3 execve execveat exit exit_group wait4"),
        ("process-management", "prlimit64 setpriority sched_setaffinity pidfd_open prctl"),
        ("memory-management", "mmap munmap mremap mprotect brk madvise memfd_create"),
        ("process-synchronization", "futex futex_waitv membarrier rseq set_robust_list"),
        ("misc", "getrandom umask getcwd"),
        ("never", "io_uring_setup io_uring_enter io_uring_register"),
        ("never", "io_setup io_submit io_getevents io_pgetevents io_cancel io_destroy"),
        ("never", "ptrace process_vm_readv process_vm_writev process_madvise pidfd_getfd kcmp"),
        ("never", "bpf perf_event_open userfaultfd keyctl add_key request_key"),
        ("never", "open_by_handle_at name_to_handle_at fanotify_init fanotify_mark"),
        ("never", "mount umount2 move_mount open_tree open_tree_attr mount_setattr"),
        ("never", "fsopen fsconfig fsmount fspick pivot_root chroot setns unshare"),
        ("never", "init_module finit_module delete_module kexec_load kexec_file_load reboot"),
        ("never", "swapon swapoff acct quotactl quotactl_fd syslog iopl ioperm personality"),
        ("never", "settimeofday clock_settime adjtimex clock_adjtime"),
        ("never", "sethostname setdomainname vhangup modify_ldt move_pages migrate_pages"),
    ];

    fn named(name: &str) -> Group {
        Group::ALL.iter().copied().find(|group| group.name() == name).unwrap()
    }

    fn set(names: &[&str]) -> GroupSet {
        names.iter().map(|name| named(name)).collect()
    }

    #[test]
    fn calls_stand_where_users_expect_them() {
        for (group, calls) in REQUIRED {
            for (call, nr) in calls.split(' ').filter_map(|call| Some((call, number_of(call)?))) {
                assert_eq!(group_of(nr), Some(named(group)), "{call}");
            }
        }
    }

    /// The pins above must not pass because a name in them is misspelt.
    #[test]
    #[cfg(target_arch = "x86_64")]
    fn calls_of_the_pins_exist() {
        for call in REQUIRED.iter().flat_map(|(_, calls)| calls.split(' ')) {
            assert!(number_of(call).is_some(), "{call}");
        }
    }

    #[test]
    fn newest_calls_are_known() {
        assert_eq!(group_of(468), Some(Group::FileSystemRead));
        assert_eq!(group_of(469), Some(Group::SecurityAndPermissions));
        assert_eq!((number_of("listns"), group_of(470)), (Some(470), Some(Group::Never)));
        assert_eq!(name_of(471), Some("rseq_slice_yield"));
        assert_eq!(MAX_NR, 471);
    }

    #[test]
    fn every_call_of_the_crate_has_its_group_and_name() {
        let table: BTreeMap<_, _> = (0..=Sysno::last().id() as u32)
            .filter_map(|nr| Sysno::new(nr as usize).map(|call| (nr, call.name())))
            .filter(|(nr, _)| cfg!(target_arch = "x86_64") || !(403..=423).contains(nr))
            .collect();
        for (nr, name) in &table {
            assert_eq!((name_of(*nr), number_of(name)), (Some(*name), Some(*nr)));
            assert!(group_of(*nr).is_some(), "{name}");
        }
        let newer = (0..=MAX_NR).filter(|nr| name_of(*nr).is_some() && !table.contains_key(nr));
        let members: usize = Group::ALL.iter().map(|group| group.members().len()).sum();
        assert_eq!(members, table.len() + newer.count());
    }

    #[test]
    fn members_and_group_of_agree() {
        for group in Group::ALL {
            assert!(group.members().is_sorted());
            for nr in group.members() {
                assert_eq!(group_of(*nr), Some(*group));
            }
        }
    }

    #[test]
    fn numbers_outside_the_table_are_unknown() {
        for nr in [MAX_NR + 1, 400, 0x4000_0000, 0x4000_0000 | 2, u32::MAX] {
            assert_eq!((group_of(nr), name_of(nr), reason(nr)), (None, None, None), "{nr:#x}");
        }
    }

    #[test]
    fn never_members_have_reasons() {
        for nr in Group::Never.members() {
            assert!(reason(*nr).is_some(), "{:?}", name_of(*nr));
        }
        assert_eq!(reason(number_of("close").unwrap()), None);
    }

    #[test]
    fn baseline_is_what_the_flag_says() {
        let mut expected = set(&["descriptors", "process-management", "memory-management"]);
        expected = expected.union(set(&["signals", "timers-and-clocks-management", "misc"]));
        expected = expected.union(set(&["system-information", "process-synchronization"]));
        assert_eq!(GroupSet::baseline(), expected);
        assert_eq!(GroupSet::baseline().closure(), expected);
    }

    /// Every call that takes a path, a socket call or a change of identity, execution apart.
    #[test]
    fn baseline_reaches_no_path_no_socket_no_identity() {
        let paths = "open openat openat2 creat access faccessat faccessat2 stat lstat newfstatat \
            fstatat statx statfs readlink readlinkat chdir chroot truncate rename renameat \
            renameat2 link linkat symlink symlinkat unlink unlinkat mkdir mkdirat rmdir mknod \
            mknodat chmod fchmodat fchmodat2 chown lchown fchownat utime utimes utimensat \
            futimesat getxattr lgetxattr getxattrat listxattr llistxattr listxattrat setxattr \
            lsetxattr setxattrat removexattr lremovexattr removexattrat file_getattr \
            file_setattr inotify_add_watch fanotify_mark name_to_handle_at open_by_handle_at \
            open_tree open_tree_attr move_mount mount umount2 mount_setattr fspick pivot_root \
            swapon swapoff acct quotactl uselib";
        let sockets = "socket socketpair connect bind listen accept accept4 sendto sendmsg \
            sendmmsg recvfrom recvmsg recvmmsg getsockopt setsockopt";
        let identity = "setuid setgid setreuid setregid setresuid setresgid setfsuid setfsgid \
            setgroups capset lsm_set_self_attr";
        let calls = [paths, sockets, identity].into_iter().flat_map(str::split_whitespace);
        for (call, nr) in calls.filter_map(|call| Some((call, number_of(call)?))) {
            assert!(!group_of(nr).unwrap().in_baseline(), "{call}");
        }
    }

    #[test]
    fn closure_adds_what_groups_include() {
        let cases: &[(&[&str], &[&str])] = &[
            (&[], &[]),
            (&["misc"], &["misc"]),
            (&["file-system-read"], &["file-system-read", "descriptors"]),
            (&["file-system-write"], &["file-system-write", "file-system-read", "descriptors"]),
            (&["file-system-permissions"], &["file-system-permissions", "descriptors"]),
            (&["network-client"], &["network-client", "sockets", "descriptors"]),
            (&["network-server"], &["network-server", "sockets", "descriptors"]),
            (&["network-local-sockets"], &["network-local-sockets", "sockets", "descriptors"]),
            (&["security-and-permissions"], &["security-and-permissions"]),
        ];
        for (given, wanted) in cases {
            assert_eq!(set(given).closure(), set(wanted), "{given:?}");
        }
    }

    #[test]
    fn sets_hold_what_was_put_in_and_never_never() {
        const BOTH: GroupSet = GroupSet::of(&[Group::Misc, Group::Never, Group::Signals]);
        assert_eq!(BOTH.iter().collect::<Vec<_>>(), [Group::Signals, Group::Misc]);
        assert!(BOTH.contains(Group::Misc) && !BOTH.contains(Group::Never));
        assert!(GroupSet::of(&[Group::Never]).is_empty() && !BOTH.is_empty());
        assert_eq!(Group::ALL.iter().copied().collect::<GroupSet>().iter().count(), 17);
        assert_eq!(format!("{BOTH:?}"), "{Signals, Misc}");
        assert_eq!(GroupSet::default(), GroupSet::EMPTY);
    }

    #[test]
    fn all_is_in_the_order_of_the_enum_with_flags_apart() {
        assert!(Group::ALL.is_sorted());
        let flags: BTreeSet<_> = Group::ALL.iter().filter_map(|group| group.flag()).collect();
        assert_eq!(flags.len(), 15);
        for group in Group::ALL {
            let wanted = format!("--allow-{}", group.name());
            assert!(group.flag().is_none_or(|flag| flag == wanted), "{group:?}");
        }
    }

    #[test]
    fn nearest_names_what_was_meant() {
        let cases = [
            ("opennat", Some("openat")),
            ("getpidd", Some("getpid")),
            ("mkdirr", Some("mkdir")),
            ("scoket", Some("socket")),
            ("io_uring_setpu", Some("io_uring_setup")),
            ("read", Some("read")),
            ("frobnicate", None),
            ("", None),
        ];
        for (typed, meant) in cases {
            assert_eq!(nearest(typed), meant, "{typed}");
        }
    }

    #[test]
    fn groups_doc() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/groups.md");
        let wanted = include_str!(concat!(env!("OUT_DIR"), "/groups.md"));
        if std::env::var_os("GATEKEEPER_BLESS").is_some() {
            fs::write(&path, wanted).unwrap();
        }
        let found = fs::read_to_string(&path).unwrap_or_default();
        let refresh = "GATEKEEPER_BLESS=1 cargo test groups_doc";
        assert!(found == wanted, "docs/groups.md is not what syscall-groups say; run: {refresh}");
    }

    /// Runs the build script on a copy of the group files in which, in one file, every `from` is
    /// `to`; an empty `from` appends.
    fn build(arch: &str, file: &str, from: &str, to: &str) -> Output {
        let dir = tempfile::tempdir().unwrap();
        let copies = dir.path().join("syscall-groups");
        fs::create_dir(&copies).unwrap();
        let originals = Path::new(env!("CARGO_MANIFEST_DIR")).join("syscall-groups");
        for entry in fs::read_dir(originals).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), copies.join(entry.file_name())).unwrap();
        }
        let path = copies.join(file);
        let text = fs::read_to_string(&path).unwrap_or_default();
        let changed = if from.is_empty() { text.clone() + to } else { text.replace(from, to) };
        assert!(from.is_empty() || changed != text, "{from} is not in {file}");
        fs::write(&path, changed).unwrap();
        Command::new(env!("GATEKEEPER_BUILD_SCRIPT"))
            .env("CARGO_MANIFEST_DIR", dir.path())
            .env("OUT_DIR", dir.path())
            .env("CARGO_CFG_TARGET_ARCH", arch)
            .output()
            .unwrap()
    }

    #[test]
    fn build_takes_the_files_as_they_are() {
        for arch in ["x86_64", "aarch64"] {
            let output = build(arch, "misc.toml", "", "");
            assert!(output.status.success(), "{arch}: {output:?}");
        }
    }

    #[test]
    fn build_refuses_broken_files() {
        let cases = [
            ("misc.toml", "", "frobnicate = ''\n", "frobnicate: unknown call"),
            ("misc.toml", "", "ptrace = ''\n", "ptrace stands in two groups"),
            ("misc.toml", "umask = ", "# ", "umask (95 on x86_64) stands in no group"),
            ("misc.toml", "", "x = { nr = 1, why = '' }\n", "1 is not the same on every"),
            ("misc.toml", "", "x = { nr = 469, why = '' }\n", "469 is the number of file_setattr"),
            ("misc.toml", "", "umask = ''\n", "misc.toml: TOML parse error"),
            ("misc.toml", "--allow-misc", "--allow-else", "its flag must be"),
            ("misc.toml", "baseline", "base", "misc.toml: TOML parse error"),
            ("sockets.toml", "\"descriptors\"", "\"descriptor\"", "unknown include descriptor"),
            ("sockets.toml", "\"descriptors\"", "\"never\"", "unknown include never"),
            ("never.toml", "\"ends the machine\"", "\"\"", "reboot stands in never without a"),
            ("never.toml", "baseline = false", "baseline = true", "never: neither in the base"),
            ("more.toml", "", "", "more.toml: not a group"),
        ];
        for (file, from, to, message) in cases {
            let output = build("x86_64", file, from, to);
            let text = String::from_utf8_lossy(&output.stdout);
            let error = text.lines().find(|line| line.starts_with("cargo::error="));
            assert!(!output.status.success(), "{message}");
            assert!(error.is_some_and(|line| line.contains(message)), "{message}: {text}");
        }
    }
}
