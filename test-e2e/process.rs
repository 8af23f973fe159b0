//! Births, signals, stops and deaths under gatekeeper are what they are without it.

use crate::harness::run::eventually;
use crate::harness::{Gate, Place, Run, User, is_root, over_gates, over_gates_and_users, tools};

const READ: &str = "--allow-file-system-read";

/// Calls are held with these flags, so that the supervisor has to do with every open.
const HELD: [&str; 2] = [READ, "--allow-file-system-path=/"];

/// Two thousand threads at once, each with a held call.
fn two_thousand_threads(gate: Gate, user: User) {
    let out =
        Run::over(gate).by(user).args(HELD).hostile(["threads", "2000", "/etc/hostname"]).output();
    out.code(0).quiet().stdout("threads=2000 failures=0\n");
}

/// Children by fork, vfork and of children, all at once.
fn fork_storm(gate: Gate, user: User) {
    let out =
        Run::over(gate).by(user).args(HELD).hostile(["forks", "600", "/etc/hostname"]).output();
    out.code(0).quiet().stdout("forks=600 failures=0\n");
}

/// exec by a thread that is not the leader; twice in a row.
fn exec_from_a_thread(gate: Gate, user: User) {
    let hostile = tools().hostile.to_str().unwrap();
    let out = Run::over(gate)
        .by(user)
        .args(HELD)
        .hostile([
            "thread-exec",
            hostile,
            "thread-exec",
            "/bin/sh",
            "-c",
            "cat /etc/hostname >/dev/null && echo here; exit 6",
        ])
        .output();
    out.code(6).quiet().stdout("here\n");
}

/// The new image is under the rules as well.
fn exec_from_a_thread_stays_confined(gate: Gate, user: User) {
    let place = Place::new();
    let out = Run::over(gate)
        .by(user)
        .args([
            READ,
            &place.listed(),
            &format!("--allow-file-system-path={}", tools().dir.display()),
        ])
        .error()
        .hostile([
            "thread-exec",
            tools().hostile.to_str().unwrap(),
            "secret",
            "image",
            place.secret("ok.txt").to_str().unwrap(),
        ])
        .output();
    out.code(0).stdout("image: EPERM\n");
}

/// The leader ends first; the status is that of the thread which ends last.
fn leader_ends_first(gate: Gate, user: User) {
    Run::over(gate)
        .by(user)
        .args(HELD)
        .hostile(["leader-exits", "/etc/hostname"])
        .output()
        .code(23)
        .quiet();
}

/// Killed at any moment of a held call.
fn killed_during_a_stop(gate: Gate, user: User) {
    let out = Run::over(gate)
        .by(user)
        .args(HELD)
        .hostile(["kill-in-stop", "300", "/etc/hostname"])
        .output();
    out.code(0).quiet().stdout("killed=300 odd=0\n");
}

/// The command itself, killed from outside amid held calls: its signal is the exit code, and nothing was denied.
fn killed_from_outside(gate: Gate, user: User) {
    for _ in 0..40 {
        let mut running =
            Run::over(gate).by(user).args(HELD).hostile(["opens", "/etc/hostname"]).start();
        let pid = number_after(&running.wait_stdout("\n"), "pid ");
        assert_eq!(unsafe { libc::kill(pid, libc::SIGKILL) }, 0);
        running.finish().code(137).quiet();
    }
}

/// Stopped and continued amid held calls: the parent sees each stop and each continue.
fn stopped_and_continued(gate: Gate, user: User) {
    let out = Run::over(gate)
        .by(user)
        .args(HELD)
        .hostile(["stop-continue", "100", "/etc/hostname"])
        .output();
    out.code(0).quiet().stdout("seen=201 of 201\n");
}

/// Queued real-time signals: all, in order, with their values.
fn real_time_signals(gate: Gate, user: User) {
    Run::over(gate)
        .by(user)
        .arg(READ)
        .hostile(["rt-signals"])
        .output()
        .code(0)
        .quiet()
        .stdout("caught=20 wrong=0\n");
}

/// Interrupted calls go on.
fn restarted_calls(gate: Gate, user: User) {
    Run::over(gate)
        .by(user)
        .arg(READ)
        .hostile(["restart"])
        .output()
        .code(0)
        .quiet()
        .stdout("restarted=1\n");
}

/// SIGTRAP may be the command's own.
fn own_traps(gate: Gate, user: User) {
    Run::over(gate)
        .by(user)
        .arg(READ)
        .hostile(["trap"])
        .output()
        .code(0)
        .quiet()
        .stdout("traps=3\n");
}

