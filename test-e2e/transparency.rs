//! What is allowed behaves as it would without gatekeeper: the same program gives the same output with and without.

use crate::harness::servers::{FullQueue, Server, free_port};
use crate::harness::{Gate, Place, Run, User, is_root, over_gates, over_gates_and_users, tools};

const READ: &str = "--allow-file-system-read";
const WRITE: &str = "--allow-file-system-write";
const MODES: &str = "--allow-file-system-permissions";
const SECURITY: &str = "--allow-security-and-permissions";

/// What is in the list can be done, and what fails fails as it would anyway.
fn inside_the_list(gate: Gate, user: User) {
    let calls = [
        "mkdir s:a 0755",
        "mkdir s:a 0755",
        "mkdir s:a/b 0755",
        "rmdir s:a",
        "open s:a O_WRONLY",
        "open s:none O_RDONLY",
        "open s:ok.txt/x O_RDONLY",
        "open s:ok.txt O_RDONLY|O_DIRECTORY",
        "open s:ok.txt O_WRONLY|O_CREAT|O_EXCL 0644",
        "open s:a/new O_RDWR|O_CREAT 0644",
        "openat AT_FDCWD . O_TMPFILE|O_RDWR 0600",
        "linkat %11 s: AT_FDCWD s:named AT_EMPTY_PATH",
        "linkat AT_FDCWD /proc/self/fd/%11 AT_FDCWD s:named2 AT_SYMLINK_FOLLOW",
        "rename s:a/new s:a/b/moved",
        "rename s:a/b s:b",
        "rename s:b s:b/inside",
        "rename s:none s:c",
        "renameat2 AT_FDCWD s:ok.txt AT_FDCWD s:b RENAME_EXCHANGE",
        "renameat2 AT_FDCWD s:ok.txt AT_FDCWD s:b RENAME_EXCHANGE",
        "renameat2 AT_FDCWD s:ok.txt AT_FDCWD s:b RENAME_NOREPLACE",
        "link s:ok.txt s:b/linked",
        "link s:a s:c",
        "symlink s:loop s:loop",
        "open s:loop O_RDONLY",
        "open s:loop O_RDONLY|O_NOFOLLOW",
        "openat AT_FDCWD s:loop O_PATH|O_NOFOLLOW",
        "readlink s:loop buf 100",
        "readlink s:ok.txt buf 100",
        "stat s:loop buf",
        "lstat s:loop buf",
        "unlink s:a",
        "unlink s:loop",
        "unlink s:loop",
        "rmdir s:ok.txt",
        "truncate s:b/linked 2",
        "truncate s:a 2",
        "mknod s:fifo S_IFIFO|0644 0",
        "mknod s:plain S_IFREG|0644 0",
        "chmod s:plain 0600",
        "chmod s:none 0600",
        "utimensat AT_FDCWD s:plain null 0",
        "statx AT_FDCWD s:plain 0 0x7ff buf",
        "access s:plain X_OK",
        "open s: O_RDONLY",
        "open s:ok.txt/ O_RDONLY",
        "open s:a/ O_RDONLY",
        "openat2 AT_FDCWD s:x how:O_RDONLY|O_DIRECTORY 24",
        "openat2 AT_FDCWD s:x how:O_RDONLY|O_DIRECTORY 8",
        "openat2 AT_FDCWD s:x/../ok.txt how:O_RDONLY:0:RESOLVE_BENEATH 24",
        "openat2 AT_FDCWD s:x/y how:O_RDONLY:0:RESOLVE_NO_SYMLINKS 24",
        "inotify_init1 0",
        "inotify_add_watch %51 . IN_CREATE",
        "chdir s:x",
        "chdir s:none",
        "chdir s:ok.txt",
        "getcwd buf 4096",
    ];
    let natively = Place::new();
    let native =
        Run::native(&tools().probe).by(user).cwd(natively.allowed("")).args(calls).output();
    native.code(0);
    let place = Place::new();
    let out = Run::over(gate)
        .by(user)
        // The kernel wants CAP_DAC_READ_SEARCH of who links a descriptor; /proc is for the other way to link it.
        .args([WRITE, MODES, &place.listed(), "--allow-file-system-path=/proc"])
        .error()
        .cwd(place.allowed(""))
        .probe(calls)
        .output();
    out.code(0).undenied();
    let differences: Vec<String> = calls
        .iter()
        .zip(native.stdout.lines().zip(out.stdout.lines()))
        .filter(|(_, (native, ours))| native != ours)
        .map(|(call, (native, ours))| format!("{call}: {ours}, natively {native}"))
        .collect();
    assert!(differences.is_empty(), "{differences:#?}{out}");
    assert_eq!(out.stdout.lines().count(), native.stdout.lines().count(), "{out}");
}

/// Connections: refused, in the background, waiting, timed out, interrupted.
fn tcp(gate: Gate, user: User) {
    let server = Server::counting("127.0.0.1", 0);
    let full = FullQueue::new();
    let closed = free_port();
    let words = [
        "tcp-semantics".to_owned(),
        server.port.to_string(),
        closed.to_string(),
        full.port.to_string(),
    ];
    let native = Run::native(&tools().hostile).by(user).args(&words).output();
    native.code(0).shows("interrupted: EINTR");
    let narrow = [server.port, closed, full.port]
        .map(|port| format!("--allow-network-client=127.0.0.1:{port}"));
    for flags in [vec!["--allow-network-client".to_owned()], narrow.to_vec()] {
        let out = Run::over(gate).by(user).arg(READ).args(flags).hostile(&words).output();
        out.code(0).quiet().stdout(&native.stdout);
    }
}

