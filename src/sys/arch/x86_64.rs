//! x86_64: `syscall` with the number in rax, `int3` as the launch signal.

use std::io;

use super::Entry;
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

/// Lets `pid` sleep for that long instead of making the call at whose entry it stands, and says whether
/// that can be done here. Once it is resumed, the tracee stops at the end of its sleep, or at once for a
/// signal; then it is due for [`wake`].
///
/// The sleep is poll(2) of nothing, whose arguments are all in registers.
pub fn sleep(pid: Pid, millis: u32) -> io::Result<bool> {
    use std::mem::offset_of;
    type Registers = libc::user_regs_struct;
    poke_user(pid, offset_of!(Registers, orig_rax), libc::SYS_poll as u64)?;
    poke_user(pid, offset_of!(Registers, rdi), 0)?;
    poke_user(pid, offset_of!(Registers, rsi), 0)?;
    poke_user(pid, offset_of!(Registers, rdx), millis.into())?;
    Ok(true)
}

/// Makes `pid`, at the end of a [`sleep`] that took the place of the call `entry`, make this call again,
/// as [`repeat_call`] does; whether a signal has ended the sleep.
pub fn wake(pid: Pid, entry: &Entry) -> io::Result<bool> {
    use std::mem::offset_of;
    type Registers = libc::user_regs_struct;
    let interrupted = peek_user(pid, offset_of!(Registers, rax))? != 0;
    poke_user(pid, offset_of!(Registers, rdi), entry.args[0])?;
    poke_user(pid, offset_of!(Registers, rsi), entry.args[1])?;
    poke_user(pid, offset_of!(Registers, rdx), entry.args[2])?;
    repeat_call(pid, entry.nr)?;
    Ok(interrupted)
}

/// Makes `pid`, at the entry or the end of a call, execute the call's instruction again, with this number
/// and as if nothing had been called yet.
pub fn repeat_call(pid: Pid, nr: u32) -> io::Result<()> {
    let counter = std::mem::offset_of!(libc::user_regs_struct, rip);
    // `syscall` is two bytes long.
    let at = peek_user(pid, counter)?.wrapping_sub(2);
    skip_call(pid, i64::from(nr))?;
    poke_user(pid, counter, at)
}

/// Makes `pid`, about to repeat a call ([`repeat_call`]), come from it instead, with `value`: with one of
/// the kernel's restart values, the signal that it is about to get decides how the call ends.
///
/// Nothing happens where the tracee is elsewhere by now.
pub fn end_repeated(pid: Pid, nr: u32, value: i64) -> io::Result<()> {
    use std::mem::offset_of;
    type Registers = libc::user_regs_struct;
    let call = offset_of!(Registers, orig_rax);
    let result = offset_of!(Registers, rax);
    if peek_user(pid, call)? != u64::MAX || peek_user(pid, result)? != u64::from(nr) {
        return Ok(());
    }
    let counter = offset_of!(Registers, rip);
    let after = peek_user(pid, counter)?.wrapping_add(2);
    poke_user(pid, counter, after)?;
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
