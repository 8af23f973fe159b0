//! Exit codes, what is inherited, what is left alone.

use std::os::fd::AsRawFd;

use crate::harness::{
    Gate, Out, Place, Run, User, over_gates, over_gates_and_users, over_users, tools,
};

const READ: &str = "--allow-file-system-read";

/// The command's own code is gatekeeper's.
fn own_exit_code(gate: Gate, user: User) {
    for code in [0, 1, 7, 99, 100, 111, 125, 255] {
        Run::over(gate)
            .by(user)
            .probe([format!("!exit {code}")])
            .output()
            .code(code)
            .quiet()
            .stdout("");
    }
}

/// 128+N where a signal ended the command, by its own hand or by a fault.
fn ended_by_a_signal(gate: Gate, user: User) {
    for (calls, code) in [
        (vec!["getpid", "kill %1 SIGTERM"], 143),
        (vec!["getpid", "kill %1 SIGKILL"], 137),
        (vec!["getpid", "gettid", "tgkill %1 %2 SIGUSR1"], 138),
        (vec!["!segv"], 139),
    ] {
        Run::over(gate).by(user).probe(calls).output().code(code).quiet();
    }
}

/// Without any grant nothing is opened: kill.
fn nothing_granted_kills(gate: Gate, user: User) {
    Run::over(gate)
        .by(user)
        .probe(["openat AT_FDCWD /etc/hostname O_RDONLY", "!print survived"])
        .output()
        .code(111)
        .stdout("")
        .denied(&[
            "gatekeeper: denied openat(",
            "\"/etc/hostname\", O_RDONLY",
            ") by probe[",
            "]: ",
            "; allow it with --allow-file-system-read",
        ]);
}

/// Without any grant nothing is opened: error. The command goes on, and its code is its own.
fn nothing_granted_errors(gate: Gate, user: User) {
    let out = Run::over(gate)
        .by(user)
        .error()
        .probe(["openat AT_FDCWD /etc/hostname O_RDONLY", "!exit 3"])
        .output();
    out.code(3).stdout("openat = -1 EPERM\n").denied(&["denied openat(", "/etc/hostname"]);
}

/// A dynamic program dies at the first file its loader opens.
fn a_loader_needs_read(gate: Gate, user: User) {
    Run::over(gate)
        .by(user)
        .cmd(["/bin/true"])
        .output()
        .code(111)
        .some_denial(&["by true[", "allow it with --allow-file-system-read"]);
    Run::over(gate).by(user).arg(READ).cmd(["/bin/true"]).output().code(0).quiet();
}

/// What the command inherits is what it would have inherited without gatekeeper.
fn inheritance_is_unchanged(gate: Gate, user: User) {
    for launcher in [
        ["with-signals", "0", "0"],
        ["with-signals", "13", "0"],
        ["with-signals", "1", "12"],
        ["with-signals", "3", "40"],
        // SIGCHLD: ignored or blocked, gatekeeper itself must still learn of its children.
        ["with-signals", "17", "0"],
        ["with-signals", "0", "17"],
        ["with-signals", "15", "2"],
    ] {
        let hostile = tools().hostile.to_str().unwrap();
        let launcher = [&[hostile], &launcher[..]].concat();
        let native = Run::native(hostile).by(user).arg("state").inside(&launcher).output();
        native.code(0).shows("blocked:");
        Run::over(gate)
            .by(user)
            .arg(READ)
            .hostile(["state"])
            .inside(&launcher)
            .output()
            .code(0)
            .quiet()
            .stdout(&native.stdout);
    }
}

/// A child killed for a denied call is 137 to the shell that ran it; the shell's own code counts.
fn a_killed_child_is_137_to_its_shell(gate: Gate, user: User) {
    let place = Place::new();
    let out = Run::over(gate)
        .by(user)
        .arg(READ)
        .sh(format!("/bin/mkdir {}/new; echo $?", place.text()))
        .output();
    out.code(0).says("137").denied(&["denied mkdir", "by mkdir[", "--allow-file-system-write"]);
    assert!(!place.at("new").exists());
}

over_gates_and_users! {
    own_exit_code,
    ended_by_a_signal,
    nothing_granted_kills,
    nothing_granted_errors,
    a_loader_needs_read,
    inheritance_is_unchanged,
    a_killed_child_is_137_to_its_shell,
}

/// 127: neither in PATH nor as a path.
fn command_not_found(gate: Gate) {
    for name in ["no-such-command", "/no/such/command", "./no-such-command", ""] {
        let out = Run::over(gate).arg(READ).cmd([name]).output();
        out.code(127).stdout("");
        assert!(out.one_line().contains(name), "{out}");
    }
}

