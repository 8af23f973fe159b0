//! Enforcement that begins later: what arms it, at which call, for whom, and what is refused even before.

use crate::harness::servers::{Server, ask, free_port};
use crate::harness::{Gate, Place, Run, User, over_gates, over_gates_and_users};

const OPEN: &str = "openat AT_FDCWD /etc/hostname O_RDONLY";

fn text(flag: &str) -> String {
    format!("--trigger-enforce-on-log-match={flag}")
}

/// The write that completes the text is the last call not enforced.
fn log_text(gate: Gate, user: User) {
    for fd in [1, 2] {
        let calls = [OPEN, &format!("write {fd} s:now\\sready\\n 10"), OPEN];
        let out = Run::over(gate).by(user).arg(text("ready")).error().probe(calls).output();
        out.code(0).stdout(if fd == 1 {
            "openat = 3\nnow ready\nwrite = 10\nopenat = -1 EPERM\n"
        } else {
            "openat = 3\nwrite = 10\nopenat = -1 EPERM\n"
        });
        out.denied(&["denied openat(", "/etc/hostname"]);

        let out = Run::over(gate).by(user).arg(text("ready")).probe(calls).output();
        out.code(111).shows("write = 10\n").lacks("EPERM").denied(&["denied openat("]);
    }
}

/// Without the text nothing is ever enforced.
fn never_armed(gate: Gate, user: User) {
    let out = Run::over(gate)
        .by(user)
        .arg(text("ready"))
        .probe([OPEN, "write 1 s:read\\ny\\n 7", "write 1 s:READY\\n 6", OPEN])
        .output();
    out.code(0).undenied();
    assert_eq!(out.stdout.matches("openat = ").count(), 2, "{out}");
}

/// The text split over writes, without a newline, over both calls there are for it.
fn log_text_split_over_writes(gate: Gate, user: User) {
    let calls = [
        "~write 1 s:xre 3",
        OPEN_QUIET,
        "~write 1 s:a 1",
        "~write 1 s:d 1",
        OPEN_QUIET,
        "~write 1 s:yz 2",
        OPEN,
    ];
    let out = Run::over(gate).by(user).arg(text("ready")).error().probe(calls).output();
    out.code(0).stdout("xreadyzopenat = -1 EPERM\n").denied(&["denied openat("]);
}

/// Only what the two descriptors show counts: elsewhere the text is no trigger, and the two are not one stream.
fn log_text_elsewhere(gate: Gate, user: User) {
    let place = Place::new();
    let file = place.at("ok.txt");
    let calls = [
        format!("~open {} O_WRONLY", file.display()),
        "~write %1 s:ready 5".to_owned(),
        "~write 1 s:rea 3".to_owned(),
        "~write 2 s:dy 2".to_owned(),
        OPEN.to_owned(),
    ];
    let out = Run::over(gate).by(user).arg(text("ready")).error().probe(calls).output();
    out.code(0).undenied().stdout("reaopenat = 4\n");
    assert_eq!(place.read("ok.txt"), "readyT\n");
}

/// Vectors are writes.
fn log_text_in_a_vector(gate: Gate, user: User) {
    let out = Run::over(gate)
        .by(user)
        .arg(text("ready"))
        .args(
            ["/usr", "/lib", "/lib64", "/etc/ld.so.cache"]
                .map(|path| format!("--allow-file-system-read={path}")),
        )
        .error()
        .cmd(["/usr/bin/python3", "-c", include_str!("fixtures/vector.py")])
        .output();
    out.code(0).shows("ready\nrefused\n").some_denial(&["denied openat(", "/etc/hostname"]);
}

/// A regular expression, and either of several triggers.
fn log_regex(gate: Gate, user: User) {
    let flag = "--trigger-enforce-on-log-regex=listening on [0-9]+$|ready (to|for)";
    for (line, armed) in [
        ("listening\\son\\s80", true),
        ("listening\\son\\sport", false),
        ("ready\\sfor\\sall", true),
        ("READY\\sfor", false),
    ] {
        let out = Run::over(gate)
            .by(user)
            .arg(flag)
            .error()
            .probe([&format!("write 1 s:{line}\\n {}", line.replace("\\s", " ").len() + 1), OPEN])
            .output();
        out.code(0).says(if armed { "openat = -1 EPERM" } else { "openat = 3" });
    }
    let both = Run::over(gate)
        .by(user)
        .args([flag, &text("other")])
        .error()
        .probe(["~write 1 s:the\\sother 9", OPEN])
        .output();
    both.code(0).shows("openat = -1 EPERM");
}

