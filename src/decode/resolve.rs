//! Where a path leads for a given thread.
//!
//! The kernel does the walk wherever it can: one openat2(2) with `O_PATH` and no magic links, and the
//! text of the descriptor it gives. What depends on who asks (`/proc/self`), jumps (`/proc/PID/fd/N`) or
//! is not there yet is walked component by component. Nothing is opened, so nothing that a tracee lays
//! out (a FIFO, a device, an automount) is touched with gatekeeper's rights.

use std::ffi::CString;
use std::fmt::Write as _;
use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd, RawFd};

use crate::policy::Place;
use crate::sys::Pid;
use crate::sys::walk::{self, CWD, NO_LINKS, NO_MAGIC_LINKS};

/// The kernel's limit of links in one look-up (`MAXSYMLINKS`).
const MAX_LINKS: u32 = 40;

/// The inode of a proc file system's root directory (`PROC_ROOT_INO`).
const PROC_ROOT_INODE: u64 = 1;

/// Resolves paths as one thread sees them.
#[derive(Debug, Clone, Copy)]
pub struct Resolver {
    /// The thread.
    pub tid: Pid,
    /// gatekeeper's own process, whose `/proc/self` the kernel would follow for us.
    pub supervisor: Pid,
    /// Whether the thread's root is gatekeeper's.
    pub same_root: bool,
}

impl Resolver {
    /// Where `text` leads, relative to the thread's descriptor `dirfd` (or `AT_FDCWD`).
    pub fn locate(&self, dirfd: RawFd, text: &[u8], follow: bool) -> Place {
        self.try_locate(dirfd, text, follow).unwrap_or_else(refused)
    }

    /// What the thread's descriptor refers to; `AT_FDCWD` is its working directory.
    pub fn descriptor(&self, fd: RawFd) -> Place {
        match self.base(fd) {
            Ok(object) => place_of(&object),
            Err(error) => refused(error),
        }
    }

    fn try_locate(&self, dirfd: RawFd, text: &[u8], follow: bool) -> io::Result<Place> {
        if self.same_root {
            if let Some(place) = self.as_written(dirfd, text, follow)? {
                return Ok(place);
            }
        }
        let absolute = text.first() == Some(&b'/');
        let base = match (absolute, self.same_root) {
            (true, true) => None,
            (true, false) => Some(self.root()?),
            (false, _) => Some(self.base(dirfd)?),
        };
        let dir = base.as_ref().map_or(CWD, |fd| fd.as_raw_fd());
        if self.same_root {
            if let Some(place) = self.by_kernel(dir, text, follow)? {
                return Ok(place);
            }
        }
        let start = match base {
            Some(fd) => fd,
            None => self.root()?,
        };
        Walk::new(self, start)?.go(text, follow)
    }

    /// The path as it is written, where the kernel finds no link on the way and there is nothing to tidy
    /// up: then it is the object's own. Most paths are such, and asking for the text of what was found
    /// takes longer than finding it.
    fn as_written(&self, dirfd: RawFd, text: &[u8], follow: bool) -> io::Result<Option<Place>> {
        let mut path = match text.first() {
            Some(b'/') => Vec::with_capacity(text.len() + 1),
            _ => match self.base_text(dirfd) {
                Ok(base) => base,
                Err(_) => return Ok(None),
            },
        };
        if path.is_empty() {
            path.extend_from_slice(text);
        } else {
            push(&mut path, text);
        }
        if !is_tidy(&path) {
            return Ok(None);
        }
        let Some(path) = self.trusted(path) else { return Ok(None) };
        let c_path = c_string_of(path)?;
        let found = walk::look_up(CWD, &c_path, follow, NO_LINKS);
        let missing = match found {
            Ok(_) => false,
            Err(error) if error.raw_os_error() == Some(libc::ENOENT) => true,
            Err(_) => return Ok(None),
        };
        let path = c_path.into_bytes();
        if !missing {
            return Ok(Some(Place::Path(path)));
        }
        // Without a link in its last place it is new if the directory is there.
        let slash = path.iter().rposition(|&b| b == b'/').unwrap_or(0);
        let parent = c_string(&path[..slash.max(1)])?;
        Ok(walk::look_up(CWD, &parent, true, NO_LINKS).ok().map(|_| Place::Missing(path)))
    }

