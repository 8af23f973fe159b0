//! A terminal stays a terminal: job control, the keys that send signals, and what may not be typed into it.

use crate::harness::terminal::Terminal;
use crate::harness::{Gate, Run, over_gates, tools};

const READ: &str = "--allow-file-system-read";

/// An interactive shell with a prompt of its own on a terminal.
fn bash(terminal: &mut Terminal, run: Run) -> crate::harness::Running {
    let running = run
        .args(["--norc", "--noprofile", "--noediting", "-i"])
        .env("PS1", "prompt> ")
        .env("HISTFILE", "")
        .on_terminal(terminal.slave())
        .start();
    terminal.hand_over();
    terminal.shows("prompt> ");
    running
}

/// The command has the terminal itself.
fn a_terminal_stays_one(gate: Gate) {
    let mut terminal = Terminal::new(false);
    let run = Run::over(gate)
        .arg(READ)
        .sh("test -t 0 && test -t 1 && test -t 2 && stty size && tty")
        .on_terminal(terminal.slave());
    let running = run.start();
    terminal.hand_over();
    terminal.shows("24 80\r\n/dev/pts/");
    running.finish().code(0);
}

/// Ctrl-C goes to the whole foreground group; the command gets it once. What comes from elsewhere is passed on.
fn ctrl_c_once(gate: Gate) {
    let mut terminal = Terminal::new(false);
    let running = Run::over(gate)
        .arg(READ)
        .hostile(["catch", "2", "3", "15"])
        .on_terminal(terminal.slave())
        .start();
    terminal.hand_over();
    terminal.shows("ready");
    terminal.types("\x03");
    terminal.shows("caught 2");
    terminal.types("\x1c");
    terminal.shows("caught 3");
    running.signal(libc::SIGINT);
    terminal.shows("caught 2");
    running.signal(libc::SIGTERM);
    let all = terminal.rest();
    assert_eq!(all.matches("caught 2").count(), 2, "{all}");
    assert_eq!(all.matches("caught 3").count(), 1, "{all}");
    running.finish().code(0);
}

/// The size of the window changes: one SIGWINCH.
fn resized_once(gate: Gate) {
    let mut terminal = Terminal::new(false);
    let running = Run::over(gate)
        .arg(READ)
        .hostile(["catch", "28", "15"])
        .on_terminal(terminal.slave())
        .start();
    terminal.hand_over();
    terminal.shows("ready");
    terminal.resize(30, 100);
    terminal.shows("caught 28");
    running.signal(libc::SIGTERM);
    let all = terminal.rest();
    assert_eq!(all.matches("caught 28").count(), 1, "{all}");
    running.finish().code(0);
}

/// A job of an interactive shell: stopped with Ctrl-Z, taken back with fg, ended by Ctrl-D and by Ctrl-C.
fn a_job_of_a_shell(gate: Gate) {
    let mut terminal = Terminal::new(false);
    let gatekeeper = format!("{} run {} {READ} --", tools().gatekeeper.display(), gate.flag());
    let mut shell = bash(&mut terminal, Run::native("/bin/bash"));
    for _ in 0..3 {
        terminal.types(&format!("{gatekeeper} cat\n"));
        terminal.types("one\n");
        terminal.shows("one\r\n");
        terminal.types("\x1a");
        terminal.shows("Stopped");
        terminal.shows("prompt> ");
        terminal.types("echo in the shell\n");
        terminal.shows("in the shell\r\n");
        terminal.shows("prompt> ");
        terminal.types("fg\n");
        terminal.types("two\n");
        terminal.shows("two\r\n");
        terminal.types("\x04");
        terminal.shows("prompt> ");
        terminal.types("echo code $?\n");
        terminal.shows("code 0");
        terminal.shows("prompt> ");
    }
    terminal.types(&format!("{gatekeeper} sh -c 'echo up; exec sleep 1000'\n"));
    terminal.shows("up\r\n");
    terminal.types("\x03");
    terminal.shows("prompt> ");
    terminal.types("echo code $?\n");
    terminal.shows("code 130");
    terminal.shows("prompt> ");
    terminal.types(&format!("{gatekeeper} sleep 1000 &\n"));
    terminal.shows("prompt> ");
    terminal.types("kill %%; wait; echo gone\n");
    terminal.shows("gone\r\n");
    terminal.types("exit 3\n");
    assert_eq!(shell.wait(), 3);
}

