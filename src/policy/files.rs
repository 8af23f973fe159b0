//! Path rules: which objects may be looked at, read, written, run.

use std::path::{Path, PathBuf};

use super::call::{Object, Place};
use super::shape::Access;

/// Part of the file system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// No path at all.
    Nothing,
    /// Every path.
    Everything,
    /// These trees: absolute paths without symbolic links.
    Under(Vec<PathBuf>),
}

impl Scope {
    /// Whether `path` (canonical) lies in it. Components are compared, not characters.
    pub fn contains(&self, path: &[u8]) -> bool {
        match self {
            Scope::Nothing => false,
            Scope::Everything => true,
            Scope::Under(roots) => roots.iter().any(|root| is_under(path, bytes(root))),
        }
    }

    /// Whether `path` is a directory above one of its trees.
    pub fn is_above(&self, path: &[u8]) -> bool {
        match self {
            Scope::Under(roots) => roots.iter().any(|root| is_under(bytes(root), path)),
            _ => false,
        }
    }

    /// The trees, where it is a list.
    pub fn roots(&self) -> &[PathBuf] {
        match self {
            Scope::Under(roots) => roots,
            _ => &[],
        }
    }
}

fn bytes(path: &Path) -> &[u8] {
    use std::os::unix::ffi::OsStrExt as _;
    path.as_os_str().as_bytes()
}

/// Whether `path` is `root` or below it, component by component.
pub fn is_under(path: &[u8], root: &[u8]) -> bool {
    if root == b"/" {
        return path.first() == Some(&b'/');
    }
    path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
}

/// The path rules of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRules {
    /// What may be read and listed.
    pub read: Scope,
    /// What may be written, created, removed.
    pub write: Scope,
    /// Where modes, owners, times and attributes may be changed.
    pub attributes: Scope,
    /// What may be run.
    pub execute: Scope,
    /// The command named on the command line, its interpreters and loaders: may be run though unlisted.
    pub programs: Vec<PathBuf>,
    /// Scripts among `programs`, which their interpreter has to read.
    pub scripts: Vec<PathBuf>,
    /// Whether `--allow-file-system-path` restricts the grants without a path.
    pub restricted: bool,
    /// Whether `write` is an unrestricted grant that leaves the kernel's controls out: then it binds what
    /// is written into existing files only, since controls cannot be made, moved or removed.
    pub shielded: bool,
    /// The devices that a user who could open any (root) may control with ioctl(2) besides listed ones;
    /// `None` for others, whom the kernel's permissions keep off.
    pub controllable: Option<Vec<PathBuf>>,
}

impl FileRules {
    /// Whether any path grant was given at all.
    pub fn any(&self) -> bool {
        self.read != Scope::Nothing
    }

    /// Whether the object is one of [`FREE_DEVICES`] and open to the command.
    pub fn is_free(&self, object: &Object) -> bool {
        self.any()
            && matches!(&object.place, Place::Path(path)
                if FREE_DEVICES.iter().any(|device| device.as_bytes() == path))
    }

    /// Whether `access` to the object is within the rules. The group was granted already.
    pub fn allow(&self, object: &Object, access: Access) -> bool {
        if matches!(access, Access::Look | Access::Read | Access::Write) && self.is_free(object) {
            return true;
        }
        match &object.place {
            // The look-up fails in the kernel as well; there is nothing to protect.
            Place::Fails(_) => true,
            Place::Unknown => false,
            // Already in the caller's hands; but a memfd is no listed program.
            Place::Anonymous => access != Access::Execute || self.execute == Scope::Everything,
            // The exec will fail: execvp(3) tries one directory of PATH after the other.
            Place::Missing(_) if access == Access::Execute => true,
            Place::Path(path) | Place::Missing(path) => self.allow_path(path, access),
        }
    }

