#![allow(clippy::unwrap_used, clippy::panic)]

use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::time::Duration;

use super::*;
use crate::policy::{Group, groups};

type Env<'a> = &'a [(&'a str, &'a str)];

fn parsed(words: &[&str], env: Env) -> Result<Invocation, Failure> {
    let args = std::iter::once(&"gatekeeper").chain(words);
    let env = env.iter().map(|(name, value)| (name.into(), value.into()));
    parse(args.map(OsString::from), env)
}

fn config_with(words: &[&str], env: Env) -> Config {
    match parsed(words, env) {
        Ok(Invocation::Start(config)) => *config,
        other => panic!("{words:?} {env:?}: {other:?}"),
    }
}

/// The configuration of `run FLAGS -- x`.
fn flags(words: &[&str]) -> Config {
    config_with(&[&["run"], words, &["--", "x"]].concat(), &[])
}

/// The configuration of `run x` with these variables.
fn vars(env: Env) -> Config {
    config_with(&["run", "x"], env)
}

fn line_with(words: &[&str], env: Env) -> String {
    let failure = parsed(words, env).map(|ok| format!("{ok:?}")).unwrap_err();
    let line = failure.to_string();
    assert!(!line.contains('\n'), "{line}");
    line.strip_prefix("gatekeeper: ").unwrap().to_owned()
}

/// The one line about `run FLAG x`.
fn wrong(flag: &str) -> String {
    line_with(&["run", flag, "x"], &[])
}

/// The one line about `run x` with this variable.
fn wrong_var(name: &str, value: &str) -> String {
    line_with(&["run", "x"], &[(name, value)])
}

fn printed(words: &[&str]) -> String {
    match parsed(words, &[]) {
        Ok(Invocation::Print(text)) => text.plain,
        other => panic!("{words:?}: {other:?}"),
    }
}

fn triggers(config: Config) -> Triggers {
    match config.start {
        Start::Delayed(triggers) => triggers,
        Start::AtOnce => panic!("not delayed"),
    }
}

fn at_once(config: &Config) -> bool {
    matches!(config.start, Start::AtOnce)
}

fn under(paths: &[&str]) -> PathGrant {
    PathGrant { everywhere: false, under: paths.iter().map(Into::into).collect() }
}

fn shown(grant: &NetGrant) -> Vec<String> {
    let endpoints = grant.only.iter().map(|endpoint| {
        let port = endpoint.port.map_or("any".to_owned(), |p| p.to_string());
        match &endpoint.host {
            Host::Any => format!("* {port}"),
            Host::Net(address, length) => format!("{address}/{length} {port}"),
            Host::Name(name) => format!("{name} {port}"),
        }
    });
    endpoints.collect()
}

#[test]
fn the_first_word_that_is_no_flag_starts_the_command() {
    let command = |words: &[&str]| config_with(words, &[]).command;
    assert_eq!(command(&["run", "ls", "--version"]), ["ls", "--version"]);
    assert_eq!(command(&["run", "ls", "-v", "--", "-h"]), ["ls", "-v", "--", "-h"]);
    assert_eq!(command(&["run", "--", "-weird", "--help"]), ["-weird", "--help"]);
    assert_eq!(command(&["run", "--", "--", "x"]), ["--", "x"]);
    assert_eq!(command(&["run", "-"]), ["-"]);
    assert_eq!(command(&["run", "-v", "sh", "-c", "exit 3"]), ["sh", "-c", "exit 3"]);
    assert_eq!(command(&["run", "ls", "--allow-syscall-bind"]), ["ls", "--allow-syscall-bind"]);
    assert_eq!(command(&["run", "--", "--allow-syscall-bind"]), ["--allow-syscall-bind"]);
    assert_eq!(command(&["run", "run", "help"]), ["run", "help"]);
    assert_eq!(command(&["trace", "ls", "-l"]), ["ls", "-l"]);
    assert_eq!(command(&["run", "--allow-file-system-read", "curl"]), ["curl"]);
    assert_eq!(command(&["run", "--allow-network-client", "curl"]), ["curl"]);
    assert_eq!(command(&["run", "--enforce-on-startup", "false"]), ["false"]);
    assert_eq!(command(&["run", "--log-file", "f", "x"]), ["x"]);
}

