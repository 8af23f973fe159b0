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

/// Makes two tests of each scenario, a function of the gate.
macro_rules! over_gates {
    ($($scenario:ident,)*) => {$(
        mod $scenario {
            use crate::harness::Gate;

            #[test]
            fn notify() {
                super::$scenario(Gate::Notify);
            }

            #[test]
            fn ptrace() {
                super::$scenario(Gate::Ptrace);
            }
        }
    )*};
}

/// Makes four tests of each scenario, a function of gate and user. Where the suite itself runs as an ordinary user, the
/// two of a gate are the same.
macro_rules! over_gates_and_users {
    ($($scenario:ident,)*) => {$(
        mod $scenario {
            use crate::harness::{Gate, User};

            #[test]
            fn notify_as_root() {
                super::$scenario(Gate::Notify, User::Root);
            }

            #[test]
            fn notify_as_nobody() {
                super::$scenario(Gate::Notify, User::Nobody);
            }

            #[test]
            fn ptrace_as_root() {
                super::$scenario(Gate::Ptrace, User::Root);
            }

            #[test]
            fn ptrace_as_nobody() {
                super::$scenario(Gate::Ptrace, User::Nobody);
            }
        }
    )*};
}

/// Makes two tests of each scenario, a function of the user.
macro_rules! over_users {
    ($($scenario:ident,)*) => {$(
        mod $scenario {
            use crate::harness::User;

            #[test]
            fn as_root() {
                super::$scenario(User::Root);
            }

            #[test]
            fn as_nobody() {
                super::$scenario(User::Nobody);
            }
        }
    )*};
}

pub(crate) use {over_gates, over_gates_and_users, over_users};

/// Whether the suite runs as root: some scenarios need it to set their stage.
pub fn is_root() -> bool {
    unsafe { libc::geteuid() == 0 }
}
