//! A list for changes of modes, owners, times and attributes: gatekeeper makes them itself. Nothing that another thread
//! does gets another file into them, nobody is more than they were, and programs do not notice.

use std::os::unix::fs::{MetadataExt, chown, symlink};
use std::path::PathBuf;

use crate::harness::{
    Gate, Out, Place, Run, User, is_root, over_gates, over_gates_and_users, tools,
};
use crate::paths::filled;

const GRANTS: [&str; 3] = [
    "--allow-file-system-read",
    "--allow-file-system-permissions",
    "--allow-security-and-permissions",
];

/// Everything may be read, and only the allowed part be written and changed.
fn listed(gate: Gate, place: &Place) -> Run {
    let write = format!("--allow-file-system-write={}", text(place.allowed("")));
    Run::over(gate).args(GRANTS).arg(write).error()
}

/// The same grants without a list: the calls go on.
fn unlisted(gate: Gate) -> Run {
    Run::over(gate).args(GRANTS).arg("--allow-file-system-write").error()
}

fn text(path: PathBuf) -> String {
    path.to_str().unwrap().trim_end_matches('/').to_owned()
}

fn race(place: &Place, how: &str, call: &str) -> Vec<String> {
    let files = [place.allowed("ok.txt"), place.secret("ok.txt")].map(text);
    [vec![how.to_owned(), call.to_owned()], files.into()].concat()
}

const BY_PATH: [&str; 7] =
    ["chmod", "fchmodat2", "lchown", "fchownat", "utimes", "utimensat", "setxattr"];

const BY_DESCRIPTOR: [&str; 6] =
    ["fchmod", "fchown", "futimens", "fchownat-empty", "fsetxattr", "setflags"];

#[track_caller]
fn never_won(out: &Out) {
    out.code(0);
    assert!(out.number("attempts") > 20, "hardly a try{out}");
    assert_eq!(out.number("wins"), 0, "won{out}");
    assert!(out.number("allowed") > 0, "the permitted side never happened{out}");
    assert!(out.number("refused") > 0, "the forbidden side was never tried{out}");
}

/// Another thread rewrites the path.
fn a_path_rewritten(gate: Gate) {
    for call in BY_PATH {
        let place = Place::new();
        let words = race(&place, "attributes-path", call);
        let run = listed(gate, &place).env("HOSTILE_SECONDS", "1").hostile(words);
        never_won(&run.output());
        place.untouched();
    }
}

/// Another thread puts another file behind the descriptor, one that was opened for reading only.
fn a_descriptor_switched(gate: Gate) {
    for call in BY_DESCRIPTOR {
        let place = Place::new();
        let words = race(&place, "attributes-descriptor", call);
        let run = listed(gate, &place).env("HOSTILE_SECONDS", "1").hostile(words);
        never_won(&run.output());
        place.untouched();
    }
}

/// A directory and a link that leads out are exchanged all the time.
fn a_directory_exchanged(gate: Gate) {
    for call in ["chmod", "utimensat"] {
        let place = Place::new();
        never_won(&listed(gate, &place).hostile(swap(&place, call)).output());
        place.untouched();
    }
}

fn swap(place: &Place, call: &str) -> Vec<String> {
    std::fs::create_dir(place.allowed("d")).unwrap();
    place.write("allowed_/d/ok.txt", "fine\n");
    symlink(place.secret(""), place.allowed("l")).unwrap();
    let paths =
        [place.allowed("d"), place.allowed("l"), place.allowed("d/ok.txt"), place.secret("ok.txt")];
    [vec!["attributes-swap".to_owned(), call.to_owned()], paths.map(text).into()].concat()
}

/// Who gave up what root may do does not get it back: the results are those that there are without gatekeeper.
fn privileges_given_up(gate: Gate) {
    if !is_root() {
        return;
    }
    let descriptors = BY_DESCRIPTOR.map(|call| format!("%{call}"));
    let calls: Vec<&str> = BY_PATH.into_iter().chain(descriptors.iter().map(|c| &**c)).collect();
    for (how, owner) in [("user", 0), ("fsuid", 0), ("capabilities", 12)] {
        let place = Place::new();
        let file = place.allowed("ok.txt");
        // Who has no capabilities is still the owner of what is root's.
        chown(&file, Some(owner), Some(owner)).unwrap();
        let before = std::fs::metadata(&file).unwrap();
        let words = [vec!["attributes-drop", how, file.to_str().unwrap()], calls.clone()].concat();
        let native = Run::native(&tools().hostile).args(&words).output();
        native.code(0).says("chmod = EPERM").says("fchmod = EPERM").says("lchown = EPERM");
        let out = listed(gate, &place).hostile(&words).output();
        out.code(0).undenied().stdout(&native.stdout);
        let after = std::fs::metadata(&file).unwrap();
        assert_eq!((after.mode(), after.uid()), (before.mode(), owner));
    }
}

