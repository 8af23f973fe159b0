//! The supervisor, and processes that are none of the command's business, as targets.

use crate::harness::{Gate, Run, Running, User, over_gates, over_gates_and_users};

/// Calls that name a process; `TARGET` stands for it.
const AIMED: &[&str] = &[
    "kill TARGET 0",
    "kill TARGET SIGKILL",
    "kill TARGET SIGTERM",
    "tkill TARGET SIGKILL",
    "tgkill TARGET TARGET SIGKILL",
    "rt_sigqueueinfo TARGET SIGKILL buf",
    "rt_tgsigqueueinfo TARGET TARGET SIGKILL buf",
    "prlimit64 TARGET RLIMIT_NOFILE null buf",
    "prlimit64 TARGET RLIMIT_NOFILE sp null",
    "sched_setaffinity TARGET 8 s:\\x01\\0\\0\\0\\0\\0\\0\\0",
    "sched_setscheduler TARGET SCHED_OTHER sp",
    "sched_setparam TARGET sp",
    "sched_setattr TARGET sp 0",
    "setpriority PRIO_PROCESS TARGET 10",
    "ioprio_set 1 TARGET 0x6000",
    "fcntl 0 F_SETOWN TARGET",
    "fcntl 0 F_SETOWN_EX owner:F_OWNER_PID:TARGET",
    "fcntl 0 F_SETOWN_EX owner:F_OWNER_TID:TARGET",
    "fcntl hi:0 hi:F_SETOWN hi:TARGET",
    "ioctl 0 FIOSETOWN s:TARGET",
    "ioctl 0 hi:SIOCSPGRP s:TARGET",
    "ptrace PTRACE_ATTACH TARGET 0 0",
    "ptrace PTRACE_SEIZE TARGET 0 0",
    "process_vm_readv TARGET buf 0 buf 0 0",
    "process_vm_writev TARGET buf 0 buf 0 0",
    "process_madvise TARGET null 0 0 0",
    "kcmp TARGET TARGET 0 0 0",
    "move_pages TARGET 0 null null null 0",
    "migrate_pages TARGET 0 null null",
];

/// EPERM and a report for each, and the target is as it was.
#[track_caller]
fn cannot_reach(gate: Gate, user: User, pid: &str, flags: &[&str]) {
    for call in AIMED {
        let call = call.replace("TARGET", pid);
        let name = call.split(' ').next().unwrap();
        let out = Run::over(gate).by(user).args(flags).error().probe([&call]).output();
        out.code(0);
        assert_eq!(out.stdout, format!("{name} = -1 EPERM\n"), "{call}{out}");
        out.denied(&[&format!("denied {name}(")]);
    }
}

const EVERYTHING: &[&str] = &[
    "--allow-file-system",
    "--allow-networking",
    "--allow-signals",
    "--allow-process-management",
    "--allow-security-and-permissions",
    "--allow-misc",
];

/// What of a process its peers could change.
fn condition(pid: i32) -> String {
    let read = |name: &str| std::fs::read_to_string(format!("/proc/{pid}/{name}")).unwrap();
    let affinity: String = read("status")
        .lines()
        .filter(|line| line.starts_with("Cpus_allowed:") || line.starts_with("State"))
        .collect();
    let stat = read("stat");
    // Priority and nice value, 18th and 19th field; the process group is the fifth.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    format!("{affinity} {} {} {} {}", fields[2], fields[15], fields[16], read("limits"))
}

fn bystander(user: User) -> Running {
    let running = Run::native("/bin/cat").by(user).start();
    crate::harness::run::eventually("cat waits for its input", || {
        condition(running.pid()).contains("(sleeping)")
    });
    running
}

/// By the variable and by getppid(), with all flags there are.
fn the_supervisor_is_out_of_reach(gate: Gate, user: User) {
    cannot_reach(gate, user, "@gk", EVERYTHING);
    for call in [
        "kill @ppid SIGKILL",
        "prlimit64 @ppid RLIMIT_NOFILE sp null",
        "kill hi:@ppid SIGKILL",
        "fcntl 0 F_SETOWN @ppid",
    ] {
        let out = Run::over(gate).by(user).args(EVERYTHING).error().probe([call]).output();
        out.code(0).denied(&["denied "]);
        assert!(out.stdout.ends_with("= -1 EPERM\n"), "{out}");
    }
}