/// A bystander of the same user stops and continues the command.
fn stopped_from_outside(gate: Gate, user: User) {
    let mut running = Run::over(gate)
        .by(user)
        .args(HELD)
        .probe(["getpid", "~read 0 buf 1", "openat AT_FDCWD /etc/hostname O_RDONLY"])
        .start();
    let pid = number_after(&running.wait_stdout("\n"), "getpid = ");
    unsafe { libc::kill(pid, libc::SIGSTOP) };
    eventually("the command has stopped", || "Tt".contains(state(pid)));
    running.feed(b"x");
    unsafe { libc::kill(pid, libc::SIGCONT) };
    running.finish().code(0).quiet().stdout(&format!("getpid = {pid}\nopenat = 3\n"));
}

/// What gatekeeper is told is passed to the command.
fn signals_are_passed_on(gate: Gate, user: User) {
    for signal in [
        libc::SIGTERM,
        libc::SIGINT,
        libc::SIGHUP,
        libc::SIGQUIT,
        libc::SIGUSR1,
        libc::SIGUSR2,
        libc::SIGWINCH,
        libc::SIGTSTP,
    ] {
        let mut running = Run::over(gate)
            .by(user)
            .arg(READ)
            .hostile(["catch".to_owned(), signal.to_string()])
            .start();
        running.wait_stdout("ready\n");
        running.signal(signal);
        running.finish().code(0).quiet().stdout(&format!("ready\ncaught {signal}\n"));
    }
}

/// Those that end the command are in the exit code.
fn deadly_signals_are_passed_on(gate: Gate, user: User) {
    for signal in [libc::SIGTERM, libc::SIGINT, libc::SIGHUP, libc::SIGUSR1] {
        let mut running = Run::over(gate).by(user).probe(["!print ready", "~pause"]).start();
        running.wait_stdout("ready\n");
        running.signal(signal);
        running.finish().code(128 + signal).quiet();
    }
}

/// Told to stop, the command stops; told to continue, it goes on.
fn stop_and_continue_are_passed_on(gate: Gate, user: User) {
    let mut running = Run::over(gate).by(user).probe(["getpid", "~read 0 buf 1"]).start();
    let pid = number_after(&running.wait_stdout("\n"), "getpid = ");
    running.signal(libc::SIGTSTP);
    // A process group that is orphaned ignores SIGTSTP: then there is nothing to continue.
    if !orphaned_group(pid) {
        eventually("the command has stopped", || "Tt".contains(state(pid)));
    }
    running.signal(libc::SIGCONT);
    eventually("the command goes on", || state(pid) == "S");
    running.feed(b"x");
    running.finish().code(0).quiet();
}

/// A descendant that outlives the main command is watched to its end, and the main command's code counts.
fn a_descendant_outlives_the_command(gate: Gate, user: User) {
    let place = Place::new();
    for detach in [&[][..], &["detach"]] {
        let mut running = Run::over(gate)
            .by(user)
            .args([READ, &place.listed()])
            .error()
            .hostile([&["linger", "7", place.secret("ok.txt").to_str().unwrap()], detach].concat())
            .start();
        let main_child = running.wait_stdout("child ");
        assert!(!main_child.contains("orphan"));
        running.feed(b"x");
        let out = running.finish();
        out.code(7).says("orphan: EPERM").denied(&["denied openat("]);
    }
}

/// With `--kill-descendants` they end with the command.
fn kill_descendants(gate: Gate, user: User) {
    for detach in [&[][..], &["/etc/hostname", "detach"]] {
        let mut running = Run::over(gate)
            .by(user)
            .args([READ, "--kill-descendants"])
            .hostile([&["linger", "7"], detach].concat())
            .start();
        // stdin stays open: the descendant has no reason to end.
        assert_eq!(running.wait(), 7);
        running.finish().code(7).quiet().lacks("orphan");
    }
}

/// Denied in a descendant after the main command's end, with kill: the main command's code counts.
fn a_descendant_is_killed(gate: Gate, user: User) {
    let place = Place::new();
    let mut running = Run::over(gate)
        .by(user)
        .args([READ, &place.listed()])
        .hostile(["linger", "9", place.secret("ok.txt").to_str().unwrap()])
        .start();
    running.wait_stdout("child ");
    running.feed(b"x");
    running.finish().code(9).lacks("orphan").denied(&["denied openat("]);
}