    /// The text of the directory that relative paths start from.
    fn base_text(&self, dirfd: RawFd) -> io::Result<Vec<u8>> {
        let mut name = String::with_capacity(32);
        let _ = match dirfd {
            CWD => write!(name, "/proc/{}/cwd", self.tid),
            _ => write!(name, "/proc/{}/fd/{dirfd}", self.tid),
        };
        walk::read_link(CWD, &c_string_of(name.into_bytes())?)
    }

    /// The kernel's own answer, where it is certain to be the thread's as well.
    fn by_kernel(&self, dir: RawFd, text: &[u8], follow: bool) -> io::Result<Option<Place>> {
        let path = c_string(text)?;
        match walk::look_up(dir, &path, follow, NO_MAGIC_LINKS) {
            Ok(found) => Ok(self.trusted(walk::path_of(&found)?).map(Place::Path)),
            Err(error) => match error.raw_os_error() {
                Some(libc::ENOENT) => self.new_entry(dir, text),
                // A magic link, a file where a directory should be, or no right to search: the walk
                // tells how far the path leads.
                Some(libc::ELOOP | libc::ENOTDIR | libc::EACCES) => Ok(None),
                _ => Err(error),
            },
        }
    }

    /// The path of something that does not exist in a directory that does.
    fn new_entry(&self, dir: RawFd, text: &[u8]) -> io::Result<Option<Place>> {
        let trimmed = text.len() - text.iter().rev().take_while(|&&b| b == b'/').count();
        let cut = text[..trimmed].iter().rposition(|&b| b == b'/').map_or(0, |slash| slash + 1);
        let (parent, name) = (&text[..cut], &text[cut..trimmed]);
        if name.is_empty() || name == b"." || name == b".." {
            return Ok(None);
        }
        let parent = c_string(if parent.is_empty() { b"." } else { parent })?;
        let Ok(parent) = walk::look_up(dir, &parent, true, NO_MAGIC_LINKS) else {
            return Ok(None);
        };
        match walk::read_link(parent.as_raw_fd(), &c_string(name)?) {
            Err(error) if error.raw_os_error() == Some(libc::ENOENT) => {
                let Some(mut path) = self.trusted(walk::path_of(&parent)?) else { return Ok(None) };
                push(&mut path, name);
                Ok(Some(Place::Missing(path)))
            }
            // A link that leads nowhere, or something that has come up meanwhile.
            _ => Ok(None),
        }
    }

    /// The path, unless it lies in gatekeeper's own `/proc` directory (then `/proc/self` may have been
    /// asked for) or is none.
    fn trusted(&self, path: Vec<u8>) -> Option<Vec<u8>> {
        let mut own = [0_u8; 12];
        let own = decimal(self.supervisor, &mut own);
        let absolute = path.first() == Some(&b'/');
        (absolute && path.split(|&b| b == b'/').all(|part| part != own)).then_some(path)
    }

    fn root(&self) -> io::Result<OwnedFd> {
        self.magic("root")
    }

    fn base(&self, dirfd: RawFd) -> io::Result<OwnedFd> {
        if dirfd == CWD {
            return self.magic("cwd");
        }
        if dirfd < 0 {
            return Err(io::Error::from_raw_os_error(libc::EBADF));
        }
        self.magic(&format!("fd/{dirfd}")).map_err(|error| match error.raw_os_error() {
            Some(libc::ENOENT) => io::Error::from_raw_os_error(libc::EBADF),
            _ => error,
        })
    }

    fn magic(&self, name: &str) -> io::Result<OwnedFd> {
        let mut path = String::with_capacity(32);
        let _ = write!(path, "/proc/{}/{name}", self.tid);
        walk::look_up(CWD, &c_string(path.as_bytes())?, true, 0)
    }
}

