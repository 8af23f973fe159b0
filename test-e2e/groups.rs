//! Every permission flag: what it grants, and that without it the same call is refused, by kill and by error.

use crate::harness::{Gate, Out, Place, Run, User, over_gates, over_gates_and_users};

/// A flag and calls that it alone grants, each with what it returns then ("" stands for any success).
const GROUPS: &[(&str, &[(&str, &str)])] = &[
    (
        "--allow-process-management",
        &[("getpid", ""), ("getpriority PRIO_PROCESS 0", ""), ("sched_getaffinity 0 8 buf", "")],
    ),
    (
        "--allow-memory-management",
        &[("mmap 0 4096 PROT_READ MAP_PRIVATE|MAP_ANONYMOUS -1 0", ""), ("brk 0", "")],
    ),
    ("--allow-signals", &[("rt_sigprocmask 0 null null 8", "0"), ("sigaltstack null buf", "0")]),
    (
        "--allow-timers-and-clocks-management",
        &[("clock_gettime CLOCK_MONOTONIC buf", "0"), ("gettimeofday buf null", "0")],
    ),
    ("--allow-security-and-permissions", &[("setresuid -1 -1 -1", "0"), ("setregid -1 -1", "0")]),
    ("--allow-system-information", &[("uname buf", "0"), ("sysinfo buf", "0")]),
    ("--allow-process-communication", &[("shmctl 0 14 buf", ""), ("msgctl 0 3 buf", "")]),
    ("--allow-process-synchronization", &[("futex buf FUTEX_WAKE 1", "0")]),
    ("--allow-misc", &[("getrandom buf 8 0", "8"), ("umask 022", "")]),
    (
        "--allow-file-system-read",
        &[("openat AT_FDCWD /etc/hostname O_RDONLY", ""), ("stat /etc/hostname buf", "0")],
    ),
    (
        "--allow-network-client",
        &[("socket AF_INET SOCK_STREAM 0", ""), ("socket AF_INET6 SOCK_DGRAM 0", "")],
    ),
    (
        "--allow-network-server",
        &[("socket AF_INET SOCK_STREAM 0", ""), ("socket AF_INET6 SOCK_STREAM 0", "")],
    ),
    ("--allow-network-local-sockets", &[("socketpair AF_UNIX SOCK_DGRAM 0 buf", "0")]),
    (
        "--allow-networking",
        &[("socket AF_INET SOCK_STREAM 0", ""), ("socketpair AF_UNIX SOCK_DGRAM 0 buf", "0")],
    ),
];

/// The flags whose groups are no part of the baseline.
const BEYOND: &[&str] =
    &["--allow-security", "--allow-process-communication", "--allow-file", "--allow-network"];

/// `write` and `exit_group` are what the probe itself cannot do without.
const BARE: [&str; 3] =
    ["--allow-implicit-commands=false", "--allow-syscall=write", "--allow-syscall=exit_group"];

fn name_of(call: &str) -> &str {
    call.split(' ').next().unwrap()
}

#[track_caller]
fn succeeded(out: &Out, call: &str, want: &str) {
    let name = name_of(call);
    out.code(0).undenied();
    if want.is_empty() {
        out.shows(&format!("{name} = ")).lacks("EPERM");
    } else {
        out.says(&format!("{name} = {want}"));
    }
}

/// Without the flag: EPERM, one report that names the flag. With it: the call works.
fn each_flag_grants_its_calls_and_nothing_else_does(gate: Gate) {
    for (flag, calls) in GROUPS {
        for (call, want) in *calls {
            let name = name_of(call);
            let without = Run::over(gate).args(BARE).error().probe([call]).output();
            without
                .code(0)
                .says(&format!("{name} = -1 EPERM"))
                .denied(&[&format!("denied {name}("), "allow it with --allow-"]);
            let with = Run::over(gate).args(BARE).arg(flag).error().probe([call]).output();
            succeeded(&with, call, want);
        }
    }
}

