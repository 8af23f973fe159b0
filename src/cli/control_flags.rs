//! The flags that say when and how the permissions are enforced, and the general ones.

use super::flag::{Flag, Key, List, Section, Value};

/// The list, in the order of the help.
pub const FLAGS: &[Flag] = &[
    Flag::new(
        Key::OnDenied,
        "on-syscall-denied",
        Value::Choice("ACTION", &["kill", "error"]),
        Section::Enforcement,
        "What a denied call meets: the process is killed, or the call fails with EPERM [default: kill]",
    ),
    Flag::new(
        Key::ImplicitCommands,
        "allow-implicit-commands",
        Value::Bool,
        Section::Enforcement,
        "Grant the baseline that every program needs to start and run [default: true]",
    )
    .more(
        "The baseline holds processes, memory, synchronisation, signals, sleep, system information, pipes and \
         polling; no file by its path, no socket, no change of identity. With =false the flags are the whole list.",
    ),
    Flag::new(
        Key::EnforceOnStartup,
        "enforce-on-startup",
        Value::Bool,
        Section::Enforcement,
        "Enforce from the first instruction on [default: true, or false where a trigger is given]",
    )
    .more("With =false a trigger must say when enforcement begins. Once begun it never ends."),
    Flag::new(
        Key::LogMatch,
        "trigger-enforce-on-log-match",
        Value::Required("TEXT", List::Texts),
        Section::Enforcement,
        "Enforce once the command writes TEXT to its stdout or stderr",
    )
    .more("Repeatable; the first match counts. The write that completes TEXT is the last call not enforced."),
    Flag::new(
        Key::LogRegex,
        "trigger-enforce-on-log-regex",
        Value::Required("RE", List::Texts),
        Section::Enforcement,
        "Enforce once the command's stdout or stderr matches the regular expression RE",
    )
    .more("Repeatable. The syntax is that of the Rust crate regex: Perl's without look-around and backreferences."),
    Flag::new(
        Key::Signal,
        "trigger-enforce-on-signal",
        Value::Required("SIGNAL", List::One),
        Section::Enforcement,
        "Enforce once gatekeeper receives SIGNAL: USR1, SIGUSR1, 10, RTMIN+3",
    )
    .more("The command finds gatekeeper's process id in the variable GATEKEEPER_PID."),
    Flag::new(
        Key::Listen,
        "trigger-enforce-on-listen",
        Value::Switch,
        Section::Enforcement,
        "Enforce once the command listens on a socket",
    ),
    Flag::new(
        Key::After,
        "trigger-enforce-after",
        Value::Required("DURATION", List::One),
        Section::Enforcement,
        "Enforce once DURATION has passed: 30s, 500ms, 2m, 1h, 30 (seconds)",
    )
    .more("Alone, or as the fallback of other triggers: the first that fires counts."),
    Flag::new(
        Key::Gate,
        "gate",
        Value::Choice("GATE", &["auto", "notify", "ptrace"]),
        Section::Enforcement,
        "How calls that need a look are held [default: auto]",
    )
    .more("auto takes notify, the faster, where the kernel offers it. The verdicts are the same."),
    Flag::new(
        Key::Landlock,
        "landlock",
        Value::Choice("WHEN", &["auto", "required", "off"]),
        Section::Enforcement,
        "Let the kernel's Landlock enforce path and port rules as well [default: auto]",
    )
    .more(
        "Landlock closes the race between a check and the call. With auto a kernel without it brings a warning, with \
         required an error. It cannot be applied to enforcement that begins with a trigger.",
    ),
    Flag::new(
        Key::KeepFd,
        "keep-fd",
        Value::Required("N", List::Commas),
        Section::General,
        "Leave descriptor N open for the command; those above 2 are closed otherwise",
    )
    .more("Repeatable, or several with commas."),
    Flag::new(
        Key::KillDescendants,
        "kill-descendants",
        Value::Switch,
        Section::General,
        "End with the command: kill what it leaves running",
    )
    .more("Without it gatekeeper stays until the last descendant has ended. Always so as PID 1."),
    Flag::new(
        Key::LogFile,
        "log-file",
        Value::Required("PATH", List::One),
        Section::General,
        "Write gatekeeper's own messages to PATH instead of stderr",
    ),
    Flag::new(
        Key::Verbose,
        "verbose",
        Value::Switch,
        Section::General,
        "Also report the layers applied and the refusals that are not errors",
    )
    .short('v'),
];