/// A look-up component by component.
struct Walk<'r> {
    resolver: &'r Resolver,
    root: OwnedFd,
    root_id: (u64, u64),
    at: OwnedFd,
    /// What is still to be walked, the next component last.
    rest: Vec<Vec<u8>>,
    links: u32,
}

impl<'r> Walk<'r> {
    fn new(resolver: &'r Resolver, start: OwnedFd) -> io::Result<Self> {
        let root = resolver.root()?;
        let root_id = walk::stat(&root)?.id;
        Ok(Self { resolver, root, root_id, at: start, rest: Vec::new(), links: 0 })
    }

    fn go(mut self, text: &[u8], follow: bool) -> io::Result<Place> {
        let follow = follow || text.ends_with(b"/");
        self.push_text(text)?;
        while let Some(name) = self.rest.pop() {
            let last = self.rest.is_empty();
            if name == b".." {
                self.up()?;
                continue;
            }
            match walk::look_up(self.at.as_raw_fd(), &c_string(&name)?, false, 0) {
                Ok(found) if walk::stat(&found)?.kind() != libc::S_IFLNK => self.at = found,
                Ok(found) if last && !follow => self.at = found,
                Ok(_) => self.through_link(&name)?,
                Err(error) => return self.missing(&name, &error),
            }
        }
        Ok(place_of(&self.at))
    }

    fn push_text(&mut self, text: &[u8]) -> io::Result<()> {
        if text.first() == Some(&b'/') {
            self.at = self.root.try_clone()?;
        }
        let parts = text.split(|&b| b == b'/').filter(|part| !part.is_empty() && *part != b".");
        self.rest.extend(parts.rev().map(<[u8]>::to_vec));
        Ok(())
    }

    fn up(&mut self) -> io::Result<()> {
        if walk::stat(&self.at)?.id != self.root_id {
            self.at = walk::look_up(self.at.as_raw_fd(), c"..", false, 0)?;
        }
        Ok(())
    }

    fn through_link(&mut self, name: &[u8]) -> io::Result<()> {
        self.links += 1;
        if self.links > MAX_LINKS {
            return Err(io::Error::from_raw_os_error(libc::ELOOP));
        }
        let dir = self.at.as_raw_fd();
        let c_name = c_string(name)?;
        if walk::on_proc(&self.at)? {
            if walk::stat(&self.at)?.id.1 == PROC_ROOT_INODE
                && (name == b"self" || name == b"thread-self")
            {
                return self.push_self(name == b"thread-self");
            }
            match walk::look_up(dir, &c_name, true, NO_MAGIC_LINKS) {
                Err(error) if error.raw_os_error() == Some(libc::ELOOP) => {
                    self.at = walk::look_up(dir, &c_name, true, 0)?;
                    return Ok(());
                }
                _ => {}
            }
        }
        let target = walk::read_link(dir, &c_name)?;
        self.push_text(&target)
    }

    /// `/proc/self` is the tracee's, not ours.
    fn push_self(&mut self, thread: bool) -> io::Result<()> {
        let tid = self.resolver.tid;
        let status = std::fs::read_to_string(format!("/proc/{tid}/status"))?;
        let process: Pid = status
            .lines()
            .find_map(|line| line.strip_prefix("Tgid:")?.trim().parse().ok())
            .ok_or_else(|| io::Error::from_raw_os_error(libc::ESRCH))?;
        if thread {
            self.rest.push(tid.to_string().into_bytes());
            self.rest.push(b"task".to_vec());
        }
        self.rest.push(process.to_string().into_bytes());
        Ok(())
    }

    /// The walk ends where something is not there, or cannot be entered; the kernel's ends there too.
    fn missing(self, name: &[u8], error: &io::Error) -> io::Result<Place> {
        match error.raw_os_error() {
            Some(libc::ENOENT | libc::ENOTDIR | libc::EACCES) => {}
            _ => {
                return Err(io::Error::from_raw_os_error(
                    error.raw_os_error().unwrap_or(libc::EIO),
                ));
            }
        }
        if self.rest.iter().any(|part| part == b"..") {
            return Err(io::Error::from_raw_os_error(libc::ENOENT));
        }
        let Place::Path(mut path) = place_of(&self.at) else { return Ok(Place::Unknown) };
        push(&mut path, name);
        for part in self.rest.iter().rev() {
            push(&mut path, part);
        }
        Ok(Place::Missing(path))
    }
}

