//! Compiles `syscall-groups/*.toml` into the constant tables of `policy::groups` and into the
//! reference `docs/groups.md`.
//!
//! The files alone say which group a call is in, so whatever is wrong about them ends the build: an
//! unknown name, a call in two groups or in none, a `never` without a reason, an unknown include.

use std::collections::BTreeMap;
use std::path::Path;
use std::{env, fs};

use serde::Deserialize;

#[path = "build/render.rs"]
mod render;

/// The groups in the order in which they are documented.
const ORDER: [&str; 18] = [
    "descriptors",
    "file-system-read",
    "file-system-write",
    "file-system-permissions",
    "sockets",
    "network-client",
    "network-server",
    "network-local-sockets",
    "process-management",
    "memory-management",
    "signals",
    "timers-and-clocks-management",
    "security-and-permissions",
    "system-information",
    "process-communication",
    "process-synchronization",
    "misc",
    "never",
];

/// From this number on a call has the same number on every architecture (Linux 5.0 and newer).
const FIRST_SHARED: u32 = 424;

/// The crate lists these for arm64, whose kernel has them for 32-bit programs only
/// (`__BITS_PER_LONG == 32` in `asm-generic/unistd.h`).
const TIME64: std::ops::RangeInclusive<u32> = 403..=423;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    flag: Option<String>,
    help: String,
    #[serde(default)]
    includes: Vec<String>,
    baseline: bool,
    /// A sentence more for the reference, where the members alone do not say it.
    notes: Option<String>,
    calls: BTreeMap<String, Member>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Member {
    Why(String),
    /// A call newer than the tables of the `syscalls` crate.
    Numbered {
        nr: u32,
        why: String,
    },
}

impl Member {
    fn why(&self) -> &str {
        match self {
            Member::Why(why) | Member::Numbered { why, .. } => why,
        }
    }
}

type Groups = BTreeMap<&'static str, Group>;
type Table = BTreeMap<String, u32>;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed=syscall-groups");
    if let Err(problems) = compile() {
        for problem in &problems {
            println!("cargo::error=syscall-groups: {problem}");
        }
        std::process::exit(1);
    }
}

fn compile() -> Result<(), Vec<String>> {
    let one = |problem: String| vec![problem];
    let root = env::var("CARGO_MANIFEST_DIR").map_err(|e| one(e.to_string()))?;
    let out = env::var("OUT_DIR").map_err(|e| one(e.to_string()))?;
    let arch = env::var("CARGO_CFG_TARGET_ARCH").map_err(|e| one(e.to_string()))?;
    let groups = load(&Path::new(&root).join("syscall-groups"))?;
    let tables = [("x86_64", x86_64()), ("aarch64", aarch64())];
    let problems = check(&groups, &tables);
    if !problems.is_empty() {
        return Err(problems);
    }
    let (_, table) = tables
        .iter()
        .find(|(name, _)| *name == arch)
        .ok_or_else(|| one(format!("no table for the architecture {arch}")))?;
    let code = render::code(&groups, &numbered(&groups, table)).map_err(|e| one(e.to_string()))?;
    let docs = render::docs(&groups).map_err(|e| one(e.to_string()))?;
    for (name, text) in [("groups.rs", code), ("groups.md", docs)] {
        fs::write(Path::new(&out).join(name), text).map_err(|e| one(format!("{name}: {e}")))?;
    }
    // The tests run this program on broken group files.
    if let Ok(this) = env::current_exe() {
        println!("cargo::rustc-env=GATEKEEPER_BUILD_SCRIPT={}", this.display());
    }
    Ok(())
}

/// `Sysno::iter` of the crate leaves the last call out, hence the numbers one by one.
macro_rules! table {
    ($arch:ident) => {
        fn $arch() -> Table {
            use syscalls::$arch::Sysno;
            (0..=Sysno::last().id() as u32)
                .filter_map(|nr| Sysno::new(nr as usize).map(|call| (call.name().to_owned(), nr)))
                .filter(|(_, nr)| !TIME64.contains(nr))
                .collect()
        }
    };
}
table!(x86_64);
table!(aarch64);

