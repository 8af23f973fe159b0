//! A client of one host: gatekeeper makes its calls. Whatever rewrites an address reaches nobody else, and a program
//! does not notice.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

use crate::harness::servers::Server;
use crate::harness::{Gate, Out, Place, Run, User, over_gates, over_gates_and_users};

const READ: &str = "--allow-file-system-read";

/// A client of this port of 127.0.0.1.
fn client(gate: Gate, port: u16) -> Run {
    Run::over(gate).args([READ, &format!("--allow-network-client=127.0.0.1:{port}")]).error()
}

/// Demands that the race was on and was never won.
#[track_caller]
fn never_won(out: &Out) {
    out.code(0);
    assert!(out.number("attempts") > 20, "hardly a try{out}");
    assert_eq!(out.number("wins"), 0, "won{out}");
    assert!(out.number("allowed") > 0, "the permitted side never happened{out}");
    assert!(out.number("refused") > 0, "the forbidden side was never tried{out}");
}

/// Runs a race about two addresses without Landlock, which would hold some of them too.
#[track_caller]
fn race(gate: Gate, words: &[&str], right: &Server, wrong: (&str, &Server), more: &[&str]) -> Out {
    let (a, b) = (right.port.to_string(), wrong.1.port.to_string());
    let all = [words, &["127.0.0.1", &a, wrong.0, &b], more].concat();
    client(gate, right.port).arg("--landlock=off").env("HOSTILE_SECONDS", "1").hostile(all).output()
}

/// A port where nobody answers: a listener whose queue is full, and what fills it.
struct BlackHole {
    address: SocketAddr,
    _listener: TcpListener,
    _queued: Vec<TcpStream>,
}

impl BlackHole {
    fn new() -> BlackHole {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        assert_eq!(unsafe { libc::listen(std::os::fd::AsRawFd::as_raw_fd(&listener), 0) }, 0);
        // One connection is one more than the queue's length of 0, and full is what exceeds it.
        let queued = vec![TcpStream::connect(address).unwrap()];
        BlackHole { address, _listener: listener, _queued: queued }
    }

    fn try_it(&self, gate: Gate, how: &str) -> Run {
        let port = self.address.port();
        client(gate, port).hostile(["behalf-blocked", how, "127.0.0.1", &port.to_string()])
    }
}

/// Another thread rewrites the port of a connect, or the host, which Landlock does not know.
fn a_connect_rewritten(gate: Gate) {
    for host in ["127.0.0.1", "127.0.0.2"] {
        for call in ["connect", "fastopen"] {
            let right = Server::counting("127.0.0.1", 0);
            let wrong = Server::counting(host, if host == "127.0.0.1" { 0 } else { right.port });
            never_won(&race(gate, &["behalf-race", call], &right, (host, &wrong), &[]));
            assert_eq!(wrong.total(), 0);
            assert!(right.total() > 0);
        }
    }
}

/// The same with datagrams, which Landlock does not know at all.
fn a_datagram_rewritten(gate: Gate) {
    for call in ["connect-datagrams", "sendto", "sendmsg", "sendmmsg"] {
        let (right, wrong) = (Server::datagrams("127.0.0.1"), Server::datagrams("127.0.0.1"));
        never_won(&race(gate, &["behalf-race", call], &right, ("127.0.0.1", &wrong), &[]));
        assert_eq!(wrong.total(), 0, "{call}");
    }
}

/// Another process rewrites it, through shared memory.
fn rewritten_by_another_process(gate: Gate) {
    let (right, wrong) = (Server::counting("127.0.0.1", 0), Server::counting("127.0.0.1", 0));
    never_won(&race(gate, &["behalf-race", "connect"], &right, ("127.0.0.1", &wrong), &["shared"]));
    assert_eq!(wrong.total(), 0);
    let (right, wrong) = (Server::datagrams("127.0.0.1"), Server::datagrams("127.0.0.1"));
    never_won(&race(gate, &["behalf-race", "sendmsg"], &right, ("127.0.0.1", &wrong), &["shared"]));
    assert_eq!(wrong.total(), 0);
}

/// An address of a family that reaches nobody turns into one of the internet.
fn a_family_rewritten(gate: Gate) {
    for (call, family) in [
        ("connect", libc::AF_UNSPEC),
        ("connect-datagrams", libc::AF_UNSPEC),
        ("connect", libc::AF_NETLINK),
        ("connect-datagrams", libc::AF_NETLINK),
        ("sendto", libc::AF_NETLINK),
        ("sendmsg", libc::AF_NETLINK),
    ] {
        let wrong = match call {
            "connect" => Server::counting("127.0.0.1", 0),
            _ => Server::datagrams("127.0.0.1"),
        };
        let words =
            ["behalf-family", call, &family.to_string(), "127.0.0.1", &wrong.port.to_string()];
        let out = client(gate, 1)
            .args(["--landlock=off"])
            .env("HOSTILE_SECONDS", "1")
            .hostile(words)
            .output();
        out.code(0);
        assert_eq!(out.number("wins"), 0, "{call} {family}{out}");
        assert!(out.number("refused") > 20, "{call} {family}{out}");
        assert_eq!(wrong.total(), 0, "{call} {family}");
    }
}