    fn allow_path(&self, path: &[u8], access: Access) -> bool {
        match access {
            Access::Look | Access::Enter => {
                self.readable(path) || self.write.contains(path) || self.is_above(path)
            }
            Access::Read | Access::Watch | Access::Connect => self.readable(path),
            Access::Write => self.write.contains(path) && !self.is_shielded(path),
            Access::Attributes => self.attributes.contains(path) && !self.is_shielded(path),
            Access::Execute => {
                self.execute.contains(path) || self.programs.iter().any(|p| bytes(p) == path)
            }
        }
    }

    fn readable(&self, path: &[u8]) -> bool {
        self.read.contains(path) || self.scripts.iter().any(|p| bytes(p) == path)
    }

    fn is_above(&self, path: &[u8]) -> bool {
        self.read.is_above(path) || self.write.is_above(path)
    }

    /// Kernel controls are written only under a rule that itself lies among them.
    fn is_shielded(&self, path: &[u8]) -> bool {
        is_kernel_control(path)
            && !self
                .write
                .roots()
                .iter()
                .any(|root| is_kernel_control(bytes(root)) && is_under(path, bytes(root)))
    }
}

/// Devices that are ordinary objects to programs.
pub const PLAIN_DEVICES: [&str; 15] = [
    "null", "zero", "full", "random", "urandom", "tty", "console", "ptmx", "pts", "shm", "mqueue",
    "fd", "stdin", "stdout", "stderr",
];

/// Devices that hold nothing, or the terminal that the command has already: any file system grant opens
/// them for reading and writing. Programs open `/dev/null` to write as a matter of course.
pub const FREE_DEVICES: [&str; 6] =
    ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"];

/// Whether the caller asked for a file of its own in `/proc`.
pub fn is_own_proc(object: &Object) -> bool {
    object.text.starts_with(b"/proc/self/") || object.text.starts_with(b"/proc/thread-self/")
}

/// Whether writing to `path` steers the kernel, the machine or a process: everything in `/proc` and
/// `/sys`, and what in `/dev` is not a plain device.
pub fn is_kernel_control(path: &[u8]) -> bool {
    if is_under(path, b"/sys") || is_under(path, b"/proc") {
        return true;
    }
    if let Some(rest) = path.strip_prefix(b"/dev/") {
        let name = rest.split(|&b| b == b'/').next().unwrap_or(rest);
        return !PLAIN_DEVICES.iter().any(|plain| plain.as_bytes() == name)
            && !name.starts_with(b"tty");
    }
    false
}

/// The open(2) flags that make an open more than a read: access mode 1, 2 and the odd 3, `O_CREAT`,
/// `O_TRUNC` (which truncates even with `O_RDONLY`), `O_TMPFILE`.
pub const WRITE_INTENT: u64 =
    (libc::O_ACCMODE | libc::O_CREAT | libc::O_TRUNC | (libc::O_TMPFILE & !libc::O_DIRECTORY))
        as u64;

/// Whether the open can only make a new file (`O_CREAT` with `O_EXCL`), which no control is.
pub fn makes_new(flags: u64) -> bool {
    let both = (libc::O_CREAT | libc::O_EXCL) as u64;
    flags & both == both && flags & libc::O_PATH as u64 == 0
}

