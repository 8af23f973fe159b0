//! Changing what is known about a file: mode, owner, times, extended attributes, inode flags.
//!
//! Everything is done to a descriptor, never to a path that somebody else could make mean another file.

use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd, RawFd};

use super::{check, walk};

/// `file_setattr`, Linux 6.17; the same number on every architecture.
const SYS_FILE_SETATTR: libc::c_long = 469;

/// Bytes that an ioctl may read here.
const IOCTL_BYTES: usize = 32;

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// chmod(2): the mode.
    Mode(u32),
    /// chown(2): user and group, `u32::MAX` to leave one as it is.
    Owner(u32, u32),
    /// utimensat(2): seconds and nanoseconds (or `UTIME_NOW`, `UTIME_OMIT`) of access and of
    /// modification; `None` is now.
    Times(Option<[i64; 4]>),
    /// setxattr(2): name, value, flags.
    SetXattr(CString, Vec<u8>, i32),
    /// removexattr(2): the name.
    RemoveXattr(CString),
    /// file_setattr: the bytes of a struct file_attr.
    Attributes(Vec<u8>),
    /// ioctl(2) on a regular file or a directory: a request that only reads what it is given, and that.
    Ioctl(u32, Vec<u8>),
}

/// What is changed.
#[derive(Debug)]
pub enum On {
    /// An open file, by the calls that take a descriptor: EBADF where it is an `O_PATH` one.
    File(OwnedFd),
    /// The object that a descriptor refers to, a symbolic link among them, by the calls that take a path.
    Object(OwnedFd),
}

impl On {
    /// The descriptor.
    pub fn descriptor(&self) -> BorrowedFd<'_> {
        match self {
            On::File(fd) | On::Object(fd) => fd.as_fd(),
        }
    }

    /// Makes the change, with the errors that the system call has.
    pub fn apply(&self, change: &Change) -> io::Result<()> {
        let done = match self {
            On::File(fd) => change_file(fd, change)?,
            On::Object(fd) => {
                // A magic link: it leads to the object itself, without a look-up.
                let path = CString::new(format!("/proc/self/fd/{}", fd.as_raw_fd()))?;
                change_path(&path, change)?
            }
        };
        check(done).map(|_| ())
    }
}

fn change_file(file: &OwnedFd, change: &Change) -> io::Result<libc::c_long> {
    let fd = file.as_raw_fd();
    // SAFETY: every pointer is that of a slice or string borrowed for the call, and goes with its length
    // or a NUL; the kernel only reads there. An ioctl is checked first.
    Ok(unsafe {
        match change {
            Change::Mode(mode) => libc::fchmod(fd, *mode).into(),
            Change::Owner(user, group) => libc::fchown(fd, *user, *group).into(),
            Change::Times(times) => set_times(fd, None, times.as_ref()),
            Change::SetXattr(name, value, flags) => {
                let (at, len) = (value.as_ptr().cast(), value.len());
                libc::fsetxattr(fd, name.as_ptr(), at, len, *flags).into()
            }
            Change::RemoveXattr(name) => libc::fremovexattr(fd, name.as_ptr()).into(),
            Change::Attributes(bytes) => set_attributes(fd, c"", bytes, libc::AT_EMPTY_PATH),
            Change::Ioctl(request, bytes) => {
                let bytes = ioctl_argument(file, *request, bytes)?;
                libc::ioctl(fd, *request as _, bytes.as_ptr()).into()
            }
        }
    })
}

fn change_path(path: &CStr, change: &Change) -> io::Result<libc::c_long> {
    let at = path.as_ptr();
    // SAFETY: as in `change_file`.
    Ok(unsafe {
        match change {
            Change::Mode(mode) => libc::chmod(at, *mode).into(),
            Change::Owner(user, group) => libc::chown(at, *user, *group).into(),
            Change::Times(times) => set_times(libc::AT_FDCWD, Some(path), times.as_ref()),
            Change::SetXattr(name, value, flags) => {
                let (from, len) = (value.as_ptr().cast(), value.len());
                libc::setxattr(at, name.as_ptr(), from, len, *flags).into()
            }
            Change::RemoveXattr(name) => libc::removexattr(at, name.as_ptr()).into(),
            Change::Attributes(bytes) => set_attributes(libc::AT_FDCWD, path, bytes, 0),
            Change::Ioctl(..) => return Err(io::Error::from_raw_os_error(libc::EBADF)),
        }
    })
}

fn set_times(dir: RawFd, path: Option<&CStr>, times: Option<&[i64; 4]>) -> libc::c_long {
    let path = path.map_or(std::ptr::null(), CStr::as_ptr);
    let times = times.map_or(std::ptr::null(), |times| times.as_ptr());
    // SAFETY: a NUL-terminated path or none; two struct timespec, which are two 64-bit words each, or
    // none.
    unsafe { libc::syscall(libc::SYS_utimensat, dir, path, times, 0) }
}

fn set_attributes(dir: RawFd, path: &CStr, bytes: &[u8], flags: i32) -> libc::c_long {
    let (at, len) = (bytes.as_ptr(), bytes.len());
    // SAFETY: a NUL-terminated path; the kernel reads `len` bytes.
    unsafe { libc::syscall(SYS_FILE_SETATTR, dir, path.as_ptr(), at, len, flags) }
}