/// The path of a local socket turns into an address of the internet.
fn a_path_rewritten(gate: Gate) {
    let place = Place::new();
    let local = Server::local(&place.at("s"));
    for call in ["connect", "connect-datagrams", "sendto", "sendmsg"] {
        let wrong = match call {
            "connect" => Server::counting("127.0.0.1", 0),
            _ => Server::datagrams("127.0.0.1"),
        };
        let path = place.at("s").display().to_string();
        let words = ["behalf-local", call, &path, "127.0.0.1", &wrong.port.to_string()];
        let out = client(gate, 1)
            .args(["--allow-network-local-sockets", "--landlock=off"])
            .env("HOSTILE_SECONDS", "1")
            .hostile(words)
            .output();
        out.code(0);
        assert_eq!(out.number("wins"), 0, "{call}{out}");
        assert!(out.number("refused") > 20, "{call}{out}");
        assert_eq!(wrong.total(), 0, "{call}");
    }
    drop(local);
}

/// A message without a destination gets one.
fn a_destination_that_appears(gate: Gate) {
    for call in ["sendmsg", "sendmmsg"] {
        let (right, wrong) = (Server::datagrams("127.0.0.1"), Server::datagrams("127.0.0.1"));
        never_won(&race(gate, &["behalf-name", call], &right, ("127.0.0.1", &wrong), &[]));
        assert_eq!(wrong.total(), 0);
    }
}

/// Another socket takes the place of one that reaches nobody.
fn a_descriptor_exchanged(gate: Gate) {
    let wrong = Server::datagrams("127.0.0.1");
    let words = ["behalf-swap", "127.0.0.1", &wrong.port.to_string()];
    let out = client(gate, 1).hostile(words).output();
    never_won(&out);
    assert_eq!(wrong.total(), 0);
}

/// A third thread brings the socket back to unconnected all the time.
fn a_socket_disconnected_meanwhile(gate: Gate) {
    let right = Server::counting("127.0.0.1", 0);
    let wrong = Server::counting("127.0.0.2", right.port);
    never_won(&race(gate, &["behalf-storm"], &right, ("127.0.0.2", &wrong), &[]));
    assert_eq!(wrong.total(), 0);
}

/// How a connect that nobody answers ends early: as it does without gatekeeper.
fn a_connect_that_waits(gate: Gate) {
    let hole = BlackHole::new();
    for (how, want) in [
        ("signal", "connect = EINTR, alarms = 1"),
        ("restart", "alarms = 2"),
        ("timeout", "connect = EINPROGRESS, alarms = 0"),
        ("timeout-signal", "connect = EINTR, alarms = 1"),
        ("shutdown", "connect = ECONNRESET, alarms = 0"),
    ] {
        let port = hole.address.port().to_string();
        let native = Run::native(&crate::harness::tools().hostile);
        native.args(["behalf-blocked", how, "127.0.0.1", &port]).output().code(0).says(want);
        hole.try_it(gate, how).output().code(0).undenied().says(want);
    }
}

/// A fatal signal ends it, and so does gatekeeper's own death; others are not held up meanwhile.
fn a_connect_that_is_given_up(gate: Gate) {
    let hole = BlackHole::new();
    let mut waiting = hole.try_it(gate, "for-ever").start();
    waiting.wait_stdout("connecting");
    waiting.signal(libc::SIGTERM);
    assert_eq!(waiting.finish().code, 128 + libc::SIGTERM);

    let server = Server::counting("127.0.0.1", 0);
    let (hostile, port) = (crate::harness::tools().hostile.display(), hole.address.port());
    let script = format!(
        "{hostile} behalf-blocked for-ever 127.0.0.1 {port} >/dev/null & \
         {hostile} behalf-blocked no 127.0.0.1 {}; kill -9 $!; wait",
        server.port
    );
    let flags = [READ.to_owned(), "--allow-network-client=127.0.0.1".to_owned()];
    Run::over(gate)
        .args(flags)
        .arg("--allow-signals")
        .sh(script)
        .output()
        .code(0)
        .undenied()
        .says("connect = 0");
    assert_eq!(server.total(), 1);
}