/// The same with kill: 111 and nothing after the call.
fn each_missing_flag_kills(gate: Gate) {
    for (flag, calls) in GROUPS {
        let (call, _) = calls[0];
        let name = name_of(call);
        let out = Run::over(gate).args(BARE).probe([call, "!print survived"]).output();
        out.code(111).stdout("").denied(&[&format!("denied {name}("), "allow it with"]);
        assert!(
            out.stderr.contains(flag) || flag.starts_with("--allow-network"),
            "{flag} is not what would help{out}"
        );
    }
}

/// The baseline is what is granted without any flag.
fn the_baseline(gate: Gate) {
    for (flag, calls) in GROUPS {
        let beyond = BEYOND.iter().any(|prefix| flag.starts_with(prefix));
        for (call, want) in *calls {
            let out = Run::over(gate).error().probe([call]).output();
            if beyond {
                out.code(0).says(&format!("{} = -1 EPERM", name_of(call)));
            } else {
                succeeded(&out, call, want);
            }
        }
    }
}

/// An empty list means that everything is denied.
fn nothing_at_all(gate: Gate) {
    let out =
        Run::over(gate).arg("--allow-implicit-commands=false").probe(["!print here"]).output();
    out.code(111).stdout("").denied(&["denied write("]);
    // Refused even its exit_group, the probe ends by a fault.
    let out = Run::over(gate)
        .arg("--allow-implicit-commands=false")
        .error()
        .probe(["!print here"])
        .output();
    out.code(139).stdout("").some_denial(&["denied write("]).some_denial(&["denied exit_group("]);
}

/// What the file system and network grants include of the baseline: use of descriptors.
fn grants_include_the_use_of_descriptors(gate: Gate) {
    let calls = [
        "pipe2 buf 0",
        "dup 1",
        "fcntl 0 F_GETFD",
        "poll null 0 0",
        "close 5",
        "eventfd2 0 0",
        "epoll_create1 0",
    ];
    for flag in ["--allow-file-system-read", "--allow-network-client", "--allow-network-server"] {
        let out = Run::over(gate).args(BARE).arg(flag).error().probe(calls).output();
        out.code(0).undenied().lacks("EPERM");
    }
}

/// A syscall of no group is refused under every flag there is, and allowed by its own name.
fn no_group_has_them(gate: Gate) {
    let everything: Vec<&str> = GROUPS
        .iter()
        .map(|(flag, _)| *flag)
        .chain(["--allow-file-system", "--allow-file-system-permissions"])
        .collect();
    for call in [
        "ptrace PTRACE_TRACEME 0 0 0",
        "process_vm_readv @self null 0 null 0 0",
        "process_vm_writev @self null 0 null 0 0",
        "pidfd_getfd 0 0 0",
        "bpf 0 null 0",
        "perf_event_open null 0 -1 -1 0",
        "userfaultfd 0",
        "keyctl 0 0 0",
        "add_key null null null 0 0",
        "open_by_handle_at AT_FDCWD null 0",
        "name_to_handle_at AT_FDCWD /etc buf buf 0",
        "mount null null null 0 null",
        "umount2 /nowhere 0",
        "chroot /",
        "pivot_root / /",
        "setns 0 0",
        "unshare CLONE_NEWUSER",
        "fsopen s:tmpfs 0",
        "open_tree AT_FDCWD / 0",
        "io_uring_setup 1 buf",
        "io_uring_enter 0 0 0 0 null 0",
        "io_uring_register 0 0 null 0",
        "kcmp @self @self 0 0 0",
        "init_module null 0 null",
        "finit_module 0 null 0",
        "kexec_load 0 0 null 0",
        "swapon null 0",
        "acct null",
        "iopl 0",
        "sethostname null 0",
        "quotactl 0 null 0 null",
        "syslog 10 null 0",
        "personality 0xffffffff",
        "modify_ldt 0 null 0",
    ] {
        let name = name_of(call);
        let out = Run::over(gate).args(&everything).error().probe([call]).output();
        out.code(0);
        assert!(
            out.stdout == format!("{name} = -1 EPERM\n")
                || (name.starts_with("io_uring") && out.stdout == format!("{name} = -1 ENOSYS\n")),
            "{out}"
        );
    }
    Run::over(gate)
        .arg("--allow-syscall=personality")
        .error()
        .probe(["personality 0xffffffff"])
        .output()
        .says("personality = 0")
        .undenied();
}

