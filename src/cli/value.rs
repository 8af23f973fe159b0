//! Single values: signals, durations, numbers, patterns. Each error says what is wrong with the value; the caller adds
//! where it stood.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use regex::bytes::{Regex, RegexBuilder};

use super::failure::{did_you_mean, quote};
use crate::policy::groups;

/// Signals by name; the real-time ones are counted from their ends instead.
const SIGNALS: [(&str, i32); 31] = [
    ("HUP", libc::SIGHUP),
    ("INT", libc::SIGINT),
    ("QUIT", libc::SIGQUIT),
    ("ILL", libc::SIGILL),
    ("TRAP", libc::SIGTRAP),
    ("ABRT", libc::SIGABRT),
    ("BUS", libc::SIGBUS),
    ("FPE", libc::SIGFPE),
    ("KILL", libc::SIGKILL),
    ("USR1", libc::SIGUSR1),
    ("SEGV", libc::SIGSEGV),
    ("USR2", libc::SIGUSR2),
    ("PIPE", libc::SIGPIPE),
    ("ALRM", libc::SIGALRM),
    ("TERM", libc::SIGTERM),
    ("STKFLT", libc::SIGSTKFLT),
    ("CHLD", libc::SIGCHLD),
    ("CONT", libc::SIGCONT),
    ("STOP", libc::SIGSTOP),
    ("TSTP", libc::SIGTSTP),
    ("TTIN", libc::SIGTTIN),
    ("TTOU", libc::SIGTTOU),
    ("URG", libc::SIGURG),
    ("XCPU", libc::SIGXCPU),
    ("XFSZ", libc::SIGXFSZ),
    ("VTALRM", libc::SIGVTALRM),
    ("PROF", libc::SIGPROF),
    ("WINCH", libc::SIGWINCH),
    ("IO", libc::SIGIO),
    ("PWR", libc::SIGPWR),
    ("SYS", libc::SIGSYS),
];

/// The names that a trigger may have, for completions.
pub fn signal_names() -> impl Iterator<Item = &'static str> {
    SIGNALS.into_iter().filter(|(_, number)| unfit(*number).is_none()).map(|(name, _)| name)
}

/// A signal by name (with or without SIG, in either case), by number, or as `RTMIN+N` or `RTMAX-N`: signal(7).
pub fn signal(text: &OsStr) -> Result<i32, String> {
    let shown = quote(text);
    let upper = text.to_string_lossy().to_ascii_uppercase();
    let name = upper.strip_prefix("SIG").unwrap_or(&upper);
    let number = if let Ok(number) = name.parse::<i32>() {
        number
    } else if let Some(number) = real_time(name) {
        number
    } else if let Some((_, number)) = SIGNALS.iter().find(|(known, _)| *known == name) {
        *number
    } else {
        let hint = did_you_mean(name, SIGNALS.iter().map(|(known, _)| known));
        return Err(format!("unknown signal {shown}{hint}"));
    };
    if !(1..=libc::SIGRTMAX()).contains(&number) {
        return Err(format!("no signal {shown}; they are 1 to {}", libc::SIGRTMAX()));
    }
    match unfit(number) {
        Some(reason) => Err(format!("{shown} {reason}; use USR1 or USR2")),
        None => Ok(number),
    }
}

/// Why a signal cannot be a trigger, if so.
fn unfit(number: i32) -> Option<&'static str> {
    match number {
        libc::SIGKILL | libc::SIGSTOP => Some("cannot be caught by any program"),
        libc::SIGCHLD => Some("is how gatekeeper learns of its children"),
        libc::SIGILL
        | libc::SIGTRAP
        | libc::SIGABRT
        | libc::SIGBUS
        | libc::SIGFPE
        | libc::SIGSEGV
        | libc::SIGSYS => Some("is raised by a fault of gatekeeper itself"),
        // Between the classic ones and SIGRTMIN the C library keeps two for its threads: nptl(7).
        32.. if number < libc::SIGRTMIN() => Some("belongs to the C library"),
        _ => None,
    }
}

