//! Programs that people run, with the flags that they would guess; each is refused what its flags leave out.

use crate::harness::{Gate, Place, Run, User, over_gates, over_gates_and_users};

pub(crate) const READ: &str = "--allow-file-system-read";
pub(crate) const WRITE: &str = "--allow-file-system-write";
pub(crate) const CLIENT: &str = "--allow-network-client";
pub(crate) const SERVER: &str = "--allow-network-server";
pub(crate) const ERROR: &str = "--on-syscall-denied=error";
pub(crate) const LOCAL: &str = "--allow-network-local-sockets";
pub(crate) const MODES: &str = "--allow-file-system-permissions";

pub(crate) fn write_to(place: &Place) -> String {
    format!("{WRITE}={}", place.text())
}

/// Pipes, here-documents, substitutions, subshells, background jobs, traps, exit codes.
fn bash_scripts(gate: Gate, user: User) {
    let script = include_str!("fixtures/script.bash");
    let want = "a,b,c\nhere\nsubstituted\ninner 3\njob 143\ntrapped\ntrap 5\npipe 1\nnamed\n";
    Run::over(gate)
        .by(user)
        .arg(READ)
        .cmd(["bash", "-c", script])
        .output()
        .code(42)
        .undenied()
        .stdout(want);
    Run::over(gate)
        .by(user)
        .arg(READ)
        .cmd(["bash", "-c", "echo x > /tmp/gk-never; echo survived"])
        .output()
        .code(111)
        .stdout("")
        .some_denial(&["/tmp/gk-never", "by bash[", WRITE]);
}

fn git(gate: Gate, user: User) {
    let place = Place::new();
    let (origin, clone) = (place.at("origin"), place.at("clone"));
    let run = |words: &[&str]| {
        let status = git_env(Run::native("git"))
            .by(user)
            .args([
                "-C",
                origin.to_str().unwrap(),
                "-c",
                "user.name=A",
                "-c",
                "user.email=a@b.example",
            ])
            .args(words)
            .output();
        status.code(0);
    };
    std::fs::create_dir(&origin).unwrap();
    place.share("origin");
    run(&["init", "-q", "-b", "main"]);
    place.write("origin/file", "content\n");
    run(&["add", "file"]);
    run(&["commit", "-q", "-m", "the first"]);
    let git = |flags: &[&str], words: &[&str]| {
        git_env(Run::over(gate))
            .by(user)
            .args(flags)
            .cwd(place.text())
            .cmd(["git"])
            .args(words)
            .output()
    };
    git(&[READ], &["-C", "origin", "--no-pager", "log", "--format=%s"])
        .code(0)
        .undenied()
        .stdout("the first\n");
    git(&[READ], &["-C", "origin", "status", "--short"]).code(0).undenied().stdout("");
    let refused = git(&[READ], &["clone", "-q", "origin", "clone"]);
    assert_ne!(refused.code, 0, "{refused}");
    refused.some_denial(&["denied mkdir", "by git[", WRITE]);
    assert!(!clone.exists());
    git(&[READ, &write_to(&place), MODES], &["clone", "-q", "origin", "clone"]).code(0).undenied();
    assert_eq!(place.read("clone/file"), "content\n");
}

fn tar(gate: Gate, user: User) {
    let place = Place::new();
    let tar = |flags: &[&str], words: &[&str]| {
        Run::over(gate).by(user).args(flags).cwd(place.text()).cmd(["tar"]).args(words).output()
    };
    tar(&[READ], &["-cf", "-", "allowed_"]).code(0).undenied();
    tar(&[READ], &["-cf", "a.tar", "allowed_"]).code(111).some_denial(&["a.tar", "by tar[", WRITE]);
    tar(&[READ, &write_to(&place)], &["-czf", "a.tar", "allowed_"]).code(0).undenied();
    std::fs::create_dir(place.at("out")).unwrap();
    place.share("out");
    tar(&[READ, &write_to(&place), MODES], &["-xzf", "a.tar", "-C", "out"]).code(0).undenied();
    assert_eq!(place.read("out/allowed_/ok.txt"), "fine\n");
    tar(&[READ], &["-xzf", "a.tar", "-C", "out/allowed_/x"]).code(111);
    assert!(!place.at("out/allowed_/x/allowed_").exists());
}

