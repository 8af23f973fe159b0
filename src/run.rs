//! A run from its configuration to its exit code.

use std::fs::OpenOptions;
use std::io;
use std::thread;

use thiserror::Error;

use crate::cli::{Config, GateChoice, Mode};
use crate::decode::Host;
use crate::error::plain;
use crate::exit::{self, ExitCode};
use crate::gate::crew::Crew;
use crate::launch::descriptors;
use crate::launch::program::{self, ProgramError};
use crate::launch::{self, LaunchError, Launched, Spec, Step, SystemLookup};
use crate::layers::Layers;
use crate::plan::{self, GateKind, bpf};
use crate::policy::{self, Policy};
use crate::report::{self, Event, Human, Reporter};
use crate::supervisor::{Cause, Ending, Enforcement, Forwarding, Judge, Supervisor, Tracer};
use crate::sys::seccomp::Listener;
use crate::sys::{ids, seccomp};

/// Threads that answer the listener; more than the machine has processors only contend for it.
const MAX_ANSWERING: usize = 4;

/// The stack of such a thread, in bytes: a look-up needs little, an expression on the log more.
const STACK: usize = 512 << 10;

/// Why a run did not come to the command's own ending.
#[derive(Debug, Error)]
pub enum RunError {
    /// The command is not there, or is none.
    #[error(transparent)]
    Program(#[from] ProgramError),
    /// A grant means nothing here, or flags contradict each other or the machine.
    #[error("{0}")]
    Usage(String),
    /// The kernel found the program but would not execute it.
    #[error("{0}: cannot execute: {1}")]
    Exec(String, String),
    /// gatekeeper itself failed.
    #[error("{0}")]
    Internal(String),
}

impl RunError {
    /// The exit code that goes with it.
    pub fn code(&self) -> ExitCode {
        match self {
            RunError::Program(ProgramError::NotFound(_)) => ExitCode::NotFound,
            RunError::Program(ProgramError::NotExecutable(..)) | RunError::Exec(..) => {
                ExitCode::CannotExecute
            }
            RunError::Usage(_) => ExitCode::Usage,
            RunError::Internal(_) => ExitCode::Internal,
        }
    }
}

pub(crate) fn internal(error: impl std::fmt::Display) -> RunError {
    RunError::Internal(error.to_string())
}

/// Runs the command and returns what gatekeeper exits with.
pub fn run(config: &Config) -> Result<u8, RunError> {
    let inherited =
        descriptors::inherited().map_err(|error| internal(format!("/proc: {error}")))?;
    if let Some(fd) = config.keep_fds.iter().find(|fd| !inherited.contains(fd)) {
        return Err(RunError::Usage(format!("--keep-fd={fd}: no such descriptor is open")));
    }
    let tracing = config.mode == Mode::Trace;
    let log_file = config.log_file.as_deref();
    let opened = report::open_log(log_file.filter(|_| !tracing), config.verbose);
    opened.map_err(|error| log_error(config, &error))?;
    let path = program::find(&config.command[0])?;
    let lookup = SystemLookup::new(&path);
    let policy = policy::build(&config.permissions, &lookup)
        .map_err(|error| RunError::Usage(error.to_string()))?;
    let layers = Layers::choose(config, &policy)?;
    let (launched, gate) = start(config, &policy, &layers, path)?;
    descriptors::release(&inherited).map_err(internal)?;
    descriptors::raise_limit().map_err(internal)?;
    supervise(config, policy, &layers, launched, gate)
}

fn log_error(config: &Config, error: &io::Error) -> RunError {
    let file = config.log_file.as_deref().unwrap_or_else(|| "".as_ref());
    RunError::Usage(format!("--log-file={}: {}", file.display(), plain(error)))
}

/// Launches under the gate that is asked for and to be had.
fn start(
    config: &Config,
    policy: &Policy,
    layers: &Layers,
    path: std::path::PathBuf,
) -> Result<(Launched, GateKind), RunError> {
    let program = path.display().to_string();
    let choice = if config.mode == Mode::Trace { GateChoice::Ptrace } else { config.gate };
    let has_listener = seccomp::action_available(libc::SECCOMP_RET_USER_NOTIF);
    let mut spec = Spec {
        program: path,
        arguments: config.command.clone(),
        keep_fds: config.keep_fds.clone(),
        filter: filter(config, policy, layers, GateKind::Notify)?,
        gate: GateKind::Notify,
    };
    if choice != GateChoice::Ptrace && (has_listener || choice == GateChoice::Notify) {
        match attempt(&spec, layers) {
            Ok(launched) => return Ok((launched, GateKind::Notify)),
            Err(
                LaunchError::Child { step: Step::Filter, error } | LaunchError::Listener(error),
            ) if choice == GateChoice::Auto => {
                let why = plain(&error);
                log::info!("no seccomp listener here ({why}); calls are held by ptrace instead");
            }
            Err(LaunchError::Child { step: Step::Filter, error })
                if error.raw_os_error() == Some(libc::EBUSY) =>
            {
                return Err(internal(
                    "--gate=notify: an outer filter has a listener already; use --gate=ptrace",
                ));
            }
            Err(error) => return Err(launch_error(&program, error)),
        }
    }
    spec.filter = filter(config, policy, layers, GateKind::Ptrace)?;
    spec.gate = GateKind::Ptrace;
    let launched = attempt(&spec, layers).map_err(|error| launch_error(&program, error))?;
    Ok((launched, GateKind::Ptrace))
}

fn filter(
    config: &Config,
    policy: &Policy,
    layers: &Layers,
    gate: GateKind,
) -> Result<bpf::Program, RunError> {
    let decisions = match config.mode {
        // No decision at all: every call is held.
        Mode::Trace => Vec::new(),
        Mode::Run => plan::decisions(policy, &layers.terms(config, policy, gate)),
    };
    bpf::compile(&decisions, gate.hold()).map_err(internal)
}

fn attempt(spec: &Spec, layers: &Layers) -> Result<Launched, LaunchError> {
    let ruleset = match &layers.floor {
        Some(floor) => Some(launch::prepare(floor).map_err(io::Error::other)?),
        None => None,
    };
    launch::launch(spec, ruleset)
}

fn launch_error(program: &str, error: LaunchError) -> RunError {
    match error {
        LaunchError::Child { step: Step::Exec, error } => {
            let why = match error.raw_os_error() {
                Some(libc::ENOENT) => "its interpreter or loader does not exist".to_owned(),
                Some(libc::ENOEXEC) => "the kernel does not know its format".to_owned(),
                _ => plain(&error),
            };
            RunError::Exec(program.to_owned(), why)
        }
        other => internal(other),
    }
}

fn supervise(
    config: &Config,
    policy: Policy,
    layers: &Layers,
    launched: Launched,
    gate: GateKind,
) -> Result<u8, RunError> {
    let Launched { pid, listener, failure } = launched;
    let reporter = Reporter::new(vec![Box::new(Human)], config.verbose);
    let supervisor = std::process::id() as i32;
    let host = Host {
        supervisor,
        group: ids::process_group(0).map_err(internal)?,
        same_root: !policy.may_change_root(),
    };
    let enforcement = Enforcement::new(&config.start);
    let judge: &'static Judge =
        Box::leak(Box::new(Judge::new(policy, config.on_denied, enforcement, host, reporter)));
    judge.set_main(pid);
    for note in &layers.notes {
        judge.report.record(&Event::Layer(note.clone()));
    }
    judge.report.record(&Event::Layer(match gate {
        GateKind::Notify => "calls are held by a seccomp listener".to_owned(),
        GateKind::Ptrace => "calls are held by ptrace".to_owned(),
    }));
    let forwarding: &'static Forwarding = Box::leak(Box::default());
    crate::supervisor::forward(judge, forwarding, pid).map_err(internal)?;
    if let Some(listener) = listener {
        answer(judge, listener).map_err(internal)?;
    }
    let tracer = tracer(config, pid)?;
    let alone = supervisor == 1 || config.kill_descendants;
    let after = judge.enforcement.triggers().after;
    let ending = Supervisor::new(judge, forwarding, pid, alone, tracer)
        .run(|| {
            if let Some(after) = after {
                arm_after(judge, after);
            }
        })
        .map_err(internal)?;
    match ending {
        Ending::Exited(code) => Ok(code as u8),
        Ending::Signaled(_) if judge.killed_main() => Ok(ExitCode::Denied.code()),
        Ending::Signaled(signal) => Ok(exit::of_signal(signal)),
        Ending::NotLaunched => {
            let program = config.command[0].to_string_lossy();
            Err(launch_error(&program, launch::failed(failure)))
        }
    }
}

/// Starts the threads that answer the listener. If one of them fails, gatekeeper ends, and with it the
/// whole tree.
fn answer(judge: &'static Judge, listener: Listener) -> io::Result<()> {
    let crew: &'static Crew = Box::leak(Box::new(Crew::new(Box::leak(Box::new(listener)))));
    let threads = crew.processors().min(MAX_ANSWERING);
    for index in 0..threads {
        thread::Builder::new().name("gate".to_owned()).stack_size(STACK).spawn(move || {
            let served = crew.serve(index, |held| crate::supervisor::settle(judge, held));
            if let Err(error) = served {
                log::error!("cannot receive held calls: {error}");
                std::process::exit(ExitCode::Internal.code().into());
            }
        })?;
    }
    Ok(())
}

fn arm_after(judge: &'static Judge, after: std::time::Duration) {
    let timer = thread::Builder::new().name("timer".to_owned()).stack_size(64 << 10);
    let spawned = timer.spawn(move || {
        thread::sleep(after);
        judge.arm(Cause::Elapsed);
    });
    if let Err(error) = spawned {
        log::error!("cannot start a timer ({error}); enforcing at once");
        judge.arm(Cause::Elapsed);
    }
}

fn tracer(config: &Config, main: i32) -> Result<Option<Tracer>, RunError> {
    if config.mode == Mode::Run {
        return Ok(None);
    }
    let file = match &config.log_file {
        Some(path) => Some(
            OpenOptions::new()
                .create(true)
                .write(true)
                .truncate(true)
                .open(path)
                .map_err(|error| log_error(config, &error))?,
        ),
        None => None,
    };
    Ok(Some(Tracer::new(file, main)))
}
