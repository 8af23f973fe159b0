//! Other doors: foreign ABIs, own filters, untraced children, images in memory, floods.

use crate::harness::{Gate, Place, Run, User, is_root, over_gates, over_gates_and_users, tools};

const READ: &str = "--allow-file-system-read";

/// `int 0x80` is another table: held and denied like any other call, and reported as such.
fn int_0x80(gate: Gate, user: User) {
    // 5 open, 20 getpid, 102 socketcall, 39 mkdir, 11 execve of the i386 table.
    for call in [
        "!int80 5 /etc/hostname 0",
        "!int80 20",
        "!int80 102 1 buf",
        "!int80 39 /tmp/gk-int80 0755",
        "!int80 11 /bin/true null null",
    ] {
        let out =
            Run::over(gate).by(user).arg("--allow-file-system").error().probe([call]).output();
        out.code(0).stdout("!int80 = -1 EPERM\n").denied(&["denied ", "by probe["]);
        Run::over(gate)
            .by(user)
            .arg("--allow-file-system")
            .probe([call, "!print survived"])
            .output()
            .code(111)
            .stdout("")
            .denied(&["denied "]);
    }
    assert!(!std::path::Path::new("/tmp/gk-int80").exists());
}

/// So is the x32 bit.
fn x32(gate: Gate, user: User) {
    for call in [
        "!x32 getpid",
        "!x32 openat AT_FDCWD /etc/hostname O_RDONLY",
        "!nr 0x40000203 0",
        "!nr 0x80000000 0",
        "!nr -1",
        "!nr 0x100000027",
    ] {
        let out = Run::over(gate).by(user).arg(READ).error().probe([call]).output();
        out.code(0);
        // The upper half of the number's register means nothing to the kernel, so 0x100000027 is getpid; and -1 is
        // skipped before anybody is asked.
        if call.ends_with("27") {
            assert!(!out.stdout.contains(" -1 ") || out.stdout.contains("ENOSYS"), "{out}");
        } else if call.ends_with("-1") {
            out.lacks("= 0");
        } else {
            assert!(out.stdout.ends_with(" = -1 EPERM\n"), "{call}{out}");
            out.denied(&["denied "]);
        }
    }
    Run::over(gate)
        .by(user)
        .arg(READ)
        .probe(["!x32 getpid", "!print survived"])
        .output()
        .code(111)
        .stdout("");
}

/// A filter of the command's own with a listener that lets calls continue, with every grant and by name.
fn own_listener(gate: Gate, user: User) {
    let place = Place::new();
    for flags in [vec![], vec!["--allow-security-and-permissions"], vec!["--allow-syscall=seccomp"]]
    {
        let out = Run::over(gate)
            .by(user)
            .args([READ, &place.listed()])
            .args(flags)
            .error()
            .hostile(["own-listener", place.secret("ok.txt").to_str().unwrap()])
            .output();
        out.code(0).stdout("seccomp: EPERM\n").some_denial(&["denied seccomp("]);
    }
}

/// A filter without a listener may be had, and changes nothing about ours.
fn own_filter(gate: Gate, user: User) {
    let out = Run::over(gate)
        .by(user)
        .arg("--allow-security-and-permissions")
        .error()
        .probe([
            "seccomp SECCOMP_SET_MODE_FILTER SECCOMP_FILTER_FLAG_NEW_LISTENER fprog",
            "seccomp SECCOMP_SET_MODE_FILTER hi:SECCOMP_FILTER_FLAG_NEW_LISTENER fprog",
            "openat AT_FDCWD /etc/hostname O_RDONLY",
        ])
        .output();
    out.code(0).stdout("seccomp = -1 EPERM\nseccomp = -1 EPERM\nopenat = -1 EPERM\n");
}

/// A child that the tracer would not be told of.
fn untraced_clone(gate: Gate, user: User) {
    let place = Place::new();
    let secret = place.secret("ok.txt");
    // CLONE_UNTRACED, with rubbish above, with CLONE_PARENT, with CLONE_PTRACE.
    for flags in ["0x00800000", "0x5a5a5a5a00800000", "0x00808000", "0x00802000"] {
        let out = Run::over(gate)
            .by(user)
            .args([READ, &place.listed()])
            .error()
            .hostile(["clone-flags", flags, secret.to_str().unwrap()])
            .output();
        out.code(0);
        assert!(
            ["clone: EPERM\n", "child: EPERM\n", "child: ENOSYS\n"].contains(&out.stdout.as_str()),
            "{flags}{out}"
        );
    }
}

/// clone3 is not there, so that nobody has to read its flags out of memory.
fn clone3(gate: Gate, user: User) {
    let place = Place::new();
    let secret = place.secret("ok.txt");
    for flags in ["0", "0x00800000"] {
        let out = Run::over(gate)
            .by(user)
            .args([READ, &place.listed()])
            .hostile(["clone3", flags, secret.to_str().unwrap()])
            .output();
        out.code(0).quiet().stdout("clone3: ENOSYS\n");
    }
}

/// Namespaces, by clone and otherwise.
fn namespaces(gate: Gate, user: User) {
    for flags in [
        "CLONE_NEWUSER",
        "CLONE_NEWNS",
        "CLONE_NEWPID",
        "CLONE_NEWNET",
        "CLONE_NEWIPC",
        "CLONE_NEWUTS",
        "CLONE_NEWUSER|CLONE_NEWNS",
    ] {
        let out = Run::over(gate)
            .by(user)
            .arg("--allow-security-and-permissions")
            .error()
            .probe([format!("clone {flags} 0 0 0 0"), format!("unshare {flags}")])
            .output();
        out.code(0).stdout("clone = -1 EPERM\nunshare = -1 EPERM\n");
    }
}

