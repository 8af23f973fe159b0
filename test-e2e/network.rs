//! Network rules: kinds of sockets, who may connect where, who may listen where.

use crate::harness::servers::{Server, free_port};
use crate::harness::{Gate, Out, Run, User, over_gates, over_gates_and_users};

const CLIENT: &str = "--allow-network-client";
const SERVER: &str = "--allow-network-server";
const LOCAL: &str = "--allow-network-local-sockets";
const ALL: &str = "--allow-networking";

#[track_caller]
fn probe(gate: Gate, user: User, flags: &[&str], calls: &[&str]) -> Out {
    let out = Run::over(gate).by(user).args(flags).error().probe(calls).output();
    out.code(0);
    out
}

/// A client connects, stream and datagram; it binds to no port of its choice and listens nowhere.
fn a_client(gate: Gate, user: User) {
    let server = Server::counting("127.0.0.1", 0);
    let to = format!("in4:127.0.0.1:{}", server.port);
    let out = probe(
        gate,
        user,
        &[CLIENT],
        &[
            "socket AF_INET SOCK_STREAM 0",
            &format!("connect %1 {to} len"),
            "socket AF_INET SOCK_STREAM|SOCK_CLOEXEC|SOCK_NONBLOCK IPPROTO_TCP",
            "listen %3 1",
            &format!("bind %3 in4:127.0.0.1:{} len", free_port()),
            "bind %3 in4:0.0.0.0:0 len",
            "listen %3 1",
            "socket AF_INET6 SOCK_DGRAM 0",
            "accept %3 null null",
        ],
    );
    out.lines(&[
        "socket = 3",
        "connect = 0",
        "socket = 4",
        "listen = -1 EPERM",
        "bind = -1 EPERM",
        "bind = 0",
        "listen = -1 EPERM",
        "socket = 5",
        "accept = -1 EPERM",
    ]);
    out.some_denial(&["denied listen(", "allow it with --allow-network-server"])
        .some_denial(&["denied bind(", "--allow-network-server"]);
    assert_eq!(server.total(), 1);
}

/// A server binds, listens and accepts, and connects nowhere, not even by sending.
fn a_server(gate: Gate, user: User) {
    let target = Server::counting("127.0.0.1", 0);
    let to = format!("in4:127.0.0.1:{}", target.port);
    let out = probe(
        gate,
        user,
        &[SERVER],
        &[
            "socket AF_INET SOCK_STREAM 0",
            "bind %1 in4:127.0.0.1:0 len",
            "listen %1 5",
            "socket AF_INET SOCK_STREAM 0",
            &format!("connect %4 {to} len"),
            &format!("sendto %4 s:x 1 MSG_FASTOPEN {to} len"),
            &format!("sendmsg %4 msg:{to} MSG_FASTOPEN"),
            &format!("sendmmsg %4 mmsg:{to} 1 MSG_FASTOPEN"),
        ],
    );
    out.lines(&[
        "socket = 3",
        "bind = 0",
        "listen = 0",
        "socket = 4",
        "connect = -1 EPERM",
        "sendto = -1 EPERM",
        "sendmsg = -1 EPERM",
        "sendmmsg = -1 EPERM",
    ]);
    assert_eq!(out.denials().len(), 4, "{out}");
    out.some_denial(&["denied connect(", "127.0.0.1", "allow it with --allow-network-client"]);
    assert_eq!(target.total(), 0);
}

/// An address on a stream socket connects nowhere, whether or not it asks for fast open.
fn an_address_on_a_stream_socket(gate: Gate, user: User) {
    let target = Server::counting("127.0.0.1", 0);
    let to = format!("in4:127.0.0.1:{}", target.port);
    let out = probe(
        gate,
        user,
        &[SERVER],
        &[
            "socket AF_INET SOCK_STREAM 0",
            &format!("sendto %1 s:x 1 MSG_NOSIGNAL {to} len"),
            &format!("sendmsg %1 msg:{to} MSG_NOSIGNAL"),
            &format!("sendto %1 s:x 1 hi:MSG_FASTOPEN {to} len"),
        ],
    );
    // Without fast open TCP takes no notice of the address: not connected is what it says, and stays.
    assert!(!out.stdout.contains("= 1"), "{out}");
    assert!(out.stdout.ends_with("sendto = -1 EPERM\n"), "{out}");
    assert_eq!(target.total(), 0);
}