#[test]
fn words_need_not_be_utf8() {
    let raw = |bytes: &[u8]| OsString::from_vec(bytes.to_vec());
    let args = [raw(b"gatekeeper"), raw(b"run"), raw(b"--allow-file-system-read=/\xff"), raw(b"\xfe"), raw(b"--\xfd")];
    let Ok(Invocation::Start(config)) = parse(args.clone(), []) else {
        panic!("refused");
    };
    assert_eq!(config.command, args[3..]);
    assert_eq!(config.permissions.read.under, [Path::new(&raw(b"/\xff"))]);
    let unknown = parse([raw(b"gatekeeper"), raw(b"run"), raw(b"--\xff\n"), raw(b"x")], []);
    assert!(!unknown.unwrap_err().to_string().contains('\n'));
}

#[test]
fn the_defaults() {
    let config = flags(&[]);
    let permissions = &config.permissions;
    assert_eq!(config.mode, Mode::Run);
    assert!(permissions.implicit && permissions.groups.is_empty());
    assert!(!permissions.read.is_some() && !permissions.write.is_some());
    assert!(!permissions.client.is_some() && !permissions.server.is_some());
    assert!(!permissions.local_sockets && permissions.syscalls.is_empty());
    assert_eq!(config.on_denied, OnDenied::Kill);
    assert!(at_once(&config));
    assert_eq!(config.gate, GateChoice::Auto);
    assert_eq!(config.landlock, LandlockChoice::Auto);
    assert!(config.keep_fds.is_empty() && !config.kill_descendants);
    assert!(config.log_file.is_none() && !config.verbose);
}

#[test]
fn file_system_grants() {
    let grant = |words: &[&str]| flags(words).permissions;
    assert!(grant(&["--allow-file-system-read"]).read.everywhere);
    assert!(!grant(&["--allow-file-system-read"]).write.is_some());
    assert_eq!(grant(&["--allow-file-system-read=/a"]).read, under(&["/a"]));
    assert_eq!(grant(&["--allow-file-system-read=a:b"]).read, under(&["a:b"]));
    assert_eq!(grant(&["--allow-file-system-write=/a", "--allow-file-system=b"]).write, under(&["/a", "b"]));
    assert!(grant(&["--allow-file-system"]).write.everywhere);
    assert!(!grant(&["--allow-file-system"]).read.is_some());
    let both = grant(&["--allow-file-system-read", "--allow-file-system-read=/a", "--allow-file-system-read"]).read;
    assert!(both.everywhere && both.under == [Path::new("/a")]);
    let listed = grant(&["--allow-file-system-read", "--allow-file-system-path", "/a", "--allow-file-system-path=b"]);
    assert_eq!(listed.paths, [Path::new("/a"), Path::new("b")]);
    assert_eq!(grant(&["--allow-syscall=open", "--allow-file-system-path=/a"]).paths.len(), 1);
    assert_eq!(grant(&["--allow-file-system-permissions", "--allow-file-system-path=/a"]).paths.len(), 1);
}

#[test]
fn each_group_has_its_flag() {
    let fields = [Group::FileSystemRead, Group::FileSystemWrite, Group::NetworkClient, Group::NetworkServer, Group::NetworkLocalSockets];
    for group in Group::ALL {
        let Some(flag) = group.flag() else { continue };
        let permissions = flags(&[flag, flag]).permissions;
        let set: Vec<_> = permissions.groups.iter().collect();
        let expected = if fields.contains(group) { vec![] } else { vec![*group] };
        assert_eq!(set, expected, "{flag}");
    }
    let client = flags(&["--allow-network-client"]).permissions;
    assert!(client.client.everywhere && !client.server.is_some() && !client.local_sockets);
    let server = flags(&["--allow-network-server"]).permissions;
    assert!(server.server.everywhere && !server.client.is_some() && !server.local_sockets);
    assert!(flags(&["--allow-network-local-sockets"]).permissions.local_sockets);
    let all = flags(&["--allow-networking"]).permissions;
    assert!(all.client.everywhere && all.server.everywhere && all.local_sockets);
}

