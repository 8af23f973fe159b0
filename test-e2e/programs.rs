//! Programs that people run, with the flags that they would guess; and each is refused exactly what its flags leave out.

use std::process::Command;

use crate::harness::servers::{Server, ask, free_port};
use crate::harness::{Gate, Out, Place, Run, User, over_gates, over_gates_and_users};

const READ: &str = "--allow-file-system-read";
const WRITE: &str = "--allow-file-system-write";
const CLIENT: &str = "--allow-network-client";
const SERVER: &str = "--allow-network-server";
const MODES: &str = "--allow-file-system-permissions";

fn write_to(place: &Place) -> String {
    format!("{WRITE}={}", place.text())
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

over_gates_and_users! {
    /// curl by host name; refused the network without its grant, files without theirs, other ports by a narrow one.
    fn curl(gate, user) {
        let server = Server::http("127.0.0.1", "the page\n");
        let url = format!("http://localhost:{}/", server.port);
        let place = Place::new();
        let file = place.at("page");
        let get = |flags: &[&str], more: &[&str]| Run::over(gate).by(user).args(flags).cmd(["curl", "-sS", &url]).args(more).output();
        get(&[READ, CLIENT], &[]).code(0).quiet().stdout("the page\n");
        get(&[READ], &[]).code(111).stdout("").some_denial(&["denied socket(", "by curl[", "allow it with --allow-network-client"]);
        get(&[CLIENT], &[]).code(111).some_denial(&["by curl[", "allow it with --allow-file-system-read"]);
        let saved = ["-o", file.to_str().unwrap()];
        get(&[READ, CLIENT], &saved).code(111).some_denial(&["denied open", "page", "--allow-file-system-write"]);
        assert!(!file.exists());
        get(&[READ, CLIENT, &write_to(&place)], &saved).code(0).quiet();
        assert_eq!(place.read("page"), "the page\n");
        get(&[READ, &format!("{CLIENT}=localhost:{}", server.port)], &[]).code(0).quiet().stdout("the page\n");
        get(&[READ, &format!("{CLIENT}=localhost:1"), "--on-syscall-denied=error"], &[]).code(7).some_denial(&["denied connect(", &server.port.to_string()]);
    }

    fn wget(gate, user) {
        let server = Server::http("127.0.0.1", "the page\n");
        let url = format!("http://localhost:{}/", server.port);
        let get = |flags: &[&str], to: &str| Run::over(gate).by(user).args(flags).cmd(["wget", "-q", "-O", to, &url]).output();
        get(&[READ, CLIENT], "-").code(0).quiet().stdout("the page\n");
        get(&[READ], "-").code(111).some_denial(&["denied socket(", "by wget[", CLIENT]);
        let place = Place::new();
        let file = place.at("page");
        get(&[READ, CLIENT], file.to_str().unwrap()).code(111).some_denial(&["denied open", WRITE]);
        assert!(!file.exists());
        get(&[READ, CLIENT, &write_to(&place)], file.to_str().unwrap()).code(0);
        assert_eq!(place.read("page"), "the page\n");
    }

    fn dig(gate, user) {
        let server = Server::names();
        let port = server.port.to_string();
        let ask = |flags: &[&str]| Run::over(gate).by(user).args(flags).cmd(["dig", "@127.0.0.1", "-p", &port, "+short", "+time=20", "+tries=1", "example.test"]).output();
        ask(&[READ, CLIENT]).code(0).stdout("127.0.0.1\n").undenied();
        ask(&[READ]).code(111).some_denial(&["denied socket(", CLIENT]);
    }

    /// openssl as a client of openssl, both under gatekeeper.
    fn openssl(gate, user) {
        let place = Place::new();
        let (key, certificate) = (place.at("key.pem"), place.at("cert.pem"));
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout"])
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
            .cmd(["openssl", "s_server", "-4", "-accept", &format!("127.0.0.1:{port}"), "-www", "-key", key.to_str().unwrap(), "-cert", certificate.to_str().unwrap()])
            .start();
        server.wait_stdout("ACCEPT");
        let connect = |flags: &[&str]| {
            Run::over(gate)
                .by(user)
                .args(flags)
                .stdin("GET / HTTP/1.0\r\n\r\n")
                .cmd(["openssl", "s_client", "-quiet", "-CAfile", certificate.to_str().unwrap(), "-connect", &format!("localhost:{port}")])
                .output()
        };
        connect(&[READ, CLIENT]).code(0).undenied().shows("HTTP/1.0 200").complains("verify return:1");
        connect(&[READ]).code(111).some_denial(&["denied socket(", "by openssl[", CLIENT]);
        server.signal(libc::SIGTERM);
        assert_eq!(server.wait(), 143);
    }

    fn nc(gate, user) {
        let server = Server::echo("127.0.0.1");
        let port = server.port.to_string();
        let send = |flags: &[&str]| Run::over(gate).by(user).args(flags).stdin("hello").cmd(["nc", "-N", "127.0.0.1", &port]).output();
        send(&[READ, CLIENT]).code(0).quiet().stdout("hello");
        send(&[READ]).code(111).some_denial(&["denied socket(", "by nc[", CLIENT]);
        send(&[READ, SERVER]).code(111).some_denial(&["denied connect(", "by nc[", CLIENT]);

        let port = free_port();
        let listen = |flags: &[&str]| Run::over(gate).by(user).args(flags).cmd(["nc", "-l", "127.0.0.1", &port.to_string()]);
        listen(&[READ, CLIENT]).output().code(111).some_denial(&["by nc[", SERVER]);
        let running = listen(&[READ, SERVER]).start();
        ask_half(port, "knock");
        let out = running.finish();
        out.code(0).undenied().stdout("knock");
    }

    fn socat(gate, user) {
        let server = Server::echo("127.0.0.1");
        let to = format!("TCP4:127.0.0.1:{}", server.port);
        let send = |flags: &[&str]| Run::over(gate).by(user).args(flags).stdin("hello").cmd(["socat", "-t", "30", "-", &to]).output();
        send(&[READ, CLIENT]).code(0).quiet().stdout("hello");
        send(&[READ]).code(111).some_denial(&["denied socket(", "by socat[", CLIENT]);
        let port = free_port();
        let listen = format!("TCP4-LISTEN:{port},bind=127.0.0.1,reuseaddr");
        let run = |flags: &[&str]| Run::over(gate).by(user).args(flags).cmd(["socat", "-u", &listen, "-"]);
        run(&[READ, CLIENT]).output().code(111).some_denial(&["by socat[", SERVER]);
        let running = run(&[READ, SERVER]).start();
        ask_half(port, "knock");
        running.finish().code(0).undenied().stdout("knock");
    }

    fn python_http_server(gate, user) {
        let place = Place::new();
        let port = free_port();
        let run = |flags: &[&str]| Run::over(gate).by(user).args(flags).cmd(["/usr/bin/python3", "-m", "http.server", "--bind", "127.0.0.1", "--directory", place.allowed("").to_str().unwrap(), &port.to_string()]);
        let out = serves(run(&[READ, SERVER]), port, "GET /ok.txt HTTP/1.0\r\n\r\n", "\r\nfine\n");
        out.code(143).undenied();
        run(&[READ]).output().code(111).some_denial(&["denied socket(", "by python3", "--allow-network-"]);
        run(&[READ, CLIENT]).output().code(111).some_denial(&["denied bind(", "by python3", &port.to_string(), SERVER]);
    }

    fn node_http_server(gate, user) {
        let port = free_port();
        let script = format!("require('http').createServer((request, response) => {{ try {{ require('fs').writeFileSync('/tmp/gk-never', ''); }} catch (error) {{ response.end('refused ' + error.code); return; }} response.end('written'); }}).listen({port}, '127.0.0.1')");
        let run = |flags: &[&str]| Run::over(gate).by(user).args(flags).cmd(["node", "-e", &script]);
        let out = serves(run(&[READ, SERVER, "--on-syscall-denied=error"]), port, "GET / HTTP/1.0\r\n\r\n", "refused EPERM");
        out.code(143).denied(&["denied open", "/tmp/gk-never", WRITE]);
        run(&[READ]).output().code(111).some_denial(&["denied socket(", "--allow-network-"]);
        let plain = format!("require('http').createServer((request, response) => response.end('hello')).listen({port}, '127.0.0.1')");
        let out = serves(Run::over(gate).by(user).args([READ, SERVER]).cmd(["node", "-e", &plain]), port, "GET / HTTP/1.0\r\n\r\n", "hello");
        out.code(143).quiet();
    }

    /// Pipes, here-documents, substitutions, subshells, background jobs, traps, exit codes.
    fn bash_scripts(gate, user) {
        let script = r#"
            set -o pipefail
            echo b a c | tr ' ' '\n' | sort | paste -sd, -
            cat <<< "here"
            cat < <(echo substituted)
            x=$(echo inner; exit 3); echo "$x $?"
            set -m
            sleep 1000 & kill -TERM %1; wait %1; echo "job $?"
            (trap 'echo trapped; exit 5' USR1; kill -USR1 $BASHPID; sleep 1000); echo "trap $?"
            false | true; echo "pipe $?"
            exec 7</etc/hostname; read -r -u 7 name; [ -n "$name" ] && echo named
            exit 42
        "#;
        let want = "a,b,c\nhere\nsubstituted\ninner 3\njob 143\ntrapped\ntrap 5\npipe 1\nnamed\n";
        Run::over(gate).by(user).arg(READ).cmd(["bash", "-c", script]).output().code(42).undenied().stdout(want);
        Run::over(gate).by(user).arg(READ).cmd(["bash", "-c", "echo x > /tmp/gk-never; echo survived"]).output().code(111).stdout("").some_denial(&["by bash[", "/tmp/gk-never", WRITE]);
    }

    fn git(gate, user) {
        let place = Place::new();
        let (origin, clone) = (place.at("origin"), place.at("clone"));
        let run = |words: &[&str]| {
            let status = Run::native("git").by(user).args(["-C", origin.to_str().unwrap(), "-c", "user.name=A", "-c", "user.email=a@b.example"]).args(words).output();
            status.code(0);
        };
        std::fs::create_dir(&origin).unwrap();
        place.share("origin");
        run(&["init", "-q", "-b", "main"]);
        place.write("origin/file", "content\n");
        run(&["add", "file"]);
        run(&["commit", "-q", "-m", "the first"]);
        let git = |flags: &[&str], words: &[&str]| Run::over(gate).by(user).args(flags).env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_OPTIONAL_LOCKS", "0").env("GIT_CONFIG_COUNT", "1").env("GIT_CONFIG_KEY_0", "safe.directory").env("GIT_CONFIG_VALUE_0", "*").cwd(place.text()).cmd(["git"]).args(words).output();
        git(&[READ], &["-C", "origin", "--no-pager", "log", "--format=%s"]).code(0).undenied().stdout("the first\n");
        git(&[READ], &["-C", "origin", "status", "--short"]).code(0).undenied().stdout("");
        let refused = git(&[READ], &["clone", "-q", "origin", "clone"]);
        assert_ne!(refused.code, 0, "{refused}");
        refused.some_denial(&["denied mkdir", "by git[", WRITE]);
        assert!(!clone.exists());
        git(&[READ, &write_to(&place), MODES], &["clone", "-q", "origin", "clone"]).code(0).undenied();
        assert_eq!(place.read("clone/file"), "content\n");
    }

    fn tar(gate, user) {
        let place = Place::new();
        let tar = |flags: &[&str], words: &[&str]| Run::over(gate).by(user).args(flags).cwd(place.text()).cmd(["tar"]).args(words).output();
        tar(&[READ], &["-cf", "-", "allowed_"]).code(0).undenied();
        tar(&[READ], &["-cf", "a.tar", "allowed_"]).code(111).some_denial(&["by tar[", "a.tar", WRITE]);
        tar(&[READ, &write_to(&place)], &["-czf", "a.tar", "allowed_"]).code(0).undenied();
        std::fs::create_dir(place.at("out")).unwrap();
        place.share("out");
        tar(&[READ, &write_to(&place), MODES], &["-xzf", "a.tar", "-C", "out"]).code(0).undenied();
        assert_eq!(place.read("out/allowed_/ok.txt"), "fine\n");
        tar(&[READ], &["-xzf", "a.tar", "-C", "out/allowed_/x"]).code(111);
        assert!(!place.at("out/allowed_/x/allowed_").exists());
    }

    fn gcc(gate, user) {
        let place = Place::new();
        place.write("hello.c", "#include <stdio.h>\nint main(void) { puts(\"hello\"); return 3; }\n");
        let gcc = |flags: &[&str]| Run::over(gate).by(user).args(flags).env("TMPDIR", place.text()).cwd(place.text()).cmd(["gcc", "-pipe", "-o", "hello", "hello.c"]).output();
        let refused = gcc(&[READ]);
        assert_ne!(refused.code, 0, "{refused}");
        assert!(!refused.denials().is_empty() && !place.at("hello").exists(), "{refused}");
        gcc(&[READ, &write_to(&place), MODES]).code(0).undenied();
        Run::over(gate).by(user).arg(READ).cmd([place.at("hello")]).output().code(3).quiet().stdout("hello\n");
    }

    /// What looks at files, under a list: the place and what programs need of the system.
    fn reading_tools(gate, user) {
        let place = Place::new();
        place.write("allowed_/lines", "one\ntwo\nthree\n");
        let run = |script: &str| {
            Run::over(gate).by(user).arg(READ).args(system_paths()).arg(place.listed()).cwd(place.allowed("")).sh(script).output()
        };
        run("find . -name 'l*' -type f").code(0).undenied().stdout("./lines\n");
        run("sed -n 2p lines; awk '{ n += length($0) } END { print n }' lines; grep -c t lines; head -n 1 lines; tail -n 1 lines").code(0).undenied().stdout("two\n11\n2\none\nthree\n");
        run("stat -c %s lines; ls; ls -l lines | cut -d' ' -f1; wc -l < lines; sort -r lines | uniq | tr a-z A-Z; md5sum lines | cut -c1-8; realpath x/..; readlink -f x/../lines").code(0).undenied().shows("14\nlines\nok.txt\nx\n-rw-rw-rw-\n3\nTWO\nTHREE\nONE\n");
        for tool in ["cat", "grep S", "sed p", "head", "tail", "awk 1", "sort", "wc", "md5sum"] {
            let out = run(&format!("exec {tool} ../secret__/ok.txt"));
            out.code(111).stdout("").denied(&["secret__/ok.txt", "outside the allowed paths", "allow it with --allow-file-system-path="]);
        }
        let out = run("ls ../secret__; find ../secret__ -type f; stat -c %s ../secret__/ok.txt; [ -e ../secret__/ok.txt ] || echo unseen");
        assert!(!out.stdout.contains("ok.txt") && out.stdout.ends_with("unseen\n"), "{out}");
    }

    /// What changes files, within its place and not beyond.
    fn writing_tools(gate, user) {
        let place = Place::new();
        let run = |flags: &[&str], script: &str| {
            Run::over(gate).by(user).args([READ, &format!("{WRITE}={}", place.allowed("").display())]).args(flags).cwd(place.allowed("")).sh(script).output()
        };
        let script = "cp ok.txt a && mv a b && ln b c && ln -s c d && mkdir -p e/f && touch e/f/g && truncate -s 3 b && cat d && echo && rm -r e && rm b c d && ls";
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
            out.says("137").denied(&["secret__", "by ", tool, "outside the allowed paths", "--allow-file-system-write="]);
            let out = run(&["--on-syscall-denied=error"], &format!("exec {script} 2>/dev/null"));
            assert_ne!(out.code, 0, "{out}");
            place.untouched();
            assert_eq!(place.read("allowed_/ok.txt"), "fine\n");
        }
        run(&[], "chmod 600 ok.txt; echo $?").says("137").denied(&["by chmod[", MODES]);
        if user == User::Root {
            run(&[MODES], "chmod 600 ok.txt && chown 0:0 ok.txt && stat -c %a ok.txt").code(0).undenied().stdout("600\n");
        }
    }

    /// A Java machine: threads, generated code, its own signals.
    fn java(gate, user) {
        if !std::path::Path::new("/usr/bin/java").exists() {
            return;
        }
        let out = Run::over(gate).by(user).args([READ, WRITE]).cmd(["/usr/bin/java", "-Xshare:auto", "-Xmx64m", "-version"]).output();
        out.code(0).undenied().complains("OpenJDK");
        let out = Run::over(gate).by(user).args([READ]).cmd(["/usr/bin/java", "-Xmx64m", "-version"]).output();
        assert_ne!(out.code, 0, "{out}");
        assert!(!out.denials().is_empty(), "{out}");
    }

    /// A Python program with threads, processes, pipes and files of its own.
    fn python(gate, user) {
        let place = Place::new();
        let script = format!(
            "import threading, subprocess, multiprocessing, tempfile, os, socket\nresult = []\nthreads = [threading.Thread(target=lambda n=n: result.append(n * n)) for n in range(20)]\n[t.start() for t in threads]; [t.join() for t in threads]\nprint(sum(result))\nprint(subprocess.check_output(['echo', 'child'], text=True).strip())\nwith tempfile.TemporaryDirectory(dir='{}') as d:\n  p = os.path.join(d, 'f'); open(p, 'w').write('text'); print(open(p).read())\nr, w = os.pipe(); pid = os.fork()\nif pid == 0: os.write(w, b'piped'); os._exit(0)\nos.waitpid(pid, 0); print(os.read(r, 10).decode())\ntry: socket.socket()\nexcept PermissionError as e: print('no socket')\n",
            place.text()
        );
        let out = Run::over(gate).by(user).args([READ, &write_to(&place), "--on-syscall-denied=error"]).cmd(["/usr/bin/python3", "-c", &script]).output();
        out.code(0).stdout("2470\nchild\ntext\npiped\nno socket\n").denied(&["denied socket(", "by python3", CLIENT]);
    }

    /// nginx: a master and workers. As root it changes its workers' user, which takes its own flags.
    fn nginx(gate, user) {
        let place = Place::new();
        let port = free_port();
        let dir = place.text();
        let who = if user == User::Root && crate::harness::is_root() { "user nobody nogroup;" } else { "" };
        place.write(
            "nginx.conf",
            format!(
                "{who} worker_processes 2; daemon off; pid {dir}/pid; error_log stderr;\nevents {{}}\nhttp {{ access_log {dir}/access.log; client_body_temp_path {dir}/t1; proxy_temp_path {dir}/t2; fastcgi_temp_path {dir}/t3; uwsgi_temp_path {dir}/t4; scgi_temp_path {dir}/t5;\nserver {{ listen 127.0.0.1:{port}; root {dir}/allowed_; }} }}"
            ),
        );
        let words = ["nginx", "-c", &format!("{dir}/nginx.conf"), "-e", "stderr", "-p", &dir].map(str::to_owned);
        let mut flags = vec![READ.to_owned(), SERVER.to_owned()];
        let refused = Run::over(gate).by(user).args(&flags).cmd(&words).output();
        refused.code(111).some_denial(&["by nginx[", "--allow-file-system-write"]);
        flags.push(write_to(&place));
        if !who.is_empty() {
            let refused = Run::over(gate).by(user).args(&flags).error().cmd(&words).output();
            assert!(!refused.denials().is_empty() && refused.code != 0, "{refused}");
            flags.extend([MODES.to_owned(), "--allow-security-and-permissions".to_owned()]);
        }
        let out = serves(Run::over(gate).by(user).args(&flags).cmd(&words), port, "GET /ok.txt HTTP/1.0\r\n\r\n", "\r\nfine\n");
        out.code(0).undenied();
        assert!(place.read("access.log").contains("GET /ok.txt"));
        let without_server = Run::over(gate).by(user).args(flags.iter().filter(|flag| *flag != SERVER)).cmd(&words).output();
        without_server.code(111).some_denial(&["denied socket(", "by nginx[", "--allow-network-"]);
    }
}

