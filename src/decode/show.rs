//! Calls for people, as strace(1) writes them.
//!
//! A table has one row a call with the kind of each argument; [`entry`] shows them all, [`call`] those
//! that say what was refused. All that comes from a tracee is bounded and escaped.

mod address;
mod by_command;
mod denied;
mod flags;
mod memory;
mod quote;
mod result;
mod rows;
mod scalar;
mod sets;
mod signal;
mod signature;
mod structs;
mod value;

#[cfg(test)]
mod tests;

pub use quote::quote;
pub use result::result;
pub use signal::signal_name;

use super::Guest;
use crate::policy::Call;
use crate::sys::arch::{AUDIT_ARCH, Entry, FOREIGN_BIT};
use memory::Memory;
use signature::Signature;

/// `AUDIT_ARCH_I386` (linux/audit.h).
const I386: u32 = 0x4000_0003;

/// `AUDIT_ARCH_ARM` (linux/audit.h).
const ARM: u32 = 0x4000_0028;

/// A call as a denial names it: `openat("/etc/shadow", O_RDONLY)`, `connect(3, 127.0.0.1:80)`.
///
/// Paths and addresses are the ones that were judged (`call.target`), not read again, so that the line
/// never shows something else than what was refused. Only what identifies the call is shown: no
/// buffers, no pointers, no sizes, no `AT_FDCWD`, no empty flags.
pub fn call(call: &Call, guest: &dyn Guest) -> String {
    match known(&call.entry) {
        Ok(signature) => {
            let shown = denied::arguments(call, signature, Memory(guest));
            format!("{}({})", signature.name, shown.join(", "))
        }
        Err(text) => text,
    }
}

/// A call with all its arguments: `openat(AT_FDCWD, "/etc/ld.so.cache", O_RDONLY|O_CLOEXEC)`.
///
/// Strings and structures that the call reads are read from memory; what it fills is shown by its
/// address, as is whatever cannot be read.
pub fn entry(entry: &Entry, guest: &dyn Guest) -> String {
    match known(entry) {
        Ok(signature) => {
            let args = signature.args.iter().enumerate();
            let shown: Vec<String> =
                args.filter_map(|(n, &kind)| value::show(kind, n, entry, Memory(guest))).collect();
            format!("{}({})", signature.name, shown.join(", "))
        }
        Err(text) => text,
    }
}

/// The call's signature, or the text for a call that has none.
fn known(entry: &Entry) -> Result<Signature, String> {
    let raw = |width: u64| {
        let args: Vec<String> =
            entry.args.iter().map(|arg| format!("{:#x}", arg & width)).collect();
        args.join(", ")
    };
    let (all, half) = (u64::MAX, 0xFFFF_FFFF);
    match entry.arch {
        AUDIT_ARCH if !entry.is_foreign() => {
            signature::of(entry.nr).ok_or_else(|| format!("syscall_{}({})", entry.nr, raw(all)))
        }
        // Without the bit for the second table a number beyond every table, such as −1.
        AUDIT_ARCH if cfg!(target_arch = "x86_64") && entry.nr >> 31 == 0 => {
            Err(format!("x32 call {}({})", entry.nr & !FOREIGN_BIT, raw(all)))
        }
        AUDIT_ARCH => Err(format!("syscall_{:#x}({})", entry.nr, raw(all))),
        I386 => Err(format!("int 0x80 call {}({})", entry.nr, raw(half))),
        ARM => Err(format!("arm call {}({})", entry.nr, raw(half))),
        arch => Err(format!("call {} of architecture {arch:#x}({})", entry.nr, raw(all))),
    }
}