#[test]
fn endpoints() {
    let client = |text: &str| shown(&flags(&[&format!("--allow-network-client={text}")]).permissions.client);
    assert_eq!(client("10.1.2.3"), ["10.1.2.3/32 any"]);
    assert_eq!(client("10.1.2.3:443"), ["10.1.2.3/32 443"]);
    assert_eq!(client("10.0.0.0/8"), ["10.0.0.0/8 any"]);
    assert_eq!(client("10.0.0.0/8:443"), ["10.0.0.0/8 443"]);
    assert_eq!(client("0.0.0.0/0:53"), ["0.0.0.0/0 53"]);
    assert_eq!(client("::1"), ["::1/128 any"]);
    assert_eq!(client("::/0"), ["::/0 any"]);
    assert_eq!(client("[::1]"), ["::1/128 any"]);
    assert_eq!(client("[::1]:80"), ["::1/128 80"]);
    assert_eq!(client("2001:db8::/32"), ["2001:db8::/32 any"]);
    assert_eq!(client("[2001:db8::/32]:443"), ["2001:db8::/32 443"]);
    assert_eq!(client("*"), ["* any"]);
    assert_eq!(client("*:443"), ["* 443"]);
    assert_eq!(client("example.org"), ["example.org any"]);
    assert_eq!(client("example.org.:65535"), ["example.org. 65535"]);
    assert_eq!(client("a.b:1,10.0.0.1,[::1]:2"), ["a.b 1", "10.0.0.1/32 any", "::1/128 2"]);
    let server = |text: &str| shown(&flags(&[&format!("--allow-network-server={text}")]).permissions.server);
    assert_eq!(server("8080"), ["* 8080"]);
    assert_eq!(server("0"), ["* 0"]);
    assert_eq!(server("127.0.0.1:80"), ["127.0.0.1/32 80"]);
    assert_eq!(server("[::]:80,443"), ["::/128 80", "* 443"]);
    assert_eq!(server("*:80"), ["* 80"]);
    assert_eq!(server("localhost:80"), ["localhost 80"]);
}

#[test]
fn wrong_endpoints() {
    let client = |text: &str| {
        let line = wrong(&format!("--allow-network-client={text}"));
        line.strip_prefix("--allow-network-client: ").unwrap().to_owned()
    };
    assert_eq!(client(""), "empty address; write HOST or HOST:PORT");
    assert_eq!(client("a,,b"), "empty address; write HOST or HOST:PORT");
    assert_eq!(client("443"), "'443' is not a host; for this port of any host write '*:443'");
    assert_eq!(client("a:0"), "'a:0': nobody connects to port 0; give 1 to 65535");
    assert_eq!(client("a:65536"), "'a:65536': bad port '65536'; ports are 0 to 65535");
    assert_eq!(client("a:http"), "'a:http': bad port 'http'; ports are 0 to 65535");
    assert_eq!(client("a:+1"), "'a:+1': bad port '+1'; ports are 0 to 65535");
    assert_eq!(client("a:"), "'a:': bad port ''; ports are 0 to 65535");
    assert_eq!(client(":80"), "':80': '' is not a host name");
    assert_eq!(client("10.0.0.300"), "'10.0.0.300': '10.0.0.300' is not an IPv4 address");
    assert_eq!(client("::g"), "'::g': '::g' is not an IPv6 address");
    assert_eq!(client("fe80::1%eth0"), "'fe80::1%eth0': an address has no zone here; leave out '%' and what follows");
    assert_eq!(client("[::1"), "'[::1' lacks the closing ']'");
    assert_eq!(client("[::1]x"), "'[::1]x': after ']' only ':PORT' can follow");
    assert_eq!(client("[1.2.3.4]:1"), "'[1.2.3.4]:1': only an IPv6 address stands in brackets");
    assert_eq!(client("10.0.0.0/33"), "'10.0.0.0/33': bad prefix length '33'; it is 0 to 32");
    assert_eq!(client("a/8"), "'a/8': 'a' is not an address");
    assert_eq!(client("10.1.2.3/8"), "'10.1.2.3/8' is an address inside a network; write 10.0.0.0/8 for the network, or leave out '/8'");
    assert_eq!(client("https://a.b"), "'https://a.b' is a URL; give HOST or HOST:PORT");
    assert_eq!(client("*.a.b"), "'*.a.b': names are resolved once, at start, so '*' cannot be part of one");
    assert_eq!(client("a b"), "'a b': 'a b' is not a host name");
    assert_eq!(client("-a"), "'-a': '-a' is not a host name");
    let server = |text: &str| {
        let line = wrong(&format!("--allow-network-server={text}"));
        line.strip_prefix("--allow-network-server: ").unwrap().to_owned()
    };
    assert_eq!(server(""), "empty port; write PORT or ADDR:PORT");
    assert_eq!(server("127.0.0.1"), "'127.0.0.1' has no port; write PORT or ADDR:PORT");
    assert_eq!(server("99999"), "'99999': bad port '99999'; ports are 0 to 65535");
}

