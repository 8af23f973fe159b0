//! `gatekeeper trace`: each call with its result, nothing judged.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write};

use super::judge::Judge;
use super::supervise::Ending;
use crate::decode::{Live, show};
use crate::sys::Pid;
use crate::sys::arch::Entry;

/// Writes one line a call.
#[derive(Debug)]
pub struct Tracer {
    out: Option<File>,
    main: Pid,
    inside: HashMap<Pid, (u32, String)>,
}

impl Tracer {
    /// Traces to `out`, or to stderr; the lines of tasks other than `main` begin with their id, as
    /// strace's do.
    pub fn new(out: Option<File>, main: Pid) -> Self {
        Self { out, main, inside: HashMap::new() }
    }

    /// Whether the task is between entry and end of a call.
    pub fn is_inside(&self, tid: Pid) -> bool {
        self.inside.contains_key(&tid)
    }

    /// A call begins.
    pub fn entered(&mut self, tid: Pid, entry: &Entry, judge: &Judge) {
        // What happens before the exec is gatekeeper's own.
        let own = !judge.is_launched() && i64::from(entry.nr) != libc::SYS_execve;
        if !own {
            let text = show::entry(entry, &Live::new(&judge.host, tid));
            self.inside.insert(tid, (entry.nr, text));
        }
    }

    /// It ends.
    pub fn returned(&mut self, tid: Pid, value: i64) {
        if let Some((nr, text)) = self.inside.remove(&tid) {
            self.line(tid, format_args!("{text} = {}", show::result(nr, value)));
        }
    }

    /// An exec gave the thread `former` the id `tid`.
    pub fn renamed(&mut self, former: Pid, tid: Pid) {
        if let Some(call) = self.inside.remove(&former) {
            self.inside.insert(tid, call);
        }
    }

    /// A signal is delivered.
    pub fn signaled(&mut self, tid: Pid, signal: i32) {
        self.line(tid, format_args!("--- {} ---", show::signal_name(signal)));
    }

    /// The task ended.
    pub fn ended(&mut self, tid: Pid, ending: Ending) {
        if let Some((_, text)) = self.inside.remove(&tid) {
            self.line(tid, format_args!("{text} = ?"));
        }
        match ending {
            Ending::Exited(code) => self.line(tid, format_args!("+++ exited with {code} +++")),
            Ending::Signaled(signal) => {
                self.line(tid, format_args!("+++ killed by {} +++", show::signal_name(signal)));
            }
            Ending::NotLaunched => {}
        }
    }

    fn line(&mut self, tid: Pid, text: std::fmt::Arguments<'_>) {
        let line =
            if tid == self.main { format!("{text}\n") } else { format!("[pid {tid}] {text}\n") };
        let written = match &mut self.out {
            Some(file) => file.write_all(line.as_bytes()),
            None => io::stderr().write_all(line.as_bytes()),
        };
        if let Err(error) = written {
            log::debug!("cannot write the trace: {error}");
        }
    }
}
