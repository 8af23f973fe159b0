//! `gatekeeper trace`: shows everything, enforces nothing.

use crate::harness::{Place, Run, User, over_users};

/// One line a call on stderr, decoded, with its result; the command's own output and code are untouched.
fn shows_calls(user: User) {
    let place = Place::new();
    let path = place.allowed("ok.txt");
    let out = Run::gatekeeper()
        .arg("trace")
        .by(user)
        .probe([
            format!("openat AT_FDCWD {} O_RDONLY", path.display()),
            "~read %1 buf 100".to_owned(),
            "!dump %2".to_owned(),
            "~close 77".to_owned(),
            format!("~open {} O_RDONLY", place.at("missing").display()),
            "!exit 9".to_owned(),
        ])
        .output();
    out.code(9).stdout("openat = 3\nfine\n").undenied();
    for parts in [
        &["openat(", "ok.txt\", O_RDONLY", ") = 3"][..],
        &["read(", ") = 5"],
        &["close(", "77", ") = ", "EBADF"],
        &["open(", "missing\"", ") = ", "ENOENT"],
        &["write(1", ") = "],
        &["exit_group(9"],
    ] {
        let found = out.stderr.lines().any(|line| {
            let mut rest = line;
            parts.iter().all(|part| {
                rest.find(part).is_some_and(|at| {
                    rest = &rest[at + part.len()..];
                    true
                })
            })
        });
        assert!(found, "no line with {parts:?}{out}");
    }
    assert_eq!(out.stderr.lines().filter(|line| line.contains("openat(")).count(), 1, "{out}");
}

/// Nothing is refused, not even what no group has.
fn enforces_nothing(user: User) {
    let place = Place::new();
    let out = Run::gatekeeper()
        .arg("trace")
        .by(user)
        .sh(format!(
            "echo changed > {0}/secret__/ok.txt; mkdir {0}/new; cat {0}/secret__/ok.txt; exit 3",
            place.text()
        ))
        .output();
    out.code(3).stdout("changed\n").undenied().complains("execve(").complains("mkdir(");
    assert!(place.at("new").is_dir());
}

/// Children and threads are followed, a signal's end is kept.
fn follows_children(user: User) {
    let out = Run::gatekeeper()
        .arg("trace")
        .by(user)
        .sh("(exit 4); /bin/true & wait; kill -TERM $$")
        .output();
    out.code(143);
    assert!(out.stderr.lines().filter(|line| line.contains("exit_group(")).count() >= 2, "{out}");
}

/// Its own failures are those of run.
fn commands_that_cannot_run(user: User) {
    Run::gatekeeper().arg("trace").by(user).cmd(["no-such-command"]).output().code(127);
    Run::gatekeeper().arg("trace").by(user).cmd(["/etc"]).output().code(126);
}

over_users! {
    shows_calls,
    enforces_nothing,
    follows_children,
    commands_that_cannot_run,
}

#[test]
fn usage() {
    let out = Run::gatekeeper().args(["trace", "--no-such-flag"]).output();
    out.code(100);
    out.one_line();
}
