//! Path rules: which path a call really means, and that the list decides about that one.

use std::os::unix::fs::symlink;

use crate::harness::{Gate, Out, Place, Run, User, over_gates, over_gates_and_users};

pub(crate) const READ: &str = "--allow-file-system-read";
pub(crate) const WRITE: &str = "--allow-file-system-write";

/// Under a read and write grant for the allowed part, with error: the calls, with `ALLOWED`, `SECRET` and `BASE` for
/// the place's directories.
#[track_caller]
pub(crate) fn confined(gate: Gate, user: User, place: &Place, calls: &[&str]) -> Out {
    let calls: Vec<String> = calls.iter().map(|call| filled(place, call)).collect();
    Run::over(gate)
        .by(user)
        .args([WRITE, &place.listed()])
        .error()
        .cwd(place.allowed(""))
        .probe(calls)
        .output()
}

pub(crate) fn filled(place: &Place, text: &str) -> String {
    text.replace("ALLOWED", place.allowed("").to_str().unwrap().trim_end_matches('/'))
        .replace("SECRET", place.secret("").to_str().unwrap().trim_end_matches('/'))
        .replace("BASE", &place.text())
}

/// Each of `calls`, in a run of its own after `before`, ends in EPERM, is reported once, and leaves the secrets alone.
#[track_caller]
pub(crate) fn each_denied(gate: Gate, user: User, place: &Place, before: &[&str], calls: &[&str]) {
    for call in calls {
        let all: Vec<&str> = before.iter().chain([call]).copied().collect();
        let out = confined(gate, user, place, &all);
        let last = out.stdout.lines().last().unwrap_or_default();
        assert!(last.ends_with("= -1 EPERM"), "{call:?} gave {last:?}{out}");
        let name = call.split(' ').next().unwrap();
        out.code(0).denied(&[&format!("denied {name}("), ": "]);
        place.untouched();
    }
}

/// The plain case, its report, and that the rest works.
fn inside_and_outside(gate: Gate, user: User) {
    let place = Place::new();
    let out = confined(
        gate,
        user,
        &place,
        &[
            "openat AT_FDCWD ALLOWED/ok.txt O_RDWR",
            "read %1 buf 10",
            "!dump %2",
            "openat AT_FDCWD SECRET/ok.txt O_RDONLY",
        ],
    );
    out.code(0).stdout("openat = 3\nread = 5\nfine\nopenat = -1 EPERM\n").denied(&[
        "gatekeeper: denied openat(",
        &filled(&place, "\"SECRET/ok.txt\", O_RDONLY"),
        ") by probe[",
        "]: outside the allowed paths; allow it with --allow-file-system-",
        &filled(&place, "=SECRET/ok.txt"),
    ]);
}

/// The line of the design, word for word.
fn the_report(gate: Gate, user: User) {
    let out = Run::over(gate)
        .by(user)
        .args([
            READ,
            "--allow-file-system-path=/usr",
            "--allow-file-system-path=/lib",
            "--allow-file-system-path=/lib64",
            "--allow-file-system-path=/etc/ld.so.cache",
            "--allow-file-system-path=/dev/null",
        ])
        .cmd(["/usr/bin/cat", "/etc/shadow"])
        .output();
    out.code(111).stdout("");
    let line = out.denials()[0];
    let pid: String =
        line.chars().skip_while(|c| *c != '[').skip(1).take_while(|c| c.is_ascii_digit()).collect();
    assert_eq!(
        line,
        format!(
            "gatekeeper: denied openat(\"/etc/shadow\", O_RDONLY) by cat[{pid}]: outside the allowed paths; allow it with --allow-file-system-path=/etc/shadow"
        ),
    );
    assert_eq!(out.denials().len(), 1);
}

