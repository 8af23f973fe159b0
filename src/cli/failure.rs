//! What is said about a command line that makes no sense: one line, and no byte of it unprintable.

use std::ffi::OsStr;
use std::fmt::{self, Display};

/// Why nothing was started; exit code [`ExitCode::Usage`](crate::exit::ExitCode::Usage). Its `Display` is ready for stderr.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// One line: the flag or the variable, the value, the mend.
    Line(String),
    /// The short help, for `gatekeeper` with nothing behind it.
    Help(String),
}

impl Failure {
    /// A line about the flag or variable `from`.
    pub fn about(from: &str, problem: impl Display) -> Failure {
        Failure::Line(format!("{from}: {problem}"))
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Line(line) => write!(f, "gatekeeper: {line}"),
            Failure::Help(help) => f.write_str(help.trim_end()),
        }
    }
}

impl std::error::Error for Failure {}

/// `text` in quotes; control characters are escaped so that the line stays one line and no terminal obeys it.
pub fn quote(text: impl AsRef<OsStr>) -> String {
    let mut quoted = String::from("'");
    for c in text.as_ref().to_string_lossy().chars() {
        if c.is_control() {
            quoted.extend(c.escape_default());
        } else {
            quoted.push(c);
        }
    }
    quoted.push('\'');
    quoted
}

/// `; did you mean 'x'?`, or nothing where no candidate comes near.
pub fn did_you_mean<T: AsRef<str>>(word: &str, candidates: impl IntoIterator<Item = T>) -> String {
    let best = candidates
        .into_iter()
        .map(|candidate| (strsim::jaro(word, candidate.as_ref()), candidate))
        .filter(|(likeness, _)| *likeness > 0.75)
        .min_by(|(a, _), (b, _)| b.total_cmp(a));
    best.map_or_else(String::new, |(_, candidate)| {
        format!("; did you mean {}?", quote(candidate.as_ref()))
    })
}

/// `a, b or c`.
pub fn alternatives(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_break_the_line() {
        assert_eq!(quote("a b"), "'a b'");
        assert_eq!(quote("a\n\u{1b}[31mb"), "'a\\n\\u{1b}[31mb'");
    }

    #[test]
    fn words_are_joined_as_prose() {
        assert_eq!(alternatives(&["a"]), "a");
        assert_eq!(alternatives(&["a", "b", "c"]), "a, b or c");
    }

    #[test]
    fn only_what_is_near_is_suggested() {
        assert_eq!(did_you_mean("USR", ["KILL", "USR1"]), "; did you mean 'USR1'?");
        assert_eq!(did_you_mean("xyz", ["KILL", "USR1"]), "");
    }
}