/// A number that no table has.
fn an_unknown_number(gate: Gate) {
    for call in ["!nr 470", "!nr 511", "!nr 1000", "!nr 0x3fffffff"] {
        let out = Run::over(gate).arg("--allow-file-system").error().probe([call]).output();
        out.code(0).stdout("!nr = -1 EPERM\n").denied(&["denied "]);
        Run::over(gate)
            .arg("--allow-file-system")
            .probe([call, "!print survived"])
            .output()
            .code(111)
            .stdout("")
            .denied(&["denied "]);
    }
}

over_gates! {
    each_flag_grants_its_calls_and_nothing_else_does,
    each_missing_flag_kills,
    the_baseline,
    nothing_at_all,
    grants_include_the_use_of_descriptors,
    no_group_has_them,
    an_unknown_number,
}

/// All of the read group, and that it takes the flag.
fn reading(gate: Gate, user: User) {
    let place = Place::new();
    let calls = read_calls(&place);
    let out =
        Run::over(gate).by(user).arg("--allow-file-system-read").error().probe(&calls).output();
    out.code(0).undenied().lacks("EPERM").lacks("EACCES").says("openat = 3");
    assert_eq!(out.stdout.lines().count(), calls.len());

    let out = Run::over(gate).by(user).error().probe(&calls).output();
    out.code(0);
    for line in out.stdout.lines() {
        assert!(
            line.ends_with("EPERM") || line.ends_with("EACCES"),
            "{line:?} without the grant{out}"
        );
    }
    assert_eq!(out.stdout.lines().count(), calls.len());
}

/// All of the write group is refused under read, and nothing changes.
fn writing_is_not_reading(gate: Gate, user: User) {
    let place = Place::new();
    let calls = write_calls(&place);
    let out =
        Run::over(gate).by(user).arg("--allow-file-system-read").error().probe(&calls).output();
    out.code(0);
    assert_eq!(out.stdout.lines().count(), calls.len());
    for (line, call) in out.stdout.lines().zip(&calls) {
        assert!(line.ends_with("-1 EPERM"), "{call:?} gave {line:?}{out}");
    }
    place.untouched();
    assert_eq!(place.read("allowed_/ok.txt"), "fine\n");
    assert_eq!(std::fs::read_dir(place.allowed("")).unwrap().count(), 2);
}

/// All of it works with the flag.
fn writing(gate: Gate, user: User) {
    let place = Place::new();
    let calls = write_calls(&place);
    for flag in ["--allow-file-system-write", "--allow-file-system"] {
        let out = Run::over(gate).by(user).arg(flag).error().probe(&calls).output();
        out.code(0).undenied().lacks("EPERM").lacks("EACCES");
        assert_eq!(out.stdout.lines().count(), calls.len());
    }
}

/// Modes and owners take a flag of their own.
fn permissions(gate: Gate, user: User) {
    let place = Place::new();
    let file = place.allowed("ok.txt");
    let file = file.display();
    if user == User::Nobody {
        std::os::unix::fs::chown(place.allowed("ok.txt"), Some(65534), Some(65534))
            .unwrap_or_default();
    }
    let calls = [
        format!("chmod {file} 0600"),
        format!("fchmodat AT_FDCWD {file} 0600"),
        format!("fchmodat2 AT_FDCWD {file} 0600 0"),
        format!("openat AT_FDCWD {file} O_RDONLY"),
        "fchmod %4 0600".to_owned(),
        format!("chown {file} -1 -1"),
        format!("lchown {file} -1 -1"),
        format!("fchownat AT_FDCWD {file} -1 -1 0"),
        "fchown %4 -1 -1".to_owned(),
    ];
    let write = "--allow-file-system-write";
    let out = Run::over(gate).by(user).arg(write).error().probe(&calls).output();
    out.code(0).says("openat = 3");
    let refused = out.stdout.lines().filter(|line| line.ends_with("-1 EPERM")).count();
    assert_eq!(refused, 8, "{out}");
    let mode = || {
        std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(place.allowed("ok.txt")).unwrap())
            & 0o777
    };
    assert_eq!(mode(), 0o666);

    let out = Run::over(gate)
        .by(user)
        .args([write, "--allow-file-system-permissions"])
        .error()
        .probe(&calls)
        .output();
    out.code(0).undenied().lacks("-1 ");
    assert_eq!(mode(), 0o600);
}