/// The supervisor is itself again afterwards, on every one of its threads.
fn privileges_come_back(gate: Gate) {
    if !is_root() {
        return;
    }
    let place = Place::new();
    let file = text(place.allowed("ok.txt"));
    let hostile = tools().hostile.display();
    let script = format!(
        "for i in 1 2 3 4 5 6; do {hostile} attributes-drop user {file} chmod %fchmod & done; wait; \
         for i in 1 2 3 4 5 6; do chmod 060$i {file} && chown 7:8 {file} && chown 0:0 {file}; done; \
         stat -c '%a %u' {file}"
    );
    let out = listed(gate, &place).arg("--allow-file-system-read").sh(script).output();
    out.code(0).undenied().says("606 0");
    assert_eq!(out.stdout.matches("chmod = EPERM").count(), 12, "{out}");
}

/// Calls as the kernel answers them, with paths relative to the allowed part.
const CALLS: [&str; 36] = [
    "chmod s:ok.txt 0604",
    "chmod s:none 0604",
    "chmod s:ok.txt/ 0604",
    "chmod s:ok.txt/x 0604",
    "chmod s:link 0640",
    "chmod s:dangling 0640",
    "chmod s:loop 0640",
    "chmod bad 0640",
    "chmod null 0640",
    "chmod s: 0640",
    "chmod s:x/../ok.txt 0644",
    "chmod s:x/y 0711",
    "fchmodat2 AT_FDCWD s:link 0640 AT_SYMLINK_NOFOLLOW",
    "fchmodat2 AT_FDCWD s:ok.txt 0640 0x8000",
    "lchown s:link -1 -1",
    "fchownat AT_FDCWD s: -1 -1 AT_EMPTY_PATH",
    "fchownat AT_FDCWD s:dangling -1 -1 AT_SYMLINK_NOFOLLOW",
    "utime s:ok.txt null",
    "utimes s:ok.txt sp",
    "utimes s:none sp",
    "utimensat AT_FDCWD s:link sp AT_SYMLINK_NOFOLLOW",
    "utimensat AT_FDCWD s:ok.txt bad 0",
    "utimensat AT_FDCWD s:ok.txt sp 0x8000",
    "utimensat AT_FDCWD null sp 0",
    "setxattr s:ok.txt s:user.a s:b 1 0",
    "setxattr s:ok.txt s:user.a s:b 1 1",
    "setxattr s:ok.txt s:user.c s:b 1 2",
    "setxattr s:ok.txt s:user.c s:b 70000 0",
    "setxattr s:ok.txt s: s:b 1 0",
    "setxattr s:ok.txt s:trusted.a s:b 1 0",
    "lsetxattr s:link s:user.a s:b 1 0",
    "setxattr s:ok.txt s:user.a bad 1 0",
    "removexattr s:ok.txt s:user.c",
    "removexattr s:ok.txt s:user.a",
    "chmod /proc/self/cwd/ok.txt 0666",
    "chmod s:../secret__/none 0640",
];

const DESCRIPTORS: [&str; 22] = [
    "openat AT_FDCWD s:ok.txt O_RDONLY",
    "openat AT_FDCWD s:ok.txt O_PATH",
    "openat AT_FDCWD s:x O_RDONLY",
    "memfd_create s:m 0",
    "fchmod %1 0600",
    "fchmod %2 0600",
    "fchmod %4 0600",
    "fchmod 77 0600",
    "fchmod -1 0600",
    "fchown %1 -1 -1",
    "fchown %2 -1 -1",
    "fchownat %2 s: -1 -1 AT_EMPTY_PATH",
    "utimensat %1 null sp 0",
    "utimensat %2 null sp 0",
    "utimensat %1 null sp AT_SYMLINK_NOFOLLOW",
    "fsetxattr %1 s:user.a s:b 1 0",
    "fsetxattr %2 s:user.a s:b 1 0",
    "fremovexattr %1 s:user.a",
    "chmod /proc/self/fd/4 0604",
    "chmod /dev/fd/6 0604",
    "fchmodat %3 s:y 0711",
    "ioctl %2 FS_IOC_SETFLAGS buf",
];

