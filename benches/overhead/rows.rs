//! What is measured: the rows of the table and what is aimed at.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::contender::{Contender, Runner, find};
use crate::tasks::Place;

/// How long a repeated operation is repeated, in milliseconds.
const BUDGET: &str = "150";

/// How many runs of `/bin/true` make one sample.
const STARTS: u32 = 20;

/// How many tasks the crowd has.
const CROWD: &str = "1000";

/// What kind of figure a row has.
#[derive(Debug)]
pub enum Kind {
    /// Nanoseconds of one operation, which the workload prints.
    Operation,
    /// Nanoseconds of a whole program.
    Program,
    /// Nanoseconds from start to exit; told as milliseconds added.
    Start,
    /// MiB resident in the runner.
    Memory,
    /// MiB of the binary.
    Size,
}

/// A row of the table.
#[derive(Debug)]
pub struct Row {
    /// What it is called.
    pub name: &'static str,
    /// What its figure is.
    pub kind: Kind,
    /// The highest figure aimed at with the notify gate.
    pub target: f64,
    grants: Vec<OsString>,
    command: Vec<OsString>,
    /// strace costs the same whatever gatekeeper grants: one of two such rows has it.
    with_peers: bool,
}

impl Row {
    /// Whether the contender takes part.
    pub fn includes(&self, contender: &Contender) -> bool {
        match self.kind {
            Kind::Memory => contender.runner != Runner::Native,
            Kind::Size => {
                matches!(contender.runner, Runner::Gatekeeper { gate: "notify", .. })
            }
            _ => self.with_peers || !matches!(contender.runner, Runner::Strace { .. }),
        }
    }

    /// Takes one figure.
    pub fn sample(&self, contender: &Contender, place: &Place) -> Result<f64> {
        let words = contender.command_line(&self.grants, &self.command);
        match self.kind {
            Kind::Operation => place.printed(&words),
            Kind::Program => place.timed(&words, 1),
            Kind::Start => place.timed(&words, STARTS),
            Kind::Memory => place.resident(&words),
            Kind::Size => {
                let binary = words.first().context("no binary")?;
                Ok(std::fs::metadata(binary)?.len() as f64 / f64::from(1 << 20))
            }
        }
    }
}

/// All rows that this machine has the programs for.
pub fn all(place: &Place) -> Vec<Row> {
    let mut rows = operations(place);
    rows.extend(programs(place));
    rows.push(row("start and exit", Kind::Start, 1.5, grants_all(), words(&["/bin/true"])));
    let crowd = [("memory, 1000 processes", "processes"), ("memory, 1000 threads", "threads")];
    for (name, of) in crowd {
        let mut command = vec![place.path("crowd").into()];
        command.extend(words(&[of, CROWD]));
        rows.push(row(name, Kind::Memory, 6.0, grants_all(), command));
    }
    rows.push(row("binary", Kind::Size, 4.0, Vec::new(), Vec::new()));
    rows
}

fn operations(place: &Place) -> Vec<Row> {
    let data = place.path("work/data").to_string_lossy().into_owned();
    let operation = |name, word: &str, target, grants: Vec<OsString>| {
        let (word, file) = match word.split_once(' ') {
            Some((word, "relative")) => (word, "data"),
            _ => (word, data.as_str()),
        };
        let (word, threads) = word.split_once('*').unwrap_or((word, "1"));
        let mut command = vec![place.path("operations").into()];
        command.extend(words(&[word, BUDGET, threads, file]));
        row(name, Kind::Operation, target, grants, command)
    };
    let free = [
        ("getppid", "getppid", 1.3),
        ("read", "read", 1.3),
        ("pread", "pread", 1.3),
        ("open+close", "open", 1.1),
        ("stat", "stat", 1.1),
        ("TCP connect", "connect", 1.1),
        ("create+unlink", "create", 1.1),
        ("fork+wait", "fork", 1.6),
        ("fork+exec+wait", "exec", 1.5),
    ];
    let held = [
        ("open+close, path rules", "open", 6.0),
        ("open+close, path rules, relative", "open relative", 6.0),
        ("open+close, path rules, 4 threads", "open*4", 9.0),
        ("stat, path rules", "stat", 6.0),
    ];
    // Ten of them, and what is opened lies under the last.
    let listed = (1..10).map(|n| place.path(&format!("rule-{n}"))).chain([place.path("work")]);
    let listed = rules(listed);
    let free = free.into_iter().map(|(name, word, t)| operation(name, word, t, grants_all()));
    let held = held.into_iter().map(|(name, word, t)| operation(name, word, t, listed.clone()));
    free.chain(held).collect()
}

