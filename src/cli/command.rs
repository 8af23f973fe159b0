//! The clap definitions, made from the list of flags.

use std::ffi::{OsStr, OsString};

use clap::builder::{OsStringValueParser, PossibleValue, TypedValueParser, ValueParser};
use clap::{Arg, ArgAction, Command, ValueHint};

use super::flag::{FLAGS, Flag, Key, List, Section, Value};
use super::{pages, value};
use crate::policy::groups;

/// The id of the positional that takes the command and all its words.
pub const COMMAND: &str = "CMD";
/// The id of the positional of `completions`.
pub const SHELL: &str = "SHELL";
/// How `run` and `trace` are called, for the help and for errors.
pub const USAGE: &str = "[flags] [--] CMD [ARGS...]";

/// The whole command line.
pub fn command() -> Command {
    Command::new("gatekeeper")
        .bin_name("gatekeeper")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Start a command and decide, system call by system call, what it may do")
        .override_usage("gatekeeper <COMMAND> [flags]")
        .subcommand_required(true)
        .after_help("'gatekeeper help COMMAND' shows the flags of a command.")
        .after_long_help(pages::after_help_of_all())
        .subcommands([
            run(),
            trace(),
            Command::new("groups")
                .about("Print the groups of system calls: flag, meaning, members")
                .override_usage("gatekeeper groups"),
            Command::new("completions")
                .about("Print the completion script of a shell")
                .override_usage("gatekeeper completions SHELL")
                .arg(
                    Arg::new(SHELL)
                        .required(true)
                        .help("The shell that reads the script")
                        .value_parser(words(pages::shell_names)),
                ),
            Command::new("man")
                .about("Print the manual page, for man -l - or a file in man1")
                .override_usage("gatekeeper man"),
        ])
}

fn run() -> Command {
    Command::new("run")
        .about("Run a command with the permissions given, and with no others")
        .long_about(
            "Run a command with the permissions given, and with no others.\n\nThe first word that is not a flag \
             starts the command; nothing after it is read as a flag. A denied call kills the process that makes it, \
             or fails, as --on-syscall-denied says; each is reported in one line with the flag that would allow it.",
        )
        .override_usage(format!("gatekeeper run {USAGE}"))
        .args_override_self(true)
        .args(FLAGS.iter().map(arg))
        .disable_help_flag(true)
        .args([help_arg(), command_arg()])
        .after_help("'gatekeeper run --help' says more and shows examples.")
        .after_long_help(pages::after_help_of_run())
}

fn trace() -> Command {
    Command::new("trace")
        .about("Show the system calls of a command, and enforce nothing")
        .override_usage(format!("gatekeeper trace {USAGE}"))
        .args_override_self(true)
        .args(FLAGS.iter().filter(|flag| flag.traces()).map(arg))
        .disable_help_flag(true)
        .args([help_arg(), command_arg()])
        .after_long_help(pages::after_help_of_trace())
}

/// clap's own would stand under a heading of its own.
fn help_arg() -> Arg {
    Arg::new("help")
        .short('h')
        .long("help")
        .action(ArgAction::Help)
        .help_heading(Section::General.heading())
        .help("Print help: -h briefly, --help in full")
}

fn command_arg() -> Arg {
    Arg::new(COMMAND)
        .num_args(1..)
        .trailing_var_arg(true)
        .value_parser(OsStringValueParser::new())
        .value_hint(ValueHint::CommandWithArguments)
        .help("The command and its arguments")
        .hide_short_help(true)
        .hide_long_help(true)
}

fn arg(flag: &Flag) -> Arg {
    let mut arg =
        Arg::new(flag.long).long(flag.long).help(flag.help).help_heading(flag.section.heading());
    if !flag.more.is_empty() {
        arg = arg.long_help(format!("{}\n\n{}", flag.help, flag.more));
    }
    if let Some(alias) = flag.alias {
        arg = arg.visible_alias(alias);
    }
    if let Some(letter) = flag.short {
        arg = arg.short(letter);
    }
    let optional = |arg: Arg| arg.action(ArgAction::Append).num_args(0..=1).require_equals(true);
    match flag.value {
        Value::Switch => arg.action(ArgAction::SetTrue),
        Value::Bool => optional(arg)
            .value_name("true|false")
            .value_parser(words(|| vec!["true", "false"]))
            .hide_possible_values(true),
        Value::Optional(name, list) => hint(optional(arg).value_name(name), flag.key, list),
        Value::Required(name, list) => {
            let arg = arg.action(ArgAction::Append).num_args(1).value_name(name);
            hint(arg, flag.key, list)
        }
        Value::Choice(name, choices) => arg
            .action(ArgAction::Append)
            .num_args(1)
            .value_name(name)
            .value_parser(words(move || choices.to_vec())),
    }
}

/// What completions offer as the value.
fn hint(arg: Arg, key: Key, list: List) -> Arg {
    let arg = match key {
        Key::Syscall => {
            arg.value_parser(words(|| (0..=groups::MAX_NR).filter_map(groups::name_of).collect()))
        }
        Key::Signal => arg.value_parser(words(|| value::signal_names().collect())),
        _ => arg.value_parser(OsStringValueParser::new()),
    };
    let arg = match key {
        Key::LogFile => arg.value_hint(ValueHint::FilePath),
        _ if list == List::Paths => arg.value_hint(ValueHint::AnyPath),
        _ => arg,
    };
    arg.hide_possible_values(matches!(key, Key::Syscall | Key::Signal))
}

fn words(list: impl Fn() -> Vec<&'static str> + Clone + Send + Sync + 'static) -> ValueParser {
    Words(list).into()
}

/// Offers words to the help and to completions and takes anything: values from the command line and from the
/// environment are checked in one place, with one set of messages.
#[derive(Clone)]
struct Words<F>(F);

impl<F: Fn() -> Vec<&'static str> + Clone + Send + Sync + 'static> TypedValueParser for Words<F> {
    type Value = OsString;

    fn parse_ref(
        &self,
        _command: &Command,
        _arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<OsString, clap::Error> {
        Ok(value.to_owned())
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new((self.0)().into_iter().map(PossibleValue::new)))
    }
}
