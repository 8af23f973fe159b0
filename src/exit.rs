//! The one table of exit codes.

/// A code that is gatekeeper's own word rather than the command's.
///
/// The values follow timeout(1), env(1) and the shells where those have one: 124 to 127, and 128+N for a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum ExitCode {
    /// The command line or a `GATEKEEPER_…` variable makes no sense; nothing was started.
    Usage = 100,
    /// The main command was killed for a denied call.
    Denied = 111,
    /// The deadline ended the command.
    Deadline = 124,
    /// gatekeeper itself failed.
    Internal = 125,
    /// The command was found and could not be executed.
    CannotExecute = 126,
    /// The command was not found.
    NotFound = 127,
}

impl ExitCode {
    /// Every code, ascending.
    pub const ALL: [ExitCode; 6] = [
        ExitCode::Usage,
        ExitCode::Denied,
        ExitCode::Deadline,
        ExitCode::Internal,
        ExitCode::CannotExecute,
        ExitCode::NotFound,
    ];

    /// The number that exit(2) gets.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// What the code says, as the help and the manual print it.
    pub const fn meaning(self) -> &'static str {
        match self {
            ExitCode::Usage => {
                "usage: a flag, its value or a variable is wrong; nothing was started"
            }
            ExitCode::Denied => "gatekeeper killed the command for a denied call",
            ExitCode::Deadline => "the deadline ended the command",
            ExitCode::Internal => "gatekeeper itself failed",
            ExitCode::CannotExecute => "the command was found but could not be executed",
            ExitCode::NotFound => "the command was not found",
        }
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        code.code().into()
    }
}

/// The code for a command that signal `signal` (1 to 64) ended: 128+N, as the shells have it.
pub const fn of_signal(signal: i32) -> u8 {
    128 | (signal & 0x7f) as u8
}

/// The rows of the table that stand for the command's own end, as the help prints them.
pub const COMMAND_ROWS: [(&str, &str); 2] =
    [("0-255", "the command's own exit code"), ("128+N", "signal N ended the command")];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table() {
        let table = ExitCode::ALL.map(|exit| exit.code());
        assert_eq!(table, [100, 111, 124, 125, 126, 127]);
        assert_eq!(of_signal(libc::SIGKILL), 137);
        assert_eq!(of_signal(64), 192);
    }
}
