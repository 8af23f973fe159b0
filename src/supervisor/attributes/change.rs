//! What a caller asks for, read from its registers and memory once.

use std::ffi::CString;

use crate::policy::shape::{self, Empty, Follow, PathArg, Shape, newest};
use crate::policy::{Call, Object};
use crate::sys::arch::Entry;
use crate::sys::attributes::{Change, ioctl_size};
use crate::sys::{Pid, memory};

/// A positive errno.
type Errno = i32;

/// The most bytes of an attribute (`XATTR_SIZE_MAX`).
const MAX_VALUE: u64 = 65536;

/// The longest name of an attribute (`XATTR_NAME_MAX`).
const MAX_NAME: usize = 255;

/// The first form of struct xattr_args, in bytes.
const XATTR_ARGS: u64 = 16;

/// The first form of struct file_attr, in bytes.
const FILE_ATTR: u64 = 24;

/// The most bytes that the kernel takes of a struct that may grow.
const PAGE: u64 = 4096;

/// A change and the way it names its object.
#[derive(Debug)]
pub struct Asked {
    /// The way.
    pub way: Way,
    /// The change.
    pub change: Change,
}

/// How a call names what it changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// By a descriptor, which must not be an `O_PATH` one.
    File(i32),
    /// By any descriptor, or `AT_FDCWD` for the working directory.
    Object(i32),
    /// By a path; `follow` says what happens to a link at its end.
    Path {
        /// Whether it is followed.
        follow: bool,
    },
}

/// What `call` of thread `tid` asks for `object`; `None` for nothing at all.
pub fn read(call: &Call, object: &Object, tid: Pid) -> Result<Option<Asked>, Errno> {
    let Entry { nr, args, .. } = call.entry;
    let way = way(&call.entry, object)?;
    let change = Reader(tid).change(i64::from(nr), &args, way)?;
    Ok(change.map(|change| Asked { way, change }))
}

fn way(entry: &Entry, object: &Object) -> Result<Way, Errno> {
    let Shape::Path(path) = shape::of(entry.nr) else { return Ok(Way::File(entry.args[0] as i32)) };
    if !object.text.is_empty() {
        return Ok(Way::Path { follow: follows(path, &entry.args) });
    }
    match path.empty {
        // do_utimes (fs/utimes.c)
        Empty::Null if object.dirfd == libc::AT_FDCWD => Err(libc::EFAULT),
        Empty::Null => Ok(Way::File(object.dirfd)),
        // The newest take a null pointer for an empty string (getname_maybe_null), the others do not.
        _ if entry.args[path.path as usize] == 0 && i64::from(entry.nr) < newest::SETXATTRAT => {
            Err(libc::EFAULT)
        }
        // path_setxattrat (fs/xattr.c), file_setattr (fs/file_attr.c)
        _ if object.dirfd >= 0 && i64::from(entry.nr) >= newest::SETXATTRAT => {
            Ok(Way::File(object.dirfd))
        }
        _ => Ok(Way::Object(object.dirfd)),
    }
}

fn follows(path: PathArg, args: &[u64; 6]) -> bool {
    match path.follow {
        Follow::Yes => true,
        Follow::No => false,
        Follow::Unless(arg, bits) => args[arg as usize] as u32 & bits == 0,
        Follow::If(arg, bits) => args[arg as usize] as u32 & bits != 0,
    }
}

/// Reads the memory of a thread.
struct Reader(Pid);

impl Reader {
    fn change(&self, nr: i64, args: &[u64; 6], way: Way) -> Result<Option<Change>, Errno> {
        let [_, b, c, d, e, f] = *args;
        #[cfg(target_arch = "x86_64")]
        match nr {
            libc::SYS_chmod => return Ok(Some(Change::Mode(b as u32))),
            libc::SYS_chown | libc::SYS_lchown => return Ok(Some(owner(b, c))),
            libc::SYS_utime => return self.whole_seconds(b).map(Some),
            libc::SYS_utimes => return self.microseconds(b).map(Some),
            libc::SYS_futimesat => return self.microseconds(c).map(Some),
            _ => {}
        }
        Ok(Some(match nr {
            libc::SYS_fchmod => Change::Mode(b as u32),
            libc::SYS_fchmodat => Change::Mode(c as u32),
            newest::FCHMODAT2 => known(d, Change::Mode(c as u32))?,
            libc::SYS_fchown => owner(b, c),
            libc::SYS_fchownat => known(e, owner(c, d))?,
            libc::SYS_utimensat => return self.nanoseconds(c, d, way),
            libc::SYS_setxattr | libc::SYS_lsetxattr | libc::SYS_fsetxattr => {
                self.set(b, c, d, e as i32)?
            }
            newest::SETXATTRAT => self.set_at(c, d, e, f)?,
            libc::SYS_removexattr | libc::SYS_lremovexattr | libc::SYS_fremovexattr => {
                Change::RemoveXattr(self.name(b)?)
            }
            newest::REMOVEXATTRAT => known(c, Change::RemoveXattr(self.name(d)?))?,
            newest::FILE_SETATTR => known(e, Change::Attributes(self.structure(c, d, FILE_ATTR)?))?,
            libc::SYS_ioctl => self.ioctl(b as u32, c)?,
            // There is none: a test goes through the shape table.
            _ => return Err(libc::ENOSYS),
        }))
    }