/// A process of the same user that gatekeeper did not start.
fn a_bystander_is_out_of_reach(gate: Gate, user: User) {
    let mut target = bystander(user);
    let before = condition(target.pid());
    cannot_reach(gate, user, &target.pid().to_string(), EVERYTHING);
    assert_eq!(condition(target.pid()), before);
    target.feed(b"alive");
    target.finish().code(0).stdout("alive");
}

/// Kill, too: the first try is the last.
fn aiming_at_the_supervisor_kills(gate: Gate, user: User) {
    Run::over(gate)
        .by(user)
        .probe(["kill @gk SIGKILL", "!print survived"])
        .output()
        .code(111)
        .stdout("")
        .denied(&["denied kill("]);
    Run::over(gate)
        .by(user)
        .probe(["fcntl 0 F_SETOWN @gk", "!print survived"])
        .output()
        .code(111)
        .stdout("")
        .denied(&["denied fcntl("]);
}

/// Groups that are more than the command's own: everybody, a group of somebody else, all of a user.
fn process_groups(gate: Gate, user: User) {
    let target = bystander(user);
    let before = condition(target.pid());
    let pgid = format!("-{}", target.pid());
    for call in [
        format!("kill {pgid} 0"),
        "fcntl 0 F_SETOWN -1".to_owned(),
        "setpriority PRIO_USER 65533 10".to_owned(),
    ] {
        let out = Run::over(gate).by(user).error().probe([call.as_str(), "!print on"]).output();
        out.code(0).says("on");
        assert!(!out.stdout.contains("= 0\n"), "{call}{out}");
    }
    assert_eq!(condition(target.pid()), before);
}

/// /proc of the supervisor is closed, however much may be read.
fn proc_of_the_supervisor(gate: Gate, user: User) {
    for file in [
        "mem",
        "environ",
        "maps",
        "auxv",
        "fd/0",
        "cwd/x",
        "root/etc/hostname",
        "stack",
        "syscall",
        "task/@gk/mem",
        "map_files",
    ] {
        let out = Run::over(gate)
            .by(user)
            .args(EVERYTHING)
            .error()
            .env("SECRET_OF_GATEKEEPER", "hidden")
            .probe([
                format!("open /proc/@gk/{file} O_RDONLY"),
                "read %1 buf 4000".to_owned(),
                "!dump %2".to_owned(),
            ])
            .output();
        out.code(0);
        let opened = out.stdout.starts_with("open = 3");
        // Whatever may be opened must not be read: the kernel checks both times.
        assert!(
            !opened || out.stdout.contains("read = -1") || out.stdout.contains("read = 0"),
            "{file}{out}"
        );
    }
    for file in ["mem", "oom_score_adj", "comm", "clear_refs", "coredump_filter"] {
        let out = Run::over(gate)
            .by(user)
            .args(EVERYTHING)
            .error()
            .probe([format!("open /proc/@gk/{file} O_RDWR"), "write %1 s:1 1".to_owned()])
            .output();
        out.code(0);
        assert!(!out.stdout.contains("write = 1"), "{file}{out}");
    }
}

/// Its descriptors cannot be taken.
fn descriptors_of_the_supervisor(gate: Gate, user: User) {
    for fd in 0..12 {
        let out = Run::over(gate)
            .by(user)
            .args(EVERYTHING)
            .error()
            .probe([
                "pidfd_open @gk 0".to_owned(),
                format!("pidfd_getfd %1 {fd} 0"),
                format!("open /proc/@gk/fd/{fd} O_RDONLY"),
                "pidfd_send_signal %1 SIGKILL null 0".to_owned(),
            ])
            .output();
        out.code(0).lacks("pidfd_getfd = 0").lacks("pidfd_send_signal = 0");
        assert!(
            !out.stdout.lines().any(|line| line.starts_with("open = ") && !line.contains("-1")),
            "{out}"
        );
    }
}