#[test]
fn single_calls() {
    let number = |name| groups::number_of(name).unwrap();
    let calls = |words: &[&str]| flags(words).permissions.syscalls;
    let mut three = vec![number("bind"), number("openat"), number("chmod")];
    three.sort_unstable();
    assert_eq!(calls(&["--allow-syscall=bind,openat", "--allow-syscall", "chmod"]), three);
    assert_eq!(calls(&["--allow-syscall-openat", "--allow-syscall-bind", "--allow-syscall-chmod"]), three);
    assert_eq!(calls(&["--log-file", "f", "--allow-syscall-bind", "-v", "--allow-syscall=bind"]), [number("bind")]);
    // The value of another flag stays what it is.
    let config = flags(&["--log-file=--allow-syscall-bind"]);
    assert_eq!(config.log_file.as_deref(), Some(Path::new("--allow-syscall-bind")));
    assert_eq!(wrong("--allow-syscall=opeant"), "--allow-syscall: unknown system call 'opeant'; did you mean 'openat'?");
    assert_eq!(wrong("--allow-syscall-opeant"), wrong("--allow-syscall=opeant"));
    assert_eq!(wrong("--allow-syscall=xyzzy_plugh"), "--allow-syscall: unknown system call 'xyzzy_plugh'");
    assert_eq!(wrong("--allow-syscall="), "--allow-syscall: empty name; give a system call");
    assert_eq!(wrong("--allow-syscall-"), "--allow-syscall: empty name; give a system call");
    assert!(wrong("--allow-syscall=clone3").starts_with("--allow-syscall: 'clone3' always answers ENOSYS"));
}

#[test]
fn enforcement_flags() {
    assert_eq!(flags(&["--on-syscall-denied=error"]).on_denied, OnDenied::Error);
    assert_eq!(flags(&["--on-syscall-denied", "error", "--on-syscall-denied=kill"]).on_denied, OnDenied::Kill);
    assert!(!flags(&["--allow-implicit-commands=false"]).permissions.implicit);
    assert!(flags(&["--allow-implicit-commands=false", "--allow-implicit-commands"]).permissions.implicit);
    assert!(!flags(&["--allow-implicit-commands", "--allow-implicit-commands=no"]).permissions.implicit);
    assert_eq!(flags(&["--gate=notify"]).gate, GateChoice::Notify);
    assert_eq!(flags(&["--gate=ptrace"]).gate, GateChoice::Ptrace);
    assert_eq!(flags(&["--gate=notify", "--gate=auto"]).gate, GateChoice::Auto);
    assert_eq!(flags(&["--landlock=required"]).landlock, LandlockChoice::Required);
    assert_eq!(flags(&["--landlock", "off"]).landlock, LandlockChoice::Off);
    assert_eq!(wrong("--on-syscall-denied=eror"), "--on-syscall-denied: unknown value 'eror'; give kill or error");
    assert_eq!(wrong("--gate=x"), "--gate: unknown value 'x'; give auto, notify or ptrace");
    assert_eq!(wrong("--landlock="), "--landlock: unknown value ''; give auto, required or off");
    assert_eq!(wrong("--allow-implicit-commands=maybe"), "--allow-implicit-commands: 'maybe' is neither true nor false");
}

#[test]
fn general_flags() {
    let config = flags(&["--keep-fd=9,3", "--keep-fd", "5", "--keep-fd=3", "-v", "--verbose", "--kill-descendants"]);
    assert_eq!(config.keep_fds, [3, 5, 9]);
    assert!(config.verbose && config.kill_descendants);
    assert_eq!(flags(&["--log-file=a", "--log-file", "b"]).log_file.as_deref(), Some(Path::new("b")));
    assert_eq!(wrong("--keep-fd=2"), "--keep-fd: '2' needs no flag: 0, 1 and 2 are always kept");
    assert_eq!(wrong("--keep-fd=x"), "--keep-fd: 'x' is not a descriptor; give a number above 2");
    assert_eq!(wrong("--keep-fd=-1"), "--keep-fd: '-1' is not a descriptor; give a number above 2");
    assert_eq!(wrong("--keep-fd=2147483648"), "--keep-fd: '2147483648' is not a descriptor; give a number above 2");
    assert_eq!(wrong("--log-file="), "--log-file: empty path; give a file or a directory");
}