    fn bytes(&self, addr: u64, len: usize) -> Result<Vec<u8>, Errno> {
        let mut bytes = vec![0; len];
        memory::read_exact(self.0, addr, &mut bytes).map_err(|_| libc::EFAULT)?;
        Ok(bytes)
    }

    /// Four 64-bit words; `None` at a null pointer.
    fn words(&self, addr: u64) -> Result<Option<[i64; 4]>, Errno> {
        if addr == 0 {
            return Ok(None);
        }
        let bytes = self.bytes(addr, 32)?;
        let mut words = [0; 4];
        for (to, from) in words.iter_mut().zip(bytes.chunks_exact(8)) {
            *to = word(from) as i64;
        }
        Ok(Some(words))
    }

    /// struct utimbuf: seconds of access and of modification.
    #[cfg(target_arch = "x86_64")]
    fn whole_seconds(&self, addr: u64) -> Result<Change, Errno> {
        if addr == 0 {
            return Ok(Change::Times(None));
        }
        let bytes = self.bytes(addr, 16)?;
        let times = [word(&bytes[..8]) as i64, 0, word(&bytes[8..]) as i64, 0];
        Ok(Change::Times(Some(times)))
    }

    /// Two struct timeval (do_futimesat, fs/utimes.c).
    #[cfg(target_arch = "x86_64")]
    fn microseconds(&self, addr: u64) -> Result<Change, Errno> {
        let Some(mut times) = self.words(addr)? else { return Ok(Change::Times(None)) };
        for at in [1, 3] {
            if !(0..1_000_000).contains(&times[at]) {
                return Err(libc::EINVAL);
            }
            times[at] *= 1000;
        }
        Ok(Change::Times(Some(times)))
    }

    /// Two struct timespec; nothing is asked for where both are left out (utimensat(2)).
    fn nanoseconds(&self, addr: u64, flags: u64, way: Way) -> Result<Option<Change>, Errno> {
        let times = self.words(addr)?;
        if times.is_some_and(|t| t[1] == libc::UTIME_OMIT && t[3] == libc::UTIME_OMIT) {
            return Ok(None);
        }
        match way {
            Way::File(_) if flags as u32 != 0 => Err(libc::EINVAL),
            _ => known(flags, Change::Times(times)).map(Some),
        }
    }

    fn name(&self, addr: u64) -> Result<CString, Errno> {
        match memory::read_c_string(self.0, addr, MAX_NAME + 1) {
            Ok(name) if !name.is_empty() => CString::new(name).map_err(|_| libc::ERANGE),
            Err(error) if error.raw_os_error() != Some(libc::ENAMETOOLONG) => Err(libc::EFAULT),
            // strncpy_from_user in import_xattr_name (fs/xattr.c)
            _ => Err(libc::ERANGE),
        }
    }

    /// setxattr_copy (fs/xattr.c)
    fn set(&self, name: u64, value: u64, size: u64, flags: i32) -> Result<Change, Errno> {
        if flags & !(libc::XATTR_CREATE | libc::XATTR_REPLACE) != 0 {
            return Err(libc::EINVAL);
        }
        let name = self.name(name)?;
        if size > MAX_VALUE {
            return Err(libc::E2BIG);
        }
        Ok(Change::SetXattr(name, self.bytes(value, size as usize)?, flags))
    }

    /// setxattrat: struct xattr_args holds the value's address, then its length and the flags as 32-bit
    /// words.
    fn set_at(&self, at_flags: u64, name: u64, addr: u64, size: u64) -> Result<Change, Errno> {
        let bytes = self.structure(addr, size, XATTR_ARGS)?;
        let (known_part, newer) = bytes.split_at(XATTR_ARGS as usize);
        if newer.iter().any(|&byte| byte != 0) {
            return Err(libc::E2BIG);
        }
        let rest = word(&known_part[8..]);
        known(at_flags, ())?;
        self.set(name, word(&known_part[..8]), rest & 0xFFFF_FFFF, (rest >> 32) as i32)
    }

