//! Clients and servers that people run, with the flags that they would guess; each is refused what its flags leave out.

use std::process::Command;

use crate::harness::servers::{Server, ask, free_port};
use crate::harness::{Gate, Out, Place, Run, User, over_gates_and_users};
use crate::programs::{CLIENT, ERROR, LOCAL, MODES, READ, SERVER, WRITE, write_to};

/// curl by host name; refused the network without its grant, files without theirs, other ports by a narrow one.
fn curl(gate: Gate, user: User) {
    let server = Server::http("127.0.0.1", "the page\n");
    let url = format!("http://localhost:{}/", server.port);
    let place = Place::new();
    let file = place.at("page");
    let get = |flags: &[&str], more: &[&str]| {
        Run::over(gate).by(user).args(flags).cmd(["curl", "-sS", &url]).args(more).output()
    };
    get(&[READ, CLIENT], &[]).code(0).quiet().stdout("the page\n");
    get(&[READ], &[]).code(111).stdout("").some_denial(&[
        "denied socket(",
        "by curl[",
        "allow it with --allow-network-client",
    ]);
    get(&[CLIENT], &[])
        .code(111)
        .some_denial(&["by curl[", "allow it with --allow-file-system-read"]);
    let saved = ["-o", file.to_str().unwrap()];
    get(&[READ, CLIENT], &saved).code(111).some_denial(&[
        "denied open",
        "page",
        "--allow-file-system-write",
    ]);
    assert!(!file.exists());
    get(&[READ, CLIENT, &write_to(&place)], &saved).code(0).quiet();
    assert_eq!(place.read("page"), "the page\n");
    get(&[READ, &format!("{CLIENT}=localhost:{}", server.port)], &[])
        .code(0)
        .quiet()
        .stdout("the page\n");
    get(&[READ, &format!("{CLIENT}=localhost:1"), "--on-syscall-denied=error"], &[])
        .code(7)
        .some_denial(&["denied connect(", &server.port.to_string()]);
}

fn wget(gate: Gate, user: User) {
    let server = Server::http("127.0.0.1", "the page\n");
    let url = format!("http://localhost:{}/", server.port);
    let get = |flags: &[&str], to: &str| {
        Run::over(gate).by(user).args(flags).cmd(["wget", "-q", "-O", to, &url]).output()
    };
    get(&[READ, CLIENT], "-").code(0).quiet().stdout("the page\n");
    get(&[READ], "-").code(111).some_denial(&["denied socket(", "by wget[", CLIENT]);
    let place = Place::new();
    let file = place.at("page");
    get(&[READ, CLIENT], file.to_str().unwrap()).code(111).some_denial(&["denied open", WRITE]);
    assert!(!file.exists());
    get(&[READ, CLIENT, &write_to(&place)], file.to_str().unwrap()).code(0);
    assert_eq!(place.read("page"), "the page\n");
}

fn dig(gate: Gate, user: User) {
    let server = Server::names();
    let port = server.port.to_string();
    let ask = |flags: &[&str]| {
        Run::over(gate)
            .by(user)
            .args(flags)
            .cmd([
                "dig",
                "@127.0.0.1",
                "-p",
                &port,
                "+short",
                "+time=20",
                "+tries=1",
                "example.test",
            ])
            .output()
    };
    ask(&[READ, CLIENT]).code(0).stdout("127.0.0.1\n").undenied();
    ask(&[READ]).code(111).some_denial(&["denied socket(", CLIENT]);
}

