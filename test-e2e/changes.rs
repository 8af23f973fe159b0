//! What changes files, runs them or binds to them: outside the list nothing does, by whatever call.

use std::os::unix::fs::symlink;

use crate::harness::{Gate, Place, Run, User, is_root, over_gates, over_gates_and_users, tools};
use crate::paths::{READ, WRITE, confined, each_denied, filled};

/// Each call that changes something, at a path outside.
fn nothing_outside_changes(gate: Gate, user: User) {
    let place = Place::new();
    each_denied(
        gate,
        user,
        &place,
        &[],
        &[
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
        ],
    );
}

/// Names moved and linked across the border, either way, and the symlink that waits for a file to be created.
fn nothing_crosses_the_border(gate: Gate, user: User) {
    let place = Place::new();
    symlink(place.secret("dangling"), place.allowed("dangle")).unwrap();
    symlink("../secret__", place.allowed("dir")).unwrap();
    each_denied(
        gate,
        user,
        &place,
        &[],
        &[
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
        ],
    );
    assert_eq!(place.read("allowed_/ok.txt"), "fine\n");
    assert!(!place.allowed("in").exists());
    // With O_EXCL the kernel does not follow the link, so nothing outside is meant.
    confined(gate, user, &place, &["openat AT_FDCWD s:dangle O_WRONLY|O_CREAT|O_EXCL 0644"])
        .code(0)
        .stdout("openat = -1 EEXIST\n")
        .undenied();
    place.untouched();
}

/// A link made inside to something outside is only a text; going through it is what is refused.
fn a_new_symlink_leads_nowhere(gate: Gate, user: User) {
    let place = Place::new();
    let out = confined(
        gate,
        user,
        &place,
        &[
            "symlink SECRET/ok.txt s:new",
            "openat AT_FDCWD s:new O_RDONLY",
            "symlink SECRET s:newdir",
            "openat AT_FDCWD s:newdir/ok.txt O_RDWR",
            "lstat s:new buf",
            "readlink s:new buf 100",
            "unlink s:new",
        ],
    );
    out.code(0).says("symlink = 0").says("lstat = 0").says("unlink = 0");
    assert_eq!(out.stdout.matches("openat = -1 EPERM").count(), 2, "{out}");
    assert_eq!(out.denials().len(), 2, "{out}");
    place.untouched();
}

/// Metadata writes outside, with the flag that grants them inside; the newest forms too.
fn attributes(gate: Gate, user: User) {
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
            .args([
                WRITE,
                &place.listed(),
                "--allow-file-system-permissions",
                "--allow-security-and-permissions",
            ])
            .error()
            .probe([call])
            .output();
        assert!(out.stdout.ends_with("= -1 EPERM\n"), "{call}{out}");
        out.code(0).denied(&["denied "]);
    }
    place.untouched();
    if user == User::Root && is_root() {
        let inside = [
            "chmod ALLOWED/ok.txt 0640",
            "fchmodat2 AT_FDCWD ALLOWED/ok.txt 0640 0",
            "setxattr ALLOWED/ok.txt s:user.a s:b 1 0",
            "removexattr ALLOWED/ok.txt s:user.a",
        ]
        .map(|call| filled(&place, call));
        let out = Run::over(gate)
            .args([
                WRITE,
                &place.listed(),
                "--allow-file-system-permissions",
                "--allow-security-and-permissions",
            ])
            .error()
            .probe(&inside)
            .output();
        out.code(0).undenied();
        assert_eq!(out.stdout.matches("= 0\n").count(), 4, "{out}");
    }
}

/// fchmod and its kind on a descriptor that is only readable.
fn attributes_through_a_descriptor(gate: Gate, user: User) {
    let place = Place::new();
    let out = Run::over(gate)
        .by(user)
        .args([READ, &place.listed()])
        .error()
        .probe([
            filled(&place, "open ALLOWED/ok.txt O_RDONLY"),
            "fchmod %1 0600".to_owned(),
            "fchown %1 -1 -1".to_owned(),
            "fsetxattr %1 s:user.a s:b 1 0".to_owned(),
            "ioctl %1 FS_IOC_SETFLAGS buf".to_owned(),
            "utimensat %1 null null 0".to_owned(),
            "ftruncate %1 0".to_owned(),
        ])
        .output();
    out.code(0).says("open = 3");
    assert_eq!(out.stdout.matches("= -1 EPERM").count(), 6, "{out}");
    assert_eq!(out.denials().len(), 6, "{out}");
}

/// Kill acts before the call does: nothing was created, truncated, moved.
fn kill_comes_before_the_effect(gate: Gate) {
    let place = Place::new();
    for call in [
        "open SECRET/new O_WRONLY|O_CREAT 0644",
        "truncate SECRET/ok.txt 0",
        "unlink SECRET/ok.txt",
        "rename SECRET/ok.txt ALLOWED/in",
        "mkdir SECRET/new 0755",
        "open SECRET/ok.txt O_RDONLY|O_TRUNC",
    ] {
        let call = filled(&place, call);
        let out = Run::over(gate)
            .args([WRITE, &place.listed()])
            .probe([call.as_str(), "!print survived"])
            .output();
        out.code(111).stdout("").denied(&["denied "]);
        place.untouched();
    }
}

