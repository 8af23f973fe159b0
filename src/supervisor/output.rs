//! What the command writes, read for a log trigger.

use super::judge::Judge;
use super::trigger::Cause;
use crate::decode::{Guest, Live};
use crate::policy::shape::{self, Output, Sent, Shape};
use crate::sys::Pid;
use crate::sys::arch::Entry;

/// The most iovecs of one call (`UIO_MAXIOV`).
const MAX_VECTORS: u64 = 1024;

impl Judge {
    pub(super) fn read_output(&self, entry: &Entry, guest: &Live<'_>) {
        let fd = entry.args[0] as i32;
        let writer = guest.process().unwrap_or(0);
        let mut scan = |addr: u64, len: u64| self.scan(guest, writer, fd, addr, len);
        match shape::of(entry.nr) {
            Shape::Output(Output::Buffer) | Shape::Send(Sent::To) => {
                scan(entry.args[1], entry.args[2]);
            }
            Shape::Output(Output::Vector) => {
                vectors(guest, entry.args[1], entry.args[2], &mut scan)
            }
            Shape::Send(Sent::Message) => {
                let mut header = [0; 32];
                if matches!(guest.read(entry.args[1], &mut header), Ok(32)) {
                    vectors(guest, word(&header, 16), word(&header, 24), &mut scan);
                }
            }
            _ => {}
        }
    }

    /// Reads `len` bytes at `addr` piece by piece until they end or enforcement is armed.
    fn scan(&self, guest: &Live<'_>, writer: Pid, fd: i32, addr: u64, len: u64) {
        let mut piece = vec![0; 65536.min(len as usize)];
        // The kernel writes no more at once (MAX_RW_COUNT).
        let len = len.min(0x7FFF_F000);
        let mut done = 0;
        while done < len && !self.enforcement.is_armed() {
            let want = piece.len().min((len - done) as usize);
            let Ok(got @ 1..) = guest.read(addr.wrapping_add(done), &mut piece[..want]) else {
                return;
            };
            if self.enforcement.saw(writer, fd, &piece[..got]) {
                self.arm(Cause::Log);
            }
            done += got as u64;
        }
    }
}

fn vectors(guest: &Live<'_>, addr: u64, count: u64, scan: &mut dyn FnMut(u64, u64)) {
    for n in 0..count.min(MAX_VECTORS) {
        let mut vector = [0; 16];
        if !matches!(guest.read(addr.wrapping_add(n * 16), &mut vector), Ok(16)) {
            return;
        }
        scan(word(&vector, 0), word(&vector, 8));
    }
}

fn word(bytes: &[u8], at: usize) -> u64 {
    bytes
        .get(at..at + 8)
        .map_or(0, |b| b.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte)))
}
