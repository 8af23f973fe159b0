//! What was typed and what the environment says, brought into one form.

use std::collections::{BTreeMap, HashMap};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use clap::ArgMatches;

use super::failure::{Failure, did_you_mean, quote};
use super::flag::{FLAGS, Flag, Key, List, PREFIX, Value, variable};

/// One appearance of a flag, or one item of the list that it was given.
#[derive(Debug, Clone)]
pub struct Word {
    /// The flag or the variable, as errors name it.
    pub from: String,
    /// From the command line rather than the environment.
    pub typed: bool,
    /// The value; `None` where the flag stood alone.
    pub value: Option<OsString>,
}

impl Word {
    /// The value, where one is sure to be there or the empty one is an error anyway.
    pub fn text(&self) -> &OsStr {
        self.value.as_deref().unwrap_or_default()
    }

    /// The failure that this word is.
    pub fn wrong(&self, problem: impl std::fmt::Display) -> Failure {
        Failure::about(&self.from, problem)
    }
}

/// All words by flag. A flag that was typed has no words from the environment.
#[derive(Debug, Default)]
pub struct Given(HashMap<&'static str, Vec<Word>>);

impl Given {
    /// Takes the flags that `matches` knows; the environment fills in those that were not typed.
    pub fn collect(
        matches: &ArgMatches,
        env: &BTreeMap<String, OsString>,
        trace: bool,
    ) -> Result<Given, Failure> {
        let mut given = Given::default();
        for flag in FLAGS.iter().filter(|flag| flag.traces() || !trace) {
            let mut words = typed(matches, flag);
            if words.is_empty() {
                words = from_environment(env, flag)?;
            }
            if !words.is_empty() {
                given.0.insert(flag.long, words);
            }
        }
        Ok(given)
    }

    /// The words of a flag, in the order given; empty where it was not.
    pub fn words(&self, key: Key) -> &[Word] {
        let flag = FLAGS.iter().find(|flag| flag.key == key);
        flag.and_then(|flag| self.0.get(flag.long)).map_or(&[], Vec::as_slice)
    }

    /// The word that counts where only one can.
    pub fn last(&self, key: Key) -> Option<&Word> {
        self.words(key).last()
    }

    /// Whether a flag was given at all.
    pub fn has(&self, key: Key) -> bool {
        !self.words(key).is_empty()
    }

    /// Each value of a flag, understood by `parse`.
    pub fn each<T>(
        &self,
        key: Key,
        parse: impl Fn(&OsStr) -> Result<T, String>,
    ) -> Result<Vec<T>, Failure> {
        let words = self.words(key).iter();
        words.map(|word| parse(word.text()).map_err(|problem| word.wrong(problem))).collect()
    }

    /// The value of a flag that has one, understood by `parse`.
    pub fn one<T>(
        &self,
        key: Key,
        parse: impl Fn(&OsStr) -> Result<T, String>,
    ) -> Result<Option<T>, Failure> {
        let word = self.last(key);
        word.map(|word| parse(word.text()).map_err(|problem| word.wrong(problem))).transpose()
    }
}

fn typed(matches: &ArgMatches, flag: &Flag) -> Vec<Word> {
    let word = |value| Word { from: format!("--{}", flag.long), typed: true, value };
    if flag.value == Value::Switch {
        return matches.get_flag(flag.long).then(|| word(None)).into_iter().collect();
    }
    let mut words = Vec::new();
    for mut occurrence in matches.get_occurrences::<OsString>(flag.long).into_iter().flatten() {
        match occurrence.next() {
            None => words.push(word(None)),
            Some(value) => {
                words.extend(split(value, flag.value, false).into_iter().map(|v| word(Some(v))))
            }
        }
    }
    words
}

fn from_environment(env: &BTreeMap<String, OsString>, flag: &Flag) -> Result<Vec<Word>, Failure> {
    let mut words = Vec::new();
    for from in flag.names().map(variable) {
        if let Some(value) = env.get(&from) {
            words.extend(of_variable(&from, value, flag)?);
        }
    }
    if flag.key == Key::Syscall {
        words.extend(single_calls(env)?);
    }
    Ok(words)
}

/// An empty variable is one that is not set; a flag that can stand alone is switched by a truth value.
fn of_variable(from: &str, value: &OsStr, flag: &Flag) -> Result<Vec<Word>, Failure> {
    let word = |value| Word { from: from.to_owned(), typed: false, value };
    if value.is_empty() {
        return Ok(Vec::new());
    }
    let alone = matches!(flag.value, Value::Switch | Value::Optional(..));
    match (truth(value), flag.value) {
        (Some(true), _) if alone => Ok(vec![word(None)]),
        (Some(false), _) if alone => Ok(Vec::new()),
        (None, Value::Switch) => {
            Err(Failure::about(from, format!("{} is neither true nor false", quote(value))))
        }
        _ => {
            let values = split(value, flag.value, true);
            Ok(values.into_iter().map(|v| word(Some(v))).collect())
        }
    }
}

/// `GATEKEEPER_ALLOW_SYSCALL_OPENAT=1`, the counterpart of `--allow-syscall-openat`.
fn single_calls(env: &BTreeMap<String, OsString>) -> Result<Vec<Word>, Failure> {
    let prefix = variable("allow-syscall-");
    let mut words = Vec::new();
    for (from, value) in env {
        let Some(name) = from.strip_prefix(&prefix) else {
            continue;
        };
        match truth(value) {
            _ if value.is_empty() => {}
            Some(false) => {}
            Some(true) => words.push(Word {
                from: from.clone(),
                typed: false,
                value: Some(name.to_ascii_lowercase().into()),
            }),
            None => {
                return Err(Failure::about(
                    from,
                    format!("{} is neither true nor false", quote(value)),
                ));
            }
        }
    }
    Ok(words)
}

/// The truth value that a word stands for.
pub fn truth(value: &OsStr) -> Option<bool> {
    match value.to_str()?.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Some(true),
        "0" | "false" | "no" | "off" => Some(false),
        _ => None,
    }
}