/// What calls return does not depend on who makes them.
fn results(gate: Gate, user: User) {
    for calls in [&CALLS[..35], &DESCRIPTORS[..]] {
        let of = |listing: fn(Gate, &Place) -> Run| {
            let place = Place::new();
            let file = place.allowed("ok.txt");
            if user == User::Nobody && is_root() {
                chown(&file, Some(65534), Some(65534)).unwrap();
            }
            symlink("ok.txt", place.allowed("link")).unwrap();
            symlink("none", place.allowed("dangling")).unwrap();
            symlink("loop", place.allowed("loop")).unwrap();
            let run = listing(gate, &place).by(user).cwd(place.allowed(""));
            let out = run.probe(calls).output();
            out.code(0).undenied();
            let metadata = std::fs::metadata(&file).unwrap();
            (out.stdout, metadata.mode())
        };
        assert_eq!(of(listed), of(|gate, _| unlisted(gate)));
    }
    let place = Place::new();
    let run = listed(gate, &place).by(user).cwd(place.allowed(""));
    run.probe([CALLS[35]]).output().stdout("chmod = -1 EPERM\n").denied(&["denied chmod("]);
}

/// A change outside the list kills before it is made.
fn outside(gate: Gate) {
    let place = Place::new();
    let write = format!("--allow-file-system-write={}", text(place.allowed("")));
    for call in ["chmod SECRET/ok.txt 0600", "utimensat AT_FDCWD SECRET/ok.txt null 0"] {
        let call = filled(&place, call);
        let run = Run::over(gate).args(GRANTS).arg(&write).probe([&call]);
        run.output()
            .code(111)
            .stdout("")
            .denied(&["denied ", "outside the paths allowed for changing attributes"]);
    }
    place.untouched();
}

const SCRIPT: &str = r#"
umask 022
printf text > f; ln -s f l; mkdir -m 1777 dir
chmod 640 f; chmod 604 l; chmod g+s f; touch -d @1000 f; touch -h -d @5 l
chown "$(id -u):$(id -g)" f; chown -h "$(id -u)" l
cp -p f copy; cp -a . ../copied; install -m 751 f tool
tar -cf t.tar f l dir; mkdir out; tar -xpf t.tar -C out; chmod -R go-w out
mkdir closed; printf x > closed/f; chmod 500 closed; touch -d @7 closed/f; chmod 700 closed
chmod 600 none; chmod +x f/x; touch -c none; chattr -A f 2>&1 | sed 's/ while.*//'
cd ..
stat -c '%n %a %u %g %F' x/f x/l x/dir x/copy x/tool x/out x/out/f x/out/dir copied/f copied/l
stat -c '%n %Y' x/f x/l x/copy x/out/f x/closed/f copied/f copied/l
"#;

/// Programs that change attributes do what they do without gatekeeper.
fn programs(gate: Gate, user: User) {
    let of = |listing: fn(Gate, &Place) -> Run| {
        let place = Place::new();
        place.share("allowed_/x");
        std::fs::remove_dir(place.allowed("x/y")).unwrap();
        listing(gate, &place).by(user).cwd(place.allowed("x")).sh(SCRIPT).output()
    };
    let native = of(|_, _| Run::native("/usr/bin/env"));
    let out = of(listed);
    out.code(0).undenied().stdout(&native.stdout);
    assert_eq!(out.stderr, native.stderr, "{out}");
    out.shows("x/f 2604 ").shows("x/closed/f 7\n");
}

over_gates! {
    a_path_rewritten,
    a_descriptor_switched,
    a_directory_exchanged,
    privileges_given_up,
    privileges_come_back,
    outside,
}

over_gates_and_users! {
    results,
    programs,
}

/// Without gatekeeper each of the races is won: the tests above would notice.
#[test]
fn controls() {
    let won = |words: Vec<String>| {
        let out = Run::native(&tools().hostile).args(words).env("HOSTILE_SECONDS", "1").output();
        out.code(0);
        assert!(out.number("wins") > 0, "never won{out}");
    };
    for call in BY_PATH {
        let place = Place::new();
        won(race(&place, "attributes-path", call));
    }
    for call in BY_DESCRIPTOR {
        let place = Place::new();
        won(race(&place, "attributes-descriptor", call));
    }
    let place = Place::new();
    won(swap(&place, "chmod"));
}
