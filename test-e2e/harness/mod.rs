//! What the tests are written with: the programs to run, a run and what came of it, places, servers, terminals.

pub mod build;
pub mod output;
pub mod place;
pub mod run;
pub mod servers;
pub mod terminal;

pub use build::tools;
pub use output::Out;
pub use place::Place;
pub use run::{Gate, Run, Running, User};

/// Makes two tests of a scenario, one a gate.
macro_rules! over_gates {
    ($($(#[$meta:meta])* fn $name:ident($gate:ident) $body:block)*) => {$(
        $(#[$meta])*
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            fn scenario($gate: Gate) $body

            #[test]
            fn notify() {
                scenario(Gate::Notify);
            }

            #[test]
            fn ptrace() {
                scenario(Gate::Ptrace);
            }
        }
    )*};
}

/// Makes four tests of a scenario: both gates, as root and as an ordinary user. Where the suite itself runs as an
/// ordinary user, the two of a gate are the same.
macro_rules! over_gates_and_users {
    ($($(#[$meta:meta])* fn $name:ident($gate:ident, $user:ident) $body:block)*) => {$(
        $(#[$meta])*
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            fn scenario($gate: Gate, $user: User) $body

            #[test]
            fn notify_as_root() {
                scenario(Gate::Notify, User::Root);
            }

            #[test]
            fn notify_as_nobody() {
                scenario(Gate::Notify, User::Nobody);
            }

            #[test]
            fn ptrace_as_root() {
                scenario(Gate::Ptrace, User::Root);
            }

            #[test]
            fn ptrace_as_nobody() {
                scenario(Gate::Ptrace, User::Nobody);
            }
        }
    )*};
}

pub(crate) use {over_gates, over_gates_and_users};

/// Whether the suite runs as root: some scenarios need it to set their stage.
pub fn is_root() -> bool {
    unsafe { libc::geteuid() == 0 }
}
