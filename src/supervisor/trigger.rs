//! Delayed enforcement: what arms it, and whether it is armed.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use regex::bytes::Regex;

use crate::cli::{Start, Triggers};
use crate::sys::{Pid, signals};

/// How much of what went before is kept for an expression that may match across writes, in bytes.
const REGEX_WINDOW: usize = 8192;

/// The most writers that are followed one by one; further ones share what their stream has shown.
const MAX_WRITERS: usize = 4096;

/// Whether denials have consequences yet.
#[derive(Debug)]
pub struct Enforcement {
    armed: AtomicBool,
    triggers: Triggers,
    log: Mutex<LogWatch>,
}

/// Why enforcement began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// A text or expression on descriptor 1 or 2.
    Log,
    /// A signal.
    Signal(i32),
    /// A socket listens.
    Listen,
    /// The time is up.
    Elapsed,
}

impl Enforcement {
    /// As the command line says.
    pub fn new(start: &Start) -> Self {
        let (armed, triggers) = match start {
            Start::AtOnce => (true, Triggers::default()),
            Start::Delayed(triggers) => (false, triggers.clone()),
        };
        let log = Mutex::new(LogWatch::default());
        Self { armed: AtomicBool::new(armed), triggers, log }
    }

    /// Whether denials are carried out.
    ///
    /// A signal that is a trigger stays pending, so that it counts from the moment kill(2) returns,
    /// whenever the thread that announces it comes to run.
    pub fn is_armed(&self) -> bool {
        self.armed.load(Ordering::SeqCst) || self.triggers.signal.is_some_and(signals::is_pending)
    }

    /// Carries denials out from now on, for good; whether this changed anything.
    pub fn arm(&self) -> bool {
        !self.armed.swap(true, Ordering::SeqCst)
    }

    /// What is waited for.
    pub fn triggers(&self) -> &Triggers {
        &self.triggers
    }

    /// Whether output still has to be read.
    pub fn watches_output(&self) -> bool {
        !self.is_armed() && self.triggers.watch_output()
    }

    /// Takes the next bytes that `writer` puts on descriptor `fd` (1 or 2); whether they complete a text
    /// that is waited for, in what this writer or in what everybody wrote there.
    pub fn saw(&self, writer: Pid, fd: i32, bytes: &[u8]) -> bool {
        let mut log = self.log.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let log = &mut *log;
        let shared = log.streams.entry(fd).or_default().feed(&self.triggers, bytes);
        if log.writers.len() >= MAX_WRITERS && !log.writers.contains_key(&(writer, fd)) {
            return shared;
        }
        log.writers.entry((writer, fd)).or_default().feed(&self.triggers, bytes) || shared
    }

    /// Forgets what a process wrote.
    pub fn ended(&self, writer: Pid) {
        if self.watches_output() {
            let mut log = self.log.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            log.writers.remove(&(writer, 1));
            log.writers.remove(&(writer, 2));
        }
    }
}

impl Triggers {
    /// Whether any of them is in the output.
    pub fn watch_output(&self) -> bool {
        !self.log_text.is_empty() || !self.log_regex.is_empty()
    }

    fn window(&self) -> usize {
        let text = self.log_text.iter().map(|t| t.len().saturating_sub(1)).max().unwrap_or(0);
        if self.log_regex.is_empty() { text } else { text.max(REGEX_WINDOW) }
    }
}

#[derive(Debug, Default)]
struct LogWatch {
    streams: HashMap<i32, Tail>,
    writers: HashMap<(Pid, i32), Tail>,
}

/// The end of what was written, as long as a match may reach back.
#[derive(Debug, Default)]
struct Tail(Vec<u8>);

impl Tail {
    fn feed(&mut self, triggers: &Triggers, bytes: &[u8]) -> bool {
        self.0.extend_from_slice(bytes);
        let found = triggers.log_text.iter().any(|text| contains(&self.0, text))
            || triggers.log_regex.iter().any(|regex: &Regex| regex.is_match(&self.0));
        let surplus = self.0.len().saturating_sub(triggers.window());
        self.0.drain(..surplus);
        found
    }
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    let Some((first, rest)) = needle.split_first() else { return true };
    let mut at = 0;
    while let Some(next) = haystack[at..].iter().position(|b| b == first) {
        at += next + 1;
        if haystack[at..].starts_with(rest) {
            return true;
        }
    }
    false
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn waiting(text: &[&str], regex: &[&str]) -> Enforcement {
        Enforcement::new(&Start::Delayed(Triggers {
            log_text: text.iter().map(|t| t.as_bytes().to_vec()).collect(),
            log_regex: regex.iter().map(|r| Regex::new(r).unwrap()).collect(),
            ..Triggers::default()
        }))
    }

    #[test]
    fn texts_across_writes_and_writers() {
        for (writes, want) in [
            (&[(1, 1, "server ready")][..], true),
            (&[(1, 1, "rea"), (1, 1, "dy")], true),
            (&[(1, 1, "r"), (1, 1, "e"), (1, 1, "a"), (1, 1, "d"), (1, 1, "y")], true),
            (&[(1, 1, "rea"), (2, 1, "dy")], true),
            (&[(1, 1, "rea"), (2, 1, "noise"), (1, 1, "dy")], true),
            (&[(1, 1, "rea"), (1, 2, "dy")], false),
            (&[(1, 2, "ready")], true),
            (&[(1, 1, "read")], false),
            (&[(1, 1, "rreready")], true),
        ] {
            let enforcement = waiting(&["ready"], &[]);
            let got =
                writes.iter().any(|(pid, fd, text)| enforcement.saw(*pid, *fd, text.as_bytes()));
            assert_eq!(got, want, "{writes:?}");
        }
    }

    #[test]
    fn expressions_across_writes() {
        for (writes, want) in [
            (&["listening on port 80", "80\n"][..], true),
            (&["listening on ", "nothing\n"], false),
        ] {
            let enforcement = waiting(&[], &[r"listening on port \d{4}"]);
            let got = writes.iter().any(|text| enforcement.saw(1, 1, text.as_bytes()));
            assert_eq!(got, want, "{writes:?}");
        }
    }

    #[test]
    fn a_flood_is_not_kept() {
        let enforcement = waiting(&["ready"], &["never"]);
        for _ in 0..200 {
            enforcement.saw(1, 1, &[b'x'; 65536]);
        }
        let log = enforcement.log.lock().unwrap();
        assert!(log.streams[&1].0.len() <= REGEX_WINDOW);
    }

    #[test]
    fn armed_for_good() {
        let enforcement = waiting(&["x"], &[]);
        assert!(!enforcement.is_armed());
        assert!(enforcement.arm());
        assert!(!enforcement.arm());
        assert!(enforcement.is_armed());
        assert!(Enforcement::new(&Start::AtOnce).is_armed());
    }
}
