//! Command lines, variables, and what is said where they make no sense.

use crate::harness::{Place, Run};

/// One line that says what, code 100, and nothing ran.
#[track_caller]
fn refused(words: &[&str], env: &[(&str, &str)], says: &[&str]) {
    let mut run = Run::gatekeeper().args(words);
    for (name, value) in env {
        run = run.env(name, value);
    }
    let out = run.output();
    out.code(100).stdout("");
    let line = out.one_line();
    for part in says {
        assert!(line.contains(part), "no {part:?} in the line{out}");
    }
}

macro_rules! usage_errors {
    ($($name:ident: $words:expr, $says:expr;)*) => {$(
        #[test]
        fn $name() {
            refused(&$words, &[], &$says);
        }
    )*};
}

usage_errors! {
    unknown_flag: ["run", "--no-such-flag", "--", "/bin/true"], ["--no-such-flag"];
    unknown_flag_names_the_nearest: ["run", "--allow-file-system-reed", "--", "/bin/true"], ["--allow-file-system-read"];
    unknown_group: ["run", "--allow-network-everything", "--", "/bin/true"], ["--allow-network-everything"];
    unknown_syscall: ["run", "--allow-syscall=opennat", "--", "/bin/true"], ["opennat", "openat"];
    unknown_syscall_as_a_flag: ["run", "--allow-syscall-opennat", "--", "/bin/true"], ["opennat", "openat"];
    empty_syscall: ["run", "--allow-syscall=", "--", "/bin/true"], ["--allow-syscall"];
    unknown_signal: ["run", "--trigger-enforce-on-signal=SIGFOO", "--", "/bin/true"], ["SIGFOO"];
    signal_out_of_range: ["run", "--trigger-enforce-on-signal=99", "--", "/bin/true"], ["99"];
    signal_that_cannot_be_caught: ["run", "--trigger-enforce-on-signal=KILL", "--", "/bin/true"], ["KILL"];
    empty_path: ["run", "--allow-file-system-read", "--allow-file-system-path=", "--", "/bin/true"], ["--allow-file-system-path"];
    empty_path_in_a_list: ["run", "--allow-file-system-read=", "--", "/bin/true"], ["--allow-file-system-read"];
    missing_path_value: ["run", "--allow-file-system-path"], ["--allow-file-system-path"];
    missing_command: ["run", "--allow-file-system-read"], [];
    missing_command_after_dashes: ["run", "--allow-file-system-read", "--"], [];
    unknown_subcommand: ["runn", "--", "/bin/true"], ["runn", "run"];
    unknown_action: ["run", "--on-syscall-denied=maybe", "--", "/bin/true"], ["maybe", "kill", "error"];
    unknown_gate: ["run", "--gate=none", "--", "/bin/true"], ["none", "notify", "ptrace"];
    unknown_landlock: ["run", "--landlock=maybe", "--", "/bin/true"], ["maybe", "required"];
    not_a_boolean: ["run", "--allow-implicit-commands=perhaps", "--", "/bin/true"], ["perhaps"];
    never_enforced: ["run", "--enforce-on-startup=false", "--", "/bin/true"], ["--enforce-on-startup"];
    bad_duration: ["run", "--trigger-enforce-after=soon", "--", "/bin/true"], ["soon"];
    bad_regex: ["run", "--trigger-enforce-on-log-regex=(", "--", "/bin/true"], ["--trigger-enforce-on-log-regex"];
    empty_log_text: ["run", "--trigger-enforce-on-log-match=", "--", "/bin/true"], ["--trigger-enforce-on-log-match"];
    bad_descriptor: ["run", "--keep-fd=x", "--", "/bin/true"], ["x"];
    bad_port: ["run", "--allow-network-server=99999", "--", "/bin/true"], ["99999"];
    bad_address: ["run", "--allow-network-client=127.0.0.1:http!", "--", "/bin/true"], ["--allow-network-client"];
}

#[test]
fn a_value_that_breaks_the_line() {
    refused(&["run", "--gate=a\nb\x1b[31m", "--", "/bin/true"], &[], &["--gate"]);
}

