//! What happened, and who is told.

mod human;

use std::sync::{Mutex, PoisonError};

pub use human::{Human, open_log};

use crate::policy::Denial;
use crate::supervisor::Cause;
use crate::sys::Pid;

/// One thing that happened.
#[derive(Debug, Clone)]
pub enum Event {
    /// A call was denied.
    Denied {
        /// The process.
        pid: Pid,
        /// Its program's name (comm), bytes as the kernel has them.
        program: Vec<u8>,
        /// The call, rendered.
        call: String,
        /// Why, and what would allow it.
        denial: Denial,
        /// Whether the process was killed for it.
        killed: bool,
    },
    /// Delayed enforcement began.
    Armed {
        /// What the trigger was.
        cause: Cause,
    },
    /// A layer of confinement was applied, or is missing.
    Layer(String),
}

/// Somewhere that events go.
pub trait Sink: Send + std::fmt::Debug {
    /// Takes one event.
    fn record(&mut self, event: &Event) -> std::io::Result<()>;
}

/// All sinks of a run.
#[derive(Debug)]
pub struct Reporter {
    sinks: Mutex<Vec<Box<dyn Sink>>>,
    verbose: bool,
}

impl Reporter {
    /// Reports to `sinks`; `verbose` wants quiet refusals too.
    pub fn new(sinks: Vec<Box<dyn Sink>>, verbose: bool) -> Self {
        Self { sinks: Mutex::new(sinks), verbose }
    }

    /// Whether anybody reads refusals that are no denials to the program.
    pub fn wants_quiet(&self) -> bool {
        self.verbose
    }

    /// Tells every sink; one that fails is left behind and said so once.
    pub fn record(&self, event: &Event) {
        let mut sinks = self.sinks.lock().unwrap_or_else(PoisonError::into_inner);
        sinks.retain_mut(|sink| match sink.record(event) {
            Ok(()) => true,
            Err(error) => {
                log::error!("cannot report: {error}");
                false
            }
        });
    }
}
