//! The flags that grant something.

use super::flag::{Flag, Key, List, Section, Value};
use crate::policy::Group;

/// The groups whose flag takes no value and that are neither files nor sockets, in the order of the help.
const PLAIN: [Group; 9] = [
    Group::ProcessManagement,
    Group::MemoryManagement,
    Group::Signals,
    Group::TimersAndClocksManagement,
    Group::SecurityAndPermissions,
    Group::SystemInformation,
    Group::ProcessCommunication,
    Group::ProcessSynchronization,
    Group::Misc,
];

/// The list, in the order of the help.
pub fn flags() -> Vec<Flag> {
    let plain = PLAIN.iter().filter_map(|group| plain(*group, Section::Permissions));
    let mut flags: Vec<Flag> = file_system().chain(network()).chain(plain).collect();
    flags.push(
        Flag::new(
            Key::Syscall,
            "allow-syscall",
            Value::Required("NAME", List::Commas),
            Section::Permissions,
            "Allow one system call, whatever its arguments; also written --allow-syscall-NAME",
        )
        .more(
            "Repeatable, or several with commas. 'gatekeeper groups' lists the calls and the flags that allow them \
             with checks.",
        ),
    );
    flags
}

fn file_system() -> impl Iterator<Item = Flag> {
    let paths = Value::Optional("PATH", List::Paths);
    let section = Section::FileSystem;
    [
        of_group(Group::FileSystemRead, Key::Read, paths, section).map(|flag| {
            flag.more(
                "Without a PATH it covers everything that the user may read. With one, that file, or that directory \
                 and all below it. Repeatable. The command, its interpreter and its loader can be executed without \
                 being listed.",
            )
        }),
        of_group(Group::FileSystemWrite, Key::Write, paths, section).map(|flag| {
            flag.alias("allow-file-system").more(
                "Covers reading of the same. Without a PATH it means ordinary files: controls of the kernel \
                 (/proc/sys, /proc/sysrq-trigger, /sys, /dev/mem, block devices) must be listed to be written. \
                 Repeatable.",
            )
        }),
        plain(Group::FileSystemPermissions, section),
        Some(
            Flag::new(
                Key::Paths,
                "allow-file-system-path",
                Value::Required("PATH", List::Paths),
                section,
                "Restrict the file system flags given without a PATH of their own to PATH",
            )
            .more("Restricts reading and writing alike, and grants nothing by itself. Repeatable."),
        ),
    ]
    .into_iter()
    .flatten()
}

fn network() -> impl Iterator<Item = Flag> {
    let section = Section::Network;
    let host = Value::Optional("HOST[:PORT]", List::Commas);
    let port = Value::Optional("[ADDR:]PORT", List::Commas);
    [
        of_group(Group::NetworkClient, Key::Client, host, section).map(|flag| {
            flag.more(
                "HOST is a name (resolved once, at start), an address, a network (10.0.0.0/8) or * for any; IPv6 with \
                 a port needs brackets: [2001:db8::1]:443. Repeatable, or several with commas.",
            )
        }),
        of_group(Group::NetworkServer, Key::Server, port, section).map(|flag| {
            flag.more("PORT 0 is one that the kernel picks. Repeatable, or several with commas.")
        }),
        of_group(
            Group::NetworkLocalSockets,
            Key::LocalSockets,
            Value::Switch,
            section,
        ),
        Some(Flag::new(
            Key::Networking,
            "allow-networking",
            Value::Switch,
            section,
            "All three network flags above, unrestricted",
        )),
    ]
    .into_iter()
    .flatten()
}

/// The flag of a group that takes no value.
fn plain(group: Group, section: Section) -> Option<Flag> {
    let flag = of_group(group, Key::Group(group), Value::Switch, section)?;
    Some(if group.in_baseline() {
        flag.more("Part of the baseline: needed only with --allow-implicit-commands=false.")
    } else {
        flag
    })
}

/// A flag whose name and help line stand in the group's file.
fn of_group(group: Group, key: Key, value: Value, section: Section) -> Option<Flag> {
    let long = group.flag()?.trim_start_matches("--");
    Some(Flag::new(key, long, value, section, group.help()))
}
