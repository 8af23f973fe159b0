//! The messages of sendto(2), sendmsg(2) and sendmmsg(2) as the caller laid them out.

use super::Errno;
use super::memo::Memo;
use crate::decode::Guest as _;
use crate::policy::shape::Sent;
use crate::sys::arch::Entry;
use crate::sys::{Pid, memory};

/// The most messages of one sendmmsg(2), and the most parts of a message (`UIO_MAXIOV`).
const MAX_PARTS: u64 = 1024;

/// The most bytes of one message that is not part of a stream: more than any socket buffer takes by
/// default, and eight times the longest datagram of the internet.
const MAX_WHOLE: u64 = 512 << 10;

/// How many bytes of a stream are sent at a time.
const PIECE: u64 = 64 << 10;

/// The most bytes of control data (`net.core.optmem_max`).
const MAX_CONTROL: u64 = 128 << 10;

/// One message. The destination was read when it was judged; what it consists of is still in the caller's
/// memory.
#[derive(Debug)]
pub struct Message {
    /// The judged address, if there is any.
    pub name: Option<Vec<u8>>,
    /// Where its struct mmsghdr is, if it has one.
    pub header: u64,
    parts: Parts,
    /// Address and length of the control data.
    control: (u64, u64),
}

#[derive(Debug)]
enum Parts {
    /// Address and length.
    One(u64, u64),
    /// Address and length of an iovec array.
    Vector(u64, u64),
}

/// The messages of a call, their addresses exactly as they were judged.
pub fn read(entry: &Entry, kind: Sent, memo: &Memo<'_, '_>) -> Result<Vec<Message>, Errno> {
    let args = &entry.args;
    match kind {
        Sent::To => {
            let name = match args[4] {
                0 => None,
                addr => Some(memo.bytes(addr, args[5] as u32 as usize)?),
            };
            let parts = Parts::One(args[1], args[2]);
            Ok(vec![Message { name, header: 0, parts, control: (0, 0) }])
        }
        Sent::Message => Ok(vec![header(args[1], memo)?]),
        Sent::Messages => {
            // struct mmsghdr: a msghdr of 56 bytes and a length, 64 together.
            let count = (args[2] & 0xFFFF_FFFF).min(MAX_PARTS);
            let mut messages = Vec::new();
            for n in 0..count {
                match header(args[1].wrapping_add(n * 64), memo) {
                    Ok(message) => messages.push(message),
                    Err(errno) if n == 0 => return Err(errno),
                    Err(_) => break,
                }
            }
            Ok(messages)
        }
    }
}

/// How many messages of sendmmsg(2) can be read before one cannot: the kernel sends those.
pub fn readable(entry: &Entry, memo: &Memo<'_, '_>) -> u64 {
    let count = (entry.args[2] & 0xFFFF_FFFF).min(MAX_PARTS);
    let is_readable = |n: &u64| destination(entry.args[1].wrapping_add(n * 64), memo).is_ok();
    (0..count).take_while(is_readable).count() as u64
}

/// The destination in a struct msghdr: a pointer and an `int` length.
fn destination(addr: u64, memo: &Memo<'_, '_>) -> Result<Option<Vec<u8>>, Errno> {
    let head = memo.bytes(addr, 16)?;
    match (word(&head, 0), word(&head, 8) as u32) {
        (0, _) | (_, 0) => Ok(None),
        // As __copy_msghdr (net/socket.c), which cuts it.
        (name, len) => memo.bytes(name, len.min(128) as usize).map(Some),
    }
}

/// A struct msghdr: the destination, then pointers and `size_t` lengths of the parts and of the control
/// data.
fn header(addr: u64, memo: &Memo<'_, '_>) -> Result<Message, Errno> {
    let mut rest = [0; 32];
    match memo.live().read(addr.wrapping_add(16), &mut rest) {
        Ok(32) => {}
        _ => return Err(libc::EFAULT),
    }
    if (word(&memo.bytes(addr, 16)?, 8) as i32) < 0 {
        return Err(libc::EINVAL);
    }
    if word(&rest, 8) > MAX_PARTS {
        return Err(libc::EMSGSIZE);
    }
    let name = destination(addr, memo)?;
    let parts = Parts::Vector(word(&rest, 0), word(&rest, 8));
    Ok(Message { name, header: addr, parts, control: (word(&rest, 16), word(&rest, 24)) })
}

/// The part of a message that goes out in one call.
#[derive(Debug, Default)]
pub struct Piece {
    /// The bytes.
    pub data: Vec<u8>,
    /// Whether nothing is left of the message after it.
    pub last: bool,
}

impl Message {
    /// What comes after the first `sent` bytes: all of it or, of a stream, a piece.
    pub fn piece(&self, tid: Pid, stream: bool, sent: u64) -> Result<Piece, Errno> {
        let parts = self.parts(tid)?;
        let total = parts.iter().fold(0_u64, |sum, &(_, len)| sum.saturating_add(len));
        if !stream && total > MAX_WHOLE {
            return Err(libc::EMSGSIZE);
        }
        let mut data = vec![
            0;
            total.saturating_sub(sent).min(if stream { PIECE } else { MAX_WHOLE })
                as usize
        ];
        let (mut skip, mut filled) = (sent, 0);
        for (addr, len) in parts {
            let skipped = skip.min(len);
            skip -= skipped;
            let want = ((len - skipped) as usize).min(data.len() - filled);
            let room = &mut data[filled..filled + want];
            memory::read_exact(tid, addr.wrapping_add(skipped), room).map_err(super::errno)?;
            filled += want;
        }
        let last = sent + filled as u64 >= total;
        Ok(Piece { data, last })
    }

    /// The control data; ENOBUFS where it is more than a socket takes.
    pub fn control(&self, tid: Pid) -> Result<Vec<u8>, Errno> {
        let (addr, len) = self.control;
        if len > MAX_CONTROL {
            return Err(libc::ENOBUFS);
        }
        let mut control = vec![0; len as usize];
        memory::read_exact(tid, addr, &mut control).map_err(super::errno)?;
        Ok(control)
    }

    fn parts(&self, tid: Pid) -> Result<Vec<(u64, u64)>, Errno> {
        let (addr, count) = match self.parts {
            Parts::One(addr, len) => return Ok(vec![(addr, len)]),
            Parts::Vector(addr, count) => (addr, count),
        };
        let mut vector = vec![0; count as usize * 16];
        memory::read_exact(tid, addr, &mut vector).map_err(super::errno)?;
        vector
            .chunks_exact(16)
            .map(|part| match (word(part, 0), word(part, 8)) {
                (_, len) if (len as i64) < 0 => Err(libc::EINVAL),
                part => Ok(part),
            })
            .collect()
    }
}

/// The little word at `at`; 0 where there is none.
fn word(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..at + 8).and_then(|b| b.try_into().ok()).map_or(0, u64::from_ne_bytes)
}
