//! aarch64: `svc #0` with the number in x8, `brk #0` as the launch signal.

use std::io;

use super::Entry;
use crate::sys::{Pid, check};

/// `AUDIT_ARCH_AARCH64`: `EM_AARCH64 | __AUDIT_ARCH_64BIT | __AUDIT_ARCH_LE`.
pub const AUDIT_ARCH: u32 = 0xC000_00B7;

/// There is no second table behind this architecture's numbers.
pub const FOREIGN_BIT: u32 = 0x8000_0000;

const NT_PRSTATUS: usize = 1;
const NT_ARM_SYSTEM_CALL: usize = 0x404;

/// Traps into the tracer with `value` in the first argument register, without a system call.
pub fn trap_with(value: u64) {
    // SAFETY: brk changes no register; the tracer steps over it. x0 is only an input.
    unsafe { std::arch::asm!("brk #0", in("x0") value, options(nomem, nostack)) }
}

/// The value given to [`trap_with`]; moves the tracee past the instruction, as brk does not.
pub fn trapped_value(pid: Pid) -> io::Result<u64> {
    let mut regs = registers(pid)?;
    regs.pc += 4;
    let value = regs.regs[0];
    set_registers(pid, NT_PRSTATUS, &mut regs)?;
    Ok(value)
}

/// Makes the call that `pid` is about to enter return `value` without running.
pub fn skip_call(pid: Pid, value: i64) -> io::Result<()> {
    let mut nr: libc::c_int = -1;
    set_registers(pid, NT_ARM_SYSTEM_CALL, &mut nr)?;
    let mut regs = registers(pid)?;
    regs.regs[0] = value as u64;
    set_registers(pid, NT_PRSTATUS, &mut regs)
}

/// Whether a tracee can be made to sleep instead of making a call: here every call that sleeps has its
/// time limit in memory.
pub fn sleep(_pid: Pid, _millis: u32) -> io::Result<bool> {
    Ok(false)
}

/// The end of a [`sleep`]: there is none.
pub fn wake(_pid: Pid, _entry: &Entry) -> io::Result<bool> {
    Ok(false)
}

/// Makes the call that `pid` is about to enter not run now but be made again, as it was, once the tracee
/// goes on: after the handlers of signals that wait for it, none of which ends the call.
///
/// `svc` is four bytes long; x8 still holds the number, and x0 the first argument.
pub fn repeat_call(pid: Pid, _nr: u32) -> io::Result<()> {
    let mut nr: libc::c_int = -1;
    set_registers(pid, NT_ARM_SYSTEM_CALL, &mut nr)?;
    let mut regs = registers(pid)?;
    regs.pc = regs.pc.wrapping_sub(4);
    set_registers(pid, NT_PRSTATUS, &mut regs)
}

/// Makes `pid`, about to repeat a call ([`repeat_call`]), come from it instead, with `value`. The kernel's
/// restart values mean nothing here: how a call ends for a signal is settled before the tracer sees the
/// signal (do_signal, arch/arm64/kernel/signal.c), so with one of them the call is repeated after all.
pub fn end_repeated(pid: Pid, _nr: u32, value: i64) -> io::Result<()> {
    if value < 0 {
        return Ok(());
    }
    let mut regs = registers(pid)?;
    regs.pc = regs.pc.wrapping_add(4);
    regs.regs[0] = value as u64;
    set_registers(pid, NT_PRSTATUS, &mut regs)
}

fn registers(pid: Pid) -> io::Result<libc::user_regs_struct> {
    // SAFETY: an all-zero user_regs_struct is a valid value of plain integers.
    let mut regs: libc::user_regs_struct = unsafe { std::mem::zeroed() };
    let mut iov = libc::iovec {
        iov_base: (&raw mut regs).cast(),
        iov_len: size_of::<libc::user_regs_struct>(),
    };
    // SAFETY: the iovec describes `regs`, which outlives the call.
    check(unsafe {
        libc::syscall(libc::SYS_ptrace, libc::PTRACE_GETREGSET, pid, NT_PRSTATUS, &raw mut iov)
    })?;
    Ok(regs)
}

fn set_registers<T>(pid: Pid, set: usize, value: &mut T) -> io::Result<()> {
    let mut iov = libc::iovec { iov_base: (&raw mut *value).cast(), iov_len: size_of::<T>() };
    // SAFETY: the iovec describes `value`, which outlives the call; the kernel only reads it.
    check(unsafe {
        libc::syscall(libc::SYS_ptrace, libc::PTRACE_SETREGSET, pid, set, &raw mut iov)
    })?;
    Ok(())
}
