//! Races between the check and the use, a bounded number of tries each: none may win. That the attack works where
//! nobody stops it, the controls show.

use std::os::unix::fs::symlink;

use crate::harness::servers::Server;
use crate::harness::{Gate, Out, Place, Run, User, over_gates, over_gates_and_users, tools};

const READ: &str = "--allow-file-system-read";
const WRITE: &str = "--allow-file-system-write";

/// Runs a race and demands that it was on (the permitted side happened) and was never won.
#[track_caller]
fn never_won(out: &Out) {
    out.code(0);
    assert!(out.number("attempts") > 50, "hardly a try{out}");
    assert_eq!(out.number("wins"), 0, "won{out}");
    assert!(out.number("allowed") > 0, "the permitted side never happened{out}");
    assert!(out.number("refused") > 0, "the forbidden side was never tried{out}");
}

fn text(path: std::path::PathBuf) -> String {
    path.to_str().unwrap().to_owned()
}

fn path_race(place: &Place, call: &str) -> Vec<String> {
    vec![
        "race-path".to_owned(),
        call.to_owned(),
        text(place.allowed("ok.txt")),
        text(place.secret("ok.txt")),
        place.inode(),
    ]
}

/// Another thread rewrites the path: reading.
fn path_rewritten_while_reading(gate: Gate, user: User) {
    let place = Place::new();
    for call in ["open", "openat", "openat2"] {
        never_won(
            &Run::over(gate)
                .by(user)
                .args([READ, &place.listed()])
                .error()
                .hostile(path_race(&place, call))
                .output(),
        );
    }
    place.untouched();
}

over_gates_and_users! {
    path_rewritten_while_reading,
}

/// Another thread rewrites the path: writing, truncating, removing, moving, linking, changing the mode.
fn path_rewritten_while_writing(gate: Gate) {
    for call in [
        "open-write",
        "open-truncate",
        "creat",
        "truncate",
        "unlink",
        "rename-from",
        "rename-to",
        "link-from",
    ] {
        let place = Place::new();
        let out = Run::over(gate)
            .args([WRITE, &place.listed()])
            .error()
            .env("HOSTILE_SECONDS", "1")
            .hostile(path_race(&place, call))
            .output();
        never_won(&out);
        place.untouched();
    }
}

/// The mode of a file is no content and Landlock does not know it.
fn path_rewritten_while_changing_the_mode(gate: Gate) {
    let place = Place::new();
    let out = Run::over(gate)
        .args([WRITE, "--allow-file-system-permissions", &place.listed()])
        .error()
        .hostile(path_race(&place, "chmod"))
        .output();
    never_won(&out);
    place.untouched();
}

/// Another process rewrites it through shared memory.
fn path_rewritten_by_another_process(gate: Gate) {
    let place = Place::new();
    let mut words = path_race(&place, "openat");
    words.push("shared".to_owned());
    never_won(&Run::over(gate).args([READ, &place.listed()]).error().hostile(words).output());
}

/// The flags in an open_how turn from reading to writing, where only reading is granted.
fn open_how_rewritten(gate: Gate) {
    let place = Place::new();
    for flags in [vec![READ.to_owned()], vec![READ.to_owned(), place.listed()]] {
        let out = Run::over(gate)
            .args(flags)
            .error()
            .hostile(["race-how".to_owned(), text(place.allowed("ok.txt"))])
            .output();
        never_won(&out);
    }
}

/// A directory and a symlink to the secrets are exchanged all the time, by a thread of the command.
fn symlink_and_directory_exchanged(gate: Gate) {
    let place = Place::new();
    let (words, _) = swap_race(&place);
    never_won(&Run::over(gate).args([WRITE, &place.listed()]).error().hostile(words).output());
}

/// The same by a process that gatekeeper does not know.
fn symlink_and_directory_exchanged_from_outside(gate: Gate) {
    let place = Place::new();
    let (words, path) = swap_race(&place);
    let outside = Run::native(&tools().hostile)
        .args(&words)
        .env("HOSTILE_SECONDS", "60")
        .env("HOSTILE_TRIES", "100000000")
        .start();
    let words = [
        "race-cwd".to_owned(),
        text(place.allowed("x")),
        text(place.allowed("x/y")),
        path,
        place.inode(),
    ];
    let out = Run::over(gate).args([READ, &place.listed()]).error().hostile(words).output();
    drop(outside);
    never_won(&out);
}

/// A thread changes the working directory that a relative path starts from.
fn working_directory_changed(gate: Gate) {
    never_won(&place_race(gate, "race-cwd"));
}

/// A thread puts another directory behind the descriptor that a relative path starts from.
fn directory_descriptor_changed(gate: Gate) {
    never_won(&place_race(gate, "race-dirfd"));
}

/// The program to be executed is rewritten.
fn program_rewritten(gate: Gate) {
    let place = Place::new();
    let out =
        Run::over(gate).args([READ, &place.listed()]).error().hostile(exec_race(&place)).output();
    never_won(&out);
}

/// The address to connect to is rewritten: another port.
fn port_rewritten(gate: Gate) {
    let (right, wrong) = (Server::counting("127.0.0.1", 0), Server::counting("127.0.0.1", 0));
    let (a, b) = (right.port.to_string(), wrong.port.to_string());
    let out = Run::over(gate)
        .args([READ, &format!("--allow-network-client=127.0.0.1:{a}")])
        .error()
        .hostile(["race-connect", "127.0.0.1", &a, "127.0.0.1", &b])
        .output();
    never_won(&out);
    assert_eq!(wrong.total(), 0);
}