/// What an open with `flags` does.
pub fn open_access(flags: u64) -> Access {
    if flags & libc::O_PATH as u64 != 0 {
        // O_PATH makes the kernel drop every flag but O_CLOEXEC, O_DIRECTORY and O_NOFOLLOW.
        Access::Enter
    } else if flags & WRITE_INTENT != 0 {
        Access::Write
    } else {
        Access::Read
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn object(path: &str) -> Object {
        Object {
            dirfd: libc::AT_FDCWD,
            text: path.into(),
            place: Place::Path(path.into()),
            access: Access::Read,
        }
    }

    fn rules() -> FileRules {
        let list = |paths: &[&str]| Scope::Under(paths.iter().map(PathBuf::from).collect());
        FileRules {
            read: list(&["/srv/data", "/usr", "/out"]),
            write: list(&["/out", "/proc/sys/vm"]),
            attributes: list(&["/out"]),
            execute: list(&["/srv/data", "/usr", "/out"]),
            programs: vec!["/opt/tool".into()],
            scripts: vec!["/opt/script".into()],
            restricted: false,
            shielded: false,
            controllable: None,
        }
    }

    #[test]
    fn components_not_characters() {
        for (path, root, want) in [
            ("/a", "/a", true),
            ("/a/b", "/a", true),
            ("/ab", "/a", false),
            ("/", "/", true),
            ("/x", "/", true),
            ("/a", "/a/b", false),
        ] {
            assert_eq!(is_under(path.as_bytes(), root.as_bytes()), want, "{path} {root}");
        }
    }

    #[test]
    fn each_access_has_its_scope() {
        use Access::{Attributes, Connect, Enter, Execute, Look, Read, Watch, Write};
        for (path, access, want) in [
            ("/srv/data/x", Read, true),
            ("/srv/database", Read, false),
            ("/srv", Read, false),
            ("/srv", Look, true),
            ("/srv", Enter, true),
            ("/", Look, true),
            ("/etc", Look, false),
            ("/etc/shadow", Read, false),
            ("/srv/data", Write, false),
            ("/out/new", Write, true),
            ("/out/new", Attributes, true),
            ("/usr/x", Attributes, false),
            ("/usr/bin/ls", Execute, true),
            ("/opt/tool", Execute, true),
            ("/opt/tool", Read, false),
            ("/opt/script", Read, true),
            ("/opt/other", Execute, false),
            ("/srv/data", Watch, true),
            ("/srv", Watch, false),
            ("/srv/data/sock", Connect, true),
            ("/proc/sys/vm/swappiness", Write, true),
            ("/proc/sys/kernel/core_pattern", Write, false),
        ] {
            assert_eq!(rules().allow(&object(path), access), want, "{path} {access:?}");
        }
    }

    #[test]
    fn a_rule_above_the_kernel_controls_does_not_cover_them() {
        let mut rules = rules();
        rules.write = Scope::Under(vec!["/".into()]);
        for (path, want) in [
            ("/etc/motd", true),
            ("/proc/sys/kernel/core_pattern", false),
            ("/proc/sysrq-trigger", false),
            ("/proc/123/oom_score_adj", false),
            ("/proc/123/comm", false),
            ("/proc/123/task/124/mem", false),
            ("/sys/power/state", false),
            ("/dev/null", true),
            ("/dev/pts/3", true),
            ("/dev/sda", false),
            ("/dev/mem", false),
        ] {
            assert_eq!(rules.allow(&object(path), Access::Write), want, "{path}");
        }
    }

    #[test]
    fn places_without_a_path() {
        let rules = rules();
        for (place, access, want) in [
            (Place::Anonymous, Access::Write, true),
            (Place::Anonymous, Access::Execute, false),
            (Place::Unknown, Access::Look, false),
            (Place::Fails(libc::ENOENT), Access::Read, true),
        ] {
            let object = Object { place: place.clone(), ..object("x") };
            assert_eq!(rules.allow(&object, access), want, "{place:?} {access:?}");
        }
    }

    #[test]
    fn what_an_open_does() {
        for (flags, want) in [
            (libc::O_RDONLY, Access::Read),
            (libc::O_RDONLY | libc::O_DIRECTORY, Access::Read),
            (libc::O_WRONLY, Access::Write),
            (libc::O_RDWR, Access::Write),
            (libc::O_ACCMODE, Access::Write),
            (libc::O_RDONLY | libc::O_TRUNC, Access::Write),
            (libc::O_RDONLY | libc::O_CREAT, Access::Write),
            (libc::O_TMPFILE | libc::O_RDONLY, Access::Write),
            (libc::O_PATH, Access::Enter),
            (libc::O_PATH | libc::O_CREAT, Access::Enter),
            (libc::O_RDONLY | libc::O_APPEND, Access::Read),
        ] {
            assert_eq!(open_access(flags as u64), want, "{flags:#o}");
        }
    }
}