fn real_time(name: &str) -> Option<i32> {
    let count = |digits: &str| {
        let number = digits.parse::<i32>().ok()?;
        (0..=libc::SIGRTMAX() - libc::SIGRTMIN()).contains(&number).then_some(number)
    };
    match name {
        "RTMIN" => Some(libc::SIGRTMIN()),
        "RTMAX" => Some(libc::SIGRTMAX()),
        _ => {
            if let Some(up) = name.strip_prefix("RTMIN+") {
                Some(libc::SIGRTMIN() + count(up)?)
            } else {
                Some(libc::SIGRTMAX() - count(name.strip_prefix("RTMAX-")?)?)
            }
        }
    }
}

/// A whole number and a unit (ms, s, m, h, d); without one, seconds. Not zero, and at most 2³² seconds, which every
/// timer of the kernel can hold.
pub fn duration(text: &OsStr) -> Result<Duration, String> {
    let shown = quote(text);
    let text = text.to_string_lossy();
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let milliseconds: u64 = match &text[digits.len()..] {
        "ms" => 1,
        "" | "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        unit => {
            return Err(format!(
                "{shown} has the unknown unit {}; write 500ms, 30s, 2m, 1h or 1d",
                quote(unit)
            ));
        }
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(format!("{shown} is not a duration; write 500ms, 30s, 2m, 1h or 1d"));
    }
    let total = digits.parse::<u64>().ok().and_then(|n| n.checked_mul(milliseconds));
    match total.map(Duration::from_millis) {
        Some(Duration::ZERO) => Err(format!(
            "{shown} is no time at all; leave the trigger out to enforce from the start"
        )),
        Some(duration) if duration.as_secs() <= u64::from(u32::MAX) => Ok(duration),
        _ => Err(format!("{shown} is longer than a timer can run")),
    }
}

/// A descriptor above 2.
pub fn keep_fd(text: &OsStr) -> Result<i32, String> {
    let shown = quote(text);
    match text.to_string_lossy().parse::<i32>() {
        Ok(0..=2) => Err(format!("{shown} needs no flag: 0, 1 and 2 are always kept")),
        Ok(number @ 3..) => Ok(number),
        _ => Err(format!("{shown} is not a descriptor; give a number above 2")),
    }
}

/// The number of a system call by its name.
pub fn syscall(text: &OsStr) -> Result<u32, String> {
    let name = text.to_string_lossy();
    if name.is_empty() {
        return Err("empty name; give a system call".to_owned());
    }
    if name == "clone3" {
        return Err(
            "'clone3' always answers ENOSYS, so that the C library falls back to clone, whose flags can be checked; \
             allow 'clone' or --allow-process-management"
                .to_owned(),
        );
    }
    groups::number_of(&name).ok_or_else(|| {
        let hint = groups::nearest(&name)
            .map_or_else(String::new, |near| format!("; did you mean {}?", quote(near)));
        format!("unknown system call {}{hint}", quote(text))
    })
}

/// A literal that is waited for.
pub fn log_text(text: &OsStr) -> Result<Vec<u8>, String> {
    if text.is_empty() {
        return Err("empty text; give what the command writes".to_owned());
    }
    Ok(text.as_bytes().to_vec())
}

/// A regular expression that is waited for.
pub fn log_regex(text: &OsStr) -> Result<Regex, String> {
    if text.is_empty() {
        return Err("empty expression; give what the command writes".to_owned());
    }
    let Some(pattern) = text.to_str() else {
        return Err(format!("{} is not UTF-8; write bytes as \\xNN", quote(text)));
    };
    // A log is read by lines: ^ and $ are theirs.
    RegexBuilder::new(pattern).multi_line(true).build().map_err(|error| {
        // The message draws the pattern over several lines; the last one says what is wrong.
        let message = error.to_string();
        let last = message.lines().last().unwrap_or_default();
        let reason = last.strip_prefix("error: ").unwrap_or(last);
        format!("bad regular expression {}: {reason}", quote(text))
    })
}
