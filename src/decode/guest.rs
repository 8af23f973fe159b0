//! What the decoder needs of the process that makes a call.

use std::io;

use crate::policy::{Place, Relation};

/// One held caller: its memory, its view of the file system, its neighbours. A fake in unit tests.
pub trait Guest {
    /// Reads up to `buf.len()` bytes at `addr`; EFAULT where none can be read.
    fn read(&self, addr: u64, buf: &mut [u8]) -> io::Result<usize>;

    /// Reads a NUL-terminated string of less than `max` bytes: EFAULT, ENAMETOOLONG.
    fn c_string(&self, addr: u64, max: usize) -> io::Result<Vec<u8>>;

    /// Where `text`, relative to `dirfd` (or `AT_FDCWD`), leads for this caller.
    fn locate(&self, dirfd: i32, text: &[u8], follow: bool) -> Place;

    /// What the caller's descriptor refers to; `AT_FDCWD` is its working directory.
    fn descriptor(&self, fd: i32) -> Place;

    /// How the task `pid` (greater than 0) relates to the command.
    fn task(&self, pid: i32) -> Relation;

    /// How the process group relates to the command; 0 is the caller's own.
    fn group(&self, group: i32) -> Relation;

    /// Whom a pidfd of the caller's stands for.
    fn pidfd(&self, fd: i32) -> io::Result<Relation>;

    /// The address that the caller's socket is bound to, as getsockname(2) gives it.
    fn local_address(&self, fd: i32) -> io::Result<Vec<u8>>;
}