/// The argument of a request that says itself that it reads no more than there is. Drivers need not
/// keep to that, and user-space ones may reach for any memory of the caller's: so only ordinary files.
fn ioctl_argument(file: &OwnedFd, request: u32, bytes: &[u8]) -> io::Result<[u8; IOCTL_BYTES]> {
    const WRITES: u32 = 1;
    let size = ioctl_size(request);
    if request >> 30 != WRITES || size > IOCTL_BYTES || bytes.len() > IOCTL_BYTES {
        return Err(io::Error::from_raw_os_error(libc::EINVAL));
    }
    // SAFETY: no pointers.
    let mode = check(unsafe { libc::fcntl(file.as_raw_fd(), libc::F_GETFL) }.into())?;
    if mode & libc::c_long::from(libc::O_PATH) != 0 {
        return Err(io::Error::from_raw_os_error(libc::EBADF));
    }
    if !matches!(walk::stat(file)?.kind(), libc::S_IFREG | libc::S_IFDIR) {
        return Err(io::Error::from_raw_os_error(libc::ENOTTY));
    }
    let mut argument = [0; IOCTL_BYTES];
    argument[..bytes.len()].copy_from_slice(bytes);
    Ok(argument)
}

/// The size that an ioctl request names (`_IOC_SIZE`), in bytes.
pub fn ioctl_size(request: u32) -> usize {
    (request >> 16 & 0x3FFF) as usize
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
    use std::path::Path;

    use super::*;
    use crate::sys::walk::CWD;

    const FS_IOC_SETFLAGS: u32 = 0x4008_6602;

    fn object(path: &Path) -> On {
        let path = CString::new(path.to_str().unwrap()).unwrap();
        On::Object(walk::look_up(CWD, &path, false, walk::NO_LINKS).unwrap())
    }

    fn errno(result: io::Result<()>) -> i32 {
        result.map_or_else(|error| error.raw_os_error().unwrap(), |()| 0)
    }

    #[test]
    fn an_object_is_changed_without_being_opened() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        fs::write(&path, "").unwrap();
        let on = object(&path);
        let (user, group) = (fs::metadata(&path).unwrap().uid(), u32::MAX);
        for change in [
            Change::Mode(0o4751),
            Change::Owner(user, group),
            Change::Mode(0o640),
            Change::Times(Some([1, 2, 3, 4])),
            Change::SetXattr(c"user.a".into(), b"value".into(), 0),
            Change::RemoveXattr(c"user.a".into()),
        ] {
            assert_eq!(errno(on.apply(&change)), 0, "{change:?}");
        }
        let meta = fs::metadata(&path).unwrap();
        assert_eq!((meta.mode() & 0o7777, meta.atime(), meta.mtime_nsec()), (0o640, 1, 4));
        let bare = on.descriptor().try_clone_to_owned().unwrap();
        assert_eq!(errno(On::File(bare).apply(&Change::Mode(0))), libc::EBADF);
    }

    #[test]
    fn a_link_itself_is_changed() {
        let dir = tempfile::tempdir().unwrap();
        let (target, link) = (dir.path().join("t"), dir.path().join("l"));
        fs::write(&target, "").unwrap();
        fs::set_permissions(&target, fs::Permissions::from_mode(0o604)).unwrap();
        symlink(&target, &link).unwrap();
        let on = object(&link);
        assert_eq!(errno(on.apply(&Change::Times(Some([5, 0, 6, 0])))), 0);
        assert_eq!(fs::symlink_metadata(&link).unwrap().mtime(), 6);
        assert_eq!(errno(on.apply(&Change::Owner(u32::MAX, u32::MAX))), 0);
        assert_ne!(errno(on.apply(&Change::SetXattr(c"user.a".into(), vec![], 0))), 0);
        let _ = on.apply(&Change::Mode(0o600));
        let meta = fs::metadata(&target).unwrap();
        assert_eq!(meta.mode() & 0o7777, 0o604);
        assert_ne!(meta.mtime(), 6);
    }

    #[test]
    fn ioctls_are_for_ordinary_files_and_bounded() {
        let dir = tempfile::tempdir().unwrap();
        let file = || On::File(fs::File::open(dir.path()).unwrap().into());
        for (request, bytes, want) in [
            (0x5401, 0, libc::EINVAL),
            (0x8008_6601, 4, libc::EINVAL),
            (0x4408_6602, 4, libc::EINVAL),
            (FS_IOC_SETFLAGS, 33, libc::EINVAL),
        ] {
            let change = Change::Ioctl(request, vec![0; bytes]);
            assert_eq!(errno(file().apply(&change)), want, "{change:?}");
        }
        let bare = object(Path::new("/dev/null")).descriptor().try_clone_to_owned().unwrap();
        let change = Change::Ioctl(FS_IOC_SETFLAGS, vec![0; 4]);
        assert_eq!(errno(On::File(bare).apply(&change)), libc::EBADF);
        let device = On::File(fs::File::open("/dev/null").unwrap().into());
        assert_eq!(errno(device.apply(&change)), libc::ENOTTY);
        assert_eq!(errno(object(dir.path()).apply(&change)), libc::EBADF);
    }
}
