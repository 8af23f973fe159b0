//! What a call returned.

use crate::policy::groups;

/// The value of a call's return register for people: `3`, `0x7f0012340000`,
/// `-1 ENOENT (No such file or directory)`, `? ERESTARTSYS (To be restarted if SA_RESTART is set)`.
///
/// Errors are −4095 to −1 (`IS_ERR_VALUE`, linux/err.h).
pub fn result(nr: u32, value: i64) -> String {
    match value {
        -4095..=-1 => failure(-value as i32),
        _ => match groups::name_of(nr).unwrap_or_default() {
            "mmap" | "mremap" | "brk" | "shmat" => address(value as u64),
            "umask" => format!("{value:#o}").replacen("0o", "0", 1),
            _ => value.to_string(),
        },
    }
}

fn address(value: u64) -> String {
    if value == 0 { "NULL".into() } else { format!("{value:#x}") }
}

fn failure(errno: i32) -> String {
    let restart = |name, text| format!("? {name} ({text})");
    match errno {
        // linux/errno.h; never seen by the caller, which is restarted or gets EINTR.
        512 => restart("ERESTARTSYS", "To be restarted if SA_RESTART is set"),
        513 => restart("ERESTARTNOINTR", "To be restarted"),
        514 => restart("ERESTARTNOHAND", "To be restarted if no handler"),
        516 => restart("ERESTART_RESTARTBLOCK", "Interrupted by signal"),
        _ => match error_name(errno) {
            Some(name) => format!("-1 {name} ({})", error_text(errno)),
            None => format!("-1 (errno {errno})"),
        },
    }
}

/// `ENOENT`.
pub(super) fn error_name(errno: i32) -> Option<String> {
    match nix::errno::Errno::from_raw(errno) {
        nix::errno::Errno::UnknownErrno => None,
        known => Some(format!("{known:?}")),
    }
}

/// strerror(3), which the standard library calls.
fn error_text(errno: i32) -> String {
    let text = std::io::Error::from_raw_os_error(errno).to_string();
    match text.rfind(" (os error") {
        Some(end) => text[..end].to_string(),
        None => text,
    }
}
