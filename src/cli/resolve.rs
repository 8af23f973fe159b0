//! From what was given to what is meant.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use super::config::{
    Config, Endpoint, GateChoice, LandlockChoice, Mode, NetGrant, OnDenied, PathGrant, Permissions,
    Start, Triggers,
};
use super::failure::{Failure, alternatives, quote};
use super::flag::{FLAGS, Key, Value};
use super::given::{Given, Word, truth};
use super::{endpoint, value};
use crate::policy::Group;

/// What `gatekeeper run` with these flags and this command means.
pub fn run(given: &Given, command: Vec<OsString>) -> Result<Config, Failure> {
    let config = Config {
        permissions: permissions(given)?,
        on_denied: match choice(given, Key::OnDenied)? {
            Some("error") => OnDenied::Error,
            _ => OnDenied::Kill,
        },
        start: start(given)?,
        gate: match choice(given, Key::Gate)? {
            Some("notify") => GateChoice::Notify,
            Some("ptrace") => GateChoice::Ptrace,
            _ => GateChoice::Auto,
        },
        landlock: match choice(given, Key::Landlock)? {
            Some("required") => LandlockChoice::Required,
            Some("off") => LandlockChoice::Off,
            _ => LandlockChoice::Auto,
        },
        ..trace(given, command)?
    };
    restricts_something(given, &config.permissions)?;
    Ok(Config { mode: Mode::Run, ..config })
}

/// What `gatekeeper trace` with these flags and this command means: the same loop, and nothing that could refuse.
pub fn trace(given: &Given, command: Vec<OsString>) -> Result<Config, Failure> {
    let mut keep_fds = given.each(Key::KeepFd, value::keep_fd)?;
    keep_fds.sort_unstable();
    keep_fds.dedup();
    Ok(Config {
        mode: Mode::Trace,
        command,
        permissions: Permissions::default(),
        on_denied: OnDenied::Error,
        start: Start::AtOnce,
        gate: GateChoice::Ptrace,
        landlock: LandlockChoice::Off,
        keep_fds,
        kill_descendants: given.has(Key::KillDescendants),
        log_file: given.one(Key::LogFile, path)?,
        verbose: given.has(Key::Verbose),
    })
}

fn permissions(given: &Given) -> Result<Permissions, Failure> {
    let networking = given.has(Key::Networking);
    let mut syscalls = given.each(Key::Syscall, value::syscall)?;
    syscalls.sort_unstable();
    syscalls.dedup();
    let mut client = net_grant(given, Key::Client, endpoint::client)?;
    let mut server = net_grant(given, Key::Server, endpoint::server)?;
    client.everywhere |= networking;
    server.everywhere |= networking;
    Ok(Permissions {
        groups: FLAGS
            .iter()
            .filter_map(|flag| match flag.key {
                Key::Group(group) if given.has(flag.key) => Some(group),
                _ => None,
            })
            .collect(),
        implicit: boolean(given, Key::ImplicitCommands)?.unwrap_or(true),
        read: path_grant(given, Key::Read)?,
        write: path_grant(given, Key::Write)?,
        paths: given.each(Key::Paths, path)?,
        client,
        server,
        local_sockets: networking || given.has(Key::LocalSockets),
        syscalls,
    })
}

fn path_grant(given: &Given, key: Key) -> Result<PathGrant, Failure> {
    let (with, alone) = parted(given, key);
    let under = with.iter().map(|word| path(word.text()).map_err(|problem| word.wrong(problem)));
    Ok(PathGrant { everywhere: alone, under: under.collect::<Result<_, _>>()? })
}

fn net_grant(
    given: &Given,
    key: Key,
    parse: fn(&OsStr) -> Result<Endpoint, String>,
) -> Result<NetGrant, Failure> {
    let (with, alone) = parted(given, key);
    let only = with.iter().map(|word| parse(word.text()).map_err(|problem| word.wrong(problem)));
    Ok(NetGrant { everywhere: alone, only: only.collect::<Result<_, _>>()? })
}