#[test]
fn trigger_values() {
    let on = |words: &[&str]| triggers(flags(words));
    assert_eq!(on(&["--trigger-enforce-on-log-match=a,b", "--trigger-enforce-on-log-match", "c"]).log_text, [&b"a,b"[..], b"c"]);
    assert!(on(&["--trigger-enforce-on-log-regex=(?i)ready in \\d+"]).log_regex[0].is_match(b"READY in 7"));
    assert!(on(&["--trigger-enforce-on-listen"]).on_listen);
    let signal = |text: &str| on(&["--trigger-enforce-on-signal", text]).signal;
    assert_eq!(signal("USR1"), Some(libc::SIGUSR1));
    assert_eq!(signal("sigusr2"), Some(libc::SIGUSR2));
    assert_eq!(signal("10"), Some(10));
    assert_eq!(signal("RTMIN"), Some(libc::SIGRTMIN()));
    assert_eq!(signal("RTMIN+3"), Some(libc::SIGRTMIN() + 3));
    assert_eq!(signal("SIGRTMAX-1"), Some(libc::SIGRTMAX() - 1));
    assert_eq!(signal("64"), Some(64));
    let after = |text: &str| on(&["--trigger-enforce-after", text]).after;
    assert_eq!(after("30s"), Some(Duration::from_secs(30)));
    assert_eq!(after("500ms"), Some(Duration::from_millis(500)));
    assert_eq!(after("2m"), Some(Duration::from_secs(120)));
    assert_eq!(after("1h"), Some(Duration::from_secs(3600)));
    assert_eq!(after("1d"), Some(Duration::from_secs(86400)));
    assert_eq!(after("7"), Some(Duration::from_secs(7)));
}

#[test]
fn wrong_triggers() {
    let signal = |text: &str| {
        let line = wrong(&format!("--trigger-enforce-on-signal={text}"));
        line.strip_prefix("--trigger-enforce-on-signal: ").unwrap().to_owned()
    };
    assert_eq!(signal("KILL"), "'KILL' cannot be caught by any program; use USR1 or USR2");
    assert_eq!(signal("19"), "'19' cannot be caught by any program; use USR1 or USR2");
    assert_eq!(signal("SEGV"), "'SEGV' is raised by a fault of gatekeeper itself; use USR1 or USR2");
    assert_eq!(signal("CHLD"), "'CHLD' is how gatekeeper learns of its children; use USR1 or USR2");
    assert_eq!(signal("33"), "'33' belongs to the C library; use USR1 or USR2");
    assert_eq!(signal("0"), "no signal '0'; they are 1 to 64");
    assert_eq!(signal("65"), "no signal '65'; they are 1 to 64");
    assert_eq!(signal("USR"), "unknown signal 'USR'; did you mean 'USR1'?");
    assert_eq!(signal("RTMIN+99"), "unknown signal 'RTMIN+99'");
    assert_eq!(signal(""), "unknown signal ''");
    let after = |text: &str| {
        let line = wrong(&format!("--trigger-enforce-after={text}"));
        line.strip_prefix("--trigger-enforce-after: ").unwrap().to_owned()
    };
    assert_eq!(after("3w"), "'3w' has the unknown unit 'w'; write 500ms, 30s, 2m, 1h or 1d");
    assert_eq!(after(""), "'' is not a duration; write 500ms, 30s, 2m, 1h or 1d");
    assert_eq!(after("s"), "'s' is not a duration; write 500ms, 30s, 2m, 1h or 1d");
    assert_eq!(after("1.5s"), "'1.5s' is not a duration; write 500ms, 30s, 2m, 1h or 1d");
    assert_eq!(after("-1"), "'-1' is not a duration; write 500ms, 30s, 2m, 1h or 1d");
    assert_eq!(after("0s"), "'0s' is no time at all; leave the trigger out to enforce from the start");
    assert_eq!(after("99999999999999999999"), "'99999999999999999999' is longer than a timer can run");
    assert_eq!(after("9999999d"), "'9999999d' is longer than a timer can run");
    assert_eq!(wrong("--trigger-enforce-on-log-match="), "--trigger-enforce-on-log-match: empty text; give what the command writes");
    assert_eq!(wrong("--trigger-enforce-on-log-regex=(a"), "--trigger-enforce-on-log-regex: bad regular expression '(a': unclosed group");
}

