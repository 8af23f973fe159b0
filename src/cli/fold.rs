//! clap's errors, several lines each, folded into one.

use clap::error::{ContextKind, ContextValue, Error, ErrorKind};

use super::failure::{Failure, alternatives, quote};
use super::flag::FLAGS;
use super::{Text, pages};

/// The help or the version that clap treats as errors, or one line about a real one.
///
/// `sub` is the word where the subcommand stands.
pub fn fold(error: &Error, sub: &str) -> Result<Text, Failure> {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let text = error.render();
            Ok(Text { plain: text.to_string(), coloured: Some(text.ansi().to_string()) })
        }
        ErrorKind::UnknownArgument => Err(unknown(error, sub)),
        ErrorKind::InvalidSubcommand => Err(subcommand(error)),
        ErrorKind::MissingRequiredArgument => Err(Failure::about(
            "completions",
            format!("no shell given; give {}", alternatives(&pages::shell_names())),
        )),
        ErrorKind::InvalidValue | ErrorKind::WrongNumberOfValues | ErrorKind::TooFewValues => {
            let shown = name(error, ContextKind::InvalidArg);
            let flag = bare(&shown);
            let pattern = shown.replacen(" <", "=", 1).replace('>', "");
            Err(Failure::about(flag, format!("no value given; write {pattern}")))
        }
        ErrorKind::TooManyValues => {
            let shown = name(error, ContextKind::InvalidArg);
            let flag = bare(&shown);
            let value = quote(name(error, ContextKind::InvalidValue));
            Err(Failure::about(
                flag,
                format!("takes no value, but got {value}; write {flag} alone"),
            ))
        }
        _ => {
            let text = error.to_string();
            let first = text.lines().next().unwrap_or_default();
            Err(Failure::Line(first.strip_prefix("error: ").unwrap_or(first).to_owned()))
        }
    }
}

fn unknown(error: &Error, sub: &str) -> Failure {
    let word = name(error, ContextKind::InvalidArg);
    let shown = quote(&word);
    let known =
        FLAGS.iter().find(|flag| flag.names().any(|long| word.strip_prefix("--") == Some(long)));
    let line = match known {
        Some(_) if sub == "trace" => {
            format!(
                "unknown flag {shown} of trace, which enforces nothing; it is one of 'gatekeeper run'"
            )
        }
        Some(flag) => {
            let place = if flag.traces() { "'run' or 'trace'" } else { "'run'" };
            format!("flag {shown} is out of place; it stands behind {place}")
        }
        None => {
            let kind = if word.starts_with('-') { "flag" } else { "argument" };
            let near = name(error, ContextKind::SuggestedArg);
            let hint = match (near.as_str(), sub) {
                ("", "run" | "trace") => format!("see 'gatekeeper {sub} --help'"),
                ("", _) => "see 'gatekeeper --help'".to_owned(),
                (near, _) => format!("did you mean {}?", quote(near)),
            };
            format!("unknown {kind} {shown}; {hint}")
        }
    };
    Failure::Line(line)
}

fn subcommand(error: &Error) -> Failure {
    let word = name(error, ContextKind::InvalidSubcommand);
    let near = name(error, ContextKind::SuggestedSubcommand);
    let hint = if near.is_empty() {
        format!("to run a command: gatekeeper run [flags] [--] {word}")
    } else {
        format!("did you mean {}?", quote(near))
    };
    Failure::Line(format!("unknown subcommand {}; {hint}", quote(word)))
}

/// `--flag` out of `--flag <VALUE>`.
fn bare(shown: &str) -> &str {
    shown.split([' ', '[', '=']).next().unwrap_or(shown)
}

/// A text that clap attached to the error; the first where there are several, empty where there is none.
fn name(error: &Error, kind: ContextKind) -> String {
    match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.first().cloned().unwrap_or_default(),
        _ => String::new(),
    }
}