fn load(dir: &Path) -> Result<Groups, Vec<String>> {
    let mut groups = Groups::new();
    let mut problems = Vec::new();
    for name in ORDER {
        let path = dir.join(name).with_extension("toml");
        let text = fs::read_to_string(&path).map_err(|e| e.to_string());
        match text.and_then(|text| toml::from_str(&text).map_err(|e| e.to_string())) {
            Ok(group) => drop(groups.insert(name, group)),
            Err(e) => problems.push(format!("{name}.toml: {}", e.trim().replace('\n', " "))),
        }
    }
    let files = fs::read_dir(dir).into_iter().flatten().flatten();
    for file in files.map(|file| file.file_name().to_string_lossy().into_owned()) {
        if !file.strip_suffix(".toml").is_some_and(|stem| ORDER.contains(&stem)) {
            problems.push(format!("{file}: not a group that build.rs and the enum Group know"));
        }
    }
    if problems.is_empty() { Ok(groups) } else { Err(problems) }
}

fn check(groups: &Groups, tables: &[(&str, Table)]) -> Vec<String> {
    let mut problems = Vec::new();
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    for (name, group) in groups {
        problems.extend(check_header(name, group));
        for (call, member) in &group.calls {
            if let Some(other) = seen.insert(call, name) {
                problems.push(format!("{call} stands in two groups, {other} and {name}"));
            }
            if *name == "never" && member.why().trim().is_empty() {
                problems.push(format!("{call} stands in never without a reason"));
            }
            problems.extend(check_number(call, member, tables));
        }
    }
    for (arch, table) in tables {
        for (call, nr) in table {
            if !seen.contains_key(call.as_str()) {
                problems.push(format!("{call} ({nr} on {arch}) stands in no group"));
            }
        }
    }
    problems
}

fn check_header(name: &str, group: &Group) -> Vec<String> {
    let mut problems = Vec::new();
    let bare = ["descriptors", "sockets", "never"].contains(&name);
    let wanted = (!bare).then(|| format!("--allow-{name}"));
    if group.flag != wanted {
        problems.push(format!("{name}: its flag must be {wanted:?}"));
    }
    if group.help.trim().is_empty() || group.help.contains('\n') {
        problems.push(format!("{name}: its help must be one line"));
    }
    if name == "never" && (group.baseline || !group.includes.is_empty()) {
        problems.push("never: neither in the baseline nor including anything".to_owned());
    }
    for include in &group.includes {
        if include == "never" || !ORDER.contains(&include.as_str()) {
            problems.push(format!("{name}: unknown include {include}"));
        }
    }
    problems
}

fn check_number(call: &str, member: &Member, tables: &[(&str, Table)]) -> Option<String> {
    let mut known = tables.iter().filter_map(|(_, table)| table.get(call));
    match member {
        Member::Why(_) if known.next().is_none() => Some(format!("{call}: unknown call")),
        Member::Why(_) => None,
        Member::Numbered { nr, .. } if *nr < FIRST_SHARED => {
            Some(format!("{call}: {nr} is not the same on every architecture"))
        }
        Member::Numbered { nr, .. } if known.any(|other| other != nr) => {
            Some(format!("{call}: {nr} is not its number"))
        }
        Member::Numbered { nr, .. } => tables
            .iter()
            .flat_map(|(_, table)| table)
            .find(|(name, other)| *other == nr && *name != call)
            .map(|(name, _)| format!("{call}: {nr} is the number of {name}")),
    }
}

/// The members that the target has: number → name, group, reason.
fn numbered<'a>(
    groups: &'a Groups,
    table: &Table,
) -> BTreeMap<u32, (&'a str, &'static str, &'a str)> {
    let mut calls = BTreeMap::new();
    for (name, group) in groups {
        for (call, member) in &group.calls {
            let nr = match member {
                Member::Why(_) => table.get(call).copied(),
                Member::Numbered { nr, .. } => Some(*nr),
            };
            if let Some(nr) = nr {
                calls.insert(nr, (call.as_str(), *name, member.why()));
            }
        }
    }
    calls
}