/// Nothing of a long message on a blocking stream is left out, and a broken stream's signal arrives.
fn a_long_message(gate: Gate) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let counter = std::thread::spawn(move || {
        let (mut peer, _) = listener.accept().unwrap();
        let (mut piece, mut count) = (vec![0; 1 << 16], 0);
        while let Ok(more @ 1..) = peer.read(&mut piece) {
            count += more;
        }
        let _ = peer.write_all(count.to_string().as_bytes());
    });
    let out =
        client(gate, port).hostile(["behalf-stream", "127.0.0.1", &port.to_string()]).output();
    counter.join().unwrap();
    out.code(128 + libc::SIGPIPE).undenied().says("sendmsg = EPIPE").lacks("survived");
    assert_eq!(out.number("sent"), out.number("arrived"), "{out}");
    assert_eq!(out.number("sent"), 8 << 20, "{out}");
}

/// What sendmmsg(2) tells of each message.
fn lengths_of_messages(gate: Gate) {
    let server = Server::datagrams("127.0.0.1");
    let out = client(gate, server.port)
        .hostile(["behalf-lengths", "127.0.0.1", &server.port.to_string()])
        .output();
    out.code(0).undenied().stdout("sendmmsg = 2: 3 0 99 99\nsendmmsg = -1 EMSGSIZE\n");
    assert_eq!(server.total(), 2);
}

/// A name server is asked, by the tool and by libc's own routing questions before it.
fn names_are_resolved(gate: Gate) {
    let names = Server::names();
    let port = names.port.to_string();
    let ask = ["dig", "+short", "+tries=1", "@127.0.0.1", "-p", &port, "example.org"];
    client(gate, names.port).cmd(ask).output().code(0).undenied().stdout("127.0.0.1\n");
    client(gate, names.port).cmd(["getent", "ahostsv4", "localhost"]).output().code(0).undenied();
}

over_gates! {
    a_connect_rewritten,
    a_datagram_rewritten,
    rewritten_by_another_process,
    a_family_rewritten,
    a_path_rewritten,
    a_destination_that_appears,
    a_descriptor_exchanged,
    a_socket_disconnected_meanwhile,
    a_connect_that_waits,
    a_connect_that_is_given_up,
    a_long_message,
    lengths_of_messages,
    names_are_resolved,
}

/// Descriptors still travel through socket pairs, and identities.
fn a_descriptor_passed_on(gate: Gate, user: User) {
    client(gate, 1)
        .by(user)
        .hostile(["behalf-pass"])
        .output()
        .code(0)
        .undenied()
        .stdout("sendmsg = 1\nthrough\n");
}

/// Local sockets beside them: all there, though the other end sees who it is that connects.
fn local_sockets(gate: Gate, user: User) {
    let place = Place::new();
    let run = client(gate, 1).by(user).cwd(place.allowed(""));
    let out = run
        .args([&format!("--allow-file-system-write={}", place.allowed("").display())])
        .arg("--allow-network-local-sockets")
        .hostile(["local-semantics"])
        .output();
    out.code(0).undenied();
    for line in [
        "connect before listen: ECONNREFUSED",
        "connect: OK",
        "send a descriptor: OK",
        "receive: OK",
        "descriptor: 1",
        "nobody there: ENOENT",
        "peer has closed: EPIPE",
    ] {
        out.says(line);
    }
}

/// To the port, and refused, at once.
fn a_blocking_connect(gate: Gate, user: User) {
    let server = Server::counting("127.0.0.1", 0);
    let port = server.port.to_string();
    let run = client(gate, server.port).by(user);
    run.hostile(["behalf-blocked", "no", "127.0.0.1", &port])
        .output()
        .code(0)
        .undenied()
        .says("connect = 0");
    assert_eq!(server.total(), 1);
    let free = crate::harness::servers::free_port();
    let run = client(gate, free).by(user);
    let out = run.hostile(["behalf-blocked", "no", "127.0.0.1", &free.to_string()]).output();
    out.code(0).undenied().says("connect = ECONNREFUSED, alarms = 0");
}

over_gates_and_users! {
    a_descriptor_passed_on,
    local_sockets,
    a_blocking_connect,
}

/// The races are such that they are won where nobody holds them.
#[test]
fn controls() {
    let run = |words: &[&str]| Run::native(&crate::harness::tools().hostile).args(words).output();
    for (call, datagrams) in [("connect", false), ("sendmmsg", true)] {
        let wrong = if datagrams {
            Server::datagrams("127.0.0.1")
        } else {
            Server::counting("127.0.0.1", 0)
        };
        let right = if datagrams {
            Server::datagrams("127.0.0.1")
        } else {
            Server::counting("127.0.0.1", 0)
        };
        let (a, b) = (right.port.to_string(), wrong.port.to_string());
        run(&["behalf-race", call, "127.0.0.1", &a, "127.0.0.1", &b]).code(0);
        assert!(wrong.total() > 0, "{call}");
    }
    let wrong = Server::datagrams("127.0.0.1");
    run(&["behalf-swap", "127.0.0.1", &wrong.port.to_string()]).code(0);
    assert!(wrong.total() > 0);
}