over_gates_and_users! {
    two_thousand_threads,
    fork_storm,
    exec_from_a_thread,
    exec_from_a_thread_stays_confined,
    leader_ends_first,
    killed_during_a_stop,
    killed_from_outside,
    stopped_and_continued,
    real_time_signals,
    restarted_calls,
    own_traps,
    stopped_from_outside,
    signals_are_passed_on,
    deadly_signals_are_passed_on,
    stop_and_continue_are_passed_on,
    a_descendant_outlives_the_command,
    kill_descendants,
    a_descendant_is_killed,
}

/// As process 1 it reaps what others leave, ends with the command, and ends the rest.
fn process_one(gate: Gate) {
    if !is_root() {
        return;
    }
    let launcher = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"];
    let run = || Run::over(gate).inside(launcher);
    run().arg(READ).sh("echo $PPID; exit 5").output().code(5).quiet().stdout("1\n");
    run().probe(["openat AT_FDCWD /etc/hostname O_RDONLY"]).output().code(111);
    // stdin stays open: the descendant has no reason to end.
    let mut left = run().arg(READ).hostile(["linger", "7"]).start();
    assert_eq!(left.wait(), 7);
    left.finish().code(7).quiet().lacks("orphan");

    // A zombie shows as state Z until somebody reaps it.
    let script = "$0 orphans 50; while cat /proc/[0-9]*/stat 2>/dev/null | grep -q ') Z '; do :; done; echo clean";
    run()
        .arg(READ)
        .cmd(["/bin/sh", "-c", script, tools().hostile.to_str().unwrap()])
        .output()
        .code(0)
        .stdout("clean\n");
}

/// As process 1 it passes signals on, though nothing does so by default there.
fn process_one_passes_signals_on(gate: Gate) {
    if !is_root() {
        return;
    }
    let launcher = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"];
    let mut running = Run::over(gate).arg(READ).hostile(["catch", "15"]).inside(launcher).start();
    running.wait_stdout("ready\n");
    let pid = running.pid();
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
    let one: i32 = children.trim().parse().unwrap();
    assert_eq!(unsafe { libc::kill(one, libc::SIGTERM) }, 0);
    running.finish().code(0).stdout("ready\ncaught 15\n");
}

/// Two gatekeepers inside each other: the inner one needs what no group has, and fails in one line.
fn inside_itself(gate: Gate) {
    let inner = [
        tools().gatekeeper.to_str().unwrap(),
        "run",
        "--",
        tools().probe.to_str().unwrap(),
        "!print ran",
    ];
    let out = Run::over(gate)
        .args([READ, "--allow-security-and-permissions"])
        .error()
        .cmd(inner)
        .output();
    out.code(125).lacks("ran\n");
}

/// The exec of a program that sets another user keeps the user, as no new privileges are to be had.
fn set_user_id_programs(gate: Gate) {
    let place = Place::new();
    if !is_root() {
        return;
    }
    let tool = place.program(&tools().probe, "tool");
    std::os::unix::fs::chown(&tool, Some(0), Some(0)).unwrap();
    std::fs::set_permissions(&tool, std::os::unix::fs::PermissionsExt::from_mode(0o4755)).unwrap();
    let out = Run::over(gate)
        .by(User::Nobody)
        .arg(READ)
        .cmd([tool.to_str().unwrap(), "geteuid"])
        .output();
    out.code(0).stdout("geteuid = 65534\n");
}

over_gates! {
    process_one,
    process_one_passes_signals_on,
    inside_itself,
    set_user_id_programs,
}

fn number_after(text: &str, before: &str) -> i32 {
    let rest = &text[text.find(before).unwrap() + before.len()..];
    rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap()
}

/// The state letter of a process, "" where there is none.
fn state(pid: i32) -> &'static str {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let letter = stat.rsplit(") ").next().and_then(|rest| rest.chars().next());
    ["R", "S", "D", "T", "t", "Z", "X"]
        .into_iter()
        .find(|known| letter == known.chars().next())
        .unwrap_or("?")
}

/// Whether no member of the process's group has its parent in another group of the session: credentials(7).
fn orphaned_group(pid: i32) -> bool {
    let field = |pid: i32, at: usize| -> i32 {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit(") ").next().and_then(|rest| rest.split(' ').nth(at)?.parse().ok()).unwrap_or(0)
    };
    let (group, session) = (field(pid, 2), field(pid, 3));
    !std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok())
        .any(|other| {
            field(other, 2) == group && {
                let parent = field(other, 1);
                field(parent, 2) != group && field(parent, 3) == session
            }
        })
}