    /// A struct that may grow with the kernel: at least its first form, at most a page.
    fn structure(&self, addr: u64, size: u64, least: u64) -> Result<Vec<u8>, Errno> {
        match size {
            _ if size > PAGE => Err(libc::E2BIG),
            _ if size < least => Err(libc::EINVAL),
            _ => self.bytes(addr, size as usize),
        }
    }

    /// The requests that set flags and versions take an `int`, whatever size they name (ioctl_iflags(2)).
    fn ioctl(&self, request: u32, addr: u64) -> Result<Change, Errno> {
        let size = ioctl_size(request);
        let bytes = self.bytes(addr, if size == 8 { 4 } else { size })?;
        Ok(Change::Ioctl(request, bytes))
    }
}

fn owner(user: u64, group: u64) -> Change {
    Change::Owner(user as u32, group as u32)
}

/// EINVAL where the `AT_*` flags hold any that these calls do not have.
fn known<T>(flags: u64, value: T) -> Result<T, Errno> {
    match flags as i32 & !(libc::AT_SYMLINK_NOFOLLOW | libc::AT_EMPTY_PATH) {
        0 => Ok(value),
        _ => Err(libc::EINVAL),
    }
}

/// The word in the first eight of `bytes`.
fn word(bytes: &[u8]) -> u64 {
    bytes.first_chunk::<8>().map_or(0, |word| u64::from_ne_bytes(*word))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::policy::groups::MAX_NR;
    use crate::policy::{Access, Place, Target};
    use crate::sys::arch::AUDIT_ARCH;

    const FLAGS: u64 = 0x4008_6602;

    fn asked(nr: i64, args: [u64; 6], text: &str) -> Result<Option<(Way, Change)>, Errno> {
        let entry = Entry { arch: AUDIT_ARCH, nr: nr as u32, args };
        let object = Object {
            dirfd: args[0] as i32,
            text: text.into(),
            place: Place::Unknown,
            access: Access::Attributes,
        };
        let call = Call { entry, target: Target::Registers };
        let asked = read(&call, &object, std::process::id() as Pid)?;
        Ok(asked.map(|asked| (asked.way, asked.change)))
    }

    fn at<T: ?Sized>(value: &T) -> u64 {
        std::ptr::from_ref(value).cast::<u8>() as u64
    }

    #[test]
    fn whatever_changes_attributes_is_understood() {
        let zeros = [0_u64; 1024];
        let at = at(&zeros);
        let mut count = 0;
        for nr in 0..=MAX_NR {
            let changes = match shape::of(nr) {
                Shape::Path(path) => path.access == Access::Attributes,
                Shape::Descriptor(_, access) => access == Access::Attributes,
                Shape::Ioctl => true,
                _ => false,
            };
            let got = asked(nr.into(), [at; 6], "x");
            assert_eq!(got != Err(libc::ENOSYS), changes, "{nr}: {got:?}");
            count += u32::from(changes);
        }
        assert!(count > 20, "{count}");
    }

    #[test]
    fn ways_to_name_an_object() {
        let (follow, stay) = (Way::Path { follow: true }, Way::Path { follow: false });
        let nofollow = libc::AT_SYMLINK_NOFOLLOW as u64;
        let empty = libc::AT_EMPTY_PATH as u64;
        let cwd = libc::AT_FDCWD as u64;
        for (nr, args, text, want) in [
            (libc::SYS_fchmod, [7, 0, 0, 0, 0, 0], "", Ok(Way::File(7))),
            (libc::SYS_fchmodat, [7, 1, 0, nofollow, 0, 0], "x", Ok(follow)),
            (newest::FCHMODAT2, [7, 1, 0, nofollow, 0, 0], "x", Ok(stay)),
            (newest::FCHMODAT2, [7, 1, 0, empty, 0, 0], "", Ok(Way::Object(7))),
            (newest::FCHMODAT2, [7, 0, 0, empty, 0, 0], "", Err(libc::EFAULT)),
            (newest::FCHMODAT2, [7, 1, 0, 1, 0, 0], "x", Err(libc::EINVAL)),
            (libc::SYS_fchownat, [cwd, 1, 0, 0, empty, 0], "", Ok(Way::Object(libc::AT_FDCWD))),
            (libc::SYS_fchownat, [7, 1, 0, 0, nofollow | empty, 0], "x", Ok(stay)),
            (libc::SYS_utimensat, [7, 0, 0, 0, 0, 0], "", Ok(Way::File(7))),
            (libc::SYS_utimensat, [7, 0, 0, nofollow, 0, 0], "", Err(libc::EINVAL)),
            (libc::SYS_utimensat, [cwd, 0, 0, 0, 0, 0], "", Err(libc::EFAULT)),
            (libc::SYS_utimensat, [7, 1, 0, nofollow, 0, 0], "x", Ok(stay)),
            (libc::SYS_removexattr, [1, at(c"user.a"), 0, 0, 0, 0], "x", Ok(follow)),
            (libc::SYS_lremovexattr, [1, at(c"user.a"), 0, 0, 0, 0], "x", Ok(stay)),
            (newest::REMOVEXATTRAT, [7, 0, empty, at(c"user.a"), 0, 0], "", Ok(Way::File(7))),
            (newest::REMOVEXATTRAT, [7, 1, empty, at(c"user.a"), 0, 0], "", Ok(Way::File(7))),
        ] {
            let got = asked(nr, args, text).map(|asked| asked.unwrap().0);
            assert_eq!(got, want, "{nr} {args:?}");
        }
    }

    #[test]
    fn times() {
        let spec = [1_i64, 2, 3, 4];
        let omit = [0, libc::UTIME_OMIT, 0, libc::UTIME_OMIT];
        let utimensat = |times| asked(libc::SYS_utimensat, [7, 1, times, 0, 0, 0], "x");
        assert_eq!(utimensat(at(&omit)), Ok(None));
        for (times, want) in [(at(&spec), Ok(Some(spec))), (0, Ok(None)), (1, Err(libc::EFAULT))] {
            let got = utimensat(times).map(|asked| asked.unwrap().1);
            assert_eq!(got, want.map(Change::Times));
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn older_times() {
        let of = |nr, times| asked(nr, [1, times, times, 0, 0, 0], "x").map(|a| a.unwrap().1);
        let (good, bad) = ([1_i64, 2, 3, 4], [1_i64, 2, 3, 1_000_000]);
        for (nr, times, want) in [
            (libc::SYS_utime, at(&good), Ok(Some([1, 0, 2, 0]))),
            (libc::SYS_utime, 0, Ok(None)),
            (libc::SYS_utimes, at(&good), Ok(Some([1, 2000, 3, 4000]))),
            (libc::SYS_utimes, at(&bad), Err(libc::EINVAL)),
            (libc::SYS_futimesat, at(&good), Ok(Some([1, 2000, 3, 4000]))),
            (libc::SYS_futimesat, 1, Err(libc::EFAULT)),
        ] {
            assert_eq!(of(nr, times), want.map(Change::Times), "{nr}");
        }
    }

    #[test]
    fn attributes() {
        let name = c"user.a";
        let long = CString::new(vec![b'a'; 256]).unwrap();
        let set = |name, value, size, flags| {
            asked(libc::SYS_setxattr, [1, name, value, size, flags, 0], "x")
                .map(|asked| asked.unwrap().1)
        };
        let want = Change::SetXattr(name.into(), b"va".to_vec(), 1);
        assert_eq!(set(at(name), at("va"), 2, 1), Ok(want.clone()));
        for (name, value, size, flags, want) in [
            (at(name), 0, 0, 4, libc::EINVAL),
            (0, 0, 0, 0, libc::EFAULT),
            (at(c""), 0, 0, 0, libc::ERANGE),
            (at(&long.as_bytes_with_nul()[0]), 0, 0, 0, libc::ERANGE),
            (at(name), 0, 65537, 0, libc::E2BIG),
            (at(name), 0, 1, 0, libc::EFAULT),
        ] {
            assert_eq!(set(name, value, size, flags), Err(want), "{size} {flags}");
        }
        let packed = [at("va"), 1 << 32 | 2, 0, 9];
        for (size, want) in [
            (16, Ok(want.clone())),
            (24, Ok(want)),
            (32, Err(libc::E2BIG)),
            (15, Err(libc::EINVAL)),
            (4097, Err(libc::E2BIG)),
        ] {
            let args = [7, 1, 0, at(name), at(&packed), size];
            assert_eq!(asked(newest::SETXATTRAT, args, "x").map(|a| a.unwrap().1), want, "{size}");
        }
    }

    #[test]
    fn flags_of_inodes() {
        let word = 0x0403_0201_u32.to_ne_bytes();
        let got = asked(libc::SYS_ioctl, [7, FLAGS, at(&word), 0, 0, 0], "");
        let want = Change::Ioctl(FLAGS as u32, word.to_vec());
        assert_eq!(got, Ok(Some((Way::File(7), want))));
        let fits = [5_u8; 32];
        let got = asked(newest::FILE_SETATTR, [7, 1, at(&fits), 24, 0, 0], "x");
        let want = Change::Attributes(vec![5; 24]);
        assert_eq!(got, Ok(Some((Way::Path { follow: true }, want))));
    }
}
