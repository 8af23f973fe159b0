//! Which Landlock the kernel has; the rules themselves are made by the landlock crate.

const CREATE_RULESET_VERSION: libc::c_ulong = 1;

/// The kernel's Landlock ABI, 0 where there is none (not built in, or not among `lsm=`).
pub fn abi_version() -> i32 {
    let none = std::ptr::null::<libc::c_void>();
    // SAFETY: a null attribute of size 0 asks for the version only (landlock_create_ruleset(2)).
    let abi = unsafe {
        libc::syscall(libc::SYS_landlock_create_ruleset, none, 0_usize, CREATE_RULESET_VERSION)
    };
    i32::try_from(abi).unwrap_or(0).max(0)
}