/// The command's own processes are within reach, as ever.
fn own_processes_are_within_reach(gate: Gate, user: User) {
    let calls = [
        "getpid",
        "prlimit64 %1 RLIMIT_NOFILE null buf",
        "prlimit64 0 RLIMIT_NOFILE null buf",
        "sched_getaffinity %1 64 buf",
        "setpriority PRIO_PROCESS 0 5",
        "setpriority PRIO_PROCESS %1 6",
        "kill %1 0",
        "kill 0 0",
        "fcntl 0 F_SETOWN %1",
        "fcntl 0 F_SETOWN 0",
        "tgkill %1 %1 0",
    ];
    let out = Run::over(gate).by(user).error().probe(calls).output();
    out.code(0).undenied().lacks("EPERM");
    let out = Run::over(gate)
        .by(user)
        .arg("--allow-file-system-read")
        .sh("sleep 100 & kill $!; wait $!; echo $?")
        .output();
    out.code(0).undenied().stdout("143\n");
    let out = Run::over(gate)
        .by(user)
        .arg("--allow-file-system-read")
        .sh("sh -c 'kill -9 $PPID' ; echo not reached")
        .output();
    out.code(137).stdout("");
}

/// A process that is not there is not there.
fn nobody(gate: Gate, user: User) {
    Run::over(gate)
        .by(user)
        .probe(["kill 4194303 0", "kill 4194303 SIGKILL"])
        .output()
        .code(0)
        .quiet()
        .stdout("kill = -1 ESRCH\nkill = -1 ESRCH\n");
}

over_gates_and_users! {
    the_supervisor_is_out_of_reach,
    a_bystander_is_out_of_reach,
    aiming_at_the_supervisor_kills,
    process_groups,
    proc_of_the_supervisor,
    descriptors_of_the_supervisor,
    own_processes_are_within_reach,
    nobody,
}

/// A signal to everybody reaches the command's own tree at most. In a namespace of its own: it must not fail on
/// the machine that the suite runs on.
fn everybody(gate: Gate) {
    if !crate::harness::is_root() {
        return;
    }
    let script = "sleep 1000 & other=$!; \"$@\"; kill -0 $other && echo alive; kill -KILL $other";
    let launcher = [
        "unshare",
        "--pid",
        "--fork",
        "--mount-proc",
        "--kill-child",
        "bash",
        "-c",
        script,
        "bash",
    ];
    for flags in [&[][..], &["--landlock=off"]] {
        for signal in ["0", "SIGTERM", "SIGKILL"] {
            let out = Run::over(gate)
                .args(flags)
                .error()
                .probe([&format!("~kill -1 {signal}"), "!print survived"])
                .inside(launcher)
                .output();
            out.code(0).stdout("survived\nalive\n");
        }
    }
}

/// Killed by its user, the supervisor takes all with it: children, sessions of their own, those that ignore signals.
fn nothing_survives_the_supervisor(gate: Gate) {
    let mut running =
        Run::over(gate).arg("--allow-file-system-read").hostile(["hang", "20"]).start();
    running.wait_stdout("ready");
    running.signal(libc::SIGKILL);
    running.finish().code(137);
}

/// The same amid held calls.
fn nothing_survives_the_supervisor_amid_calls(gate: Gate) {
    let place = crate::harness::Place::new();
    let mut running = Run::over(gate)
        .args(["--allow-file-system-read", "--allow-file-system-path=/"])
        .sh("for i in 1 2 3; do (while :; do cat /etc/hostname >/dev/null; done) & done; echo ready; wait")
        .cwd(place.text())
        .start();
    running.wait_stdout("ready");
    running.signal(libc::SIGKILL);
    running.finish().code(137);
}

over_gates! {
    everybody,
    nothing_survives_the_supervisor,
    nothing_survives_the_supervisor_amid_calls,
}
