//! The supervisor: the tracer's loop, the judge, triggers, signals.

mod attributes;
mod behalf;
mod family;
mod judge;
mod output;
mod settle;
mod signals;
mod supervise;
mod trace;
mod trigger;

pub use judge::{Action, Judge, Ruling};
pub use settle::settle;
pub use signals::{Forwarding, forward};
pub use supervise::{Ending, Supervisor};
pub use trace::Tracer;
pub use trigger::{Cause, Enforcement};

impl std::fmt::Display for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Cause::Log => f.write_str("the awaited text was written"),
            Cause::Signal(signal) => {
                write!(f, "{} arrived", crate::decode::show::signal_name(*signal))
            }
            Cause::Listen => f.write_str("a socket listens"),
            Cause::Elapsed => f.write_str("the time is up"),
        }
    }
}
