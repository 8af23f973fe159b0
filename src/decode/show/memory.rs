//! Bounded reads of a tracee's memory, straight to text.
//!
//! Everything here gives `None` where the memory cannot be read; the caller shows the address then.

use super::quote;
use crate::decode::Guest;

/// The most elements of an array that are shown (strace's default).
pub(super) const MAX_ITEMS: usize = 32;

/// The most environment variables that are counted.
const MAX_COUNTED: u64 = 4096;

/// A caller's memory.
#[derive(Clone, Copy)]
pub(super) struct Memory<'g>(pub(super) &'g dyn Guest);

impl Memory<'_> {
    /// Up to `len` bytes, fewer where the mapping ends.
    pub(super) fn some(self, addr: u64, len: usize) -> Vec<u8> {
        let mut buf = vec![0; len];
        let mut done = 0;
        while done < len {
            match self.0.read(addr.wrapping_add(done as u64), &mut buf[done..]) {
                Ok(got) if got > 0 => done += got.min(len - done),
                _ => break,
            }
        }
        buf.truncate(done);
        buf
    }

    /// Exactly `N` bytes.
    pub(super) fn exactly<const N: usize>(self, addr: u64) -> Option<[u8; N]> {
        self.some(addr, N).try_into().ok()
    }

    /// `N` words of 64 bits.
    pub(super) fn words<const N: usize>(self, addr: u64) -> Option<[u64; N]> {
        let bytes = self.some(addr, N * 8);
        let mut words = [0; N];
        for (n, word) in words.iter_mut().enumerate() {
            *word = u64::from_ne_bytes(*bytes.get(n * 8..)?.first_chunk()?);
        }
        Some(words)
    }

    /// A path, whole; what is longer than a path can be is cut there.
    pub(super) fn path(self, addr: u64) -> Option<String> {
        const LONGEST: usize = libc::PATH_MAX as usize;
        match self.0.c_string(addr, LONGEST) {
            Ok(text) => Some(quote(&text, LONGEST)),
            Err(_) => self.text(addr, LONGEST - 1),
        }
    }

    /// A string, its first `limit` bytes.
    pub(super) fn text(self, addr: u64, limit: usize) -> Option<String> {
        let bytes = self.some(addr, limit + 1);
        match bytes.iter().position(|&b| b == 0) {
            Some(end) => Some(quote(&bytes[..end], limit)),
            None if bytes.len() > limit => Some(quote(&bytes, limit)),
            None => None,
        }
    }

    /// `len` bytes, the first `limit` of them.
    pub(super) fn bytes(self, addr: u64, len: u64, limit: usize) -> Option<String> {
        let more = len > limit as u64;
        let wanted = if more { limit } else { len as usize };
        let bytes = self.some(addr, wanted);
        (bytes.len() == wanted)
            .then(|| format!("{}{}", quote(&bytes, limit), if more { "..." } else { "" }))
    }

    /// A NULL-ended array of strings, at most `items`.
    pub(super) fn strings(self, addr: u64, items: usize, limit: usize) -> Option<String> {
        let [first] = self.words(addr)?;
        let mut shown = Vec::new();
        let mut next = first;
        while next != 0 {
            if shown.len() == items {
                shown.push("...".to_string());
                break;
            }
            shown.push(self.text(next, limit).unwrap_or_else(|| format!("{next:#x}")));
            match self.words(addr.wrapping_add(8 * shown.len() as u64)) {
                Some([word]) => next = word,
                None => {
                    shown.push("...".to_string());
                    break;
                }
            }
        }
        Some(format!("[{}]", shown.join(", ")))
    }

    /// How many entries a NULL-ended array has.
    pub(super) fn count(self, addr: u64) -> Option<u64> {
        for n in 0..MAX_COUNTED {
            let [word] = self.words(addr.wrapping_add(8 * n))?;
            if word == 0 {
                return Some(n);
            }
        }
        None
    }

    /// An array of `count` elements, each `size` bytes long, at most `items` of them shown by `show`.
    pub(super) fn array(
        self,
        addr: u64,
        count: u64,
        (size, items): (u64, u64),
        show: impl Fn(u64) -> Option<String>,
    ) -> Option<String> {
        let mut shown = Vec::new();
        for n in 0..count.min(items) {
            match show(addr.wrapping_add(n * size)) {
                Some(text) => shown.push(text),
                None if n == 0 => return None,
                None => {
                    shown.push("...".to_string());
                    return Some(format!("[{}]", shown.join(", ")));
                }
            }
        }
        if count > items {
            shown.push("...".to_string());
        }
        Some(format!("[{}]", shown.join(", ")))
    }
}