fn split(value: &OsStr, kind: Value, variable: bool) -> Vec<OsString> {
    let separator = match kind {
        Value::Optional(_, List::Commas) | Value::Required(_, List::Commas) => b',',
        Value::Optional(_, List::Paths) | Value::Required(_, List::Paths) if variable => b':',
        _ => return vec![value.to_owned()],
    };
    let parts = value.as_bytes().split(|byte| *byte == separator);
    parts.map(|part| OsString::from_vec(part.to_vec())).collect()
}

/// The variables that are gatekeeper's, by name. One that looks like a grant or a trigger and is none is an error: a
/// slip in a container's entrypoint must not pass as if it had been obeyed.
pub fn variables(
    env: impl IntoIterator<Item = (OsString, OsString)>,
) -> BTreeMap<String, OsString> {
    env.into_iter()
        .map(|(name, value)| (name.to_string_lossy().into_owned(), value))
        .filter(|(name, _)| name.starts_with(PREFIX))
        .collect()
}

/// Refuses the names that [`variables`] speaks of.
pub fn check_names(env: &BTreeMap<String, OsString>) -> Result<(), Failure> {
    let known: Vec<String> = FLAGS.iter().flat_map(Flag::names).map(variable).collect();
    let single = variable("allow-syscall-");
    for name in env.keys() {
        let ours = ["ALLOW_", "TRIGGER_"].iter().any(|kind| name[PREFIX.len()..].starts_with(kind));
        if ours && !known.contains(name) && !name.starts_with(&single) {
            return Err(Failure::Line(format!(
                "unknown variable {}{}",
                quote(name),
                did_you_mean(name, &known)
            )));
        }
    }
    Ok(())
}