/// An image in memory is no program of the list; without a list it runs, under the same rules.
fn image_in_memory(gate: Gate, user: User) {
    let place = Place::new();
    let words =
        ["memfd-exec", tools().hostile.to_str().unwrap(), place.secret("ok.txt").to_str().unwrap()]
            .map(str::to_owned);
    let programs = format!("--allow-file-system-path={}", tools().dir.display());
    let out = Run::over(gate)
        .by(user)
        .args([READ, &place.listed(), &programs])
        .error()
        .hostile(words.clone())
        .output();
    out.code(0).stdout("execveat: EPERM\n").some_denial(&["denied execveat("]);
    let out = Run::over(gate)
        .by(user)
        .args([READ, &place.listed(), &programs])
        .hostile(words.clone())
        .output();
    out.code(111).stdout("");
    let unlisted = Run::over(gate).by(user).arg(READ).error().hostile(words).output();
    unlisted.code(0);
    assert!(["memfd: OK\n", "execveat: EPERM\n"].contains(&unlisted.stdout.as_str()), "{unlisted}");
}

/// io_uring is refused, whatever is granted, also before enforcement begins.
fn io_uring(gate: Gate, user: User) {
    for flags in [
        &["--allow-file-system", "--allow-networking", "--allow-misc"][..],
        &["--trigger-enforce-on-log-match=never"],
    ] {
        let out =
            Run::over(gate).by(user).args(flags).error().probe(["io_uring_setup 8 buf"]).output();
        out.code(0);
        assert!(
            ["io_uring_setup = -1 EPERM\n", "io_uring_setup = -1 ENOSYS\n"]
                .contains(&out.stdout.as_str()),
            "{out}"
        );
    }
}

/// A command that hides its memory is refused rather than misread, and nothing hangs.
fn not_dumpable(gate: Gate, user: User) {
    let place = Place::new();
    let calls = [
        "prctl PR_SET_DUMPABLE 0".to_owned(),
        format!("open {} O_RDONLY", place.secret("ok.txt").display()),
        format!("open {} O_RDONLY", place.allowed("ok.txt").display()),
    ];
    let out = Run::over(gate).by(user).args([READ, &place.listed()]).error().probe(calls).output();
    out.code(0).says("open = -1 EPERM");
    if user == User::Root && is_root() {
        out.says("open = 3");
    }
}

/// Each child and each thread is under the rules, however it came about.
fn children_are_under_the_rules(gate: Gate, user: User) {
    let place = Place::new();
    let secret = place.secret("ok.txt");
    let out = Run::over(gate)
        .by(user)
        .args([READ, &place.listed()])
        .error()
        .probe([
            "!fork".to_owned(),
            "!fork".to_owned(),
            format!("open {} O_RDONLY", secret.display()),
            "!exit 5".to_owned(),
        ])
        .output();
    out.code(5).stdout("open = -1 EPERM\n").denied(&["denied open("]);
    let out = Run::over(gate)
        .by(user)
        .args([
            READ,
            "--allow-file-system-path=/bin",
            "--allow-file-system-path=/lib",
            "--allow-file-system-path=/usr",
            "--allow-file-system-path=/lib64",
            "--allow-file-system-path=/etc/ld.so.cache",
        ])
        .error()
        .sh(format!(
            "/bin/cat {} | cat; (cat {}); sh -c 'exec cat {}'; echo done",
            secret.display(),
            secret.display(),
            secret.display()
        ))
        .output();
    out.code(0).stdout("done\n").lacks("SECRET\n");
    assert_eq!(out.denials().len(), 3, "{out}");
}

/// A child denied with kill dies; its parent lives on and its siblings too.
fn only_the_offender_dies(gate: Gate, user: User) {
    let out = Run::over(gate)
        .by(user)
        .arg(READ)
        .sh("/bin/true; /bin/mkdir /tmp/gk-never; echo $?; /bin/true && echo on; exit 8")
        .output();
    out.code(8).stdout("137\non\n").denied(&["denied mkdir(", "by mkdir["]);
}

over_gates_and_users! {
    int_0x80,
    x32,
    own_listener,
    own_filter,
    untraced_clone,
    clone3,
    namespaces,
    image_in_memory,
    io_uring,
    not_dumpable,
    children_are_under_the_rules,
    only_the_offender_dies,
}

/// Kill takes the thread group with it, the leader included, whichever thread offended.
fn kill_takes_the_thread_group(gate: Gate) {
    let place = Place::new();
    let out = Run::over(gate)
        .args([READ, &place.listed()])
        .hostile(["elders", "marker", place.secret("ok.txt").to_str().unwrap()])
        .output();
    out.code(111).stdout("").denied(&["denied openat("]);
}

/// The very long and the very many: arguments of a denied call do not end up as a flood of their own.
fn reports_are_bounded_in_length(gate: Gate) {
    let out = Run::over(gate)
        .args([READ, "--allow-file-system-path=/usr"])
        .error()
        .probe(["open long:4090 O_RDONLY"])
        .output();
    out.code(0);
    assert!(out.stderr.len() < 20_000, "{out}");
}

over_gates! {
    kill_takes_the_thread_group,
    reports_are_bounded_in_length,
}