/// An unrestricted write grant means ordinary files: opened for writing, not written.
fn kernel_controls_are_not_ordinary(gate: Gate) {
    for path in [
        "/proc/sys/kernel/hostname",
        "/proc/sysrq-trigger",
        "/sys/kernel/profiling",
        "/dev/mem",
        "/dev/kmsg",
    ] {
        let out =
            Run::over(gate).arg(WRITE).error().probe([format!("open {path} O_WRONLY")]).output();
        assert!(!out.stdout.contains("open = 3"), "{out}");
        // The kernel itself refuses an ordinary user, and is left to say so.
        if is_root() && std::path::Path::new(path).exists() {
            out.stdout("open = -1 EPERM\n").denied(&["denied open("]);
        }
    }
    let out = Run::over(gate)
        .arg(WRITE)
        .error()
        .probe(["open /dev/null O_WRONLY", "open /dev/zero O_RDWR"])
        .output();
    out.code(0).undenied().stdout("open = 3\nopen = 4\n");
}

/// Device nodes are not made, not even where anything may be written.
fn device_nodes(gate: Gate) {
    let place = Place::new();
    let calls = [
        "mknod ALLOWED/c S_IFCHR|0600 0x103",
        "mknodat AT_FDCWD ALLOWED/b S_IFBLK|0600 0x700",
        "mknod ALLOWED/p S_IFIFO|0600 0",
        "mknod ALLOWED/hi hi:S_IFCHR 0x103",
    ]
    .map(|call| filled(&place, call));
    for flags in [vec![WRITE.to_owned()], vec![WRITE.to_owned(), place.listed()]] {
        let out = Run::over(gate).args(flags).error().probe(&calls).output();
        out.code(0).lines(&[
            "mknod = -1 EPERM",
            "mknodat = -1 EPERM",
            "mknod = 0",
            "mknod = -1 EPERM",
        ]);
        std::fs::remove_file(place.allowed("p")).unwrap();
    }
}

/// Programs outside the list do not run; those inside do; the command itself needs no listing.
fn executing(gate: Gate, user: User) {
    let place = Place::new();
    place.program(&tools().probe, "allowed_/tool");
    let secret = place.program(&tools().probe, "secret__/tool");
    symlink(&secret, place.allowed("link")).unwrap();
    for path in ["SECRET/tool", "s:link", "../secret__/tool"] {
        let out =
            confined(gate, user, &place, &[&format!("execve {path} argv:tool:!exit\\s9 null")]);
        out.code(0).stdout("execve = -1 EPERM\n").denied(&["denied execve("]);
        let out = confined(
            gate,
            user,
            &place,
            &[&format!("execveat AT_FDCWD {path} argv:tool:!exit\\s9 null 0")],
        );
        out.code(0).stdout("execveat = -1 EPERM\n").denied(&["denied execveat("]);
    }
    confined(gate, user, &place, &["execve s:tool argv:tool:!exit\\s9 null"]).code(9).undenied();
    confined(
        gate,
        user,
        &place,
        &[
            "openat AT_FDCWD s:tool O_RDONLY",
            "execveat %1 s: argv:tool:!exit\\s9 null AT_EMPTY_PATH",
        ],
    )
    .code(9)
    .undenied();
    let calls = [filled(&place, "execve SECRET/tool argv:tool:!exit\\s9 null")];
    Run::over(gate)
        .by(user)
        .args([READ, &place.listed()])
        .probe(&calls)
        .output()
        .code(111)
        .stdout("");
    std::fs::remove_file(secret).unwrap();
}

/// A local socket is a path, too.
fn local_socket_paths(gate: Gate, user: User) {
    let place = Place::new();
    let server = crate::harness::servers::Server::local(&place.secret("s.sock"));
    let inside = crate::harness::servers::Server::local(&place.allowed("s.sock"));
    let calls = [
        "socket AF_UNIX SOCK_STREAM 0",
        "bind %1 un:SECRET/new len",
        "connect %1 un:SECRET/s.sock len",
        "connect %1 un:../secret__/s.sock len",
        "connect %1 un:ALLOWED/s.sock len",
    ]
    .map(|call| filled(&place, call));
    let out = Run::over(gate)
        .by(user)
        .args([WRITE, &place.listed(), "--allow-network-local-sockets"])
        .error()
        .cwd(place.allowed(""))
        .probe(&calls)
        .output();
    out.code(0).lines(&[
        "socket = 3",
        "bind = -1 EPERM",
        "connect = -1 EPERM",
        "connect = -1 EPERM",
        "connect = 0",
    ]);
    assert_eq!(out.denials().len(), 3, "{out}");
    assert_eq!((server.total(), inside.total()), (0, 1));
    place.untouched();
}

over_gates_and_users! {
    nothing_outside_changes,
    nothing_crosses_the_border,
    a_new_symlink_leads_nowhere,
    attributes,
    attributes_through_a_descriptor,
    executing,
    local_socket_paths,
}

over_gates! {
    kill_comes_before_the_effect,
    kernel_controls_are_not_ordinary,
    device_nodes,
}