#[test]
fn a_trigger_means_later() {
    assert!(at_once(&flags(&["--enforce-on-startup"])));
    assert!(!at_once(&flags(&["--trigger-enforce-on-listen"])));
    assert!(!at_once(&flags(&["--enforce-on-startup=false", "--trigger-enforce-after=1"])));
    assert!(!at_once(&flags(&["--enforce-on-startup=true", "--enforce-on-startup=false", "--trigger-enforce-on-listen"])));
    assert_eq!(
        wrong("--enforce-on-startup=false"),
        "--enforce-on-startup: 'false' needs a trigger, or nothing would ever be enforced; add one of the \
         --trigger-enforce-... flags"
    );
    assert_eq!(
        line_with(&["run", "--enforce-on-startup=true", "--trigger-enforce-on-listen", "x"], &[]),
        "--trigger-enforce-on-listen: a trigger delays what --enforce-on-startup wants at once; drop one of the two"
    );
    const AT_ONCE: (&str, &str) = ("GATEKEEPER_ENFORCE_ON_STARTUP", "true");
    const LISTEN: (&str, &str) = ("GATEKEEPER_TRIGGER_ENFORCE_ON_LISTEN", "1");
    assert!(!at_once(&config_with(&["run", "--trigger-enforce-after=1", "x"], &[AT_ONCE])));
    assert!(at_once(&config_with(&["run", "--enforce-on-startup", "x"], &[LISTEN])));
    assert_eq!(
        line_with(&["run", "x"], &[AT_ONCE, LISTEN]),
        "GATEKEEPER_TRIGGER_ENFORCE_ON_LISTEN: a trigger delays what GATEKEEPER_ENFORCE_ON_STARTUP wants at once; \
         drop one of the two"
    );
    assert!(wrong_var("GATEKEEPER_ENFORCE_ON_STARTUP", "false").contains("needs a trigger"));
}

#[test]
fn variables_say_the_same_as_flags() {
    let read = |value| vars(&[("GATEKEEPER_ALLOW_FILE_SYSTEM_READ", value)]).permissions.read;
    for yes in ["1", "true", "yes", "on", "TRUE"] {
        assert!(read(yes).everywhere && read(yes).under.is_empty(), "{yes}");
    }
    for no in ["0", "false", "no", "off", "Off", ""] {
        assert!(!read(no).is_some(), "{no}");
    }
    assert_eq!(read("/a:b"), under(&["/a", "b"]));
    assert_eq!(read("/a,b"), under(&["/a,b"]));
    let alias = vars(&[("GATEKEEPER_ALLOW_FILE_SYSTEM", "/a"), ("GATEKEEPER_ALLOW_FILE_SYSTEM_WRITE", "/b")]);
    assert_eq!(alias.permissions.write, under(&["/b", "/a"]));
    let net = vars(&[("GATEKEEPER_ALLOW_NETWORK_CLIENT", "[::1]:80,a.b"), ("GATEKEEPER_ALLOW_NETWORK_SERVER", "80")]);
    assert_eq!(shown(&net.permissions.client), ["::1/128 80", "a.b any"]);
    assert_eq!(shown(&net.permissions.server), ["* 80"]);
    assert!(vars(&[("GATEKEEPER_ALLOW_MISC", "1")]).permissions.groups.contains(Group::Misc));
    assert!(!vars(&[("GATEKEEPER_ALLOW_MISC", "0")]).permissions.groups.contains(Group::Misc));
    let calls = vars(&[("GATEKEEPER_ALLOW_SYSCALL", "bind,listen"), ("GATEKEEPER_ALLOW_SYSCALL_CHMOD", "1")]);
    assert_eq!(calls.permissions.syscalls.len(), 3);
    assert!(vars(&[("GATEKEEPER_ALLOW_SYSCALL_CHMOD", "0")]).permissions.syscalls.is_empty());
    assert!(!vars(&[("GATEKEEPER_ALLOW_IMPLICIT_COMMANDS", "0")]).permissions.implicit);
    assert!(vars(&[("GATEKEEPER_ALLOW_IMPLICIT_COMMANDS", "")]).permissions.implicit);
    assert_eq!(vars(&[("GATEKEEPER_KEEP_FD", "7,4")]).keep_fds, [4, 7]);
    assert_eq!(vars(&[("GATEKEEPER_ON_SYSCALL_DENIED", "error")]).on_denied, OnDenied::Error);
    assert!(vars(&[("GATEKEEPER_VERBOSE", "yes")]).verbose);
    let log = vars(&[("GATEKEEPER_TRIGGER_ENFORCE_ON_LOG_MATCH", "up, on :80")]);
    assert_eq!(triggers(log).log_text, [b"up, on :80"]);
}