/// Datagrams: gathered, with control data, many at once, too long, unreadable.
fn udp(gate: Gate, user: User) {
    let echo = Server::datagram_echo("127.0.0.1");
    let closed = free_port();
    let words = ["udp-semantics".to_owned(), echo.port.to_string(), closed.to_string()];
    let native = Run::native(&tools().hostile).by(user).args(&words).output();
    native.code(0).shows("many 4: 1000 1000 1000 1000");
    let narrow = [echo.port, closed].map(|port| format!("--allow-network-client=127.0.0.1:{port}"));
    for flags in [vec!["--allow-network-client".to_owned()], narrow.to_vec()] {
        let out = Run::over(gate).by(user).arg(READ).args(flags).hostile(&words).output();
        out.code(0).quiet().stdout(&native.stdout);
    }
}

/// Who waits for a connection holds up nobody, and can be ended.
fn waiting_connections_hold_up_nobody(gate: Gate, user: User) {
    let full = FullQueue::new();
    let mut running = Run::over(gate)
        .by(user)
        .args([
            READ,
            "--allow-file-system-path=/",
            &format!("--allow-network-client=127.0.0.1:{}", full.port),
        ])
        .hostile(["connect-waits", &full.port.to_string(), "20", "/etc/hostname"])
        .start();
    running.wait_stdout("opened=200\n");
    running.signal(libc::SIGTERM);
    running.finish().code(143).quiet();
}

/// Local sockets: modes, passed descriptors and errors are as ever, and so is whom the server sees; under a list of
/// paths it sees gatekeeper's process with the command's user and group, since gatekeeper connects.
fn local_sockets(gate: Gate, user: User) {
    let native_place = Place::new();
    let native = Run::native(&tools().hostile)
        .by(user)
        .cwd(native_place.allowed(""))
        .arg("local-semantics")
        .output();
    native.code(0).shows("peer is us: 1 1 1").shows("sender is us: 1 1 1").shows("descriptor: 1");
    for listed in [true, false] {
        let place = Place::new();
        let list = if listed { place.listed() } else { "--verbose".to_owned() };
        let out = Run::over(gate)
            .by(user)
            .args([WRITE, "--allow-network-local-sockets", &list])
            .cwd(place.allowed(""))
            .hostile(["local-semantics"])
            .output();
        let seen = if listed { "peer is us: 0 1 1" } else { "peer is us: 1 1 1" };
        out.code(0).undenied().stdout(&native.stdout.replace("peer is us: 1 1 1", seen));
    }
}

/// A command that gave up its rights has given them up, whatever gatekeeper's own are.
fn dropped_privileges_stay_dropped(gate: Gate) {
    if !is_root() {
        return;
    }
    let place = Place::new();
    let own = place.allowed("own");
    std::fs::write(&own, "root's\n").unwrap();
    let server = Server::local(&place.allowed("s.sock"));
    let (closed, shut) = (mode(0o600), mode(0o600));
    std::fs::set_permissions(&own, closed).unwrap();
    std::fs::set_permissions(place.allowed("s.sock"), shut).unwrap();
    std::fs::create_dir(place.allowed("closed")).unwrap();
    std::fs::set_permissions(place.allowed("closed"), mode(0o700)).unwrap();
    let calls = [
        "setgroups 0 null",
        "setresgid 65534 65534 65534",
        "setresuid 65534 65534 65534",
        "open s:own O_RDONLY",
        "chmod s:own 0666",
        "chown s:own 65534 65534",
        "setxattr s:own s:user.a s:b 1 0",
        "utimensat AT_FDCWD s:own null 0",
        "truncate s:own 0",
        "stat s:closed/none buf",
        "unlink s:closed/none",
        "rename s:own s:closed/own",
        "socket AF_UNIX SOCK_STREAM 0",
        "connect %13 un:s.sock len",
        "bind %13 un:closed/new len",
        "socket AF_INET SOCK_STREAM 0",
        "bind %16 in4:127.0.0.1:81 len",
        "chdir s:closed",
        "execve s:own null null",
    ];
    let native = Run::native(&tools().probe).cwd(place.allowed("")).args(calls).output();
    let out = Run::over(gate)
        .args([
            WRITE,
            MODES,
            SECURITY,
            &place.listed(),
            "--allow-network-local-sockets",
            "--allow-network-server=81",
        ])
        .error()
        .cwd(place.allowed(""))
        .probe(calls)
        .output();
    out.code(0).stdout(&native.stdout);
    assert_eq!(
        out.stdout.matches(" = 0\n").count(),
        3,
        "more than the three that give up rights{out}"
    );
    assert_eq!(server.total(), 0);
    assert_eq!(place.read("allowed_/own"), "root's\n");
}

fn mode(bits: u32) -> std::fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(bits)
}

over_gates_and_users! {
    inside_the_list,
    tcp,
    udp,
    waiting_connections_hold_up_nobody,
    local_sockets,
}

over_gates! {
    dropped_privileges_stay_dropped,
}