/// The address to connect to is rewritten: another host on the same port, which Landlock does not tell apart.
fn host_rewritten(gate: Gate) {
    let right = Server::counting("127.0.0.1", 0);
    let wrong = Server::counting("127.0.0.2", right.port);
    let port = right.port.to_string();
    let out = Run::over(gate)
        .args([READ, &format!("--allow-network-client=127.0.0.1:{port}")])
        .error()
        .hostile(["race-connect", "127.0.0.1", &port, "127.0.0.2", &port])
        .output();
    never_won(&out);
    assert_eq!(wrong.total(), 0);
}

/// The address of a datagram is rewritten.
fn datagram_address_rewritten(gate: Gate) {
    let (right, wrong) = (Server::datagrams("127.0.0.1"), Server::datagrams("127.0.0.1"));
    let (a, b) = (right.port.to_string(), wrong.port.to_string());
    let out = Run::over(gate)
        .args([READ, &format!("--allow-network-client=127.0.0.1:{a}")])
        .error()
        .hostile(["race-sendto", "127.0.0.1", &a, "127.0.0.1", &b])
        .output();
    never_won(&out);
    assert_eq!(wrong.total(), 0);
}

/// The path of a local socket is rewritten.
fn local_address_rewritten(gate: Gate) {
    let place = Place::new();
    let (right, wrong) =
        (Server::local(&place.allowed("a.sock")), Server::local(&place.secret("a.sock")));
    let words =
        ["race-unix".to_owned(), text(place.allowed("a.sock")), text(place.secret("a.sock"))];
    let out = Run::over(gate)
        .args([WRITE, &place.listed(), "--allow-network-local-sockets"])
        .error()
        .hostile(words)
        .output();
    never_won(&out);
    assert_eq!(wrong.total(), 0);
    assert!(right.total() > 0);
}

/// With kill, the first try that is seen ends it; nothing was read before.
fn a_race_ends_by_kill(gate: Gate) {
    let place = Place::new();
    let out =
        Run::over(gate).args([READ, &place.listed()]).hostile(path_race(&place, "openat")).output();
    out.code(111).stdout("").denied(&["denied openat("]);
}

over_gates! {
    path_rewritten_while_writing,
    path_rewritten_while_changing_the_mode,
    path_rewritten_by_another_process,
    open_how_rewritten,
    symlink_and_directory_exchanged,
    symlink_and_directory_exchanged_from_outside,
    working_directory_changed,
    directory_descriptor_changed,
    program_rewritten,
    port_rewritten,
    host_rewritten,
    datagram_address_rewritten,
    local_address_rewritten,
    a_race_ends_by_kill,
}

fn swap_race(place: &Place) -> (Vec<String>, String) {
    std::fs::create_dir(place.allowed("d")).unwrap();
    place.share("allowed_/d");
    place.write("allowed_/d/ok.txt", "fine\n");
    symlink(place.secret(""), place.allowed("l")).unwrap();
    let path = text(place.allowed("d/ok.txt"));
    let words = vec![
        "race-swap".to_owned(),
        text(place.allowed("d")),
        text(place.allowed("l")),
        path.clone(),
        place.inode(),
    ];
    (words, path)
}

/// From `allowed_/x/y` the path means `allowed_/ok.txt`, from `allowed_/x` the secret one above.
fn place_words(place: &Place, race: &str) -> Vec<String> {
    let inode =
        std::os::unix::fs::MetadataExt::ino(&std::fs::metadata(place.at("ok.txt")).unwrap());
    vec![
        race.to_owned(),
        text(place.allowed("x")),
        text(place.allowed("x/y")),
        "../../ok.txt".to_owned(),
        inode.to_string(),
    ]
}

fn place_race(gate: Gate, race: &str) -> Out {
    let place = Place::new();
    Run::over(gate)
        .args([READ, &place.listed()])
        .error()
        .hostile(place_words(&place, race))
        .output()
}

fn exec_race(place: &Place) -> Vec<String> {
    place.program(&tools().probe, "allowed_/tool");
    place.program(&tools().hostile, "secret__/tool");
    vec!["race-exec".to_owned(), text(place.allowed("tool")), text(place.secret("tool"))]
}

/// Without gatekeeper each of these is won: the tests above would notice.
#[test]
fn controls() {
    let won = |words: Vec<String>| {
        let out = Run::native(&tools().hostile).args(words).output();
        out.code(0);
        assert!(out.number("wins") > 0, "never won{out}");
    };
    let place = Place::new();
    won(path_race(&place, "openat"));
    won(path_race(&place, "open-write"));
    won([path_race(&place, "openat"), vec!["shared".to_owned()]].concat());
    won(vec!["race-how".to_owned(), text(place.allowed("ok.txt"))]);
    won(place_words(&place, "race-cwd"));
    won(place_words(&place, "race-dirfd"));
    won(swap_race(&place).0);
    won(exec_race(&place));
    let (right, wrong) = (Server::counting("127.0.0.1", 0), Server::counting("127.0.0.1", 0));
    won([
        "race-connect",
        "127.0.0.1",
        &right.port.to_string(),
        "127.0.0.1",
        &wrong.port.to_string(),
    ]
    .map(str::to_owned)
    .to_vec());
    assert!(wrong.total() > 0);
    Run::native(&tools().hostile).args(path_race(&place, "unlink")).output().code(0);
    assert!(!place.secret("ok.txt").exists());
}