/// The words with a value, and whether there is one without.
fn parted(given: &Given, key: Key) -> (Vec<&Word>, bool) {
    let (with, alone): (Vec<_>, Vec<_>) =
        given.words(key).iter().partition(|word| word.value.is_some());
    (with, !alone.is_empty())
}

fn path(text: &OsStr) -> Result<PathBuf, String> {
    if text.is_empty() {
        return Err("empty path; give a file or a directory".to_owned());
    }
    Ok(PathBuf::from(text))
}

/// `--allow-file-system-path` alone would look like a grant and be none.
fn restricts_something(given: &Given, permissions: &Permissions) -> Result<(), Failure> {
    let granted = permissions.read.is_some()
        || permissions.write.is_some()
        || permissions.groups.contains(Group::FileSystemPermissions)
        || !permissions.syscalls.is_empty();
    match given.words(Key::Paths).first() {
        Some(word) if !granted => Err(word.wrong(
            "it only restricts other file system flags, and none is given; add --allow-file-system-read or \
             --allow-file-system-write",
        )),
        _ => Ok(()),
    }
}

const TRIGGERS: [Key; 5] = [Key::LogMatch, Key::LogRegex, Key::Signal, Key::Listen, Key::After];

/// A trigger means delayed enforcement. Where `--enforce-on-startup=true` says the opposite, the command line wins over
/// the environment, and within one of the two it is a contradiction.
fn start(given: &Given) -> Result<Start, Failure> {
    let word = given.last(Key::EnforceOnStartup);
    let at_once = boolean(given, Key::EnforceOnStartup)?;
    let triggers = Triggers {
        log_text: given.each(Key::LogMatch, value::log_text)?,
        log_regex: given.each(Key::LogRegex, value::log_regex)?,
        signal: given.one(Key::Signal, value::signal)?,
        on_listen: given.has(Key::Listen),
        after: given.one(Key::After, value::duration)?,
    };
    let words = || TRIGGERS.iter().flat_map(|key| given.words(*key));
    let trigger = words().find(|word| word.typed).or_else(|| words().next());
    let (Some(trigger), false) = (trigger, triggers.is_empty()) else {
        return match word {
            Some(word) if at_once == Some(false) => Err(word.wrong(
                "'false' needs a trigger, or nothing would ever be enforced; add one of the --trigger-enforce-... \
                 flags",
            )),
            _ => Ok(Start::AtOnce),
        };
    };
    match word {
        Some(word) if at_once == Some(true) && word.typed == trigger.typed => Err(trigger.wrong(
            format!("a trigger delays what {} wants at once; drop one of the two", word.from),
        )),
        Some(word) if at_once == Some(true) && word.typed => Ok(Start::AtOnce),
        _ => Ok(Start::Delayed(triggers)),
    }
}

/// What a flag with `=true|false` was set to.
fn boolean(given: &Given, key: Key) -> Result<Option<bool>, Failure> {
    let Some(word) = given.last(key) else {
        return Ok(None);
    };
    match &word.value {
        None => Ok(Some(true)),
        Some(value) => truth(value)
            .map(Some)
            .ok_or_else(|| word.wrong(format!("{} is neither true nor false", quote(value)))),
    }
}

/// Which of its words a flag with choices was set to.
fn choice(given: &Given, key: Key) -> Result<Option<&'static str>, Failure> {
    let choices = FLAGS.iter().find_map(|flag| match flag.value {
        Value::Choice(_, choices) if flag.key == key => Some(choices),
        _ => None,
    });
    given.one(key, |text| one_of(text, choices.unwrap_or_default()))
}

/// The one of `choices` that `text` is.
pub fn one_of(text: &OsStr, choices: &[&'static str]) -> Result<&'static str, String> {
    let found = choices.iter().find(|choice| text == **choice);
    found
        .copied()
        .ok_or_else(|| format!("unknown value {}; give {}", quote(text), alternatives(choices)))
}