/// Spellings of an allowed path.
fn spellings_of_an_allowed_path(gate: Gate, user: User) {
    let place = Place::new();
    symlink("x/../ok.txt", place.allowed("inner")).unwrap();
    symlink(place.allowed("ok.txt"), place.at("ok-link")).unwrap();
    for path in [
        "ALLOWED/ok.txt",
        "ok.txt",
        "./ok.txt",
        "ALLOWED//ok.txt",
        "ALLOWED/./ok.txt",
        "ALLOWED/x/../ok.txt",
        "x/y/../../ok.txt",
        "ALLOWED/inner",
        "../allowed_/ok.txt",
        "BASE/./allowed_/../allowed_/ok.txt",
        "/proc/self/cwd/ok.txt",
        "/proc/self/root/ALLOWED/ok.txt",
    ] {
        let path =
            if path.starts_with(['/', '.']) || path.contains("ALLOWED") || path.contains("BASE") {
                path.to_owned()
            } else {
                format!("s:{path}")
            };
        let call = format!("openat AT_FDCWD {path} O_RDONLY");
        let out = confined(gate, user, &place, &[&call, "read %1 buf 10", "!dump %2"]);
        // /proc itself is not in the list: going through it may be refused, never be misread.
        if path.starts_with("/proc") {
            out.code(0).lacks("SECRET\n");
        } else {
            out.code(0).undenied().shows("fine");
        }
    }
}

/// Spellings of a secret path.
fn spellings_of_a_secret_path(gate: Gate, user: User) {
    let place = Place::new();
    symlink(place.secret("ok.txt"), place.allowed("leaf")).unwrap();
    symlink("../secret__", place.allowed("dir")).unwrap();
    symlink("dir", place.allowed("chain")).unwrap();
    symlink("/", place.allowed("root")).unwrap();
    symlink("..", place.allowed("x/up")).unwrap();
    each_denied(
        gate,
        user,
        &place,
        &[],
        &[
            "openat AT_FDCWD SECRET/ok.txt O_RDONLY",
            "openat AT_FDCWD ../ok.txt O_RDONLY",
            "openat AT_FDCWD ../secret__/ok.txt O_RDONLY",
            "openat AT_FDCWD ALLOWED/../ok.txt O_RDONLY",
            "openat AT_FDCWD ALLOWED/x/../../ok.txt O_RDONLY",
            "openat AT_FDCWD ALLOWED/leaf O_RDONLY",
            "openat AT_FDCWD s:leaf O_RDWR",
            "openat AT_FDCWD s:dir/ok.txt O_RDONLY",
            "openat AT_FDCWD s:chain/ok.txt O_RDONLY",
            "openat AT_FDCWD s:dir/../ok.txt O_RDONLY",
            "openat AT_FDCWD s:x/up/../ok.txt O_RDONLY",
            "openat AT_FDCWD ALLOWED/root/BASE/ok.txt O_RDONLY",
            "open SECRET/ok.txt O_RDONLY",
            "open s:leaf O_WRONLY",
            "openat2 AT_FDCWD SECRET/ok.txt how:O_RDONLY 24",
            "openat2 AT_FDCWD s:leaf how:O_RDWR 24",
            "creat SECRET/new 0644",
            "truncate SECRET/ok.txt 0",
        ],
    );
}

