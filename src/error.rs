//! Errors as people read them.

use std::io;

/// The kernel's own words for an error, without its number: `No such file or directory`.
pub fn plain(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(errno) => nix::errno::Errno::from_raw(errno).desc().to_owned(),
        None => error.to_string(),
    }
}