/// Threads and children that existed before are under the rules from then on.
fn elders(gate: Gate, user: User) {
    let place = Place::new();
    let out = Run::over(gate)
        .by(user)
        .args(["--allow-file-system-read=/dev/null", &text("marker")])
        .error()
        .hostile(["elders", "marker", place.secret("ok.txt").to_str().unwrap()])
        .output();
    out.code(0).lines(&["before: OK", "marker", "thread: EPERM", "child: EPERM", "writer: EPERM"]);
    assert_eq!(out.denials().len(), 3, "{out}");
}

/// A trigger in a child arms for its parents.
fn armed_by_a_child(gate: Gate, user: User) {
    let out = Run::over(gate)
        .by(user)
        .arg(text("ready"))
        .sh("cat /etc/hostname >/dev/null; sh -c 'echo ready'; cat /etc/hostname; echo $?")
        .output();
    // The next program cannot even be executed and loaded; which of both is refused first is the shell's business.
    assert!(out.code == 111 || out.stdout.contains("137") || out.stdout.contains("126"), "{out}");
    assert!(!out.denials().is_empty(), "{out}");
}

/// A signal to gatekeeper arms; it is not passed on.
fn signal(gate: Gate, user: User) {
    for (flag, number) in [
        ("SIGUSR1", libc::SIGUSR1),
        ("usr2", libc::SIGUSR2),
        ("10", libc::SIGUSR1),
        ("RTMIN+3", libc::SIGRTMIN() + 3),
    ] {
        let mut running = Run::over(gate)
            .by(user)
            .arg(format!("--trigger-enforce-on-signal={flag}"))
            .error()
            .probe([OPEN, "~read 0 buf 1", OPEN])
            .start();
        running.wait_stdout("openat = 3\n");
        running.signal(number);
        // Armed before the next verdict: the signal is pending at the latest when kill(2) returned.
        running.feed(b"x");
        let out = running.finish();
        out.code(0).stdout("openat = 3\nopenat = -1 EPERM\n").denied(&["denied openat("]);
    }
}

/// The first listen(2) that succeeds arms; one that fails does not.
fn listen(gate: Gate, user: User) {
    let port = free_port();
    let out = Run::over(gate)
        .by(user)
        .args(["--trigger-enforce-on-listen", "--allow-network-server"])
        .error()
        .probe([
            "socket AF_INET SOCK_STREAM 0",
            "listen 99 5",
            OPEN,
            &format!("bind %1 in4:127.0.0.1:{port} len"),
            "listen %1 5",
            OPEN,
        ])
        .output();
    out.code(0)
        .lines(&[
            "socket = 3",
            "listen = -1 EBADF",
            "openat = 4",
            "bind = 0",
            "listen = 0",
            "openat = -1 EPERM",
        ])
        .denied(&["denied openat("]);
}

/// Time alone arms, and as a fallback.
fn after(gate: Gate, user: User) {
    for flags in [
        vec!["--trigger-enforce-after=200ms".to_owned()],
        vec!["--trigger-enforce-after=200ms".to_owned(), text("never")],
    ] {
        let mut running = Run::over(gate)
            .by(user)
            .args(flags)
            .error()
            .arg("--allow-file-system-read=/usr")
            .args([
                "--allow-file-system-read=/lib",
                "--allow-file-system-read=/lib64",
                "--allow-file-system-read=/bin",
            ])
            .cmd(["/bin/sh", "-c", "while true </etc/hostname; do :; done 2>/dev/null; echo armed"])
            .start();
        running.wait_stdout("armed");
        let out = running.finish();
        assert!(!out.denials().is_empty(), "{out}");
    }
}

/// What would outlive the switch is refused before it.
fn refused_before_the_trigger(gate: Gate, user: User) {
    let place = Place::new();
    let out = Run::over(gate)
        .by(user)
        .arg(text("never"))
        .error()
        .probe([
            "io_uring_setup 8 buf",
            "seccomp SECCOMP_SET_MODE_FILTER SECCOMP_FILTER_FLAG_NEW_LISTENER fprog",
            "ptrace PTRACE_TRACEME 0 0 0",
            "kill @gk SIGKILL",
            OPEN,
        ])
        .output();
    out.code(0)
        .says("seccomp = -1 EPERM")
        .says("ptrace = -1 EPERM")
        .says("kill = -1 EPERM")
        .lacks("io_uring_setup = 3")
        .shows("openat = ");
    assert!(!out.stdout.contains("openat = -1"), "{out}");
    let secret = place.secret("ok.txt");
    let out = Run::over(gate)
        .by(user)
        .arg(text("never"))
        .error()
        .hostile(["clone-flags", "0x00800000", secret.to_str().unwrap()])
        .output();
    assert!(["clone: EPERM\n", "child: OK\n"].contains(&out.stdout.as_str()), "{out}");
    let out = Run::over(gate)
        .by(user)
        .arg(text("never"))
        .error()
        .hostile(["own-listener", secret.to_str().unwrap()])
        .output();
    out.code(0).stdout("seccomp: EPERM\n");
}

