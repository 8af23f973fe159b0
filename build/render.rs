//! The texts that the build script makes out of the groups.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Groups, ORDER};

fn variant(name: &str) -> String {
    let words = name.split('-');
    words.map(|word| word[..1].to_uppercase() + &word[1..]).collect()
}

fn variants<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let paths: Vec<_> = names.into_iter().map(|name| format!("Group::{}", variant(name))).collect();
    format!("&[{}]", paths.join(", "))
}

/// The Rust text of the tables that `policy::groups` includes.
pub fn code(
    groups: &Groups,
    calls: &BTreeMap<u32, (&str, &'static str, &str)>,
) -> Result<String, std::fmt::Error> {
    let max = calls.last_key_value().map_or(0, |(nr, _)| *nr);
    let mut out = format!("const HIGHEST: u32 = {max};\nconst ORDER: &[Group] = ");
    writeln!(
        out,
        "{};\nfn info(group: Group) -> &'static Info {{ match group {{",
        variants(ORDER)
    )?;
    for name in ORDER {
        let Some(group) = groups.get(name) else {
            continue;
        };
        let members: Vec<_> =
            calls.iter().filter(|(_, call)| call.1 == name).map(|(nr, _)| *nr).collect();
        writeln!(
            out,
            "Group::{} => &Info {{ name: {name:?}, flag: {:?}, help: {:?}, includes: {}, baseline: {}, members: &{members:?} }},",
            variant(name),
            group.flag,
            group.help,
            variants(group.includes.iter().map(String::as_str)),
            group.baseline,
        )?;
    }
    writeln!(out, "}} }}\nstatic CALLS: [Option<Call>; {}] = [", max + 1)?;
    for nr in 0..=max {
        match calls.get(&nr) {
            None => writeln!(out, "None,")?,
            Some((call, group, why)) => writeln!(
                out,
                "Some(Call {{ name: {call:?}, group: Group::{}, why: {why:?} }}),",
                variant(group)
            )?,
        }
    }
    let names: BTreeMap<_, _> = calls.iter().map(|(nr, call)| (call.0, nr)).collect();
    writeln!(out, "];\nstatic NAMES: &[(&str, u32)] = &[")?;
    for (name, nr) in names {
        writeln!(out, "({name:?}, {nr}),")?;
    }
    writeln!(out, "];")?;
    Ok(out)
}

/// The Markdown text of `docs/groups.md`, the same on every architecture.
pub fn docs(groups: &Groups) -> Result<String, std::fmt::Error> {
    let mut out = String::from(
        "# System call groups\n\n\
         Generated from `syscall-groups/*.toml`; do not edit.\n\n\
         Every system call stands in exactly one group. A call that the kernel has and this list has\n\
         not is denied. The *baseline* is what `--allow-implicit-commands` grants, which is on unless it\n\
         is switched off. A reason beside a call says what else decides about it, or why it is where it is.\n\n\
         | Group | Flag | Baseline | Includes |\n|---|---|---|---|\n",
    );
    let ordered = || ORDER.iter().filter_map(|name| groups.get(name).map(|group| (name, group)));
    for (name, group) in ordered() {
        let flag = group.flag.as_ref().map_or("none".to_owned(), |flag| format!("`{flag}`"));
        let baseline = if group.baseline { "yes" } else { "no" };
        let includes = group.includes.join(", ");
        writeln!(out, "| [{name}](#{name}) | {flag} | {baseline} | {includes} |")?;
    }
    for (name, group) in ordered() {
        writeln!(out, "\n## {name}\n\n{}.", group.help)?;
        if let Some(notes) = &group.notes {
            writeln!(out, "\n{notes}")?;
        }
        let (plain, explained): (Vec<_>, Vec<_>) =
            group.calls.iter().partition(|(_, member)| member.why().is_empty());
        if !plain.is_empty() {
            let plain: Vec<_> = plain.iter().map(|(call, _)| format!("`{call}`")).collect();
            writeln!(out, "\n{}", plain.join(" "))?;
        }
        if !explained.is_empty() {
            writeln!(out)?;
        }
        for (call, member) in explained {
            writeln!(out, "- `{call}`: {}", member.why())?;
        }
    }
    Ok(out)
}