/// openssl as a client of openssl, both under gatekeeper.
fn openssl(gate: Gate, user: User) {
    let place = Place::new();
    let (key, certificate) = (place.at("key.pem"), place.at("cert.pem"));
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
            "-keyout",
        ])
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let port = free_port();
    let mut server = Run::over(gate)
        .by(user)
        .args([READ, SERVER])
        .cmd([
            "openssl",
            "s_server",
            "-4",
            "-accept",
            &format!("127.0.0.1:{port}"),
            "-www",
            "-key",
            key.to_str().unwrap(),
            "-cert",
            certificate.to_str().unwrap(),
        ])
        .start();
    server.wait_stdout("ACCEPT");
    let connect = |flags: &[&str]| {
        Run::over(gate)
            .by(user)
            .args(flags)
            .stdin("GET / HTTP/1.0\r\n\r\n")
            .cmd([
                "openssl",
                "s_client",
                "-quiet",
                "-CAfile",
                certificate.to_str().unwrap(),
                "-connect",
                &format!("localhost:{port}"),
            ])
            .output()
    };
    connect(&[READ, CLIENT]).code(0).undenied().shows("HTTP/1.0 200").complains("verify return:1");
    connect(&[READ]).code(111).some_denial(&["denied socket(", "by openssl[", "--allow-network-"]);
    server.signal(libc::SIGTERM);
    assert_eq!(server.wait(), 143);
}

fn nc(gate: Gate, user: User) {
    let server = Server::echo("127.0.0.1");
    let port = server.port.to_string();
    let send = |flags: &[&str]| {
        Run::over(gate)
            .by(user)
            .args(flags)
            .stdin("hello")
            .cmd(["nc", "-N", "127.0.0.1", &port])
            .output()
    };
    send(&[READ, CLIENT]).code(0).quiet().stdout("hello");
    send(&[READ]).code(111).some_denial(&["denied socket(", "by nc[", CLIENT]);
    send(&[READ, SERVER]).code(111).some_denial(&["denied connect(", "by nc[", CLIENT]);

    let port = free_port();
    let listen = |flags: &[&str]| {
        Run::over(gate).by(user).args(flags).cmd(["nc", "-l", "127.0.0.1", &port.to_string()])
    };
    listen(&[READ, CLIENT]).output().code(111).some_denial(&["by nc[", SERVER]);
    let running = listen(&[READ, SERVER]).start();
    ask_half(port, "knock");
    let out = running.finish();
    out.code(0).undenied().stdout("knock");
}

fn socat(gate: Gate, user: User) {
    let server = Server::echo("127.0.0.1");
    let to = format!("TCP4:127.0.0.1:{}", server.port);
    let send = |flags: &[&str]| {
        Run::over(gate)
            .by(user)
            .args(flags)
            .stdin("hello")
            .cmd(["socat", "-t", "30", "-", &to])
            .output()
    };
    send(&[READ, CLIENT, LOCAL]).code(0).quiet().stdout("hello");
    send(&[READ, LOCAL]).code(111).some_denial(&["denied socket(", "by socat[", CLIENT]);
    // Its pair of datagram sockets for messages to itself is a local socket.
    send(&[READ, CLIENT]).code(111).denied(&[
        "denied socketpair(AF_UNIX, SOCK_DGRAM",
        "by socat[",
        LOCAL,
    ]);
    let port = free_port();
    let listen = format!("TCP4-LISTEN:{port},bind=127.0.0.1,reuseaddr");
    let run =
        |flags: &[&str]| Run::over(gate).by(user).args(flags).cmd(["socat", "-u", &listen, "-"]);
    run(&[READ, CLIENT, LOCAL]).output().code(111).some_denial(&["by socat[", SERVER]);
    let running = run(&[READ, SERVER, LOCAL]).start();
    ask_half(port, "knock");
    running.finish().code(0).undenied().stdout("knock");
}

fn python_http_server(gate: Gate, user: User) {
    let place = Place::new();
    let port = free_port();
    let run = |flags: &[&str]| {
        Run::over(gate).by(user).args(flags).cmd([
            "/usr/bin/python3",
            "-m",
            "http.server",
            "--bind",
            "127.0.0.1",
            "--directory",
            place.allowed("").to_str().unwrap(),
            &port.to_string(),
        ])
    };
    let out = serves(run(&[READ, SERVER]), port, "GET /ok.txt HTTP/1.0\r\n\r\n", "\r\nfine\n");
    out.code(143).undenied();
    run(&[READ]).output().code(111).some_denial(&[
        "denied socket(",
        "by python3",
        "--allow-network-",
    ]);
    run(&[READ, CLIENT]).output().code(111).some_denial(&[
        "denied bind(",
        &port.to_string(),
        "by python3",
        SERVER,
    ]);
}