/// 126: a file that is no program, a directory, a broken binary, a script without a first line.
fn command_not_executable(gate: Gate) {
    let place = Place::new();
    place.write("plain", "text\n");
    place.script("broken", "\x7fELF\x02\x01\x01garbage that is not a program");
    place.script("bare", "exit 0\n");
    place.script("lost", "#!/no/such/interpreter\n");
    for (name, code) in
        [("plain", 126), ("allowed_", 126), ("broken", 126), ("bare", 126), ("plain/x", 126)]
    {
        let path = place.at(name);
        let out = Run::over(gate).arg(READ).cmd([&path]).output();
        out.code(code).stdout("");
        assert!(out.one_line().contains(name), "{out}");
    }
    // The kernel says ENOENT for the interpreter: to a shell that is 127 as well.
    let out = Run::over(gate).arg(READ).cmd([place.at("lost")]).output();
    assert!([126, 127].contains(&out.code), "{out}");
    out.one_line();
}

/// A command of PATH is found like a shell would, an unfit one is passed over.
fn command_is_looked_up_in_path(gate: Gate) {
    let place = Place::new();
    place.share("secret__");
    place.program(&tools().probe, "allowed_/wanted");
    place.write("secret__/wanted", "not a program\n");
    let path = format!("{}:{}", place.secret("").display(), place.allowed("").display());
    Run::over(gate).env("PATH", path).cmd(["wanted", "!exit 5"]).output().code(5).quiet();
}

/// A script's interpreter is the kernel's business.
fn a_script_runs(gate: Gate) {
    let place = Place::new();
    let script = place.script("script", "#!/bin/sh\necho \"$0 $1\"\nexit 4\n");
    let out = Run::over(gate).arg(READ).cmd([script.to_str().unwrap(), "--verbose"]).output();
    out.code(4).quiet().stdout(&format!("{} --verbose\n", script.display()));
}

/// The first word that is not a flag starts the command, `--` or not.
fn flags_end_with_the_command(gate: Gate) {
    let echo = ["/bin/echo", "--on-syscall-denied=nonsense", "--", "--help"];
    for separator in [&["--"][..], &[]] {
        Run::over(gate)
            .arg(READ)
            .args(separator)
            .args(echo)
            .output()
            .code(0)
            .quiet()
            .stdout("--on-syscall-denied=nonsense -- --help\n");
    }
}

/// Bytes go in and come out as they are; a megabyte of arguments is one.
fn input_output_and_arguments_are_untouched(gate: Gate) {
    let bytes: Vec<u8> = (0..=255u8).cycle().take(300_000).filter(|byte| *byte < 0x80).collect();
    let out = Run::over(gate).arg(READ).stdin(&bytes).cmd(["/bin/cat"]).output();
    out.code(0).quiet();
    assert_eq!(out.stdout.as_bytes(), bytes);

    let long = "y".repeat(100_000);
    let arguments = vec![long.as_str(); 10];
    let out = Run::over(gate).arg(READ).cmd(["/bin/echo", "-n"]).args(&arguments).output();
    out.code(0).quiet();
    assert_eq!(out.stdout, arguments.join(" "));
}

/// The command knows its supervisor's id; it has no new privileges.
fn what_the_command_is_told(gate: Gate) {
    let mut running = Run::over(gate)
        .probe(["!env GATEKEEPER_PID", "getppid", "prctl PR_GET_NO_NEW_PRIVS", "~read 0 buf 1"])
        .start();
    let pid = running.pid();
    running.wait_stdout("prctl = 1\n");
    let out = running.finish();
    out.code(0).quiet().stdout(&format!("{pid}\ngetppid = {pid}\nprctl = 1\n"));
}

/// Descriptors above 2 are closed.
fn descriptors_are_closed(gate: Gate) {
    let file = std::fs::File::open("/etc/hostname").unwrap();
    let fd = file.as_raw_fd();
    Run::over(gate)
        .inherit(fd)
        .probe([format!("fcntl {fd} F_GETFD")])
        .output()
        .code(0)
        .stdout("fcntl = -1 EBADF\n");
    Run::over(gate)
        .arg(format!("--keep-fd={fd}"))
        .inherit(fd)
        .probe([format!("fcntl {fd} F_GETFD"), format!("~read {fd} buf 1")])
        .output()
        .code(0)
        .stdout("fcntl = 0\n");
}

/// All of them, whatever their number; none of gatekeeper's own is there either.
fn no_descriptor_of_gatekeepers_leaks(gate: Gate) {
    let calls: Vec<String> = (3..60).map(|fd| format!("fcntl {fd} F_GETFD")).collect();
    let out = Run::over(gate).probe(&calls).output();
    out.code(0);
    assert!(out.stdout.lines().all(|line| line == "fcntl = -1 EBADF"), "{out}");
    assert_eq!(out.stdout.lines().count(), 57);
}