#[test]
fn a_flag_replaces_its_variable() {
    const READ: (&str, &str) = ("GATEKEEPER_ALLOW_FILE_SYSTEM_READ", "1");
    const DENIED: (&str, &str) = ("GATEKEEPER_ON_SYSCALL_DENIED", "nonsense");
    let config = config_with(&["run", "--allow-file-system-read=/a", "--on-syscall-denied=error", "x"], &[READ, DENIED]);
    assert_eq!(config.permissions.read, under(&["/a"]));
    assert_eq!(config.on_denied, OnDenied::Error);
    let other = config_with(&["run", "--allow-file-system=/a", "x"], &[READ]);
    assert!(other.permissions.read.everywhere && other.permissions.write == under(&["/a"]));
}

#[test]
fn wrong_variables_are_named() {
    assert_eq!(
        wrong_var("GATEKEEPER_ALLOW_FILESYSTEM_READ", "1"),
        "unknown variable 'GATEKEEPER_ALLOW_FILESYSTEM_READ'; did you mean 'GATEKEEPER_ALLOW_FILE_SYSTEM_READ'?"
    );
    assert!(wrong_var("GATEKEEPER_TRIGGER_ENFORCE_ON_LISTENING", "1").contains("'GATEKEEPER_TRIGGER_ENFORCE_ON_LISTEN'"));
    assert_eq!(wrong_var("GATEKEEPER_ALLOW_MISC", "maybe"), "GATEKEEPER_ALLOW_MISC: 'maybe' is neither true nor false");
    assert_eq!(wrong_var("GATEKEEPER_ALLOW_FILE_SYSTEM_READ", "/a::/b"), "GATEKEEPER_ALLOW_FILE_SYSTEM_READ: empty path; give a file or a directory");
    assert_eq!(wrong_var("GATEKEEPER_ALLOW_SYSCALL", "opeant"), "GATEKEEPER_ALLOW_SYSCALL: unknown system call 'opeant'; did you mean 'openat'?");
    assert_eq!(
        wrong_var("GATEKEEPER_ALLOW_SYSCALL_OPEANT", "1"),
        "GATEKEEPER_ALLOW_SYSCALL_OPEANT: unknown system call 'opeant'; did you mean 'openat'?"
    );
    assert_eq!(wrong_var("GATEKEEPER_ALLOW_SYSCALL_BIND", "x"), "GATEKEEPER_ALLOW_SYSCALL_BIND: 'x' is neither true nor false");
    assert_eq!(wrong_var("GATEKEEPER_GATE", "x"), "GATEKEEPER_GATE: unknown value 'x'; give auto, notify or ptrace");
    assert_eq!(wrong_var("GATEKEEPER_KEEP_FD", "1"), "GATEKEEPER_KEEP_FD: '1' needs no flag: 0, 1 and 2 are always kept");
    // Names that are not ours, and flags of the other subcommand, mean nothing.
    assert!(!vars(&[("GATEKEEPER_PID", "1"), ("GATEKEEPER_FOO", "x"), ("ALLOW_MISC", "x")]).verbose);
    let trace = config_with(&["trace", "x"], &[("GATEKEEPER_ALLOW_MISC", "maybe"), ("GATEKEEPER_VERBOSE", "1")]);
    assert!(trace.verbose && trace.permissions.groups.is_empty());
}