/// What an `O_PATH` descriptor refers to, by the text the kernel has for it.
fn place_of(object: &OwnedFd) -> Place {
    let (Ok(text), Ok(meta)) = (walk::path_of(object), walk::stat(object)) else {
        return Place::Unknown;
    };
    const DELETED: &[u8] = b" (deleted)";
    match text.strip_suffix(DELETED) {
        // An unlinked object: a memfd, or a file that was where the text says.
        Some(path) if meta.links == 0 => match path {
            _ if path.starts_with(b"/memfd:") => Place::Anonymous,
            _ if path.first() == Some(&b'/') => Place::Path(path.to_vec()),
            _ => Place::Unknown,
        },
        _ if text.first() == Some(&b'/') => Place::Path(text),
        // pipe:[…], socket:[…], anon_inode:…; but not "(unreachable)/…".
        _ if text.iter().take_while(|&&b| b != b'/').any(|&b| b == b':') => Place::Anonymous,
        _ => Place::Unknown,
    }
}

/// Errors of the look-up that the kernel will give the caller as well; anything else is not understood.
fn refused(error: io::Error) -> Place {
    match error.raw_os_error() {
        Some(
            errno @ (libc::ENOENT | libc::ELOOP | libc::ENAMETOOLONG | libc::EBADF | libc::ENOTDIR),
        ) => Place::Fails(errno),
        _ => Place::Unknown,
    }
}

fn push(path: &mut Vec<u8>, name: &[u8]) {
    if path.last() != Some(&b'/') {
        path.push(b'/');
    }
    path.extend_from_slice(name);
}

/// Whether an absolute path has no empty component, `.` or `..`.
fn is_tidy(path: &[u8]) -> bool {
    path.strip_prefix(b"/").is_some_and(|rest| {
        rest.split(|&b| b == b'/').all(|part| !matches!(part, b"" | b"." | b".."))
    })
}

fn c_string(text: &[u8]) -> io::Result<CString> {
    c_string_of(text.to_vec())
}

fn c_string_of(text: Vec<u8>) -> io::Result<CString> {
    CString::new(text).map_err(|_| io::Error::from_raw_os_error(libc::EINVAL))
}

