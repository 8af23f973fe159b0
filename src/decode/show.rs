//! Calls for people, as strace(1) writes them.

mod quote;
mod result;
mod signal;

pub use quote::quote;
pub use result::result;
pub use signal::signal_name;

use super::Guest;
use crate::policy::{Call, groups};
use crate::sys::arch::Entry;

/// A call as a denial names it.
pub fn call(call: &Call, guest: &dyn Guest) -> String {
    entry(&call.entry, guest)
}

/// A call with all its arguments.
pub fn entry(entry: &Entry, _guest: &dyn Guest) -> String {
    let args: Vec<String> = entry.args.iter().map(|a| format!("{a:#x}")).collect();
    match groups::name_of(entry.nr) {
        Some(name) => format!("{name}({})", args.join(", ")),
        None => format!("syscall_{}({})", entry.nr, args.join(", ")),
    }
}
