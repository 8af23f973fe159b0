//! `gatekeeper` starts a command and decides, system call by system call, what it may do.
//!
//! The flow, each module using only those before it and [`sys`]:
//!
//! ```text
//! cli ─► Config ─► policy ─► plan ─► launch ─► gate ─► supervisor ─► verdict ─► report
//!                  (pure)   (pure)  (fork,             (decode,
//!                                    layers,            judge)
//!                                    exec)
//! ```
//!
//! * [`cli`]: what was typed, and what it means.
//! * [`policy`]: what was granted, and the verdict on one call; pure.
//! * [`plan`]: the policy divided between the seccomp program, Landlock and the supervisor; pure.
//! * [`launch`]: fork, attach, the layers in order, exec.
//! * [`gate`]: how a held call arrives and is answered, by seccomp listener or by ptrace.
//! * [`decode`]: registers and memory made into a call that the policy can judge.
//! * [`supervisor`]: the tracer's loop, the judge, triggers, signals.
//! * [`report`]: what happened, and who is told.
//!
//! Invariants that every change keeps: an argument that cannot be read, a call that is not known, a
//! foreign ABI and an error of our own are denials; no verdict rests alone on memory that the command can
//! change after the check, where a register or Landlock can decide; nothing the command does can outrank
//! or dodge the filter; the supervisor is out of the command's reach and takes the whole tree with it
//! when it dies; a denial is reported once, with the smallest flag that would have allowed it.

#![deny(unsafe_code)]

pub mod cli;
pub mod decode;
pub mod error;
pub mod exit;
pub mod gate;
pub mod launch;
mod layers;
pub mod plan;
pub mod policy;
pub mod report;
mod run;
pub mod supervisor;
#[allow(unsafe_code)]
pub mod sys;

pub use run::{RunError, run};
