//! The smallest flag that would allow what was denied.

use std::fmt;
use std::net::SocketAddr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use super::call::{Object, Place};
use super::files::{FileRules, Scope};
use super::groups::{self, Group};
use super::shape::Access;

/// What to add to the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hint {
    /// Nothing would help.
    None,
    /// The group's flag.
    Group(Group),
    /// `--allow-syscall=NAME`.
    Syscall(u32),
    /// A path flag and its path.
    Path(&'static str, Vec<u8>),
    /// `--allow-network-client=HOST:PORT`.
    Reach(SocketAddr),
    /// `--allow-network-server=PORT`.
    Serve(SocketAddr),
}

impl Hint {
    /// The flag for an object outside the rules; for calls that create or remove, its directory, since
    /// that is what a rule has to name.
    pub fn for_object(files: &FileRules, object: &Object, access: Access) -> Self {
        let (path, exists) = match &object.place {
            Place::Path(path) => (path, true),
            Place::Missing(path) => (path, false),
            _ => return Hint::None,
        };
        let writes = matches!(access, Access::Write | Access::Attributes);
        let granted = if writes { &files.write } else { &files.read };
        let flag = match (writes, granted) {
            (_, Scope::Under(_)) if files.restricted => "--allow-file-system-path",
            (true, _) => "--allow-file-system-write",
            (false, _) => "--allow-file-system-read",
        };
        let hint = Hint::Path(flag, lasting(path).to_vec());
        if exists || access == Access::Write { hint } else { hint.for_directory() }
    }

    /// The same, naming the directory instead.
    pub fn for_directory(self) -> Self {
        match self {
            Hint::Path(flag, path) => {
                let parent = Path::new(std::ffi::OsStr::from_bytes(&path))
                    .parent()
                    .map_or(&b"/"[..], |parent| parent.as_os_str().as_bytes());
                Hint::Path(flag, parent.to_vec())
            }
            other => other,
        }
    }
}

/// A process's own directory in `/proc` is another one next time: only `/proc` itself can be listed.
fn lasting(path: &[u8]) -> &[u8] {
    match path.strip_prefix(b"/proc/") {
        Some([b'0'..=b'9', ..]) => b"/proc",
        _ => path,
    }
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Hint::None => Ok(()),
            Hint::Group(Group::Sockets) => f.write_str("--allow-network-client"),
            Hint::Group(Group::Descriptors) => f.write_str("--allow-implicit-commands"),
            Hint::Group(group) => f.write_str(group.flag().unwrap_or_default()),
            Hint::Syscall(nr) => {
                write!(f, "--allow-syscall={}", groups::name_of(*nr).unwrap_or_default())
            }
            Hint::Path(flag, path) => write!(f, "{flag}={}", shell_word(path)),
            Hint::Reach(to) => write!(f, "--allow-network-client={to}"),
            Hint::Serve(at) => write!(f, "--allow-network-server={}", at.port()),
        }
    }
}

/// The bytes as one word for a shell: plain where that is safe, quoted otherwise, control characters
/// and what is not UTF-8 as `$'…'` escapes.
pub fn shell_word(bytes: &[u8]) -> String {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"/._-+:@%,=".contains(b);
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.is_empty() && bytes.iter().all(plain) => text.to_owned(),
        Ok(text) if !text.chars().any(char::is_control) => {
            format!("'{}'", text.replace('\'', r"'\''"))
        }
        _ => format!("$'{}'", bytes.escape_ascii()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_last() {
        for (path, want) in [
            (&b"/proc/123/maps"[..], &b"/proc"[..]),
            (b"/proc/sys/vm", b"/proc/sys/vm"),
            (b"/proc/", b"/proc/"),
            (b"/etc/passwd", b"/etc/passwd"),
        ] {
            assert_eq!(lasting(path), want);
        }
    }

    #[test]
    fn words() {
        for (bytes, want) in [
            (&b"/etc/shadow"[..], "/etc/shadow"),
            (b"/a b", "'/a b'"),
            (b"/it's", r"'/it'\''s'"),
            (b"/x\x1b[2J", r"$'/x\x1b[2J'"),
            (b"/\xff", r"$'/\xff'"),
            (b"", "''"),
        ] {
            assert_eq!(shell_word(bytes), want);
        }
    }
}
