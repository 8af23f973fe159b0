//! The shape of one flag; everything that knows the flags reads the one list made of these.

use std::sync::LazyLock;

use super::{control_flags, permission_flags};
use crate::policy::Group;

/// What a flag is about, free of how it is spelt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// Read files.
    Read,
    /// Write files.
    Write,
    /// Restrict the file system grants.
    Paths,
    /// Connect out.
    Client,
    /// Accept connections.
    Server,
    /// Local sockets.
    LocalSockets,
    /// All three of the network.
    Networking,
    /// One whole group that takes no value.
    Group(Group),
    /// Single system calls.
    Syscall,
    /// Enforce before the first instruction.
    EnforceOnStartup,
    /// Grant the baseline.
    ImplicitCommands,
    /// Kill or EPERM.
    OnDenied,
    /// Trigger: a literal in the output.
    LogMatch,
    /// Trigger: a regular expression in the output.
    LogRegex,
    /// Trigger: a signal to gatekeeper.
    Signal,
    /// Trigger: the first listen(2).
    Listen,
    /// Trigger: time.
    After,
    /// How calls are held.
    Gate,
    /// The floor.
    Landlock,
    /// Descriptors to keep.
    KeepFd,
    /// End what the main command leaves behind.
    KillDescendants,
    /// Where messages go.
    LogFile,
    /// Say more.
    Verbose,
}

/// How many values a flag may be given and what parts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    /// One; the last one typed counts.
    One,
    /// Many, one a flag; a variable holds one and is never split.
    Texts,
    /// Many, one a flag; parted by `:` in a variable, as in PATH.
    Paths,
    /// Many, parted by `,` wherever they stand.
    Commas,
}

/// What may follow a flag's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value {
    /// Nothing.
    Switch,
    /// `=true`, `=false` or nothing, which is true.
    Bool,
    /// `=VALUE` or nothing.
    Optional(&'static str, List),
    /// `=VALUE` or ` VALUE`.
    Required(&'static str, List),
    /// `=VALUE` or ` VALUE`, one of these words; the last one typed counts.
    Choice(&'static str, &'static [&'static str]),
}

/// Where a flag stands in the help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// Files.
    FileSystem,
    /// Sockets.
    Network,
    /// The rest of the permissions.
    Permissions,
    /// When and how it is enforced.
    Enforcement,
    /// Not about permissions: these are flags of `trace` too.
    General,
}

impl Section {
    /// The heading in the help and in the manual.
    pub const fn heading(self) -> &'static str {
        match self {
            Section::FileSystem => "File system",
            Section::Network => "Network",
            Section::Permissions => "Other permissions",
            Section::Enforcement => "Enforcement",
            Section::General => "General",
        }
    }
}

/// One flag and its environment variable.
#[derive(Debug, Clone, Copy)]
pub struct Flag {
    /// What it is about.
    pub key: Key,
    /// The name after `--`.
    pub long: &'static str,
    /// The letter after `-`.
    pub short: Option<char>,
    /// A second name after `--`.
    pub alias: Option<&'static str>,
    /// What may follow.
    pub value: Value,
    /// Where the help shows it.
    pub section: Section,
    /// One line, for `-h`.
    pub help: &'static str,
    /// What `--help` and the manual add; may be empty.
    pub more: &'static str,
}

impl Flag {
    /// A flag with neither letter nor alias nor long help.
    pub const fn new(
        key: Key,
        long: &'static str,
        value: Value,
        section: Section,
        help: &'static str,
    ) -> Flag {
        Flag { key, long, short: None, alias: None, value, section, help, more: "" }
    }

    /// With what `--help` adds.
    pub const fn more(self, more: &'static str) -> Flag {
        Flag { more, ..self }
    }

    /// With a letter.
    pub const fn short(self, letter: char) -> Flag {
        Flag { short: Some(letter), ..self }
    }

    /// With a second name.
    pub const fn alias(self, alias: &'static str) -> Flag {
        Flag { alias: Some(alias), ..self }
    }

    /// The names after `--`.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.long).chain(self.alias)
    }

    /// Whether `gatekeeper trace` takes it.
    pub fn traces(&self) -> bool {
        self.section == Section::General
    }
}

/// What every variable's name begins with.
pub const PREFIX: &str = "GATEKEEPER_";

/// The variable of the flag `--name`: `allow-misc` is `GATEKEEPER_ALLOW_MISC`.
pub fn variable(name: &str) -> String {
    format!("{PREFIX}{}", name.to_ascii_uppercase().replace('-', "_"))
}

/// Every flag of `run`, in the order of the help. The command line, the environment, the help, the manual and the
/// completions all come from this list.
pub static FLAGS: LazyLock<Vec<Flag>> = LazyLock::new(|| {
    let mut flags = permission_flags::flags();
    flags.extend_from_slice(control_flags::FLAGS);
    flags
});
