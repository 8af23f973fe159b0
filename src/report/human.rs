//! One line an event, for people, through the log.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::fd::AsFd as _;
use std::path::Path;

use log::LevelFilter;
use nix::poll::{PollFd, PollFlags, poll};

use super::{Event, Sink};
use crate::decode::show::quote;
use crate::policy::{Access, Effect, Hint, Reason};

/// Sends gatekeeper's own messages to stderr or to a file, one line each, prefixed with its name.
///
/// Denials are warnings; what only `verbose` wants is info.
pub fn open_log(file: Option<&Path>, verbose: bool) -> io::Result<()> {
    let mut builder = env_logger::Builder::new();
    builder.filter_level(if verbose { LevelFilter::Info } else { LevelFilter::Warn });
    builder.format(|out, record| writeln!(out, "gatekeeper: {}", record.args()));
    builder.target(env_logger::Target::Pipe(match file {
        Some(path) => Box::new(OpenOptions::new().create(true).append(true).open(path)?),
        None => Box::new(PatientStderr),
    }));
    builder.try_init().map_err(io::Error::other)
}

/// How long a line waits for a stderr that the command made non-blocking and filled.
const PATIENCE_MS: u16 = 5000;

/// Standard error, waited for where it is full.
struct PatientStderr;

impl io::Write for PatientStderr {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match io::stderr().write(bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let stderr = io::stderr();
                    let mut full = [PollFd::new(stderr.as_fd(), PollFlags::POLLOUT)];
                    if poll(&mut full, PATIENCE_MS)? == 0 {
                        return Err(error);
                    }
                }
                written => return written,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes events to the log.
#[derive(Debug, Default)]
pub struct Human;

impl Sink for Human {
    fn record(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::Denied { pid, program, call, denial, .. } => {
                let program = printable(program);
                let reason = reason(denial.reason);
                let hint = hint(&denial.hint);
                match denial.effect {
                    Effect::Quiet(_) => {
                        log::info!("refused {call} by {program}[{pid}]: {reason}; {hint}");
                    }
                    _ => log::warn!("denied {call} by {program}[{pid}]: {reason}; {hint}"),
                }
            }
            Event::Armed { cause } => log::info!("enforcing from here on: {cause}"),
            Event::Layer(text) => log::info!("{text}"),
        }
        Ok(())
    }
}

/// A program names itself (prctl PR_SET_NAME): nothing of it may steer a terminal or end the line.
fn printable(name: &[u8]) -> String {
    let quoted = quote(name, name.len());
    quoted.trim_matches('"').to_owned()
}

fn hint(hint: &Hint) -> String {
    match hint {
        Hint::None => "no flag allows it".to_owned(),
        flag => format!("allow it with {flag}"),
    }
}

fn reason(reason: Reason) -> String {
    match reason {
        Reason::NotGranted(group) => format!("{} is not granted", group.name()),
        Reason::InNoGroup => "no group includes it".to_owned(),
        Reason::UnknownCall => "unknown system call".to_owned(),
        Reason::ForeignAbi => "foreign ABI".to_owned(),
        Reason::Unreadable => "its arguments cannot be read".to_owned(),
        Reason::Unresolvable => "its path cannot be resolved".to_owned(),
        Reason::OutsidePaths(access) => outside(access).to_owned(),
        Reason::OutsideHosts => "outside the allowed hosts".to_owned(),
        Reason::OutsidePorts => "outside the allowed ports".to_owned(),
        Reason::SocketKind => "no network grant includes this kind of socket".to_owned(),
        Reason::LocalSocket => "network-local-sockets is not granted".to_owned(),
        Reason::Operation => "no group includes this operation".to_owned(),
        Reason::Escape => "it would escape supervision".to_owned(),
        Reason::ForeignProcess => "it names a process outside the command's tree".to_owned(),
        Reason::DeviceNode => "no group includes making device nodes".to_owned(),
    }
}

fn outside(access: Access) -> &'static str {
    match access {
        Access::Write => "outside the paths allowed for writing",
        Access::Attributes => "outside the paths allowed for changing attributes",
        Access::Execute => "outside the paths allowed for executing",
        _ => "outside the allowed paths",
    }
}
