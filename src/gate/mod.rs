//! How a held call reaches the judge and how it is answered.
//!
//! Two gates with the same verdicts: [`notify`], a seccomp listener answered on threads of its own, and
//! [`ptrace`], a seccomp stop answered by the tracer's thread.

pub mod notify;
pub mod ptrace;

use std::io;

use crate::sys::Pid;
use crate::sys::arch::Entry;

/// A call that does not run until it is answered, which every method that takes `self` does.
///
/// A caller that was killed meanwhile is no error.
pub trait HeldCall: Sized {
    /// The calling thread.
    fn tid(&self) -> Pid;
    /// The call.
    fn entry(&self) -> Entry;
    /// Whether the caller still waits, so that what was read under its tid was its own.
    fn is_waiting(&self) -> bool;
    /// Lets the call run.
    fn resume(self) -> io::Result<()>;
    /// Makes it return `value` without running; a negative errno on failure.
    fn answer(self, value: i64) -> io::Result<()>;
    /// Makes it return a local socket that leads nowhere, where this gate can.
    fn dead_end(self, kind: i32) -> io::Result<()>;
    /// Leaves it unanswered: the caller is being killed.
    fn abandon(self);
}