/// A background job that reads from the terminal is stopped like any other, and can be taken to the foreground.
fn a_background_job_that_reads(gate: Gate) {
    let mut terminal = Terminal::new(false);
    let mut shell = bash(&mut terminal, Run::native("/bin/bash"));
    terminal.types(&format!(
        "{} run {} {READ} -- cat &\n",
        tools().gatekeeper.display(),
        gate.flag()
    ));
    terminal.shows("prompt> ");
    // bash shows a change of state with the next prompt after it.
    terminal.types("until jobs -s | grep -q Stopped; do :; done; echo it stopped\n");
    terminal.shows("it stopped\r\n");
    terminal.types("fg\n");
    terminal.types("now\n");
    terminal.shows("now\r\n");
    terminal.types("\x04");
    terminal.shows("prompt> ");
    terminal.types("exit 4\n");
    assert_eq!(shell.wait(), 4);
}

/// An interactive shell under gatekeeper has job control of its own.
fn a_shell_under_gatekeeper(gate: Gate) {
    let mut terminal = Terminal::new(false);
    let mut shell = bash(
        &mut terminal,
        Run::over(gate).args([READ, "--allow-file-system-write=/dev"]).cmd(["/bin/bash"]),
    );
    terminal.types("cat\n");
    terminal.types("one\n");
    terminal.shows("one\r\n");
    terminal.types("\x1a");
    terminal.shows("Stopped");
    terminal.shows("prompt> ");
    terminal.types("jobs\n");
    terminal.shows("Stopped");
    terminal.types("fg\n");
    terminal.types("two\n");
    terminal.shows("two\r\n");
    terminal.types("\x03");
    terminal.shows("prompt> ");
    terminal.types("echo code $?\n");
    terminal.shows("code 130");
    terminal.types("sleep 1000 &\n");
    terminal.types("kill %1; wait; echo gone\n");
    terminal.shows("gone\r\n");
    terminal.types("cat /etc/hostname | cat | wc -l\n");
    terminal.shows("1\r\n");
    terminal.types("mkdir /tmp/gk-never\n");
    terminal.shows("gatekeeper: denied mkdir(");
    terminal.shows("prompt> ");
    terminal.types("exit 3\n");
    assert_eq!(shell.wait(), 3);
    assert!(!std::path::Path::new("/tmp/gk-never").exists());
}

/// Nothing is typed into the terminal for its user: also not with rubbish in the upper half of the request.
fn nothing_is_typed_into_it(gate: Gate) {
    for request in ["TIOCSTI", "hi:TIOCSTI", "TIOCLINUX", "hi:TIOCLINUX", "TIOCSETD", "hi:TIOCSETD"]
    {
        let mut terminal = Terminal::new(false);
        let running = Run::over(gate)
            .args(["--allow-file-system", "--allow-misc", "--allow-security-and-permissions"])
            .error()
            .probe([
                format!("ioctl 0 {request} s:X"),
                "ioctl 0 FIONREAD buf".to_owned(),
                "!dump 1".to_owned(),
                "!print end".to_owned(),
            ])
            .on_terminal(terminal.slave())
            .start();
        terminal.hand_over();
        let shown = terminal.shows("end");
        assert!(shown.contains("ioctl = -1 EPERM") && shown.contains("ioctl = 0"), "{shown}");
        assert!(shown.contains('\0'), "something is in the queue: {shown:?}");
        assert!(terminal.rest().contains("denied ioctl("));
        running.finish().code(0);
    }
}

over_gates! {
    a_terminal_stays_one,
    ctrl_c_once,
    resized_once,
    a_job_of_a_shell,
    a_background_job_that_reads,
    a_shell_under_gatekeeper,
    nothing_is_typed_into_it,
}

/// The control: without gatekeeper the request types.
#[test]
fn typing_works_without_gatekeeper() {
    let mut terminal = Terminal::new(false);
    let running = Run::native(&tools().probe)
        .args(["ioctl 0 TIOCSTI s:\\n", "~read 0 buf 10", "!print typed"])
        .on_terminal(terminal.slave())
        .start();
    terminal.hand_over();
    let shown = terminal.shows("\r\n");
    // A kernel may have it switched off for good.
    if shown.contains("= 0") {
        terminal.shows("typed");
        running.finish().code(0);
    }
}