/// Closed stdin, stdout, stderr stay closed for the command and do not become anything of gatekeeper's.
fn closed_standard_descriptors(gate: Gate) {
    for closed in ["0", "1", "2", "01", "02", "12", "012"] {
        let launcher = [tools().hostile.to_str().unwrap(), "closed-stdio", closed];
        // The exit code says which of the three are open, as the standard streams may not be there to say so.
        let script = "s=0; for fd in 0 1 2; do [ -e /proc/self/fd/$fd ] && s=$((s * 2 + 1)) || s=$((s * 2)); done; exit $s";
        let native = Run::native("/bin/sh").args(["-c", script]).inside(launcher).output();
        Run::over(gate).arg(READ).sh(script).inside(launcher).output().code(native.code);
    }
}

/// A closed pipe on stdout: the command dies of SIGPIPE as ever.
fn sigpipe_is_the_commands(gate: Gate) {
    Run::over(gate)
        .arg(READ)
        .cmd(["/bin/bash", "-c", "(sleep 0; yes 2>/dev/null) | head -n1; echo ${PIPESTATUS[0]}"])
        .output()
        .code(0)
        .quiet()
        .stdout("y\n141\n");
}

/// Messages go where `--log-file` says, and nowhere else; denials too.
fn log_file(gate: Gate) {
    let place = Place::new();
    let log = place.at("log");
    let out = Run::over(gate)
        .arg(format!("--log-file={}", log.display()))
        .error()
        .probe(["openat AT_FDCWD /etc/shadow O_RDONLY"])
        .output();
    out.code(0).quiet().says("openat = -1 EPERM");
    let written = place.read("log");
    assert!(
        written.lines().any(|line| line.contains("denied openat(") && line.contains("/etc/shadow")),
        "{written}"
    );
}

/// A kernel without seccomp: one line, nothing runs.
fn no_seccomp(gate: Gate) {
    let place = Place::new();
    let out = Run::over(gate)
        .args(["--allow-file-system", "--landlock=off"])
        .sh(format!("echo ran > {}", place.at("ran").display()))
        .inside([tools().hostile.to_str().unwrap(), "without-seccomp"])
        .output();
    out.code(125).stdout("");
    out.one_line();
    assert!(!place.at("ran").exists());
}

/// A kernel without Landlock: one warning, and the supervisor's checks stay; `required` refuses to start.
fn no_landlock(gate: Gate) {
    let place = Place::new();
    let landlock = libc::SYS_landlock_create_ruleset.to_string();
    let launcher = [tools().hostile.to_str().unwrap(), "without", &landlock, "38"];
    let secret = format!("openat AT_FDCWD {} O_RDONLY", place.secret("ok.txt").display());
    let out = Run::over(gate)
        .args([READ, &place.listed()])
        .error()
        .probe([&secret])
        .inside(launcher)
        .output();
    out.code(0).stdout("openat = -1 EPERM\n").complains("Landlock").denied(&["secret__"]);
    assert_eq!(out.stderr.lines().count(), 2, "{out}");

    let out = Run::over(gate)
        .args([READ, "--landlock=required"])
        .probe(["!print ran"])
        .inside(launcher)
        .output();
    out.code(125).stdout("");
    assert!(out.one_line().contains("Landlock"), "{out}");
}

over_gates! {
    command_not_found,
    command_not_executable,
    command_is_looked_up_in_path,
    a_script_runs,
    flags_end_with_the_command,
    input_output_and_arguments_are_untouched,
    what_the_command_is_told,
    descriptors_are_closed,
    no_descriptor_of_gatekeepers_leaks,
    closed_standard_descriptors,
    sigpipe_is_the_commands,
    log_file,
    no_seccomp,
    no_landlock,
}

/// With a listener there already, the kernel gives no second one: `auto` takes the other gate, `notify` says so.
fn an_outer_listener(user: User) {
    let launcher = [tools().hostile.to_str().unwrap(), "outer-listener"];
    let call = "openat AT_FDCWD /etc/hostname O_RDONLY";
    let run = || Run::gatekeeper().by(user).arg("run").inside(launcher);
    let auto: Out = run().error().probe([call]).output();
    auto.code(0).stdout("openat = -1 EPERM\n").some_denial(&["denied openat("]);
    run()
        .arg("--gate=ptrace")
        .error()
        .probe([call])
        .output()
        .code(0)
        .stdout("openat = -1 EPERM\n")
        .denied(&["denied openat("]);
    let notify = run().arg("--gate=notify").probe([call]).output();
    notify.code(125).stdout("");
    notify.one_line();
}

/// Without `--gate`, everything works as well.
#[test]
fn the_gate_is_chosen() {
    Run::gatekeeper()
        .arg("run")
        .arg(READ)
        .sh("cat /etc/hostname >/dev/null && exit 6")
        .output()
        .code(6)
        .quiet();
    Run::gatekeeper()
        .arg("run")
        .probe(["openat AT_FDCWD /etc/hostname O_RDONLY"])
        .output()
        .code(111);
}

over_users! {
    an_outer_listener,
}
