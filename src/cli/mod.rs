//! The command line and the environment: from what was typed to what is meant.
//!
//! One list of flags ([`flag::FLAGS`]) makes the parser, the variables, the help, the manual page and the completions.
//! clap says which flag stands where; values are understood here, the same way from either source, and every failure
//! is one line that names the flag or the variable, the value and the mend.

pub mod config;

mod command;
mod control_flags;
mod endpoint;
mod failure;
mod flag;
mod fold;
mod given;
mod manual;
mod pages;
mod permission_flags;
mod resolve;
mod value;

#[cfg(test)]
#[rustfmt::skip] // one case a line
mod tests;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::{self, IsTerminal, Write};
use std::os::unix::ffi::OsStrExt;

use clap::ArgMatches;

pub use config::*;
pub use failure::Failure;
pub use flag::{FLAGS, Flag, variable};

use flag::Value;
use given::Given;

/// What the command line asks for.
#[derive(Debug)]
pub enum Invocation {
    /// Run or trace a command; [`Config::mode`] says which.
    Start(Box<Config>),
    /// Print this to stdout and leave with 0.
    Print(Text),
}

/// Something to print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// Without any escape sequence.
    pub plain: String,
    /// With colours, where there are any.
    pub coloured: Option<String>,
}

impl Text {
    fn plain(plain: String) -> Text {
        Text { plain, coloured: None }
    }

    /// Writes it to stdout, coloured only on a terminal and without NO_COLOR. A reader that has seen enough (EPIPE)
    /// is no error.
    pub fn print(&self) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        let colour = stdout.is_terminal()
            && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        let text = match &self.coloured {
            Some(coloured) if colour => coloured,
            _ => &self.plain,
        };
        match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            result => result,
        }
    }
}

/// Understands `args` (the program's own name first) and `env` (all variables, as [`std::env::vars_os`] gives them).
///
/// A [`Failure`] goes to stderr and means exit code 100.
pub fn parse(
    args: impl IntoIterator<Item = OsString>,
    env: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Invocation, Failure> {
    let args: Vec<OsString> = args.into_iter().collect();
    if args.len() < 2 {
        let help = command::command().render_help();
        return Err(Failure::Help(help.to_string()));
    }
    let sub = args[1].to_string_lossy().into_owned();
    let matches = match command::command().try_get_matches_from(single_calls(args)) {
        Ok(matches) => matches,
        Err(error) => return fold::fold(&error, &sub).map(Invocation::Print),
    };
    let variables = given::variables(env);
    match matches.subcommand() {
        Some(("run", matches)) => start(Mode::Run, matches, &variables),
        Some(("trace", matches)) => start(Mode::Trace, matches, &variables),
        Some((name, matches)) => {
            page(name, matches).map(|text| Invocation::Print(Text::plain(text)))
        }
        None => Err(Failure::Line("no subcommand given".to_owned())),
    }
}

fn start(
    mode: Mode,
    matches: &ArgMatches,
    variables: &BTreeMap<String, OsString>,
) -> Result<Invocation, Failure> {
    let name = match mode {
        Mode::Run => "run",
        Mode::Trace => "trace",
    };
    let command: Vec<OsString> =
        matches.get_many::<OsString>(command::COMMAND).into_iter().flatten().cloned().collect();
    if command.is_empty() {
        return Err(Failure::Line(format!(
            "no command given; usage: gatekeeper {name} {}",
            command::USAGE
        )));
    }
    let given = Given::collect(matches, variables, mode == Mode::Trace)?;
    let config = match mode {
        Mode::Run => {
            given::check_names(variables)?;
            resolve::run(&given, command)?
        }
        Mode::Trace => resolve::trace(&given, command)?,
    };
    Ok(Invocation::Start(Box::new(config)))
}

/// The text of a subcommand that only prints.
fn page(name: &str, matches: &ArgMatches) -> Result<String, Failure> {
    match name {
        "groups" => Ok(pages::group_reference()),
        "man" => manual::page().map_err(|error| Failure::about("man", error)),
        _ => {
            let shell = matches.get_one::<OsString>(command::SHELL);
            let shell = shell.map_or(OsStr::new(""), OsString::as_os_str);
            resolve::one_of(shell, &pages::shell_names())
                .and_then(pages::completions)
                .map_err(|problem| Failure::about("completions", problem))
        }
    }
}

/// Turns `--allow-syscall-NAME` into `--allow-syscall=NAME`, up to the first word that is not a flag of `run`.
fn single_calls(mut args: Vec<OsString>) -> Vec<OsString> {
    if args.get(1).is_none_or(|sub| sub != "run") {
        return args;
    }
    let mut words = args.iter_mut().skip(2);
    while let Some(word) = words.next() {
        let bytes = word.as_bytes();
        if bytes == b"--" || bytes == b"-" || !bytes.starts_with(b"-") {
            break;
        }
        if let Some(name) = bytes.strip_prefix(b"--allow-syscall-") {
            let mut flag = OsString::from("--allow-syscall=");
            flag.push(OsStr::from_bytes(name));
            *word = flag;
        } else if FLAGS.iter().any(|flag| takes_next(flag, bytes)) {
            words.next();
        }
    }
    args
}

/// Whether `word` is this flag with its value in the next word.
fn takes_next(flag: &Flag, word: &[u8]) -> bool {
    matches!(flag.value, Value::Required(..) | Value::Choice(..))
        && word.strip_prefix(b"--") == Some(flag.long.as_bytes())
}