/// Whole programs, each with path rules and without.
fn programs(place: &Place) -> Vec<Row> {
    let tree = place.path("tree");
    let system = ["/usr", "/etc", "/opt", "/var", "/proc", "/dev", "/run", "/srv"];
    let mut listed: Vec<PathBuf> =
        system.iter().map(PathBuf::from).filter(|path| path.exists()).collect();
    listed.push(place.path(""));
    let python = real_python();
    let home = python.as_deref().and_then(Path::parent).and_then(Path::parent);
    listed.extend(home.map(Path::to_owned));
    let listed = rules(listed.into_iter());

    let program = |name: &str| find(name).map(OsString::from);
    let with = |first: Option<OsString>, rest: &[&str], last: Option<PathBuf>| {
        first.map(|first| {
            let mut command = vec![first];
            command.extend(words(rest));
            command.extend(last.map(OsString::from));
            command
        })
    };
    let object = place.path("program").to_string_lossy().into_owned();
    let archive = place.path("archive.tar").to_string_lossy().into_owned();
    let root = tree.to_string_lossy().into_owned();
    let commands = [
        (["find /usr", "find /usr, path rules"], with(program("find"), &["/usr"], None)),
        (
            ["tar", "tar, path rules"],
            with(program("tar"), &["cf", &archive, "-C", &root, "."], None),
        ),
        (
            ["git status", "git status, path rules"],
            with(program("git"), &["-C", &root, "status"], None),
        ),
        (
            ["python3 start", "python3 start, path rules"],
            with(python.map(OsString::from), &["-c", "import json"], None),
        ),
        (
            ["gcc", "gcc, path rules"],
            with(
                program("gcc"),
                &["-O1", "-pthread", "-o", &object],
                Some(place.path("program.c")),
            ),
        ),
        (["grep -r", "grep -r, path rules"], with(program("grep"), &["-r", "needle", &root], None)),
    ];
    let mut rows = Vec::new();
    for ([plain, ruled], command) in commands {
        let Some(command) = command else {
            eprintln!("{plain}: not installed, left out");
            continue;
        };
        let mut first = row(plain, Kind::Program, 1.25, grants_all(), command.clone());
        first.with_peers = false;
        rows.push(first);
        rows.push(row(ruled, Kind::Program, 2.2, listed.clone(), command));
    }
    rows
}

/// The interpreter itself: what is called python3 may be a script that looks for it.
fn real_python() -> Option<PathBuf> {
    let asked = Command::new(find("python3")?)
        .args(["-c", "import os, sys; print(os.path.realpath(sys.executable))"])
        .output()
        .ok()?;
    Some(PathBuf::from(String::from_utf8(asked.stdout).ok()?.trim()))
}

fn row(
    name: &'static str,
    kind: Kind,
    target: f64,
    grants: Vec<OsString>,
    command: Vec<OsString>,
) -> Row {
    Row { name, kind, target, grants, command, with_peers: true }
}

/// Everything that the workloads do, and no path list.
fn grants_all() -> Vec<OsString> {
    words(&["--allow-file-system", "--allow-file-system-permissions", "--allow-networking"])
}

/// The same under these paths only.
fn rules(paths: impl Iterator<Item = PathBuf>) -> Vec<OsString> {
    let rule = |path: PathBuf| {
        let mut word = OsString::from("--allow-file-system-path=");
        word.push(path);
        word
    };
    grants_all().into_iter().chain(paths.map(rule)).collect()
}

fn words(words: &[&str]) -> Vec<OsString> {
    words.iter().map(OsString::from).collect()
}
