//! The caller's memory, each piece read once.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::io;

use super::Errno;
use crate::decode::{Guest, Live};
use crate::policy::{Place, Relation};

/// A guest that remembers what was read where, so that what is judged and what is used are the same
/// bytes. Once sealed it gives nothing that it has not given before.
pub struct Memo<'m, 'h> {
    live: &'m Live<'h>,
    read: RefCell<HashMap<(u64, usize), Vec<u8>>>,
    sealed: Cell<bool>,
}

impl<'m, 'h> Memo<'m, 'h> {
    /// Nothing read yet.
    pub fn new(live: &'m Live<'h>) -> Self {
        Self { live, read: RefCell::default(), sealed: Cell::new(false) }
    }

    /// The caller itself, for what no verdict hangs on.
    pub fn live(&self) -> &'m Live<'h> {
        self.live
    }

    /// The verdict is made: nothing new from here on.
    pub fn seal(&self) {
        self.sealed.set(true);
    }

    /// All of the `len` bytes at `addr`, as the decoder reads them.
    pub fn bytes(&self, addr: u64, len: usize) -> Result<Vec<u8>, Errno> {
        let mut bytes = vec![0; len];
        let mut done = 0;
        while done < len {
            match self.read(addr.wrapping_add(done as u64), &mut bytes[done..]) {
                Ok(0) => return Err(libc::EFAULT),
                Ok(n) => done += n,
                Err(error) => return Err(super::errno(error)),
            }
        }
        Ok(bytes)
    }
}

impl Guest for Memo<'_, '_> {
    fn read(&self, addr: u64, buf: &mut [u8]) -> io::Result<usize> {
        let mut read = self.read.borrow_mut();
        if let Some(known) = read.get(&(addr, buf.len())) {
            buf[..known.len()].copy_from_slice(known);
            return Ok(known.len());
        }
        if self.sealed.get() {
            return Err(io::Error::from_raw_os_error(libc::EFAULT));
        }
        let got = self.live.read(addr, buf)?;
        read.insert((addr, buf.len()), buf[..got].to_vec());
        Ok(got)
    }

    fn c_string(&self, addr: u64, max: usize) -> io::Result<Vec<u8>> {
        self.live.c_string(addr, max)
    }

    fn locate(&self, dirfd: i32, text: &[u8], follow: bool) -> Place {
        self.live.locate(dirfd, text, follow)
    }

    fn descriptor(&self, fd: i32) -> Place {
        self.live.descriptor(fd)
    }

    fn task(&self, pid: i32) -> Relation {
        self.live.task(pid)
    }

    fn group(&self, group: i32) -> Relation {
        self.live.group(group)
    }

    fn pidfd(&self, fd: i32) -> io::Result<Relation> {
        self.live.pidfd(fd)
    }

    fn local_address(&self, fd: i32) -> io::Result<Vec<u8>> {
        self.live.local_address(fd)
    }
}
