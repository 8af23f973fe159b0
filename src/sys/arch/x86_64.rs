//! x86_64: `syscall` with the number in rax, `int3` as the launch signal.

use std::io;

use crate::sys::{Pid, check};

/// `AUDIT_ARCH_X86_64`: `EM_X86_64 | __AUDIT_ARCH_64BIT | __AUDIT_ARCH_LE`.
pub const AUDIT_ARCH: u32 = 0xC000_003E;

/// `__X32_SYSCALL_BIT`: the x32 table shares `AUDIT_ARCH` and differs by this bit of the number.
pub const FOREIGN_BIT: u32 = 0x4000_0000;

/// Traps into the tracer with `value` in the first argument register, without a system call.
pub fn trap_with(value: u64) {
    // SAFETY: int3 changes no register; the tracer swallows the SIGTRAP. rdi is only an input.
    unsafe { std::arch::asm!("int3", in("rdi") value, options(nomem, nostack)) }
}

/// The value given to [`trap_with`]; the tracee is past the instruction already.
pub fn trapped_value(pid: Pid) -> io::Result<u64> {
    peek_user(pid, std::mem::offset_of!(libc::user_regs_struct, rdi))
}

/// Makes the call that `pid` is about to enter return `value` without running.
///
/// Only orig_rax and rax change (rcx and r11 are the instruction's own), so that the caller sees the
/// registers of an ordinary failed call.
pub fn skip_call(pid: Pid, value: i64) -> io::Result<()> {
    poke_user(pid, std::mem::offset_of!(libc::user_regs_struct, orig_rax), u64::MAX)?;
    poke_user(pid, std::mem::offset_of!(libc::user_regs_struct, rax), value as u64)
}

/// Makes the call that `pid` is about to enter not run now but be made again, as it was, once the tracee
/// goes on: after the handlers of signals that wait for it.
///
/// `syscall` is two bytes long; rax must hold the number again when it is executed.
pub fn repeat_call(pid: Pid, nr: u32) -> io::Result<()> {
    let counter = std::mem::offset_of!(libc::user_regs_struct, rip);
    let after = peek_user(pid, counter)?;
    skip_call(pid, i64::from(nr))?;
    poke_user(pid, counter, after.wrapping_sub(2))
}

/// Ends a call that [`repeat_call`] would make again for the signal at whose delivery `pid` stands, as if
/// it had returned `value`: one of the kernel's restart values, which it now turns into EINTR or acts on.
///
/// Nothing happens where the tracee is elsewhere by now.
pub fn end_for_signal(pid: Pid, nr: u32, value: i64) -> io::Result<()> {
    let counter = std::mem::offset_of!(libc::user_regs_struct, rip);
    let call = std::mem::offset_of!(libc::user_regs_struct, orig_rax);
    let result = std::mem::offset_of!(libc::user_regs_struct, rax);
    if peek_user(pid, call)? != u64::MAX || peek_user(pid, result)? != u64::from(nr) {
        return Ok(());
    }
    let before = peek_user(pid, counter)?;
    poke_user(pid, counter, before.wrapping_add(2))?;
    poke_user(pid, result, value as u64)?;
    poke_user(pid, call, nr.into())
}

fn peek_user(pid: Pid, offset: usize) -> io::Result<u64> {
    let mut word: u64 = 0;
    // SAFETY: the raw request (unlike the libc wrapper) stores the word through the data pointer,
    // which is valid for the call; the offset is that of a field of struct user.
    check(unsafe {
        libc::syscall(libc::SYS_ptrace, libc::PTRACE_PEEKUSER, pid, offset, &raw mut word)
    })?;
    Ok(word)
}

fn poke_user(pid: Pid, offset: usize, word: u64) -> io::Result<()> {
    // SAFETY: the data argument is a plain word; no memory of ours is touched.
    check(unsafe { libc::syscall(libc::SYS_ptrace, libc::PTRACE_POKEUSER, pid, offset, word) })?;
    Ok(())
}
