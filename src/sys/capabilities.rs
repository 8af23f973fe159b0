//! The calling thread's capability sets: capget(2) and capset(2), version 3.

use std::io;

use super::check;

const VERSION_3: u32 = 0x2008_0522;

/// 32 capabilities of each set; two of these are all.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sets {
    /// Those in force.
    pub effective: u32,
    /// Those that can be put in force.
    pub permitted: u32,
    /// Those that an exec may keep.
    pub inheritable: u32,
}

#[repr(C)]
struct Header {
    version: u32,
    pid: i32,
}

/// What the calling thread has.
pub fn get() -> io::Result<[Sets; 2]> {
    let mut header = Header { version: VERSION_3, pid: 0 };
    let mut sets = [Sets::default(); 2];
    // SAFETY: a header of version 3 goes with two structs; the kernel may write to both.
    check(unsafe { libc::syscall(libc::SYS_capget, &raw mut header, sets.as_mut_ptr()) })?;
    Ok(sets)
}

/// Changes what the calling thread has.
pub fn set(sets: &[Sets; 2]) -> io::Result<()> {
    let header = Header { version: VERSION_3, pid: 0 };
    // SAFETY: as above; the kernel reads two structs.
    check(unsafe { libc::syscall(libc::SYS_capset, &raw const header, sets.as_ptr()) })?;
    Ok(())
}