/// The magic links of /proc, of this process and of others.
fn magic_links(gate: Gate, user: User) {
    let place = Place::new();
    each_denied(
        gate,
        user,
        &place,
        &[],
        &[
            "openat AT_FDCWD /proc/self/root/SECRET/ok.txt O_RDONLY",
            "openat AT_FDCWD /proc/self/root/etc/shadow O_RDONLY",
            "openat AT_FDCWD /proc/self/cwd/../ok.txt O_RDONLY",
            "openat AT_FDCWD /proc/thread-self/root/SECRET/ok.txt O_RDONLY",
            "openat AT_FDCWD /proc/@self/cwd/../ok.txt O_RDONLY",
            "openat AT_FDCWD /proc/@self/task/@self/root/SECRET/ok.txt O_RDONLY",
            "openat AT_FDCWD /proc/1/root/etc/shadow O_RDONLY",
            "openat AT_FDCWD /proc/@gk/root/etc/shadow O_RDONLY",
            "openat AT_FDCWD /proc/@gk/cwd/../ok.txt O_RDONLY",
            "openat AT_FDCWD /dev/fd/../../etc/shadow O_RDONLY",
        ],
    );
    each_denied(
        gate,
        user,
        &place,
        &["openat AT_FDCWD ALLOWED/x O_RDONLY|O_DIRECTORY"],
        &[
            "openat AT_FDCWD /proc/self/fd/%1/../../ok.txt O_RDONLY",
            "openat %1 ../../ok.txt O_RDONLY",
            "openat %1 ../../secret__/ok.txt O_RDONLY",
            "openat2 %1 ../../ok.txt how:O_RDONLY 24",
        ],
    );
}

/// With /proc in the list as well, the links lead where they lead.
fn magic_links_with_proc_allowed(gate: Gate, user: User) {
    let place = Place::new();
    let bystander = Run::native("/bin/cat").cwd(place.secret("")).start();
    let pid = bystander.pid();
    for path in [
        "/proc/self/root/SECRET/ok.txt".to_owned(),
        "/proc/self/cwd/../ok.txt".to_owned(),
        format!("/proc/{pid}/cwd/ok.txt"),
        format!("/proc/{pid}/root/SECRET/ok.txt"),
        "/proc/@gk/root/SECRET/ok.txt".to_owned(),
        "/proc/@gk/cwd/../ok.txt".to_owned(),
    ] {
        let call = filled(&place, &format!("openat AT_FDCWD {path} O_RDONLY"));
        let out = Run::over(gate)
            .by(user)
            .args([READ, &place.listed(), "--allow-file-system-path=/proc"])
            .error()
            .cwd(place.allowed(""))
            .probe([&call])
            .output();
        assert!(
            ["openat = -1 EPERM\n", "openat = -1 EACCES\n"].contains(&out.stdout.as_str()),
            "{out}"
        );
    }
    let out = Run::over(gate)
        .by(user)
        .args([READ, &place.listed(), "--allow-file-system-path=/proc"])
        .error()
        .cwd(place.allowed(""))
        .probe([
            "openat AT_FDCWD /proc/self/cwd/ok.txt O_RDONLY",
            "read %1 buf 10",
            "!dump %2",
            "openat AT_FDCWD /proc/self/status O_RDONLY",
            "openat AT_FDCWD /proc/self/fd/%1 O_RDONLY",
        ])
        .output();
    out.code(0).undenied().stdout("openat = 3\nread = 5\nfine\nopenat = 4\nopenat = 5\n");
}

/// O_PATH does not open a way around: neither the descriptor of a secret directory nor one that leads there.
fn path_descriptors(gate: Gate, user: User) {
    let place = Place::new();
    each_denied(
        gate,
        user,
        &place,
        &[],
        &["openat AT_FDCWD SECRET O_PATH", "openat AT_FDCWD SECRET/ok.txt O_PATH"],
    );
    each_denied(
        gate,
        user,
        &place,
        &["openat AT_FDCWD ALLOWED O_PATH"],
        &[
            "openat %1 ../ok.txt O_RDONLY",
            "openat AT_FDCWD /proc/self/fd/%1/../ok.txt O_RDONLY",
            "fchmodat2 %1 ../ok.txt 0600",
            "unlinkat %1 ../ok.txt 0",
        ],
    );
}