/// Families and types that belong to no grant, under all network grants at once.
fn other_kinds_of_sockets(gate: Gate, user: User) {
    for call in [
        "socket AF_PACKET SOCK_RAW 768",
        "socket AF_PACKET SOCK_DGRAM 0",
        "socket AF_INET SOCK_RAW IPPROTO_TCP",
        "socket AF_INET SOCK_RAW IPPROTO_ICMP",
        "socket AF_INET6 SOCK_RAW 58",
        "socket AF_INET SOCK_PACKET 768",
        "socket AF_VSOCK SOCK_STREAM 0",
        "socket AF_ALG SOCK_SEQPACKET 0",
        "socket AF_BLUETOOTH SOCK_STREAM 3",
        "socket AF_CAN SOCK_RAW 1",
        "socket AF_TIPC SOCK_STREAM 0",
        "socket AF_KEY SOCK_RAW 2",
        "socket AF_RDS SOCK_SEQPACKET 0",
        "socket AF_XDP SOCK_RAW 0",
        "socket AF_NETLINK SOCK_RAW NETLINK_KOBJECT_UEVENT",
        "socket AF_NETLINK SOCK_RAW NETLINK_AUDIT",
        "socket AF_NETLINK SOCK_RAW NETLINK_SOCK_DIAG",
        "socket AF_INET SOCK_STREAM IPPROTO_SCTP",
        "socket AF_INET SOCK_SEQPACKET IPPROTO_SCTP",
        "socket hi:AF_PACKET hi:SOCK_RAW 0",
        "socket 99 SOCK_STREAM 0",
        "socketpair AF_INET SOCK_STREAM 0 buf",
    ] {
        let name = call.split(' ').next().unwrap();
        probe(gate, user, &[ALL], &[call])
            .stdout(&format!("{name} = -1 EPERM\n"))
            .denied(&[&format!("denied {name}(")]);
    }
    let out = probe(
        gate,
        user,
        &["--allow-syscall=socket"],
        &["socket AF_NETLINK SOCK_RAW NETLINK_KOBJECT_UEVENT"],
    );
    out.stdout("socket = 3\n").undenied();
}

/// What is part of the grants: routing queries for name resolution; rubbish in the upper half of an int changes nothing.
fn kinds_that_are_granted(gate: Gate, user: User) {
    for flag in [CLIENT, LOCAL] {
        probe(gate, user, &[flag], &["socket AF_NETLINK SOCK_RAW NETLINK_ROUTE", "bind %1 nl len"])
            .undenied()
            .stdout("socket = 3\nbind = 0\n");
    }
    probe(
        gate,
        user,
        &[CLIENT],
        &["socket hi:AF_INET hi:SOCK_STREAM hi:0", "socket AF_INET SOCK_DGRAM IPPROTO_UDP"],
    )
    .undenied()
    .stdout("socket = 3\nsocket = 4\n");
    // Quietly not supported, so that a runtime that prefers it falls back to TCP.
    probe(gate, user, &[ALL], &["socket AF_INET SOCK_STREAM IPPROTO_MPTCP"])
        .undenied()
        .stdout("socket = -1 EPROTONOSUPPORT\n");
}

