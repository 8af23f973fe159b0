//! The product as its users meet it: the binary, run over both gates, against programs that behave and programs that
//! do not.
//!
//! Every scenario makes its own place, servers and processes, and asserts on exit codes, on errors seen inside, on the
//! reported lines and on what really happened outside. `harness` holds what they share; `hostile/` holds the C sources
//! of what they run, `fixtures/` the scripts.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::undocumented_unsafe_blocks
)]

mod harness;

mod attributes;
mod basics;
mod behalf;
mod changes;
mod delayed;
mod groups;
mod hostile;
mod network;
mod paths;
mod process;
mod programs;
mod races;
mod services;
mod supervisor;
mod terminals;
mod trace;
mod transparency;
mod usage;