/// The directories above an allowed path may be named, since their metadata may be read; what they contain may not.
fn path_descriptors_above(gate: Gate, user: User) {
    let place = Place::new();
    for above in ["/", "/tmp", "BASE"] {
        let out = confined(
            gate,
            user,
            &place,
            &[
                &format!("openat AT_FDCWD {above} O_PATH"),
                "openat %1 . O_RDONLY|O_DIRECTORY",
                "openat %1 s:ok.txt O_RDONLY",
                "openat %1 s:secret__/ok.txt O_RDONLY",
                "openat %1 s:etc/hostname O_RDONLY",
                "openat %1 s:etc O_PATH",
                "openat AT_FDCWD /proc/self/fd/%1 O_RDONLY|O_DIRECTORY",
                "openat AT_FDCWD /proc/self/fd/%1/ok.txt O_RDONLY",
            ],
        );
        out.code(0);
        let opened = out.stdout.lines().skip(1).filter(|line| !line.contains(" = -1 E")).count();
        assert_eq!(opened, 0, "{out}");
    }
}

/// Look-ups that only read metadata: EACCES outside, and no death even with kill; directories above may be looked at.
fn metadata_outside(gate: Gate, user: User) {
    let place = Place::new();
    symlink(place.secret("ok.txt"), place.allowed("leaf")).unwrap();
    let calls: Vec<String> = [
        "stat SECRET/ok.txt buf",
        "stat s:leaf buf",
        "newfstatat AT_FDCWD SECRET/ok.txt buf 0",
        "statx AT_FDCWD SECRET/ok.txt 0 0x7ff buf",
        "access SECRET/ok.txt R_OK",
        "faccessat2 AT_FDCWD SECRET/ok.txt R_OK 0",
        "readlink SECRET/ok.txt buf 10",
        "statfs SECRET buf",
        "getxattr SECRET/ok.txt s:user.a buf 10",
        "listxattr SECRET/ok.txt buf 10",
        "stat /etc/shadow buf",
        "lstat /proc/1/root/etc/shadow buf",
    ]
    .iter()
    .map(|call| filled(&place, call))
    .collect();
    let run = || Run::over(gate).by(user).args([READ, &place.listed()]).cwd(place.allowed(""));
    let out = run().probe(&calls).output();
    out.code(0).undenied();
    assert_eq!(out.stdout.matches("= -1 EACCES").count(), calls.len(), "{out}");

    let above = [
        "stat BASE buf",
        "lstat /tmp buf",
        "stat / buf",
        "stat ALLOWED buf",
        "lstat s:leaf buf",
        "stat . buf",
    ]
    .map(|call| filled(&place, call));
    let out = run().probe(&above).output();
    out.code(0).undenied();
    assert_eq!(out.stdout.matches("= 0").count(), above.len(), "{out}");

    for list in [
        "open BASE O_RDONLY|O_DIRECTORY",
        "open / O_RDONLY|O_DIRECTORY",
        "open /tmp O_RDONLY|O_DIRECTORY",
    ] {
        run().probe([filled(&place, list)]).output().code(111).denied(&["denied open("]);
    }
}

/// Components are compared, not letters.
fn a_prefix_is_not_a_directory(gate: Gate, user: User) {
    let place = Place::new();
    std::fs::create_dir(place.at("allowed_x")).unwrap();
    place.write("allowed_x/f", "SECRET\n");
    place.write("allowed_.txt", "SECRET\n");
    let out = confined(
        gate,
        user,
        &place,
        &[
            "open BASE/allowed_x/f O_RDONLY",
            "open BASE/allowed_.txt O_RDONLY",
            "open BASE/allowed_ O_RDONLY",
        ],
    );
    out.code(0).stdout("open = -1 EPERM\nopen = -1 EPERM\nopen = 3\n");
}

/// Allowed names are resolved at the start: a list entry may be a link or a file.
fn the_list_is_resolved(gate: Gate, user: User) {
    let place = Place::new();
    symlink("allowed_", place.at("alias")).unwrap();
    let file = format!("--allow-file-system-path={}", place.at("ok.txt").display());
    let alias = format!("--allow-file-system-path={}/alias", place.text());
    let calls = [
        "open ALLOWED/ok.txt O_RDONLY",
        "open BASE/alias/ok.txt O_RDONLY",
        "open BASE/ok.txt O_RDONLY",
        "open SECRET/ok.txt O_RDONLY",
    ]
    .map(|call| filled(&place, call));
    let out = Run::over(gate).by(user).args([READ, &file, &alias]).error().probe(&calls).output();
    out.code(0).stdout("open = 3\nopen = 4\nopen = 5\nopen = -1 EPERM\n");
}