/// Nothing granted: no socket, whichever; except pairs that are pipes, and libc's probe, which finds nobody.
fn nothing_granted(gate: Gate, user: User) {
    let out = probe(
        gate,
        user,
        &[],
        &[
            "socket AF_INET SOCK_STREAM 0",
            "socket AF_INET6 SOCK_DGRAM 0",
            "socket AF_UNIX SOCK_DGRAM 0",
            "socketpair AF_UNIX SOCK_DGRAM 0 buf",
        ],
    );
    assert_eq!(out.stdout.matches("= -1 EPERM").count(), 4, "{out}");
    out.some_denial(&["denied socket(", "AF_INET", "allow it with --allow-network-client"]);

    let calls = [
        "socketpair AF_UNIX SOCK_STREAM 0 buf",
        "socketpair AF_UNIX SOCK_SEQPACKET 0 buf",
        "socket AF_UNIX SOCK_STREAM|SOCK_CLOEXEC|SOCK_NONBLOCK 0",
        "connect %3 un:/var/run/nscd/socket len",
    ];
    let out = Run::over(gate).by(user).probe(calls).output();
    out.code(0).quiet().says("socketpair = 0").says("connect = -1 ENOENT");

    let server = crate::harness::Place::new();
    let listening = Server::local(&server.at("s"));
    let connect = format!("connect %1 un:{} len", server.at("s").display());
    let bind = format!("bind %1 un:{} len", server.at("new").display());
    let out = probe(
        gate,
        user,
        &[CLIENT, SERVER],
        &["socket AF_UNIX SOCK_STREAM 0", &connect, &bind, "connect %1 abs:nobody len"],
    );
    out.says("connect = -1 EPERM").says("bind = -1 EPERM").lacks("= 0");
    out.some_denial(&["denied connect(", "allow it with --allow-network-local-sockets"]);
    assert_eq!(listening.total(), 0);
    assert!(!server.at("new").exists());
}

/// Local sockets, by path and abstract, with their grant; which grants nothing of the internet.
fn local_sockets(gate: Gate, user: User) {
    let place = crate::harness::Place::new();
    let server = Server::local(&place.at("s"));
    let name = format!("gk-{}-{}", std::process::id(), gate.flag());
    let out = probe(
        gate,
        user,
        &[LOCAL],
        &[
            "socket AF_UNIX SOCK_STREAM 0",
            &format!("connect %1 un:{} len", place.at("s").display()),
            "socket AF_UNIX SOCK_STREAM 0",
            &format!("bind %3 abs:{name}-{user:?} len"),
            "listen %3 1",
            "socketpair AF_UNIX SOCK_DGRAM 0 buf",
        ],
    );
    out.undenied().lines(&[
        "socket = 3",
        "connect = 0",
        "socket = 4",
        "bind = 0",
        "listen = 0",
        "socketpair = 0",
    ]);
    assert_eq!(server.total(), 1);
    probe(gate, user, &[LOCAL], &["socket AF_INET SOCK_STREAM 0"]).stdout("socket = -1 EPERM\n");
}

/// A client restricted to a host and a port.
fn a_client_of_one_endpoint(gate: Gate, user: User) {
    let right = Server::counting("127.0.0.1", 0);
    let same_port = Server::counting("127.0.0.2", right.port);
    let wrong = Server::counting("127.0.0.1", 0);
    let flag = format!("{CLIENT}=127.0.0.1:{}", right.port);
    let out = probe(
        gate,
        user,
        &[&flag],
        &[
            "socket AF_INET SOCK_STREAM 0",
            &format!("connect %1 in4:127.0.0.1:{} len", wrong.port),
            &format!("connect %1 in4:127.0.0.2:{} len", right.port),
            &format!("sendto %1 s:x 1 MSG_FASTOPEN in4:127.0.0.1:{} len", wrong.port),
            &format!("connect %1 in4:127.0.0.1:{} len", right.port),
            "socket AF_INET6 SOCK_STREAM 0",
            &format!("connect %6 mapped:127.0.0.1:{} len", wrong.port),
            &format!("connect %6 mapped:127.0.0.2:{} len", right.port),
        ],
    );
    out.lines(&[
        "socket = 3",
        "connect = -1 EPERM",
        "connect = -1 EPERM",
        "sendto = -1 EPERM",
        "connect = 0",
        "socket = 4",
        "connect = -1 EPERM",
        "connect = -1 EPERM",
    ]);
    assert_eq!(out.denials().len(), 5, "{out}");
    out.some_denial(&[
        "denied connect(",
        &format!("127.0.0.1:{}", wrong.port),
        "; allow it with ",
        &format!("{CLIENT}=127.0.0.1:{}", wrong.port),
    ]);
    assert_eq!((right.total(), same_port.total(), wrong.total()), (1, 0, 0));
}