fn gcc(gate: Gate, user: User) {
    let place = Place::new();
    place.write("hello.c", "#include <stdio.h>\nint main(void) { puts(\"hello\"); return 3; }\n");
    let gcc = |flags: &[&str]| {
        Run::over(gate)
            .by(user)
            .args(flags)
            .env("TMPDIR", place.text())
            .cwd(place.text())
            .cmd(["gcc", "-pipe", "-o", "hello", "hello.c"])
            .output()
    };
    let refused = gcc(&[READ]);
    assert_ne!(refused.code, 0, "{refused}");
    assert!(!refused.denials().is_empty() && !place.at("hello").exists(), "{refused}");
    gcc(&[READ, &write_to(&place), MODES]).code(0).undenied();
    Run::over(gate)
        .by(user)
        .arg(READ)
        .cmd([place.at("hello")])
        .output()
        .code(3)
        .quiet()
        .stdout("hello\n");
}

/// What looks at files, under a list: the place and what programs need of the system.
fn reading_tools(gate: Gate, user: User) {
    let place = Place::new();
    place.write("allowed_/lines", "one\ntwo\nthree\n");
    let run = |script: &str| {
        Run::over(gate)
            .by(user)
            .arg(READ)
            .args(system_paths())
            .arg(place.listed())
            .cwd(place.allowed(""))
            .sh(script)
            .output()
    };
    run("find . -name 'l*' -type f").code(0).undenied().stdout("./lines\n");
    run("sed -n 2p lines; grep -c t lines; head -n 1 lines; tail -n 1 lines; wc -l < lines")
        .code(0)
        .undenied()
        .lines(&["two", "2", "one", "three", "3"]);
    run("awk '{ n += length($0) } END { print n }' lines; sort -r lines | uniq | tr a-z A-Z")
        .code(0)
        .undenied()
        .lines(&["11", "TWO", "THREE", "ONE"]);
    run("stat -c %s lines; ls; ls -l lines | cut -d' ' -f1; realpath x/..; readlink -f x/../lines")
        .code(0)
        .undenied()
        .shows("14\nlines\nok.txt\nx\n-rw-rw-rw-\n");
    run("stat -c %s lines; ls; ls -l lines | cut -d' ' -f1; realpath x/..; readlink -f x/../lines")
        .code(0)
        .undenied()
        .shows("14\nlines\nok.txt\nx\n-rw-rw-rw-\n");
    for tool in ["cat", "grep S", "sed p", "head", "tail", "awk 1", "wc", "md5sum"] {
        let out = run(&format!("exec {tool} ../secret__/ok.txt"));
        out.code(111).stdout("").denied(&[
            "secret__/ok.txt",
            "outside the allowed paths",
            "allow it with --allow-file-system-path=",
        ]);
    }
    let out = run("ls ../secret__; find ../secret__ -type f; stat ../secret__/ok.txt; \
         [ -e ../secret__/ok.txt ] || echo unseen");
    assert!(!out.stdout.contains("ok.txt") && out.stdout.ends_with("unseen\n"), "{out}");
}

/// What changes files, within its place and not beyond.
fn writing_tools(gate: Gate, user: User) {
    let place = Place::new();
    let run = |flags: &[&str], script: &str| {
        Run::over(gate)
            .by(user)
            .args([READ, &format!("{WRITE}={}", place.allowed("").display())])
            .args(flags)
            .cwd(place.allowed(""))
            .sh(script)
            .output()
    };
    let script = "cp ok.txt a && mv a b && ln b c && ln -s c d && mkdir -p e/f && touch e/f/g && \
                  truncate -s 3 b && cat d && echo && rm -r e && rm b c d && ls";
    run(&[], script).code(0).undenied().stdout("fin\nok.txt\nx\n");
    for (script, tool) in [
        ("cp ok.txt ../secret__/new", "cp"),
        ("cp ok.txt ../secret__/ok.txt", "cp"),
        ("mv ok.txt ../secret__/new", "mv"),
        ("mv ../secret__/ok.txt in", "mv"),
        ("ln ok.txt ../secret__/new", "ln"),
        ("ln ../secret__/ok.txt in", "ln"),
        ("ln -s x ../secret__/new", "ln"),
        ("mkdir ../secret__/new", "mkdir"),
        ("touch ../secret__/new", "touch"),
        ("truncate -s 0 ../secret__/ok.txt", "truncate"),
        ("rm -f ../secret__/ok.txt", "rm"),
        ("rmdir ../secret__", "rmdir"),
        ("dd if=ok.txt of=../secret__/new status=none", "dd"),
        ("tee ../secret__/ok.txt < ok.txt", "tee"),
        ("sed -i s/S/T/ ../secret__/ok.txt", "sed"),
    ] {
        let out = run(&[], &format!("{script}; echo $?"));
        out.says("137").denied(&[
            "secret__",
            "by ",
            tool,
            "outside the paths allowed for writing",
            "--allow-file-system-write=",
        ]);
        let out = run(&["--on-syscall-denied=error"], &format!("exec {script} 2>/dev/null"));
        assert_ne!(out.code, 0, "{out}");
        place.untouched();
        assert_eq!(place.read("allowed_/ok.txt"), "fine\n");
    }
    run(&[], "chmod 600 ok.txt; echo $?").says("137").denied(&["by chmod[", MODES]);
    if user == User::Root && crate::harness::is_root() {
        run(&[MODES], "chmod 600 ok.txt && chown 0:0 ok.txt && stat -c %a ok.txt")
            .code(0)
            .undenied()
            .stdout("600\n");
    }
}

