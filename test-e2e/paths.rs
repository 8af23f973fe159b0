//! Path rules: which path a call really means, and that the list decides about that one.

use std::os::unix::fs::symlink;

use crate::harness::{Gate, Out, Place, Run, User, over_gates, over_gates_and_users, tools};

const READ: &str = "--allow-file-system-read";
const WRITE: &str = "--allow-file-system-write";

/// Under a read and write grant for the allowed part, with error: the calls, with `ALLOWED`, `SECRET` and `BASE` for
/// the place's directories.
#[track_caller]
fn confined(gate: Gate, user: User, place: &Place, calls: &[&str]) -> Out {
    let calls: Vec<String> = calls.iter().map(|call| filled(place, call)).collect();
    Run::over(gate)
        .by(user)
        .args([WRITE, &place.listed()])
        .error()
        .cwd(place.allowed(""))
        .probe(calls)
        .output()
}

fn filled(place: &Place, text: &str) -> String {
    text.replace("ALLOWED", place.allowed("").to_str().unwrap().trim_end_matches('/'))
        .replace("SECRET", place.secret("").to_str().unwrap().trim_end_matches('/'))
        .replace("BASE", &place.text())
}

/// Each of `calls`, in a run of its own after `before`, ends in EPERM, is reported once, and leaves the secrets alone.
#[track_caller]
fn each_denied(gate: Gate, user: User, place: &Place, before: &[&str], calls: &[&str]) {
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

over_gates_and_users! {
    /// The plain case, its report, and that the rest works.
    fn inside_and_outside(gate, user) {
        let place = Place::new();
        let out = confined(gate, user, &place, &["openat AT_FDCWD ALLOWED/ok.txt O_RDWR", "read %1 buf 10", "!dump %2", "openat AT_FDCWD SECRET/ok.txt O_RDONLY"]);
        out.code(0)
            .stdout("openat = 3\nread = 5\nfine\nopenat = -1 EPERM\n")
            .denied(&[
                "gatekeeper: denied openat(",
                &filled(&place, "\"SECRET/ok.txt\", O_RDONLY"),
                ") by probe[",
                "]: outside the allowed paths; allow it with --allow-file-system-",
                &filled(&place, "=SECRET/ok.txt"),
            ]);
    }

    /// The line of the design, word for word.
    fn the_report(gate, user) {
        let out = Run::over(gate)
            .by(user)
            .args([READ, "--allow-file-system-path=/usr", "--allow-file-system-path=/lib", "--allow-file-system-path=/lib64", "--allow-file-system-path=/etc/ld.so.cache", "--allow-file-system-path=/dev/null"])
            .env("LC_ALL", "C")
            .cmd(["/usr/bin/cat", "/etc/shadow"])
            .output();
        out.code(111).stdout("");
        let line = out.denials()[0];
        let pid: String = line.chars().skip_while(|c| *c != '[').skip(1).take_while(|c| c.is_ascii_digit()).collect();
        assert_eq!(
            line,
            format!("gatekeeper: denied openat(\"/etc/shadow\", O_RDONLY) by cat[{pid}]: outside the allowed paths; allow it with --allow-file-system-path=/etc/shadow"),
        );
        assert_eq!(out.denials().len(), 1);
    }

    /// Spellings of an allowed path.
    fn spellings_of_an_allowed_path(gate, user) {
        let place = Place::new();
        symlink("x/../ok.txt", place.allowed("inner")).unwrap();
        symlink(place.allowed("ok.txt"), place.at("ok-link")).unwrap();
        for path in ["ALLOWED/ok.txt", "ok.txt", "./ok.txt", "ALLOWED//ok.txt", "ALLOWED/./ok.txt", "ALLOWED/x/../ok.txt", "x/y/../../ok.txt", "ALLOWED/inner", "../allowed_/ok.txt", "BASE/./allowed_/../allowed_/ok.txt", "/proc/self/cwd/ok.txt", "/proc/self/root/ALLOWED/ok.txt"] {
            let path = if path.starts_with(['/', '.']) || path.contains("ALLOWED") || path.contains("BASE") { path.to_owned() } else { format!("s:{path}") };
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
    fn spellings_of_a_secret_path(gate, user) {
        let place = Place::new();
        symlink(place.secret("ok.txt"), place.allowed("leaf")).unwrap();
        symlink("../secret__", place.allowed("dir")).unwrap();
        symlink("dir", place.allowed("chain")).unwrap();
        symlink("/", place.allowed("root")).unwrap();
        symlink("..", place.allowed("x/up")).unwrap();
        each_denied(gate, user, &place, &[], &[
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
        ]);
    }

    /// The magic links of /proc, of this process and of others.
    fn magic_links(gate, user) {
        let place = Place::new();
        each_denied(gate, user, &place, &[], &[
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
        ]);
        each_denied(gate, user, &place, &["openat AT_FDCWD ALLOWED/x O_RDONLY|O_DIRECTORY"], &[
            "openat AT_FDCWD /proc/self/fd/%1/../../ok.txt O_RDONLY",
            "openat %1 ../../ok.txt O_RDONLY",
            "openat %1 ../../secret__/ok.txt O_RDONLY",
            "openat2 %1 ../../ok.txt how:O_RDONLY 24",
        ]);
    }

    /// With /proc in the list as well, the links lead where they lead.
    fn magic_links_with_proc_allowed(gate, user) {
        let place = Place::new();
        let bystander = Run::native("/bin/cat").cwd(place.secret("")).start();
        let pid = bystander.pid();
        for path in ["/proc/self/root/SECRET/ok.txt".to_owned(), "/proc/self/cwd/../ok.txt".to_owned(), format!("/proc/{pid}/cwd/ok.txt"), format!("/proc/{pid}/root/SECRET/ok.txt"), "/proc/@gk/root/SECRET/ok.txt".to_owned(), "/proc/@gk/cwd/../ok.txt".to_owned()] {
            let call = filled(&place, &format!("openat AT_FDCWD {path} O_RDONLY"));
            let out = Run::over(gate)
                .by(user)
                .args([READ, &place.listed(), "--allow-file-system-path=/proc"])
                .error()
                .cwd(place.allowed(""))
                .probe([&call])
                .output();
            assert!(["openat = -1 EPERM\n", "openat = -1 EACCES\n"].contains(&out.stdout.as_str()), "{out}");
        }
        let out = Run::over(gate)
            .by(user)
            .args([READ, &place.listed(), "--allow-file-system-path=/proc"])
            .error()
            .cwd(place.allowed(""))
            .probe(["openat AT_FDCWD /proc/self/cwd/ok.txt O_RDONLY", "read %1 buf 10", "!dump %2", "openat AT_FDCWD /proc/self/status O_RDONLY", "openat AT_FDCWD /proc/self/fd/%1 O_RDONLY"])
            .output();
        out.code(0).undenied().stdout("openat = 3\nread = 5\nfine\nopenat = 4\nopenat = 5\n");
    }

    /// O_PATH does not open a way around: neither the descriptor of a secret directory nor one that leads there.
    fn path_descriptors(gate, user) {
        let place = Place::new();
        each_denied(gate, user, &place, &[], &["openat AT_FDCWD SECRET O_PATH", "openat AT_FDCWD SECRET/ok.txt O_PATH",  "openat AT_FDCWD BASE O_PATH"]);
        each_denied(gate, user, &place, &["openat AT_FDCWD ALLOWED O_PATH"], &[
            "openat %1 ../ok.txt O_RDONLY",
            "openat AT_FDCWD /proc/self/fd/%1/../ok.txt O_RDONLY",
            "fchmodat2 %1 ../ok.txt 0600",
            "unlinkat %1 ../ok.txt 0",
        ]);
    }

    /// The directories above an allowed path may be named, since their metadata may be read; what they contain may not.
    fn path_descriptors_above(gate, user) {
        let place = Place::new();
        for above in ["/", "/tmp", "BASE"] {
            let out = confined(gate, user, &place, &[
                &format!("openat AT_FDCWD {above} O_PATH"),
                "openat %1 . O_RDONLY|O_DIRECTORY",
                "openat %1 s:ok.txt O_RDONLY",
                "openat %1 s:secret__/ok.txt O_RDONLY",
                "openat %1 s:etc/hostname O_RDONLY",
                "openat %1 s:etc O_PATH",
                "openat AT_FDCWD /proc/self/fd/%1 O_RDONLY|O_DIRECTORY",
                "openat AT_FDCWD /proc/self/fd/%1/ok.txt O_RDONLY",
            ]);
            out.code(0);
            let opened = out.stdout.lines().skip(1).filter(|line| !line.contains(" = -1 E")).count();
            assert_eq!(opened, 0, "{out}");
        }
    }

    /// Each call that changes something, at a path outside.
    fn nothing_outside_changes(gate, user) {
        let place = Place::new();
        each_denied(gate, user, &place, &[], &[
            "open SECRET/ok.txt O_WRONLY",
            "open SECRET/ok.txt O_RDONLY|O_TRUNC",
            "open SECRET/ok.txt 3",
            "open SECRET/new O_RDONLY|O_CREAT 0644",
            "openat AT_FDCWD SECRET/new O_WRONLY|O_CREAT|O_EXCL 0644",
            "openat AT_FDCWD SECRET O_TMPFILE|O_RDWR 0600",
            "openat AT_FDCWD BASE O_TMPFILE|O_RDWR 0600",
            "openat2 AT_FDCWD SECRET/new how:O_WRONLY|O_CREAT:0644 24",
            "mkdir SECRET/new 0755",
            "mkdirat AT_FDCWD SECRET/new 0755",
            "rmdir SECRET",
            "unlink SECRET/ok.txt",
            "unlinkat AT_FDCWD SECRET/ok.txt 0",
            "unlinkat AT_FDCWD SECRET AT_REMOVEDIR",
            "mknod SECRET/new S_IFREG|0644 0",
            "mknodat AT_FDCWD SECRET/new S_IFIFO|0644 0",
            "symlink s:x SECRET/new",
            "symlinkat s:x AT_FDCWD SECRET/new",
            "utime SECRET/ok.txt null",
            "utimes SECRET/ok.txt null",
            "utimensat AT_FDCWD SECRET/ok.txt null 0",
            "futimesat AT_FDCWD SECRET/ok.txt null",
            "chdir SECRET",
            "chdir BASE",
            "chdir /",
        ]);
    }

    /// Names moved and linked across the border, either way, and the symlink that waits for a file to be created.
    fn nothing_crosses_the_border(gate, user) {
        let place = Place::new();
        symlink(place.secret("dangling"), place.allowed("dangle")).unwrap();
        symlink("../secret__", place.allowed("dir")).unwrap();
        each_denied(gate, user, &place, &[], &[
            "rename SECRET/ok.txt ALLOWED/in",
            "rename ALLOWED/ok.txt SECRET/out",
            "rename ALLOWED/ok.txt SECRET/ok.txt",
            "rename ALLOWED/x s:dir/out",
            "renameat AT_FDCWD SECRET/ok.txt AT_FDCWD ALLOWED/in",
            "renameat AT_FDCWD ALLOWED/ok.txt AT_FDCWD ../out",
            "renameat2 AT_FDCWD ALLOWED/ok.txt AT_FDCWD SECRET/ok.txt RENAME_EXCHANGE",
            "renameat2 AT_FDCWD SECRET/ok.txt AT_FDCWD ALLOWED/ok.txt RENAME_EXCHANGE",
            "renameat2 AT_FDCWD SECRET/ok.txt AT_FDCWD ALLOWED/in RENAME_NOREPLACE",
            "link SECRET/ok.txt ALLOWED/in",
            "link ALLOWED/ok.txt SECRET/out",
            "linkat AT_FDCWD SECRET/ok.txt AT_FDCWD ALLOWED/in 0",
            "linkat AT_FDCWD s:dir/ok.txt AT_FDCWD ALLOWED/in AT_SYMLINK_FOLLOW",
            "open ALLOWED/dangle O_WRONLY|O_CREAT 0644",
            "open s:dangle O_RDONLY|O_CREAT 0644",
            "openat AT_FDCWD s:dangle O_RDWR|O_CREAT|O_TRUNC 0644",
            "openat2 AT_FDCWD s:dangle how:O_RDWR|O_CREAT:0644 24",
            "creat s:dangle 0644",
            "mknod s:dir/new S_IFIFO|0644 0",
            "mkdir s:dir/new 0755",
        ]);
        assert_eq!(place.read("allowed_/ok.txt"), "fine\n");
        assert!(!place.allowed("in").exists());
        // With O_EXCL the kernel does not follow the link, so nothing outside is meant.
        confined(gate, user, &place, &["openat AT_FDCWD s:dangle O_WRONLY|O_CREAT|O_EXCL 0644"]).code(0).stdout("openat = -1 EEXIST\n").undenied();
        place.untouched();
    }

    /// A link made inside to something outside is only a text; going through it is what is refused.
    fn a_new_symlink_leads_nowhere(gate, user) {
        let place = Place::new();
        let out = confined(gate, user, &place, &["symlink SECRET/ok.txt s:new", "openat AT_FDCWD s:new O_RDONLY", "symlink SECRET s:newdir", "openat AT_FDCWD s:newdir/ok.txt O_RDWR", "lstat s:new buf", "readlink s:new buf 100", "unlink s:new"]);
        out.code(0).says("symlink = 0").says("lstat = 0").says("unlink = 0");
        assert_eq!(out.stdout.matches("openat = -1 EPERM").count(), 2, "{out}");
        assert_eq!(out.denials().len(), 2, "{out}");
        place.untouched();
    }

    /// Look-ups that only read metadata: EACCES outside, and no death even with kill; directories above may be looked at.
    fn metadata_outside(gate, user) {
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

        let above = ["stat BASE buf", "lstat /tmp buf", "stat / buf", "stat ALLOWED buf", "lstat s:leaf buf", "stat . buf"].map(|call| filled(&place, call));
        let out = run().probe(&above).output();
        out.code(0).undenied();
        assert_eq!(out.stdout.matches("= 0").count(), above.len(), "{out}");

        for list in ["open BASE O_RDONLY|O_DIRECTORY", "open / O_RDONLY|O_DIRECTORY", "open /tmp O_RDONLY|O_DIRECTORY"] {
            run().probe([filled(&place, list)]).output().code(111).denied(&["denied open("]);
        }
    }

    /// Components are compared, not letters.
    fn a_prefix_is_not_a_directory(gate, user) {
        let place = Place::new();
        std::fs::create_dir(place.at("allowed_x")).unwrap();
        place.write("allowed_x/f", "SECRET\n");
        place.write("allowed_.txt", "SECRET\n");
        let out = confined(gate, user, &place, &["open BASE/allowed_x/f O_RDONLY", "open BASE/allowed_.txt O_RDONLY", "open BASE/allowed_ O_RDONLY"]);
        out.code(0).stdout("open = -1 EPERM\nopen = -1 EPERM\nopen = 3\n");
    }

    /// Allowed names are resolved at the start: a list entry may be a link or a file.
    fn the_list_is_resolved(gate, user) {
        let place = Place::new();
        symlink("allowed_", place.at("alias")).unwrap();
        let file = format!("--allow-file-system-path={}", place.at("ok.txt").display());
        let alias = format!("--allow-file-system-path={}/alias", place.text());
        let calls = ["open ALLOWED/ok.txt O_RDONLY", "open BASE/alias/ok.txt O_RDONLY", "open BASE/ok.txt O_RDONLY", "open SECRET/ok.txt O_RDONLY"].map(|call| filled(&place, call));
        let out = Run::over(gate).by(user).args([READ, &file, &alias]).error().probe(&calls).output();
        out.code(0).stdout("open = 3\nopen = 4\nopen = 5\nopen = -1 EPERM\n");
    }

    /// Reading everywhere, writing in one place only; and reading in one place only.
    fn grants_with_a_path_of_their_own(gate, user) {
        let place = Place::new();
        let write = format!("{WRITE}={}", place.allowed("").display());
        let calls = ["open SECRET/ok.txt O_RDONLY", "open SECRET/ok.txt O_WRONLY", "open ALLOWED/ok.txt O_RDWR", "open SECRET/new O_WRONLY|O_CREAT 0644", "unlink SECRET/ok.txt"].map(|call| filled(&place, call));
        let out = Run::over(gate).by(user).args([READ, &write]).error().probe(&calls).output();
        out.code(0).stdout("open = 3\nopen = -1 EPERM\nopen = 4\nopen = -1 EPERM\nunlink = -1 EPERM\n");
        assert_eq!(out.denials().len(), 3, "{out}");
        place.untouched();

        let read = format!("{READ}={}", place.allowed("").display());
        let out = Run::over(gate).by(user).arg(&read).error().probe(&calls).output();
        out.code(0).stdout("open = -1 EPERM\nopen = -1 EPERM\nopen = -1 EPERM\nopen = -1 EPERM\nunlink = -1 EPERM\n");
        let out = Run::over(gate).by(user).arg(&write).error().probe(&calls).output();
        out.code(0).stdout("open = -1 EPERM\nopen = -1 EPERM\nopen = 3\nopen = -1 EPERM\nunlink = -1 EPERM\n");
    }

    /// Relative paths, after every way to change what they are relative to.
    fn relative_paths(gate, user) {
        let place = Place::new();
        let out = confined(gate, user, &place, &[
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
        ]);
        out.code(0).stdout(
            "chdir = 0\nopenat = 3\nopenat = -1 EPERM\nopenat = 4\nfchdir = 0\nopenat = 5\nopenat = -1 EPERM\nopenat = 6\nopenat = -1 EPERM\nopenat = -1 EBADF\nopenat = -1 ENOTDIR\n",
        );
        assert_eq!(out.denials().len(), 3, "{out}");
    }

    /// The empty path with its flag means the descriptor.
    fn empty_paths(gate, user) {
        let place = Place::new();
        let out = confined(gate, user, &place, &[
            "openat AT_FDCWD ALLOWED/ok.txt O_RDONLY",
            "newfstatat %1 s: buf AT_EMPTY_PATH",
            "statx %1 s: AT_EMPTY_PATH 0x7ff buf",
            "fstat %1 buf",
            "openat AT_FDCWD s: O_RDONLY",
            "newfstatat AT_FDCWD s: buf 0",
        ]);
        out.code(0).undenied().stdout("openat = 3\nnewfstatat = 0\nstatx = 0\nfstat = 0\nopenat = -1 ENOENT\nnewfstatat = -1 ENOENT\n");
    }

    /// openat2 resolves as it is told to.
    fn openat2_resolve_flags(gate, user) {
        let place = Place::new();
        let out = confined(gate, user, &place, &[
            "openat AT_FDCWD ALLOWED O_RDONLY|O_DIRECTORY",
            "openat2 %1 /ok.txt how:O_RDONLY:0:RESOLVE_IN_ROOT 24",
            "openat2 %1 ../../ok.txt how:O_RDONLY:0:RESOLVE_IN_ROOT 24",
            "openat2 %1 ../ok.txt how:O_RDONLY:0:RESOLVE_BENEATH 24",
        ]);
        // In the root of its own all of these are ALLOWED/ok.txt, or nothing; never the secret.
        out.code(0).says("openat = 3");
        let opened = out.stdout.matches("openat2 = ").count();
        assert_eq!(opened, 3, "{out}");
        assert!(!out.stdout.lines().last().unwrap().ends_with("= 4"), "{out}");
        let out = confined(gate, user, &place, &["openat AT_FDCWD ALLOWED O_RDONLY|O_DIRECTORY", "openat2 %1 ../../ok.txt how:O_RDONLY:0:RESOLVE_IN_ROOT 24", "read %2 buf 20", "!dump %3"]);
        out.code(0).lacks("SECRET\n");
    }

    /// Paths that cannot be read to their end, or are too long, fail as the kernel would have them fail.
    fn unreadable_and_endless_paths(gate, user) {
        let place = Place::new();
        let out = confined(gate, user, &place, &[
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
        ]);
        out.code(0).stdout(
            "openat = -1 EFAULT\nopenat = -1 EFAULT\nopenat = -1 EFAULT\nopenat = -1 ENAMETOOLONG\nopenat = -1 ENAMETOOLONG\nopenat = 3\nstat = -1 EFAULT\nrename = -1 EFAULT\nrename = -1 EFAULT\nopenat2 = -1 EFAULT\n",
        );
        assert_eq!(place.read("allowed_/ok.txt"), "fine\n");
    }

    /// Names are bytes: what is not UTF-8, and what would break a line, is decided and shown all the same.
    fn names_that_are_no_text(gate, user) {
        use std::os::unix::ffi::OsStrExt;
        let place = Place::new();
        for dir in ["allowed_", "secret__"] {
            std::fs::write(place.at(dir).join(std::ffi::OsStr::from_bytes(b"\xff\xfe")), "x").unwrap();
        }
        let out = confined(gate, user, &place, &["open ALLOWED/\\xff\\xfe O_RDONLY", "open SECRET/\\xff\\xfe O_RDONLY"]);
        out.code(0).stdout("open = 3\nopen = -1 EPERM\n").denied(&["denied open(", "secret__"]);
        let out = confined(gate, user, &place, &["open SECRET/a\\nb\\x1b[31m O_RDONLY"]);
        out.code(0).stdout("open = -1 EPERM\n").denied(&["denied open(", "secret__"]);
        assert_eq!(out.stderr.lines().count(), 1, "{out}");
        assert!(!out.stderr.contains('\x1b'), "{out}");
        std::fs::remove_file(place.secret("").join(std::ffi::OsStr::from_bytes(b"\xff\xfe"))).unwrap();
        place.untouched();
    }

    /// Programs outside the list do not run; those inside do; the command itself needs no listing.
    fn executing(gate, user) {
        let place = Place::new();
        place.program(&tools().probe, "allowed_/tool");
        let secret = place.program(&tools().probe, "secret__/tool");
        symlink(&secret, place.allowed("link")).unwrap();
        for path in ["SECRET/tool", "s:link", "../secret__/tool"] {
            let out = confined(gate, user, &place, &[&format!("execve {path} argv:tool:!exit\\s9 null")]);
            out.code(0).stdout("execve = -1 EPERM\n").denied(&["denied execve("]);
            let out = confined(gate, user, &place, &[&format!("execveat AT_FDCWD {path} argv:tool:!exit\\s9 null 0")]);
            out.code(0).stdout("execveat = -1 EPERM\n").denied(&["denied execveat("]);
        }
        confined(gate, user, &place, &["execve s:tool argv:tool:!exit\\s9 null"]).code(9).undenied();
        confined(gate, user, &place, &["openat AT_FDCWD s:tool O_RDONLY", "execveat %1 s: argv:tool:!exit\\s9 null AT_EMPTY_PATH"]).code(9).undenied();
        let calls = [filled(&place, "execve SECRET/tool argv:tool:!exit\\s9 null")];
        Run::over(gate).by(user).args([READ, &place.listed()]).probe(&calls).output().code(111).stdout("");
        std::fs::remove_file(secret).unwrap();
    }

    /// A local socket is a path, too.
    fn local_socket_paths(gate, user) {
        let place = Place::new();
        let server = crate::harness::servers::Server::local(&place.secret("s.sock"));
        let inside = crate::harness::servers::Server::local(&place.allowed("s.sock"));
        let calls = ["socket AF_UNIX SOCK_STREAM 0", "bind %1 un:SECRET/new len", "connect %1 un:SECRET/s.sock len", "connect %1 un:../secret__/s.sock len", "connect %1 un:ALLOWED/s.sock len"].map(|call| filled(&place, call));
        let out = Run::over(gate)
            .by(user)
            .args([WRITE, &place.listed(), "--allow-network-local-sockets"])
            .error()
            .cwd(place.allowed(""))
            .probe(&calls)
            .output();
        out.code(0).stdout("socket = 3\nbind = -1 EPERM\nconnect = -1 EPERM\nconnect = -1 EPERM\nconnect = 0\n");
        assert_eq!(out.denials().len(), 3, "{out}");
        assert_eq!((server.total(), inside.total()), (0, 1));
        place.untouched();
    }

    /// Metadata writes outside, with the flag that grants them inside; the newest forms too.
    fn attributes(gate, user) {
        let place = Place::new();
        let calls = [
            "chmod SECRET/ok.txt 0600",
            "fchmodat AT_FDCWD SECRET/ok.txt 0600",
            "fchmodat2 AT_FDCWD SECRET/ok.txt 0600 0",
            "chown SECRET/ok.txt -1 -1",
            "lchown SECRET/ok.txt -1 -1",
            "fchownat AT_FDCWD SECRET/ok.txt -1 -1 0",
            "setxattr SECRET/ok.txt s:user.a s:b 1 0",
            "lsetxattr SECRET/ok.txt s:user.a s:b 1 0",
            "removexattr SECRET/ok.txt s:user.a",
            "setxattrat AT_FDCWD SECRET/ok.txt 0 s:user.a buf 16",
            "removexattrat AT_FDCWD SECRET/ok.txt 0 s:user.a",
            "file_setattr AT_FDCWD SECRET/ok.txt buf 24 0",
            "open_tree_attr AT_FDCWD SECRET/ok.txt 0 buf 32",
        ]
        .map(|call| filled(&place, call));
        for call in &calls {
            let out = Run::over(gate)
                .by(user)
                .args([WRITE, &place.listed(), "--allow-file-system-permissions", "--allow-security-and-permissions"])
                .error()
                .probe([call])
                .output();
            assert!(out.stdout.ends_with("= -1 EPERM\n"), "{call}{out}");
            out.code(0).denied(&["denied "]);
        }
        place.untouched();
        if user == User::Root {
            let inside = ["chmod ALLOWED/ok.txt 0640", "fchmodat2 AT_FDCWD ALLOWED/ok.txt 0640 0", "setxattr ALLOWED/ok.txt s:user.a s:b 1 0", "removexattr ALLOWED/ok.txt s:user.a"].map(|call| filled(&place, call));
            let out = Run::over(gate).args([WRITE, &place.listed(), "--allow-file-system-permissions", "--allow-security-and-permissions"]).error().probe(&inside).output();
            out.code(0).undenied();
            assert_eq!(out.stdout.matches("= 0\n").count(), 4, "{out}");
        }
    }

    /// fchmod and its kind on a descriptor that is only readable.
    fn attributes_through_a_descriptor(gate, user) {
        let place = Place::new();
        let out = Run::over(gate)
            .by(user)
            .args([READ, &place.listed()])
            .error()
            .probe([filled(&place, "open ALLOWED/ok.txt O_RDONLY"), "fchmod %1 0600".to_owned(), "fchown %1 -1 -1".to_owned(), "fsetxattr %1 s:user.a s:b 1 0".to_owned(), "ioctl %1 FS_IOC_SETFLAGS buf".to_owned(), "utimensat %1 null null 0".to_owned(), "ftruncate %1 0".to_owned()])
            .output();
        out.code(0).says("open = 3");
        assert_eq!(out.stdout.matches("= -1 EPERM").count(), 6, "{out}");
        assert_eq!(out.denials().len(), 6, "{out}");
    }
}

over_gates! {
    /// Kill acts before the call does: nothing was created, truncated, moved.
    fn kill_comes_before_the_effect(gate) {
        let place = Place::new();
        for call in ["open SECRET/new O_WRONLY|O_CREAT 0644", "truncate SECRET/ok.txt 0", "unlink SECRET/ok.txt", "rename SECRET/ok.txt ALLOWED/in", "mkdir SECRET/new 0755", "open SECRET/ok.txt O_RDONLY|O_TRUNC"] {
            let call = filled(&place, call);
            let out = Run::over(gate).args([WRITE, &place.listed()]).probe([call.as_str(), "!print survived"]).output();
            out.code(111).stdout("").denied(&["denied "]);
            place.untouched();
        }
    }

    /// An unrestricted write grant means ordinary files: opened for writing, not written.
    fn kernel_controls_are_not_ordinary(gate) {
        for path in ["/proc/sys/kernel/hostname", "/proc/sysrq-trigger", "/sys/kernel/profiling", "/dev/mem", "/dev/kmsg"] {
            let out = Run::over(gate).arg(WRITE).error().probe([format!("open {path} O_WRONLY")]).output();
            assert!(!out.stdout.contains("open = 3"), "{out}");
            if std::path::Path::new(path).exists() {
                out.stdout("open = -1 EPERM\n").denied(&["denied open("]);
            }
        }
        let out = Run::over(gate).arg(WRITE).error().probe(["open /dev/null O_WRONLY", "open /dev/zero O_RDWR", "open /proc/self/comm O_WRONLY"]).output();
        out.code(0).undenied().stdout("open = 3\nopen = 4\nopen = 5\n");
    }

    /// Device nodes are not made, not even where anything may be written.
    fn device_nodes(gate) {
        let place = Place::new();
        let calls = ["mknod ALLOWED/c S_IFCHR|0600 0x103", "mknodat AT_FDCWD ALLOWED/b S_IFBLK|0600 0x700", "mknod ALLOWED/p S_IFIFO|0600 0", "mknod ALLOWED/hi hi:S_IFCHR 0x103"].map(|call| filled(&place, call));
        for flags in [vec![WRITE.to_owned()], vec![WRITE.to_owned(), place.listed()]] {
            let out = Run::over(gate).args(flags).error().probe(&calls).output();
            out.code(0).stdout("mknod = -1 EPERM\nmknodat = -1 EPERM\nmknod = 0\nmknod = -1 EPERM\n");
            std::fs::remove_file(place.allowed("p")).unwrap();
        }
    }

    /// The directory that the command is in is moved out of the list from outside.
    fn a_directory_moved_away(gate) {
        let place = Place::new();
        place.write("allowed_/x/in-x", "SECRET now\n");
        let calls = ["chdir ALLOWED/x", "~read 0 buf 1", "openat AT_FDCWD s:in-x O_RDONLY", "openat AT_FDCWD ../ok.txt O_RDONLY"].map(|call| filled(&place, call));
        let mut running = Run::over(gate).args([READ, &place.listed()]).error().probe(&calls).start();
        running.wait_stdout("chdir = 0");
        std::fs::rename(place.allowed("x"), place.secret("x")).unwrap();
        running.feed(b"x");
        let out = running.finish();
        out.code(0).says("openat = -1 EPERM").lacks("openat = 3");
        assert_eq!(out.denials().len(), 2, "{out}");
    }

    /// What an inherited directory descriptor leads to is judged by where it leads.
    fn an_inherited_directory(gate) {
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
    fn without_landlock(gate) {
        let place = Place::new();
        symlink(place.secret("ok.txt"), place.allowed("leaf")).unwrap();
        let calls = ["open ALLOWED/ok.txt O_RDWR", "open SECRET/ok.txt O_RDONLY", "open s:leaf O_RDONLY", "unlink SECRET/ok.txt", "rename SECRET/ok.txt s:in"].map(|call| filled(&place, call));
        let out = Run::over(gate).args([WRITE, &place.listed(), "--landlock=off"]).error().cwd(place.allowed("")).probe(&calls).output();
        out.code(0).stdout("open = 3\nopen = -1 EPERM\nopen = -1 EPERM\nunlink = -1 EPERM\nrename = -1 EPERM\n");
        assert_eq!(out.denials().len(), 4, "{out}");
        place.untouched();
    }
}