/// The same for datagrams, in every call that takes an address, and for the address family that UDP takes for IPv4.
fn datagrams_to_one_endpoint(gate: Gate, user: User) {
    let right = Server::datagrams("127.0.0.1");
    let wrong = Server::datagrams("127.0.0.1");
    let flag = format!("{CLIENT}=127.0.0.1:{}", right.port);
    let bad = format!("in4:127.0.0.1:{}", wrong.port);
    let good = format!("in4:127.0.0.1:{}", right.port);
    let out = probe(
        gate,
        user,
        &[&flag],
        &[
            "socket AF_INET SOCK_DGRAM 0",
            &format!("sendto %1 s:x 1 0 {bad} len"),
            &format!("sendmsg %1 msg:{bad} 0"),
            &format!("sendmmsg %1 mmsg:{bad} 1 0"),
            &format!("sendto %1 s:x 1 0 unspec:127.0.0.1:{} len", wrong.port),
            &format!("sendmsg %1 msg:unspec:127.0.0.1:{} 0", wrong.port),
            &format!("connect %1 {bad} len"),
            &format!("sendto %1 s:x 1 0 {good} len"),
            &format!("sendmsg %1 msg:{good} 0"),
            &format!("sendmmsg %1 mmsg:{good} 1 0"),
            &format!("connect %1 {good} len"),
            "sendto %1 s:x 1 0 null 0",
        ],
    );
    out.lines(&[
        "socket = 3",
        "sendto = -1 EPERM",
        "sendmsg = -1 EPERM",
        "sendmmsg = -1 EPERM",
        "sendto = -1 EPERM",
        "sendmsg = -1 EPERM",
        "connect = -1 EPERM",
        "sendto = 1",
        "sendmsg = 1",
        "sendmmsg = 1",
        "connect = 0",
        "sendto = 1",
    ]);
    assert_eq!((right.total(), wrong.total()), (4, 0));
}

/// A server restricted to a port.
fn a_server_of_one_port(gate: Gate, user: User) {
    let (right, wrong) = (free_port(), free_port());
    let flag = format!("{SERVER}={right}");
    let out = probe(
        gate,
        user,
        &[&flag],
        &[
            "socket AF_INET SOCK_STREAM 0",
            &format!("bind %1 in4:127.0.0.1:{wrong} len"),
            "bind %1 in4:127.0.0.1:0 len",
            "listen %1 1",
            &format!("bind %1 in4:127.0.0.1:{right} len"),
            "listen %1 1",
        ],
    );
    // Listening unbound would take a port that was not granted.
    out.lines(&[
        "socket = 3",
        "bind = -1 EPERM",
        "bind = -1 EPERM",
        "listen = -1 EPERM",
        "bind = 0",
        "listen = 0",
    ]);
    out.some_denial(&[
        "denied bind(",
        &wrong.to_string(),
        &format!("; allow it with {SERVER}={wrong}"),
    ]);
}

/// Server on one address only.
fn a_server_of_one_address(gate: Gate, user: User) {
    let port = free_port();
    let flag = format!("{SERVER}=127.0.0.1:{port}");
    let out = probe(
        gate,
        user,
        &[&flag],
        &[
            "socket AF_INET SOCK_STREAM 0",
            &format!("bind %1 in4:0.0.0.0:{port} len"),
            &format!("bind %1 in4:127.0.0.2:{port} len"),
            &format!("bind %1 in4:127.0.0.1:{port} len"),
        ],
    );
    out.stdout("socket = 3\nbind = -1 EPERM\nbind = -1 EPERM\nbind = 0\n");
}

