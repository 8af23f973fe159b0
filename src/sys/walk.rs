//! Looking paths up without opening them: `O_PATH` descriptors, openat2(2), link texts.

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

use super::check;

/// The current directory, for `dir` parameters.
pub const CWD: RawFd = libc::AT_FDCWD;

/// `RESOLVE_NO_MAGICLINKS`: fail with ELOOP instead of jumping through `/proc/PID/{cwd,root,fd/N,…}`.
pub const NO_MAGIC_LINKS: u64 = 0x02;

/// `RESOLVE_NO_SYMLINKS`: fail with ELOOP instead of following any symbolic link. One in the last place
/// that is not to be followed is found itself.
pub const NO_LINKS: u64 = 0x04;

/// What [`stat`] tells of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meta {
    /// `st_mode`.
    pub mode: u32,
    /// `st_nlink`.
    pub links: u64,
    /// `st_dev`, `st_ino`: which object.
    pub id: (u64, u64),
}

impl Meta {
    /// The file type bits.
    pub fn kind(&self) -> u32 {
        self.mode & libc::S_IFMT
    }
}

#[repr(C)]
struct OpenHow {
    flags: u64,
    mode: u64,
    resolve: u64,
}

/// Looks `path` up from `dir` without opening what it finds (`O_PATH`).
///
/// `follow` says whether a symbolic link in the last component is followed; `resolve` is a set of
/// `RESOLVE_*` bits (openat2(2)).
pub fn look_up(dir: RawFd, path: &CStr, follow: bool, resolve: u64) -> io::Result<OwnedFd> {
    let stay = if follow { 0 } else { libc::O_NOFOLLOW };
    let how = OpenHow { flags: (libc::O_PATH | libc::O_CLOEXEC | stay) as u64, mode: 0, resolve };
    // SAFETY: `path` is NUL-terminated and `how` valid for its size; O_PATH has no effect on the object.
    let fd = check(unsafe {
        libc::syscall(libc::SYS_openat2, dir, path.as_ptr(), &raw const how, size_of::<OpenHow>())
    })?;
    // SAFETY: the descriptor was just made and is ours alone.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as RawFd) })
}

/// The text of the symbolic link `path` below `dir`; an empty `path` means `dir` itself, opened with
/// `O_PATH | O_NOFOLLOW`.
pub fn read_link(dir: RawFd, path: &CStr) -> io::Result<Vec<u8>> {
    let mut text: Vec<u8> = Vec::with_capacity(libc::PATH_MAX as usize);
    // SAFETY: the kernel stores at most `capacity` bytes.
    let len = check(unsafe {
        libc::readlinkat(dir, path.as_ptr(), text.as_mut_ptr().cast(), text.capacity())
    } as libc::c_long)?;
    // SAFETY: that many bytes were just stored.
    unsafe { text.set_len(len as usize) };
    Ok(text)
}

/// The path of an open descriptor as the kernel tells it (`/proc/self/fd/N`).
pub fn path_of(fd: &OwnedFd) -> io::Result<Vec<u8>> {
    use std::io::Write as _;
    let mut name = [0_u8; 32];
    let mut rest = &mut name[..31];
    write!(rest, "/proc/self/fd/{}", fd.as_raw_fd())?;
    let name = CStr::from_bytes_until_nul(&name).map_err(io::Error::other)?;
    read_link(CWD, name)
}

/// What an open descriptor refers to.
pub fn stat(fd: &OwnedFd) -> io::Result<Meta> {
    // SAFETY: an all-zero stat is a valid value.
    let mut stat: libc::stat = unsafe { std::mem::zeroed() };
    // SAFETY: the kernel fills in one struct stat.
    check(libc::c_long::from(unsafe { libc::fstat(fd.as_raw_fd(), &raw mut stat) }))?;
    Ok(Meta { mode: stat.st_mode, links: stat.st_nlink as u64, id: (stat.st_dev, stat.st_ino) })
}

/// Whether an open descriptor lies on a proc file system.
pub fn on_proc(fd: &OwnedFd) -> io::Result<bool> {
    // SAFETY: an all-zero statfs is a valid value.
    let mut stat: libc::statfs = unsafe { std::mem::zeroed() };
    // SAFETY: the kernel fills in one struct statfs.
    check(libc::c_long::from(unsafe { libc::fstatfs(fd.as_raw_fd(), &raw mut stat) }))?;
    Ok(stat.f_type == libc::PROC_SUPER_MAGIC)
}