over_gates! {
    /// Programs that walk large trees, with every open held.
    fn find_and_grep_in_a_large_tree(gate) {
        let native = Run::native("/usr/bin/find").args(["/usr/include", "-type", "f"]).output();
        let flags = [READ, "--allow-file-system-path=/usr", "--allow-file-system-path=/lib", "--allow-file-system-path=/lib64", "--allow-file-system-path=/etc", "--allow-file-system-path=/proc/filesystems"];
        Run::over(gate).args(flags).cmd(["/usr/bin/find", "/usr/include", "-type", "f"]).output().code(0).quiet().stdout(&native.stdout);
        let words = ["/bin/grep", "-rlw", "sockaddr_un", "/usr/include/linux", "/usr/include/x86_64-linux-gnu/sys"];
        let native = Run::native(words[0]).args(&words[1..]).output();
        Run::over(gate).args(flags).cmd(words).output().code(native.code).quiet().stdout(&native.stdout);
    }
}

/// What ordinary programs read of a Debian system besides their arguments.
fn system_paths() -> Vec<String> {
    ["/usr", "/bin", "/lib", "/lib64", "/etc", "/dev/null", "/proc/filesystems"]
        .iter()
        .filter(|path| std::path::Path::new(path).exists())
        .map(|path| format!("--allow-file-system-path={path}"))
        .collect()
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