/// Reading everywhere, writing in one place only; and reading in one place only.
fn grants_with_a_path_of_their_own(gate: Gate, user: User) {
    let place = Place::new();
    let write = format!("{WRITE}={}", place.allowed("").display());
    let calls = [
        "open SECRET/ok.txt O_RDONLY",
        "open SECRET/ok.txt O_WRONLY",
        "open ALLOWED/ok.txt O_RDWR",
        "open SECRET/new O_WRONLY|O_CREAT 0644",
        "unlink SECRET/ok.txt",
    ]
    .map(|call| filled(&place, call));
    let out = Run::over(gate).by(user).args([READ, &write]).error().probe(&calls).output();
    out.code(0).lines(&[
        "open = 3",
        "open = -1 EPERM",
        "open = 4",
        "open = -1 EPERM",
        "unlink = -1 EPERM",
    ]);
    assert_eq!(out.denials().len(), 3, "{out}");
    place.untouched();

    let read = format!("{READ}={}", place.allowed("").display());
    let out = Run::over(gate).by(user).arg(&read).error().probe(&calls).output();
    out.code(0).lines(&[
        "open = -1 EPERM",
        "open = -1 EPERM",
        "open = -1 EPERM",
        "open = -1 EPERM",
        "unlink = -1 EPERM",
    ]);
    let out = Run::over(gate).by(user).arg(&write).error().probe(&calls).output();
    out.code(0).lines(&[
        "open = -1 EPERM",
        "open = -1 EPERM",
        "open = 3",
        "open = -1 EPERM",
        "unlink = -1 EPERM",
    ]);
}

/// Relative paths, after every way to change what they are relative to.
fn relative_paths(gate: Gate, user: User) {
    let place = Place::new();
    let out = confined(
        gate,
        user,
        &place,
        &[
            "chdir s:x/y",
            "openat AT_FDCWD ../../ok.txt O_RDONLY",
            "openat AT_FDCWD ../../../ok.txt O_RDONLY",
            "openat AT_FDCWD ALLOWED/x O_RDONLY|O_DIRECTORY",
            "fchdir %4",
            "openat AT_FDCWD ../ok.txt O_RDONLY",
            "openat AT_FDCWD ../../ok.txt O_RDONLY",
            "openat %4 ../ok.txt O_RDONLY",
            "openat %4 ../../ok.txt O_RDONLY",
            "openat 99 ../ok.txt O_RDONLY",
            "openat %2 ../ok.txt O_RDONLY",
        ],
    );
    out.code(0).lines(&[
        "chdir = 0",
        "openat = 3",
        "openat = -1 EPERM",
        "openat = 4",
        "fchdir = 0",
        "openat = 5",
        "openat = -1 EPERM",
        "openat = 6",
        "openat = -1 EPERM",
        "openat = -1 EBADF",
        "openat = -1 ENOTDIR",
    ]);
    assert_eq!(out.denials().len(), 3, "{out}");
}

/// The empty path with its flag means the descriptor.
fn empty_paths(gate: Gate, user: User) {
    let place = Place::new();
    let out = confined(
        gate,
        user,
        &place,
        &[
            "openat AT_FDCWD ALLOWED/ok.txt O_RDONLY",
            "newfstatat %1 s: buf AT_EMPTY_PATH",
            "statx %1 s: AT_EMPTY_PATH 0x7ff buf",
            "fstat %1 buf",
            "openat AT_FDCWD s: O_RDONLY",
            "newfstatat AT_FDCWD s: buf 0",
        ],
    );
    out.code(0).undenied().lines(&[
        "openat = 3",
        "newfstatat = 0",
        "statx = 0",
        "fstat = 0",
        "openat = -1 ENOENT",
        "newfstatat = -1 ENOENT",
    ]);
}

