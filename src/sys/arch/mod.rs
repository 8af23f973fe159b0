//! What differs between the machines: the audit architecture, the registers of a call, the breakpoint.

#[cfg(target_arch = "aarch64")]
mod aarch64;
#[cfg(target_arch = "x86_64")]
mod x86_64;

#[cfg(target_arch = "aarch64")]
pub use aarch64::*;
#[cfg(target_arch = "x86_64")]
pub use x86_64::*;

/// A system call as the kernel hands it over: nothing read, nothing trusted.
///
/// `arch` is an `AUDIT_ARCH_*` value (`linux/audit.h`), `nr` the number in that architecture's table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// `AUDIT_ARCH_*` of the calling convention used.
    pub arch: u32,
    /// Call number, including `__X32_SYSCALL_BIT` where the caller set it.
    pub nr: u32,
    /// The six argument registers, whole.
    pub args: [u64; 6],
}

impl Entry {
    /// Whether the call came by another door than the native one: `int 0x80`, x32, compat.
    pub fn is_foreign(&self) -> bool {
        self.arch != AUDIT_ARCH || self.nr & FOREIGN_BIT != 0
    }
}