fn node_http_server(gate: Gate, user: User) {
    let place = Place::new();
    let path = place.at("new").display().to_string();
    let port = free_port();
    let script = place.write("server.js", include_str!("fixtures/server.js"));
    let run = |flags: &[&str]| {
        let port = port.to_string();
        let words = ["node", script.to_str().unwrap(), &port, &path];
        Run::over(gate).by(user).args(flags).cmd(words)
    };
    let (hello, write) = ("GET / HTTP/1.0\r\n\r\n", "GET /write HTTP/1.0\r\n\r\n");
    serves(run(&[READ, SERVER]), port, hello, "hello").code(143).quiet();
    let out = serves(run(&[READ, SERVER, ERROR]), port, write, "refused EPERM");
    out.code(143).denied(&["denied open", "/new", "by node[", WRITE]);
    run(&[READ]).output().code(111).some_denial(&["denied socket(", "--allow-network-"]);
    assert!(!place.at("new").exists());
    serves(run(&[READ, SERVER, &write_to(&place)]), port, write, "written").code(143).quiet();
}

/// nginx: a master and workers. As root it changes its workers' user, which takes its own flags.
fn nginx(gate: Gate, user: User) {
    let place = Place::new();
    let port = free_port();
    let dir = place.text();
    let who =
        if user == User::Root && crate::harness::is_root() { "user nobody nogroup;" } else { "" };
    let settings = include_str!("fixtures/nginx.conf")
        .replace("USER", who)
        .replace("DIR", &dir)
        .replace("PORT", &port.to_string());
    place.write("nginx.conf", settings.split_once('\n').unwrap().1);
    let words = ["nginx", "-c", &format!("{dir}/nginx.conf"), "-e", "stderr", "-p", &dir]
        .map(str::to_owned);
    let mut flags = vec![READ.to_owned(), SERVER.to_owned()];
    let refused = Run::over(gate).by(user).args(&flags).cmd(&words).output();
    refused.code(111).some_denial(&["by nginx[", "--allow-file-system-write"]);
    flags.push(write_to(&place));
    if !who.is_empty() {
        let refused = Run::over(gate).by(user).args(&flags).error().cmd(&words).output();
        assert!(!refused.denials().is_empty() && refused.code != 0, "{refused}");
        flags.extend([MODES.to_owned(), "--allow-security-and-permissions".to_owned()]);
    }
    let out = serves(
        Run::over(gate).by(user).args(&flags).cmd(&words),
        port,
        "GET /ok.txt HTTP/1.0\r\n\r\n",
        "\r\nfine\n",
    );
    out.code(0).undenied();
    assert!(place.read("access.log").contains("GET /ok.txt"));
    let without_server = Run::over(gate)
        .by(user)
        .args(flags.iter().filter(|flag| *flag != SERVER))
        .cmd(&words)
        .output();
    without_server.code(111).some_denial(&["denied socket(", "by nginx[", "--allow-network-"]);
}

/// Starts a server under gatekeeper, asks it once, tells it to end.
#[track_caller]
fn serves(run: Run, port: u16, request: &str, answer: &str) -> Out {
    let running = run.start();
    let got = ask(port, request);
    assert!(got.contains(answer), "{got:?}{}", running.so_far());
    running.signal(libc::SIGTERM);
    running.finish()
}

/// Connects as soon as somebody listens, sends, and shuts its side.
fn ask_half(port: u16, text: &str) {
    use std::io::{Read, Write};
    let mut stream = None;
    crate::harness::run::eventually("somebody listens", || {
        stream = std::net::TcpStream::connect(("127.0.0.1", port)).ok();
        stream.is_some()
    });
    let mut stream = stream.unwrap();
    stream.write_all(text.as_bytes()).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let _ = stream.read_to_end(&mut Vec::new());
}

over_gates_and_users! {
    curl,
    wget,
    dig,
    openssl,
    nc,
    socat,
    python_http_server,
    node_http_server,
    nginx,
}
