//! Longer texts: what follows the flags in the help, the group reference, the completions.

use std::fmt::Write as _;

use clap::builder::styling::Styles;
use clap_complete::Shell;

use super::command::command;
use crate::exit::{COMMAND_ROWS, ExitCode};
use crate::policy::{Group, groups};

/// What each example of `run` is for, and its lines.
pub const EXAMPLES_OF_RUN: [(&str, &str); 7] = [
    (
        "A download that can read files and connect, and can write nothing",
        "gatekeeper run --allow-file-system-read --allow-network-client -- curl https://example.org",
    ),
    (
        "Only to one host, and only with the files of the system",
        "gatekeeper run --allow-file-system-read=/usr --allow-file-system-read=/etc \\\n    \
         --allow-network-client=example.org:443 -- curl -q https://example.org",
    ),
    (
        "A build that writes only below its own directory",
        "gatekeeper run --allow-file-system-read --allow-file-system-write=. \\\n    \
         --allow-file-system-write=/tmp -- make",
    ),
    (
        "A server that is locked down once it listens",
        "gatekeeper run --allow-network-server=8080 --trigger-enforce-on-listen -- ./server",
    ),
    (
        "Refusals as errors instead of kills, to see what a program asks for",
        "gatekeeper run --on-syscall-denied=error --log-file=denied.log -- ./program",
    ),
    (
        "A container's entrypoint",
        "ENTRYPOINT [\"/gatekeeper\", \"run\", \"--allow-file-system-read\", \"--allow-network-server\", \"--\"]",
    ),
    (
        "The same by environment",
        "GATEKEEPER_ALLOW_FILE_SYSTEM_READ=/usr:/etc:/proc gatekeeper run ls /usr",
    ),
];

/// The same for `trace`.
pub const EXAMPLES_OF_TRACE: [(&str, &str); 2] = [
    ("One line a call on stderr", "gatekeeper trace ls -l"),
    (
        "Into a file, apart from what the command says",
        "gatekeeper trace --log-file=calls.log -- make",
    ),
];

/// How the variables are read, by paragraph.
pub const ENVIRONMENT: [&str; 4] = [
    "Each flag has a variable: --allow-file-system-read is GATEKEEPER_ALLOW_FILE_SYSTEM_READ. A flag on the command \
     line replaces what its variable says; an empty variable counts as not set.",
    "A flag that can stand alone is switched by 1, true, yes or on, and by 0, false, no or off. Otherwise the variable \
     holds the value: paths are parted by ':', other lists by ','; a text or regular expression to wait for is taken \
     whole.",
    "GATEKEEPER_ALLOW_SYSCALL_OPENAT=1 is --allow-syscall-openat.",
    "A GATEKEEPER_ALLOW_... or GATEKEEPER_TRIGGER_... variable that belongs to no flag is an error.",
];

/// What `gatekeeper --help` ends with.
pub fn after_help_of_all() -> String {
    let examples = [&EXAMPLES_OF_RUN[..1], &EXAMPLES_OF_TRACE[..1]].concat();
    format!("{}{}", example_section(&examples), exit_section()).trim_end().to_owned()
}

/// What `gatekeeper run --help` ends with.
pub fn after_help_of_run() -> String {
    let environment = format!("{}{}\n\n", heading("Environment"), ENVIRONMENT.join("\n"));
    let text = format!("{}{environment}{}", example_section(&EXAMPLES_OF_RUN), exit_section());
    text.trim_end().to_owned()
}

/// What `gatekeeper trace --help` ends with.
pub fn after_help_of_trace() -> String {
    example_section(&EXAMPLES_OF_TRACE).trim_end().to_owned()
}

fn heading(text: &str) -> String {
    let styles = Styles::styled();
    let style = styles.get_header();
    format!("{style}{text}:{style:#}\n")
}

fn example_section(examples: &[(&str, &str)]) -> String {
    let items = examples.iter().map(|(what, line)| {
        let line = line.replace('\n', "\n  ");
        format!("  # {what}\n  {line}\n\n")
    });
    heading("Examples") + &items.collect::<String>()
}

fn exit_section() -> String {
    let rows = exit_rows();
    let lines = rows.iter().map(|(code, meaning)| format!("  {code:<6} {meaning}\n"));
    heading("Exit codes") + &lines.collect::<String>()
}

/// The table of exit codes: the code and what it says.
pub fn exit_rows() -> Vec<(String, &'static str)> {
    let own = ExitCode::ALL.map(|exit| (exit.code().to_string(), exit.meaning()));
    COMMAND_ROWS.map(|(code, meaning)| (code.to_owned(), meaning)).into_iter().chain(own).collect()
}

/// What `gatekeeper groups` prints: each group with its flag, its meaning and its calls.
pub fn group_reference() -> String {
    let mut text = String::new();
    for group in Group::ALL {
        let name = group.name();
        let flag = group.flag().unwrap_or("no flag of its own");
        let baseline = if group.in_baseline() { ", in the baseline" } else { "" };
        let _ = writeln!(text, "{name} ({flag}{baseline})\n  {}", group.help());
        let includes: Vec<_> = group.includes().iter().map(|part| part.name()).collect();
        if !includes.is_empty() {
            let _ = writeln!(text, "  includes: {}", includes.join(", "));
        }
        let members = group.members().iter();
        let names: Vec<_> = members.filter_map(|nr| groups::name_of(*nr)).collect();
        fill(&mut text, &names);
        text.push('\n');
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

/// Adds `words` in lines of at most 80 columns, indented.
fn fill(text: &mut String, words: &[&str]) {
    let mut width = 80;
    for word in words {
        if width + 1 + word.len() > 80 {
            let fresh = text.is_empty() || text.ends_with('\n');
            text.push_str(if fresh { "   " } else { "\n   " });
            width = 3;
        }
        let _ = write!(text, " {word}");
        width += 1 + word.len();
    }
    if !words.is_empty() {
        text.push('\n');
    }
}

/// The shells that have completions.
pub fn shell_names() -> Vec<&'static str> {
    vec!["bash", "elvish", "fish", "powershell", "zsh"]
}

/// The completion script of `shell`, one of [`shell_names`].
pub fn completions(shell: &str) -> Result<String, String> {
    let shell: Shell = shell.parse()?;
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command(), "gatekeeper", &mut script);
    String::from_utf8(script).map_err(|error| error.to_string())
}