fn decimal(number: Pid, buf: &mut [u8; 12]) -> &[u8] {
    let mut at = buf.len();
    let mut left = number.unsigned_abs();
    loop {
        at -= 1;
        buf[at] = b'0' + (left % 10) as u8;
        left /= 10;
        if left == 0 {
            return &buf[at..];
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;
    use std::os::fd::IntoRawFd as _;
    use std::os::unix::fs::symlink;

    use super::*;

    /// This process as tracee of another one, so that `/proc/self` is not the resolver's own.
    fn seen_by(supervisor: Pid) -> Resolver {
        Resolver { tid: std::process::id() as Pid, supervisor, same_root: true }
    }

    #[test]
    fn paths_lead_where_the_kernel_would_go() {
        let dir = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(dir.path()).unwrap();
        let at = |name: &str| root.join(name);
        fs::create_dir(at("d")).unwrap();
        fs::write(at("d/f"), "").unwrap();
        symlink("d", at("to_dir")).unwrap();
        symlink("d/f", at("to_file")).unwrap();
        symlink("nowhere", at("dangling")).unwrap();
        symlink("loop", at("loop")).unwrap();
        symlink("/etc/../etc/passwd", at("out")).unwrap();
        symlink("/proc/self/status", at("own")).unwrap();
        let me = std::process::id();
        let path = |text: String| Place::Path(text.into_bytes());
        let here = |name: &str| path(at(name).to_str().unwrap().to_owned());
        let new = |name: &str| Place::Missing(at(name).to_str().unwrap().into());
        for (name, follow, want) in [
            ("d/f", true, here("d/f")),
            ("d//f", true, here("d/f")),
            ("d/./f", true, here("d/f")),
            ("d/../d/f", true, here("d/f")),
            ("to_dir/f", true, here("d/f")),
            ("to_dir/..", true, path(root.to_str().unwrap().to_owned())),
            ("to_dir", false, here("to_dir")),
            ("to_dir/", false, here("d")),
            ("to_file", true, here("d/f")),
            ("to_file", false, here("to_file")),
            ("out", true, path("/etc/passwd".to_owned())),
            ("dangling", true, new("nowhere")),
            ("dangling", false, here("dangling")),
            ("new", true, new("new")),
            ("to_dir/new", true, new("d/new")),
            ("no/such/dir", true, new("no/such/dir")),
            ("no/../d", true, Place::Fails(libc::ENOENT)),
            ("loop", true, Place::Fails(libc::ELOOP)),
            ("d/f/x", true, new("d/f/x")),
            ("own", true, path(format!("/proc/{me}/status"))),
        ] {
            let text = at(name).into_os_string().into_encoded_bytes();
            // Path normalisation of join would hide what is to be seen.
            let text = if name.ends_with('/') && !text.ends_with(b"/") {
                [text, b"/".to_vec()].concat()
            } else {
                text
            };
            assert_eq!(seen_by(1).locate(CWD, &text, follow), want, "{name} {follow}");
        }
    }

    #[test]
    fn descriptors_and_magic_links() {
        let dir = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(dir.path()).unwrap();
        fs::write(root.join("f"), "").unwrap();
        fs::write(root.join("gone"), "").unwrap();
        let folder = fs::File::open(&root).unwrap().into_raw_fd();
        let gone = fs::File::open(root.join("gone")).unwrap().into_raw_fd();
        fs::remove_file(root.join("gone")).unwrap();
        let (reader, _writer) = nix::unistd::pipe().unwrap();
        let pipe = reader.as_raw_fd();
        let me = std::process::id();
        let inside = |name: &str| Place::Path(root.join(name).to_str().unwrap().into());
        for (dirfd, text, want) in [
            (folder, "f".to_owned(), inside("f")),
            (folder, "./f".to_owned(), inside("f")),
            (CWD, format!("/proc/self/fd/{folder}/f"), inside("f")),
            (
                CWD,
                format!(
                    "/proc/{me}/fd/{folder}/../{}/f",
                    root.file_name().unwrap().to_str().unwrap()
                ),
                inside("f"),
            ),
            (CWD, format!("/proc/thread-self/fd/{pipe}"), Place::Anonymous),
            (CWD, format!("/proc/self/fd/{gone}"), inside("gone")),
            (CWD, "/proc/self/root/etc/passwd".to_owned(), Place::Path("/etc/passwd".into())),
            (9999, "x".to_owned(), Place::Fails(libc::EBADF)),
            (-1, "x".to_owned(), Place::Fails(libc::EBADF)),
        ] {
            let got = seen_by(1).locate(dirfd, text.as_bytes(), true);
            assert_eq!(got, want, "{dirfd} {text}");
        }
        assert_eq!(seen_by(1).descriptor(pipe), Place::Anonymous);
        assert_eq!(seen_by(1).descriptor(folder), Place::Path(root.to_str().unwrap().into()));
        for fd in [folder, gone] {
            nix::unistd::close(fd).unwrap();
        }
    }

    /// The supervisor's own directory in /proc is what it would find itself at /proc/self.
    #[test]
    fn the_resolvers_own_process_is_not_taken_for_the_callers() {
        let me = std::process::id() as Pid;
        let own = format!("/proc/{me}/status");
        let got = seen_by(me).locate(CWD, own.as_bytes(), true);
        assert_eq!(got, Place::Path(own.into_bytes()));
        assert_eq!(
            seen_by(me).trusted(format!("/proc/{me}/status").into_bytes()),
            None,
            "left to the walk"
        );
    }
}