over_gates_and_users! {
    reading,
    writing_is_not_reading,
    writing,
    permissions,
}

/// Every call of the read group that names a path, and those on descriptors.
fn read_calls(place: &Place) -> Vec<String> {
    let file = place.allowed("ok.txt").display().to_string();
    let dir = place.allowed("").display().to_string();
    std::os::unix::fs::symlink("ok.txt", place.allowed("link")).unwrap();
    [
        "openat AT_FDCWD {f} O_RDONLY",
        "open {f} O_RDONLY",
        "openat2 AT_FDCWD {f} how:O_RDONLY 24",
        "openat AT_FDCWD {d} O_RDONLY|O_DIRECTORY",
        "access {f} R_OK",
        "faccessat AT_FDCWD {f} R_OK",
        "faccessat2 AT_FDCWD {f} R_OK 0",
        "stat {f} buf",
        "lstat {f} buf",
        "newfstatat AT_FDCWD {f} buf 0",
        "statx AT_FDCWD {f} 0 0x7ff buf",
        "statfs {f} buf",
        "readlink {d}link buf 100",
        "readlinkat AT_FDCWD {d}link buf 100",
        "getxattr {f} s:user.none buf 100",
        "lgetxattr {f} s:user.none buf 100",
        "listxattr {f} buf 100",
        "llistxattr {f} buf 100",
        "chdir {d}",
        "inotify_init1 0",
        "inotify_add_watch %20 {f} IN_MODIFY",
    ]
    .iter()
    .map(|call| call.replace("{f}", &file).replace("{d}", &dir))
    .collect()
}

/// Every call of the write group that names a path, in an order that works out, all on files of its own.
fn write_calls(place: &Place) -> Vec<String> {
    let dir = place.allowed("x").display().to_string();
    let file = place.write("allowed_/x/w", "text\n").display().to_string();
    [
        "open {f} O_WRONLY",
        "open {f} O_RDWR",
        "open {f} O_RDONLY|O_TRUNC",
        "open {f} 3",
        "open {d}/new O_RDONLY|O_CREAT 0644",
        "openat AT_FDCWD {d} O_TMPFILE|O_RDWR 0600",
        "openat2 AT_FDCWD {f} how:O_RDWR 24",
        "openat2 AT_FDCWD {d}/new2 how:O_WRONLY|O_CREAT:0644 24",
        "creat {d}/new3 0644",
        "truncate {f} 1",
        "rename {f} {d}/b",
        "renameat AT_FDCWD {d}/b AT_FDCWD {f}",
        "link {f} {d}/c",
        "linkat AT_FDCWD {f} AT_FDCWD {d}/d 0",
        "renameat2 AT_FDCWD {d}/c AT_FDCWD {d}/d 2",
        "unlink {d}/c",
        "unlinkat AT_FDCWD {d}/d 0",
        "mkdir {d}/e 0755",
        "mkdirat AT_FDCWD {d}/f 0755",
        "rmdir {d}/e",
        "unlinkat AT_FDCWD {d}/f AT_REMOVEDIR",
        "mknod {d}/g S_IFIFO 0",
        "mknodat AT_FDCWD {d}/h S_IFIFO 0",
        "unlink {d}/g",
        "unlink {d}/h",
        "symlink s:w {d}/i",
        "symlinkat s:w AT_FDCWD {d}/j",
        "unlink {d}/i",
        "unlink {d}/j",
        "utime {f} null",
        "utimes {f} null",
        "utimensat AT_FDCWD {f} null 0",
        "futimesat AT_FDCWD {f} null",
        "unlink {d}/new",
        "unlink {d}/new2",
        "unlink {d}/new3",
    ]
    .iter()
    .map(|call| call.replace("{f}", &file).replace("{d}", &dir))
    .collect()
}
