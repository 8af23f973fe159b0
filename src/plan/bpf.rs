//! Decisions by call number → a classic BPF program for seccomp(2).
//!
//! The decisions become a graph of comparisons in which equal parts exist once
//! (`graph`), the values that an argument may have become comparisons of its two
//! 32-bit words (`condition`), a search over adjacent call numbers is put before
//! them, and the graph is laid out as instructions (`assemble`). Every path to an
//! answer that does not depend on arguments loads only the ABI and the call number,
//! which is what lets the kernel remember a constant allow in a bitmap
//! (`seccomp_is_const_allow` in the kernel's kernel/seccomp.c).

mod assemble;
mod condition;
mod graph;
mod listing;
mod switch;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

use super::rule::{Decision, Outcome};
use condition::Invalid;
use graph::{Graph, NodeId, Reg};
use switch::Arm;

/// The longest program the kernel takes, in instructions (linux/bpf_common.h).
const MAX_INSTRUCTIONS: usize = libc::BPF_MAXINSNS as usize;

/// Set in the number of every x32 call (asm/unistd.h), so no native call reaches it.
const X32_SYSCALL_BIT: usize = 0x4000_0000;

/// The largest errno that `SECCOMP_RET_ERRNO` delivers unchanged (linux/err.h).
const MAX_ERRNO: u16 = 4095;

/// `AUDIT_ARCH_X86_64` of linux/audit.h: EM_X86_64, 64 bits, little-endian.
#[cfg(all(target_arch = "x86_64", target_endian = "little"))]
const NATIVE_ARCH: u32 = 0xc000_003e;

/// `AUDIT_ARCH_AARCH64` of linux/audit.h: EM_AARCH64, 64 bits, little-endian.
#[cfg(all(target_arch = "aarch64", target_endian = "little"))]
const NATIVE_ARCH: u32 = 0xc000_00b7;

/// How a held call leaves the filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// `SECCOMP_RET_USER_NOTIF`: to the listener, seccomp_unotify(2).
    Notify,
    /// `SECCOMP_RET_TRACE` with data 0: to the tracer, ptrace(2).
    Trace,
}

/// Why a list of decisions has no program.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    /// A condition names an argument that a system call does not have.
    #[error("call {call}: there is no argument {arg}, only 0 to 5")]
    NoSuchArgument {
        /// Call number of the native ABI.
        call: u32,
        /// The argument asked for.
        arg: u8,
    },
    /// A condition compares an argument with an empty list of values.
    #[error("call {call}: argument {arg} is compared with an empty list")]
    EmptyList {
        /// Call number of the native ABI.
        call: u32,
        /// The argument compared.
        arg: u8,
    },
    /// The kernel delivers 0 as success and anything above 4095 as 4095.
    #[error("call {call}: {errno} is not an errno between 1 and 4095")]
    InvalidErrno {
        /// Call number of the native ABI.
        call: u32,
        /// The errno asked for.
        errno: u16,
    },
    /// More decisions than there are native call numbers.
    #[error("{0} decisions, but native call numbers end at {X32_SYSCALL_BIT:#x}")]
    TooManyCalls(usize),
    /// More instructions than the kernel takes.
    #[error("the filter has {0} instructions, the kernel takes {MAX_INSTRUCTIONS}")]
    TooLong(usize),
}

/// A classic BPF program that seccomp(2) accepts. `Display` lists it, one instruction
/// a line with absolute jump targets.
#[derive(Clone)]
pub struct Program {
    insns: Vec<libc::sock_filter>,
}

impl Program {
    /// The instructions, as `struct sock_fprog` takes them; 1 to 4096 of them.
    pub fn instructions(&self) -> &[libc::sock_filter] {
        &self.insns
    }

    /// How many instructions there are.
    #[allow(clippy::len_without_is_empty)] // never empty: every program answers
    pub fn len(&self) -> usize {
        self.insns.len()
    }
}

/// Compiles `decisions`, indexed by call number of the native ABI, into a filter that
/// gives each call its decision. Calls of another ABI and calls whose number lies
/// beyond the list (x32's among them) are held.
///
/// # Errors
/// An ill-formed decision, or a program above the kernel's limit; see [`CompileError`].
pub fn compile(decisions: &[Decision], hold: Hold) -> Result<Program, CompileError> {
    if decisions.len() > X32_SYSCALL_BIT {
        return Err(CompileError::TooManyCalls(decisions.len()));
    }
    let mut graph = Graph::default();
    let held = graph.answer(action(Outcome::Hold, hold));
    let mut arms: Vec<Arm> = Vec::new();
    for (call, decision) in (0..).zip(decisions) {
        match arms.last_mut() {
            Some(last) if decisions[last.first as usize] == *decision => last.last = call,
            _ => arms.push(Arm {
                first: call,
                last: call,
                to: body(&mut graph, call, decision, hold)?,
            }),
        }
    }
    let native = graph.switch(Reg::NUMBER, &arms, held);
    let arch = Arm::single(NATIVE_ARCH, native);
    let start = graph.switch(Reg::ARCH, &[arch], held);
    let insns = assemble::assemble(&graph, start);
    if insns.len() > MAX_INSTRUCTIONS {
        return Err(CompileError::TooLong(insns.len()));
    }
    Ok(Program { insns })
}

/// What the filter returns for an outcome (linux/seccomp.h).
fn action(outcome: Outcome, hold: Hold) -> u32 {
    match (outcome, hold) {
        (Outcome::Allow, _) => libc::SECCOMP_RET_ALLOW,
        (Outcome::Hold, Hold::Notify) => libc::SECCOMP_RET_USER_NOTIF,
        (Outcome::Hold, Hold::Trace) => libc::SECCOMP_RET_TRACE,
        (Outcome::Errno(errno), _) => libc::SECCOMP_RET_ERRNO | u32::from(errno),
    }
}

/// The part of the graph that decides one call once its number is known.
fn body(
    graph: &mut Graph,
    call: u32,
    decision: &Decision,
    hold: Hold,
) -> Result<NodeId, CompileError> {
    let answer = |graph: &mut Graph, outcome| match outcome {
        Outcome::Errno(errno) if !(1..=MAX_ERRNO).contains(&errno) => {
            Err(CompileError::InvalidErrno { call, errno })
        }
        _ => Ok(graph.answer(action(outcome, hold))),
    };
    let (any, then, otherwise) = match decision {
        Decision::Always(outcome) => return answer(graph, *outcome),
        Decision::When { any, then, otherwise } => (any, *then, *otherwise),
    };
    let then = answer(graph, then)?;
    let mut entry = answer(graph, otherwise)?;
    // A graph grows from its answers: the last clause and the last condition first.
    for clause in any.iter().rev() {
        let fails = entry;
        entry = then;
        for cond in clause.iter().rev() {
            entry = condition::check(graph, cond, entry, fails).map_err(|why| match why {
                Invalid::Argument => CompileError::NoSuchArgument { call, arg: cond.arg },
                Invalid::EmptyList => CompileError::EmptyList { call, arg: cond.arg },
            })?;
        }
    }
    Ok(entry)
}