/// Hosts by network, by name, as IPv6, and any host with a port.
fn other_ways_to_name_a_host(gate: Gate, user: User) {
    let server = Server::counting("127.0.0.1", 0);
    let six = Server::counting("::1", 0);
    let four = format!("connect %1 in4:127.0.0.1:{} len", server.port);
    let v6 = format!("connect %1 in6:{} len", six.port);
    for (flag, call, family, works) in [
        ("127.0.0.0/8".to_owned(), &four, "AF_INET", true),
        ("10.0.0.0/8".to_owned(), &four, "AF_INET", false),
        ("localhost".to_owned(), &four, "AF_INET", true),
        (format!("*:{}", server.port), &four, "AF_INET", true),
        ("*:1".to_owned(), &four, "AF_INET", false),
        ("[::1]".to_owned(), &v6, "AF_INET6", true),
        (format!("[::1]:{}", six.port), &v6, "AF_INET6", true),
        ("[::1]:1".to_owned(), &v6, "AF_INET6", false),
        ("127.0.0.1".to_owned(), &v6, "AF_INET6", false),
    ] {
        let out = probe(
            gate,
            user,
            &[&format!("{CLIENT}={flag}")],
            &[&format!("socket {family} SOCK_STREAM 0"), call],
        );
        out.says(if works { "connect = 0" } else { "connect = -1 EPERM" });
    }
}

/// Kill: the connection is not made.
fn a_killed_client_has_not_connected(gate: Gate, user: User) {
    let wrong = Server::counting("127.0.0.1", 0);
    let out = Run::over(gate)
        .by(user)
        .arg(format!("{CLIENT}=127.0.0.1:1"))
        .probe([
            "socket AF_INET SOCK_STREAM 0",
            &format!("connect %1 in4:127.0.0.1:{} len", wrong.port),
            "!print survived",
        ])
        .output();
    out.code(111).stdout("socket = 3\n").denied(&["denied connect("]);
    assert_eq!(wrong.total(), 0);
}

over_gates_and_users! {
    a_client,
    a_server,
    an_address_on_a_stream_socket,
    other_kinds_of_sockets,
    kinds_that_are_granted,
    nothing_granted,
    local_sockets,
    a_client_of_one_endpoint,
    datagrams_to_one_endpoint,
    a_server_of_one_port,
    a_server_of_one_address,
    other_ways_to_name_a_host,
    a_killed_client_has_not_connected,
}

/// Addresses that cannot be read, that are too short, or claim to be longer than they are.
fn broken_addresses(gate: Gate) {
    let out = probe(
        gate,
        User::Root,
        &[&format!("{CLIENT}=127.0.0.1:1")],
        &[
            "socket AF_INET SOCK_STREAM 0",
            "connect %1 bad 16",
            "connect %1 in4:127.0.0.1:9 1",
            "connect %1 in4:127.0.0.1:9 4000",
            "socket AF_INET SOCK_DGRAM 0",
            "sendto %5 s:x 1 0 bad 16",
            "sendmsg %5 bad 0",
            "connect %1 edge:ab 16",
        ],
    );
    assert!(!out.stdout.contains("connect = 0"), "{out}");
    for line in out.stdout.lines().filter(|line| !line.starts_with("socket")) {
        assert!(line.contains(" = -1 E"), "{out}");
    }
}

/// A descriptor that was given, not made, is the giver's authority.
fn an_inherited_socket(gate: Gate) {
    use std::os::fd::AsRawFd;
    let server = Server::echo("127.0.0.1");
    let socket = std::net::TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    let fd = socket.as_raw_fd();
    let out = Run::over(gate)
        .arg(format!("--keep-fd={fd}"))
        .inherit(fd)
        .probe([
            format!("write {fd} s:hello 5"),
            format!("read {fd} buf 10"),
            "!dump %2".to_owned(),
        ])
        .output();
    out.code(0).quiet().stdout("write = 5\nread = 5\nhello");
}

/// Landlock off: the supervisor's checks alone.
fn without_landlock(gate: Gate) {
    let right = Server::counting("127.0.0.1", 0);
    let wrong = Server::counting("127.0.0.1", 0);
    let flag = format!("{CLIENT}=127.0.0.1:{}", right.port);
    let out = probe(
        gate,
        User::Root,
        &[&flag, "--landlock=off"],
        &[
            "socket AF_INET SOCK_STREAM 0",
            &format!("connect %1 in4:127.0.0.1:{} len", wrong.port),
            &format!("connect %1 in4:127.0.0.1:{} len", right.port),
        ],
    );
    out.stdout("socket = 3\nconnect = -1 EPERM\nconnect = 0\n");
    assert_eq!((right.total(), wrong.total()), (1, 0));
}

over_gates! {
    broken_addresses,
    an_inherited_socket,
    without_landlock,
}