/// Path and network rules begin with the trigger as well.
fn rules_begin_with_the_trigger(gate: Gate, user: User) {
    let place = Place::new();
    let server = Server::counting("127.0.0.1", 0);
    let connect = format!("connect %1 in4:127.0.0.1:{} len", server.port);
    let open = format!("open {} O_RDWR", place.secret("ok.txt").display());
    let inside = format!("open {} O_RDWR", place.allowed("ok.txt").display());
    let out = Run::over(gate)
        .by(user)
        .args([
            "--allow-file-system-write",
            &place.listed(),
            "--allow-network-client=127.0.0.1:1",
            &text("ready"),
        ])
        .error()
        .probe([
            "socket AF_INET SOCK_STREAM 0",
            &connect,
            &open,
            "~write 1 s:ready\\n 6",
            "socket AF_INET SOCK_STREAM 0",
            "connect %5 in4:127.0.0.1:2 len",
            &open,
            &inside,
        ])
        .output();
    out.code(0).lines(&[
        "socket = 3",
        "connect = 0",
        "open = 4",
        "ready",
        "socket = 5",
        "connect = -1 EPERM",
        "open = -1 EPERM",
        "open = 6",
    ]);
    assert_eq!(server.total(), 1);
}

over_gates_and_users! {
    log_text,
    never_armed,
    log_text_split_over_writes,
    log_text_elsewhere,
    log_text_in_a_vector,
    log_regex,
    elders,
    armed_by_a_child,
    signal,
    listen,
    after,
    refused_before_the_trigger,
    rules_begin_with_the_trigger,
}

/// A quiet open, so that nothing but the pieces of the text is written.
const OPEN_QUIET: &str = "~openat AT_FDCWD /etc/hostname O_RDONLY";

/// At the end of two megabytes without a newline, on stdout and on stderr.
fn log_text_after_a_long_line(gate: Gate) {
    for fd in ["1", "2"] {
        let place = Place::new();
        let out = Run::over(gate)
            .arg(text("the-marker"))
            .error()
            .hostile([
                "flood",
                "2000000",
                fd,
                "the-marker",
                place.secret("ok.txt").to_str().unwrap(),
            ])
            .output();
        out.code(0);
        assert!(out.stdout.ends_with("\nafter: EPERM\n"), "{} bytes", out.stdout.len());
        assert_eq!(out.stderr.matches("gatekeeper: denied ").count(), 1);
    }
}

/// 64 megabytes without the text: bounded memory, and still armed at its end.
fn flood(gate: Gate) {
    let place = Place::new();
    let secret = place.secret("ok.txt");
    let script =
        format!("\"$0\" flood 67108864 1 the-marker {} | tail -c 20; read x", secret.display());
    let mut running = Run::over(gate)
        .args([
            "--trigger-enforce-on-log-match=the-marker",
            "--trigger-enforce-on-log-regex=the-m[a]rker",
        ])
        .error()
        .cmd(["/bin/sh", "-c", &script, crate::harness::tools().hostile.to_str().unwrap()])
        .start();
    running.wait_stdout("after: EPERM");
    let peak = peak_memory(running.pid());
    running.feed(b"\n");
    running.finish();
    assert!(peak < 48 << 10, "{peak} KiB");
}

/// A server started without limits, locked down once it listens.
fn a_server_is_locked_down(gate: Gate) {
    let place = Place::new();
    let port = free_port();
    let mut running = Run::over(gate)
        .args(["--trigger-enforce-on-listen", "--allow-file-system-read", "--allow-network-server"])
        .error()
        .cmd([
            "/usr/bin/python3",
            "-c",
            include_str!("fixtures/lockdown.py"),
            &place.text(),
            &port.to_string(),
        ])
        .start();
    let answer = ask(port, "GET / HTTP/1.0\r\n\r\n");
    assert!(answer.ends_with("refused"), "{answer}");
    assert!(place.at("started").exists() && !place.at("later").exists());
    running.signal(libc::SIGTERM);
    assert_eq!(running.wait(), 143);
}

/// `--enforce-on-startup=false` says the same as the trigger alone; `=true` contradicts it.
fn enforce_on_startup(gate: Gate) {
    let run = |value: &str| {
        Run::over(gate)
            .args([format!("--enforce-on-startup={value}"), text("ready")])
            .error()
            .probe([OPEN])
            .output()
    };
    run("false").code(0).stdout("openat = 3\n");
    run("true").code(100).stdout("").one_line();
}

over_gates! {
    log_text_after_a_long_line,
    flood,
    a_server_is_locked_down,
    enforce_on_startup,
}

/// The most memory that a process had so far, in KiB.
fn peak_memory(pid: i32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
