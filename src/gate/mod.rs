//! How a held call reaches the judge and how it is answered.
//!
//! Two gates with the same verdicts: [`notify`], a seccomp listener answered on threads of its own, and
//! [`ptrace`], a seccomp stop answered by the tracer's thread.

pub mod crew;
pub mod notify;
pub mod ptrace;
mod waiting;

use std::io;
use std::os::fd::BorrowedFd;
use std::time::Instant;

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
    /// What is left of an earlier try of this very call, where a gate tries it in rounds.
    fn begun(&self) -> Option<Box<dyn Attempt>>;
    /// Answers it once `attempt`, which has been tried before, has come to an end; the gate itself does
    /// not wait for that.
    fn finish(self, attempt: Box<dyn Attempt>) -> io::Result<()>;
    /// Leaves it unanswered: the caller is being killed.
    fn abandon(self);
}

/// `ERESTARTSYS`, `ERESTARTNOHAND` (`linux/errno.h`): the first restarts a call after a handler with
/// `SA_RESTART`, the second never does. No caller sees either as long as a signal waits for it.
const ERESTARTSYS: i64 = 512;
const ERESTARTNOHAND: i64 = 514;

/// What a call that a signal ends returns, to the kernel: one with a time limit does not start again
/// (`sock_intr_errno`, include/net/sock.h).
fn interrupted(attempt: &dyn Attempt) -> i64 {
    -(if attempt.deadline().is_some() { ERESTARTNOHAND } else { ERESTARTSYS })
}

/// A call on a socket that gatekeeper makes in a caller's stead, and that may have to wait.
pub trait Attempt: std::fmt::Debug + Send {
    /// Goes as far as it can without waiting: what the call returns, or `None` as long as the socket is
    /// not ready. `is_waiting` tells whether the caller still waits.
    fn advance(&mut self, is_waiting: &dyn Fn() -> bool) -> Option<i64>;
    /// The socket that has to become writable.
    fn socket(&self) -> BorrowedFd<'_>;
    /// When it was first tried.
    fn since(&self) -> Instant;
    /// When the caller's patience (`SO_SNDTIMEO`) is over, and what the call returns then.
    fn deadline(&self) -> Option<(Instant, i64)>;
    /// Ends it early: what the call returns, where a part of it is done.
    fn cut_short(&mut self) -> Option<i64>;
}