#[test]
fn usage_errors_are_one_line() {
    let line = |words: &[&str]| line_with(words, &[]);
    const NO_COMMAND: &str = "no command given; usage: gatekeeper run [flags] [--] CMD [ARGS...]";
    assert_eq!(line(&["run"]), NO_COMMAND);
    assert_eq!(line(&["run", "-v", "--"]), NO_COMMAND);
    assert_eq!(line(&["trace"]), NO_COMMAND.replace("run", "trace"));
    assert_eq!(wrong("--allow-netwrking"), "unknown flag '--allow-netwrking'; did you mean '--allow-networking'?");
    assert_eq!(wrong("--zzzz"), "unknown flag '--zzzz'; see 'gatekeeper run --help'");
    assert_eq!(wrong("--z\u{1b}[1m\n"), "unknown flag '--z\\u{1b}[1m\\n'; see 'gatekeeper run --help'");
    assert_eq!(wrong("-x"), "unknown flag '-x'; see 'gatekeeper run --help'");
    assert_eq!(wrong("--verbose=1"), "--verbose: takes no value, but got '1'; write --verbose alone");
    assert_eq!(line(&["run", "--log-file"]), "--log-file: no value given; write --log-file=PATH");
    assert_eq!(line(&["run", "--gate"]), "--gate: no value given; write --gate=GATE");
    assert_eq!(wrong("--allow-file-system-read="), "--allow-file-system-read: empty path; give a file or a directory");
    assert_eq!(
        wrong("--allow-file-system-path=/a"),
        "--allow-file-system-path: it only restricts other file system flags, and none is given; add \
         --allow-file-system-read or --allow-file-system-write"
    );
    assert_eq!(wrong("--allow-file-system-path="), "--allow-file-system-path: empty path; give a file or a directory");
    assert_eq!(line(&["trace", "--allow-misc", "x"]), "unknown flag '--allow-misc' of trace, which enforces nothing; it is one of 'gatekeeper run'");
    assert_eq!(line(&["--allow-misc", "x"]), "flag '--allow-misc' is out of place; it stands behind 'run'");
    assert_eq!(line(&["-x"]), "unknown flag '-x'; see 'gatekeeper --help'");
    assert_eq!(line(&["ls"]), "unknown subcommand 'ls'; to run a command: gatekeeper run [flags] [--] ls");
    assert_eq!(line(&["trac"]), "unknown subcommand 'trac'; did you mean 'trace'?");
    assert_eq!(line(&["man", "x"]), "unknown argument 'x'; see 'gatekeeper --help'");
    assert_eq!(line(&["completions"]), "completions: no shell given; give bash, elvish, fish, powershell or zsh");
    assert_eq!(line(&["completions", "x"]), "completions: unknown value 'x'; give bash, elvish, fish, powershell or zsh");
}

#[test]
fn alone_it_prints_the_help_and_fails() {
    let Err(Failure::Help(help)) = parsed(&[], &[]) else {
        panic!("no help");
    };
    assert!(help.contains("gatekeeper <COMMAND> [flags]"), "{help}");
    assert!(matches!(parse([], []), Err(Failure::Help(_))));
}

#[test]
fn pages_name_every_flag() {
    let help = printed(&["run", "--help"]);
    let brief = printed(&["run", "-h"]);
    let man = printed(&["man"]).replace("\\-", "-");
    let scripts = ["bash", "fish", "zsh"].map(|shell| printed(&["completions", shell]));
    for flag in FLAGS.iter() {
        assert!(!flag.help.is_empty() && !flag.help.ends_with('.'), "{}", flag.long);
        for name in flag.names() {
            let page = |text: &str| assert!(text.contains(name), "{name}");
            page(&help);
            page(&brief);
            page(&man);
            scripts.iter().for_each(|script| page(script));
        }
    }
    assert_eq!(printed(&["help", "run"]), help);
    assert_eq!(printed(&["--version"]), format!("gatekeeper {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn the_exit_codes_are_in_the_help_and_in_the_manual() {
    for page in [&["--help"][..], &["run", "--help"], &["man"]] {
        let text = printed(page).replace("\\-", "-");
        for exit in crate::exit::ExitCode::ALL {
            assert!(text.contains(exit.meaning()), "{page:?} {exit:?}");
            assert!(text.contains(&exit.code().to_string()), "{page:?} {exit:?}");
        }
    }
}

#[test]
fn the_group_reference_names_every_call() {
    let reference = printed(&["groups"]);
    let words: std::collections::HashSet<&str> = reference.split_whitespace().collect();
    for number in 0..=groups::MAX_NR {
        if let Some(name) = groups::name_of(number) {
            assert!(words.contains(name), "{name}");
        }
    }
    for group in Group::ALL {
        assert!(reference.contains(group.help()), "{}", group.name());
    }
}

#[test]
fn no_two_flags_share_a_name() {
    let mut names: Vec<_> = FLAGS.iter().flat_map(Flag::names).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
    assert_eq!(variable("allow-misc"), "GATEKEEPER_ALLOW_MISC");
    command::command().debug_assert();
}

#[test]
fn the_examples_of_the_help_are_valid() {
    let help = printed(&["run", "--help"]).replace("\\\n", " ");
    let mut seen = 0;
    for line in help.lines().filter_map(|line| line.trim().strip_prefix("gatekeeper run ")) {
        let words: Vec<&str> = std::iter::once("run").chain(line.split_whitespace()).collect();
        assert!(!config_with(&words, &[]).command.is_empty(), "{line}");
        seen += 1;
    }
    assert_eq!(seen, 5);
}