/// A Java machine: threads, generated code, its own signals.
fn java(gate: Gate, user: User) {
    if !std::path::Path::new("/usr/bin/java").exists() {
        return;
    }
    let out = Run::over(gate)
        .by(user)
        .args([READ, WRITE])
        .cmd(["/usr/bin/java", "-Xshare:auto", "-Xmx64m", "-version"])
        .output();
    out.code(0).undenied().complains("OpenJDK");
    let out = Run::over(gate)
        .by(user)
        .args([READ])
        .cmd(["/usr/bin/java", "-Xmx64m", "-version"])
        .output();
    assert_ne!(out.code, 0, "{out}");
    assert!(!out.denials().is_empty(), "{out}");
}

/// A Python program with threads, processes, pipes and files of its own.
fn python(gate: Gate, user: User) {
    let place = Place::new();
    let out = Run::over(gate)
        .by(user)
        .args([READ, &write_to(&place), "--on-syscall-denied=error"])
        .cmd(["/usr/bin/python3", "-c", include_str!("fixtures/busy.py"), &place.text()])
        .output();
    out.code(0).stdout("2470\nchild\ntext\npiped\nno socket\n").denied(&[
        "denied socket(",
        "by python3",
        CLIENT,
    ]);
}

over_gates_and_users! {
    bash_scripts,
    git,
    tar,
    gcc,
    reading_tools,
    writing_tools,
    java,
    python,
}

/// Programs that walk large trees, with every open held.
fn find_and_grep_in_a_large_tree(gate: Gate) {
    let native =
        Run::native("/usr/bin/find").cwd("/usr").args(["/usr/include", "-type", "f"]).output();
    let flags = [
        READ,
        "--allow-file-system-path=/usr",
        "--allow-file-system-path=/lib",
        "--allow-file-system-path=/lib64",
        "--allow-file-system-path=/etc",
        "--allow-file-system-path=/proc",
    ];
    Run::over(gate)
        .args(flags)
        .cwd("/usr")
        .cmd(["/usr/bin/find", "/usr/include", "-type", "f"])
        .output()
        .code(0)
        .quiet()
        .stdout(&native.stdout);
    let words = [
        "/bin/grep",
        "-rlw",
        "sockaddr_un",
        "/usr/include/linux",
        "/usr/include/x86_64-linux-gnu/sys",
    ];
    let native = Run::native(words[0]).args(&words[1..]).output();
    Run::over(gate)
        .args(flags)
        .cwd("/usr")
        .cmd(words)
        .output()
        .code(native.code)
        .quiet()
        .stdout(&native.stdout);
}

over_gates! {
    find_and_grep_in_a_large_tree,
}

/// Settings of nobody's, and no lock files for mere looking.
fn git_env(run: Run) -> Run {
    [
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_OPTIONAL_LOCKS", "0"),
        ("GIT_CONFIG_COUNT", "1"),
        ("GIT_CONFIG_KEY_0", "safe.directory"),
        ("GIT_CONFIG_VALUE_0", "*"),
    ]
    .into_iter()
    .fold(run, |run, (name, value)| run.env(name, value))
}

/// What ordinary programs read of a Debian system besides their arguments.
fn system_paths() -> Vec<String> {
    ["/usr", "/bin", "/lib", "/lib64", "/etc", "/dev/null", "/proc"]
        .iter()
        .filter(|path| std::path::Path::new(path).exists())
        .map(|path| format!("--allow-file-system-path={path}"))
        .collect()
}
