//! Who decides what: the policy divided between the seccomp program, Landlock and the supervisor. Pure.

pub mod bpf;
mod decisions;
mod floor;
#[cfg(test)]
mod interpret;
pub mod rule;

pub use decisions::{Terms, decisions};
pub use floor::{FileRights, Floor, floor};

/// How held calls reach the supervisor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GateKind {
    /// A seccomp listener.
    Notify,
    /// Seccomp stops of the tracer.
    Ptrace,
}

impl GateKind {
    /// What a held call returns from the program.
    pub fn hold(self) -> bpf::Hold {
        match self {
            GateKind::Notify => bpf::Hold::Notify,
            GateKind::Ptrace => bpf::Hold::Trace,
        }
    }
}