#[test]
fn a_variable_that_makes_no_sense() {
    refused(
        &["run", "--", "/bin/true"],
        &[("GATEKEEPER_ON_SYSCALL_DENIED", "maybe")],
        &["GATEKEEPER_ON_SYSCALL_DENIED", "maybe"],
    );
    refused(
        &["run", "--", "/bin/true"],
        &[("GATEKEEPER_ALLOW_SYSCALL", "opennat")],
        &["GATEKEEPER_ALLOW_SYSCALL", "openat"],
    );
}

/// A path list that names nothing there is: the list would silently grant less than was meant.
#[test]
fn a_listed_path_that_is_not_there_does_not_widen_the_list() {
    let place = Place::new();
    let flag = format!("--allow-file-system-path={}", place.at("missing").display());
    let out = Run::gatekeeper()
        .args(["run", "--allow-file-system-read", &flag])
        .error()
        .probe([format!("openat AT_FDCWD {} O_RDONLY", place.secret("ok.txt").display())])
        .output();
    out.lacks("openat = 3");
}

#[test]
fn help_and_version_go_to_stdout() {
    for words in
        [&["--help"][..], &["run", "--help"], &["trace", "--help"], &["--version"], &["-h"]]
    {
        let out = Run::gatekeeper().args(words).output();
        out.code(0).quiet().shows("gatekeeper");
    }
    let out = Run::gatekeeper().args(["run", "--help"]).output();
    for flag in [
        "--allow-file-system-read",
        "--allow-file-system-write",
        "--allow-file-system-permissions",
        "--allow-file-system-path",
        "--allow-network-client",
        "--allow-network-server",
        "--allow-network-local-sockets",
        "--allow-networking",
        "--allow-process-management",
        "--allow-memory-management",
        "--allow-signals",
        "--allow-timers-and-clocks-management",
        "--allow-security-and-permissions",
        "--allow-system-information",
        "--allow-process-communication",
        "--allow-process-synchronization",
        "--allow-misc",
        "--allow-syscall",
        "--enforce-on-startup",
        "--allow-implicit-commands",
        "--on-syscall-denied",
        "--trigger-enforce-on-log-match",
        "--trigger-enforce-on-log-regex",
        "--trigger-enforce-on-signal",
        "--trigger-enforce-on-listen",
        "--trigger-enforce-after",
        "--verbose",
        "--gate",
        "--landlock",
        "--keep-fd",
        "--kill-descendants",
        "--log-file",
    ] {
        out.shows(flag);
    }
}

/// Every flag has its variable, and the command line wins.
#[test]
fn variables_stand_for_flags() {
    let call = "openat AT_FDCWD /etc/hostname O_RDONLY";
    let run = |env: &[(&str, &str)], flags: &[&str]| {
        let mut run = Run::gatekeeper().arg("run");
        for (name, value) in env {
            run = run.env(name, value);
        }
        run.args(flags).probe([call]).output()
    };
    run(&[], &[]).code(111);
    run(&[("GATEKEEPER_ON_SYSCALL_DENIED", "error")], &[]).code(0).says("openat = -1 EPERM");
    run(&[("GATEKEEPER_ON_SYSCALL_DENIED", "error")], &["--on-syscall-denied=kill"]).code(111);
    run(&[("GATEKEEPER_ALLOW_FILE_SYSTEM_READ", "true")], &[]).code(0).says("openat = 3").quiet();
    run(&[("GATEKEEPER_ALLOW_SYSCALL", "openat")], &[]).code(0).says("openat = 3");
    run(&[("GATEKEEPER_GATE", "ptrace"), ("GATEKEEPER_ALLOW_FILE_SYSTEM_READ", "true")], &[])
        .code(0);
}

/// A single call may be named in two ways; it then is not looked at.
#[test]
fn one_syscall_is_allowed_by_name() {
    for flag in ["--allow-syscall=openat", "--allow-syscall-openat"] {
        let out = Run::gatekeeper()
            .args(["run", flag])
            .error()
            .probe(["openat AT_FDCWD /etc/hostname O_RDONLY", "open /etc/hostname O_RDONLY"])
            .output();
        out.code(0).stdout("openat = 3\nopen = -1 EPERM\n").denied(&["denied open("]);
    }
}