/// openat2 resolves as it is told to.
fn openat2_resolve_flags(gate: Gate, user: User) {
    let place = Place::new();
    let out = confined(
        gate,
        user,
        &place,
        &[
            "openat AT_FDCWD ALLOWED O_RDONLY|O_DIRECTORY",
            "openat2 %1 /ok.txt how:O_RDONLY:0:RESOLVE_IN_ROOT 24",
            "openat2 %1 ../../ok.txt how:O_RDONLY:0:RESOLVE_IN_ROOT 24",
            "openat2 %1 ../ok.txt how:O_RDONLY:0:RESOLVE_BENEATH 24",
        ],
    );
    // In the root of its own all of these are ALLOWED/ok.txt, or nothing; never the secret.
    out.code(0).says("openat = 3");
    let opened = out.stdout.matches("openat2 = ").count();
    assert_eq!(opened, 3, "{out}");
    assert!(!out.stdout.lines().last().unwrap().ends_with("= 4"), "{out}");
    let out = confined(
        gate,
        user,
        &place,
        &[
            "openat AT_FDCWD ALLOWED O_RDONLY|O_DIRECTORY",
            "openat2 %1 ../../ok.txt how:O_RDONLY:0:RESOLVE_IN_ROOT 24",
            "read %2 buf 20",
            "!dump %3",
        ],
    );
    out.code(0).lacks("SECRET\n");
}

/// Paths that cannot be read to their end, or are too long, fail as the kernel would have them fail.
fn unreadable_and_endless_paths(gate: Gate, user: User) {
    let place = Place::new();
    let out = confined(
        gate,
        user,
        &place,
        &[
            "openat AT_FDCWD edge:ALLOWED/ok.txt O_RDONLY",
            "openat AT_FDCWD bad O_RDONLY",
            "openat AT_FDCWD null O_RDONLY",
            "openat AT_FDCWD long:4096 O_RDONLY",
            "openat AT_FDCWD long:20000 O_RDONLY",
            "openat AT_FDCWD split:ALLOWED/ok.txt O_RDONLY",
            "stat bad buf",
            "rename ALLOWED/ok.txt bad",
            "rename bad ALLOWED/ok.txt",
            "openat2 AT_FDCWD ALLOWED/ok.txt bad 24",
        ],
    );
    out.code(0).lines(&[
        "openat = -1 EFAULT",
        "openat = -1 EFAULT",
        "openat = -1 EFAULT",
        "openat = -1 ENAMETOOLONG",
        "openat = -1 ENAMETOOLONG",
        "openat = 3",
        "stat = -1 EFAULT",
        "rename = -1 EFAULT",
        "rename = -1 EFAULT",
        "openat2 = -1 EFAULT",
    ]);
    assert_eq!(place.read("allowed_/ok.txt"), "fine\n");
}

/// Names are bytes: what is not UTF-8, and what would break a line, is decided and shown all the same.
fn names_that_are_no_text(gate: Gate, user: User) {
    use std::os::unix::ffi::OsStrExt;
    let place = Place::new();
    for dir in ["allowed_", "secret__"] {
        std::fs::write(place.at(dir).join(std::ffi::OsStr::from_bytes(b"\xff\xfe")), "x").unwrap();
    }
    let out = confined(
        gate,
        user,
        &place,
        &["open ALLOWED/\\xff\\xfe O_RDONLY", "open SECRET/\\xff\\xfe O_RDONLY"],
    );
    out.code(0).stdout("open = 3\nopen = -1 EPERM\n").denied(&["denied open(", "secret__"]);
    let out = confined(gate, user, &place, &["open SECRET/a\\nb\\x1b[31m O_RDONLY"]);
    out.code(0).stdout("open = -1 EPERM\n").denied(&["denied open(", "secret__"]);
    assert_eq!(out.stderr.lines().count(), 1, "{out}");
    assert!(!out.stderr.contains('\x1b'), "{out}");
    std::fs::remove_file(place.secret("").join(std::ffi::OsStr::from_bytes(b"\xff\xfe"))).unwrap();
    place.untouched();
}

over_gates_and_users! {
    inside_and_outside,
    the_report,
    spellings_of_an_allowed_path,
    spellings_of_a_secret_path,
    magic_links,
    magic_links_with_proc_allowed,
    path_descriptors,
    path_descriptors_above,
    metadata_outside,
    a_prefix_is_not_a_directory,
    the_list_is_resolved,
    grants_with_a_path_of_their_own,
    relative_paths,
    empty_paths,
    openat2_resolve_flags,
    unreadable_and_endless_paths,
    names_that_are_no_text,
}

/// The directory that the command is in is moved out of the list from outside.
fn a_directory_moved_away(gate: Gate) {
    let place = Place::new();
    place.write("allowed_/x/in-x", "SECRET now\n");
    let calls = [
        "chdir ALLOWED/x",
        "~read 0 buf 1",
        "openat AT_FDCWD s:in-x O_RDONLY",
        "openat AT_FDCWD ../ok.txt O_RDONLY",
    ]
    .map(|call| filled(&place, call));
    let mut running = Run::over(gate).args([READ, &place.listed()]).error().probe(&calls).start();
    running.wait_stdout("chdir = 0");
    std::fs::rename(place.allowed("x"), place.secret("x")).unwrap();
    running.feed(b"x");
    let out = running.finish();
    out.code(0).says("openat = -1 EPERM").lacks("openat = 3");
    assert_eq!(out.denials().len(), 2, "{out}");
}

/// What an inherited directory descriptor leads to is judged by where it leads.
fn an_inherited_directory(gate: Gate) {
    use std::os::fd::AsRawFd;
    let place = Place::new();
    let dir = std::fs::File::open(place.secret("")).unwrap();
    let fd = dir.as_raw_fd();
    let out = Run::over(gate)
        .args([READ, &place.listed(), &format!("--keep-fd={fd}")])
        .error()
        .inherit(fd)
        .probe([
            format!("openat {fd} s:ok.txt O_RDONLY"),
            format!("openat AT_FDCWD /proc/self/fd/{fd}/ok.txt O_RDONLY"),
            format!("openat {fd} . O_RDONLY|O_DIRECTORY"),
            format!("~fchdir {fd}"),
            "openat AT_FDCWD s:ok.txt O_RDONLY".to_owned(),
            "openat AT_FDCWD ./ok.txt O_RDWR".to_owned(),
        ])
        .output();
    out.code(0);
    assert!(out.stdout.lines().all(|line| line.starts_with("openat = -1 E")), "{out}");
}

/// With Landlock off the supervisor's checks alone give the same answers.
fn without_landlock(gate: Gate) {
    let place = Place::new();
    symlink(place.secret("ok.txt"), place.allowed("leaf")).unwrap();
    let calls = [
        "open ALLOWED/ok.txt O_RDWR",
        "open SECRET/ok.txt O_RDONLY",
        "open s:leaf O_RDONLY",
        "unlink SECRET/ok.txt",
        "rename SECRET/ok.txt s:in",
    ]
    .map(|call| filled(&place, call));
    let out = Run::over(gate)
        .args([WRITE, &place.listed(), "--landlock=off"])
        .error()
        .cwd(place.allowed(""))
        .probe(&calls)
        .output();
    out.code(0).lines(&[
        "open = 3",
        "open = -1 EPERM",
        "open = -1 EPERM",
        "unlink = -1 EPERM",
        "rename = -1 EPERM",
    ]);
    assert_eq!(out.denials().len(), 4, "{out}");
    place.untouched();
}

over_gates! {
    a_directory_moved_away,
    an_inherited_directory,
    without_landlock,
}
