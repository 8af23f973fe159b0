//! Reading a tracee's memory: process_vm_readv(2), never past a page that is not there.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use super::Pid;

const PAGE: usize = 4096;

/// Reads up to `buf.len()` bytes at `addr`; fewer where the mapping ends, EFAULT where none can be read.
pub fn read(pid: Pid, addr: u64, buf: &mut [u8]) -> io::Result<usize> {
    if buf.is_empty() {
        return Ok(0);
    }
    let local = libc::iovec { iov_base: buf.as_mut_ptr().cast(), iov_len: buf.len() };
    // The kernel stops at the first iovec it cannot read whole, so the remote side is cut at page
    // borders: what lies before a hole still arrives.
    let mut remote = [libc::iovec { iov_base: std::ptr::null_mut(), iov_len: 0 }; 34];
    let mut count = 0;
    let mut done = 0;
    while done < buf.len() && count < remote.len() {
        let at = addr.wrapping_add(done as u64);
        let room = PAGE - (at as usize & (PAGE - 1));
        let len = room.min(buf.len() - done);
        remote[count] = libc::iovec { iov_base: at as *mut libc::c_void, iov_len: len };
        count += 1;
        done += len;
    }
    // SAFETY: the local iovec describes `buf`; the remote addresses are the tracee's and are checked
    // by the kernel there.
    let got = unsafe {
        libc::process_vm_readv(pid, &raw const local, 1, remote.as_ptr(), count as libc::c_ulong, 0)
    };
    if got >= 0 {
        return Ok(got as usize);
    }
    let error = io::Error::last_os_error();
    match error.raw_os_error() {
        // Withheld by a container's seccomp profile, or the tracee is out of reach; then so is its file.
        Some(libc::EPERM | libc::ENOSYS) => match File::open(format!("/proc/{pid}/mem")) {
            // Where nothing is mapped it gives EIO.
            Ok(memory) => {
                memory.read_at(buf, addr).map_err(|_| io::Error::from_raw_os_error(libc::EFAULT))
            }
            Err(_) => Err(error),
        },
        _ => Err(error),
    }
}

/// Reads exactly `buf.len()` bytes, or fails with EFAULT.
pub fn read_exact(pid: Pid, addr: u64, buf: &mut [u8]) -> io::Result<()> {
    let mut done = 0;
    while done < buf.len() {
        match read(pid, addr.wrapping_add(done as u64), &mut buf[done..])? {
            0 => return Err(io::Error::from_raw_os_error(libc::EFAULT)),
            n => done += n,
        }
    }
    Ok(())
}

/// Writes all of `bytes` at `addr`, or fails with EFAULT.
pub fn write(pid: Pid, addr: u64, bytes: &[u8]) -> io::Result<()> {
    let local = libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() };
    let remote = libc::iovec { iov_base: addr as *mut libc::c_void, iov_len: bytes.len() };
    // SAFETY: the local iovec describes `bytes`, which the kernel only reads; the remote address is the
    // tracee's and is checked by the kernel there.
    let put = unsafe { libc::process_vm_writev(pid, &raw const local, 1, &raw const remote, 1, 0) };
    match put {
        -1 => Err(io::Error::last_os_error()),
        n if n as usize == bytes.len() => Ok(()),
        _ => Err(io::Error::from_raw_os_error(libc::EFAULT)),
    }
}

/// Reads a NUL-terminated string of at most `max` bytes without its NUL.
///
/// Fails with EFAULT where the string runs into unreadable memory and with ENAMETOOLONG where no NUL
/// comes within `max` bytes.
pub fn read_c_string(pid: Pid, addr: u64, max: usize) -> io::Result<Vec<u8>> {
    if addr == 0 {
        return Err(io::Error::from_raw_os_error(libc::EFAULT));
    }
    // Most paths are short: one small read first, and only then up to the limit.
    let mut text = vec![0; 256.min(max)];
    let mut filled = 0;
    loop {
        let got = read(pid, addr.wrapping_add(filled as u64), &mut text[filled..])?;
        if let Some(nul) = text[filled..filled + got].iter().position(|&b| b == 0) {
            text.truncate(filled + nul);
            return Ok(text);
        }
        if got == 0 {
            return Err(io::Error::from_raw_os_error(libc::EFAULT));
        }
        filled += got;
        if filled >= max {
            return Err(io::Error::from_raw_os_error(libc::ENAMETOOLONG));
        }
        if filled == text.len() {
            text.resize((text.len() * 8).min(max), 0);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn me() -> Pid {
        std::process::id() as Pid
    }

    #[test]
    fn strings_end_at_their_nul_or_fail() {
        let text = b"/etc/passwd\0more";
        let long = [b'a'; 5000];
        for (addr, max, want) in [
            (text.as_ptr() as u64, 4096, Ok(b"/etc/passwd".to_vec())),
            (text.as_ptr() as u64, 5, Err(libc::ENAMETOOLONG)),
            (long.as_ptr() as u64, 4096, Err(libc::ENAMETOOLONG)),
            (0, 4096, Err(libc::EFAULT)),
            (1, 4096, Err(libc::EFAULT)),
            (u64::MAX - 8, 4096, Err(libc::EFAULT)),
        ] {
            let got = read_c_string(me(), addr, max).map_err(|e| e.raw_os_error().unwrap());
            assert_eq!(got, want, "{addr:#x} {max}");
        }
    }

    #[test]
    fn what_is_written_is_there() {
        let mut place = [0_u8; 8];
        let addr = (&raw mut place) as u64;
        write(me(), addr + 2, b"four").unwrap();
        let mut back = [0; 8];
        read_exact(me(), addr, &mut back).unwrap();
        assert_eq!(&back, b"\0\0four\0\0");
        assert_eq!(write(me(), 1, b"x").unwrap_err().raw_os_error(), Some(libc::EFAULT));
    }

    #[test]
    fn a_string_that_ends_at_the_last_byte_of_a_mapping_is_read() {
        // SAFETY: a fresh private mapping of two pages, of which the second is taken away again.
        let base = unsafe {
            let base = libc::mmap(
                std::ptr::null_mut(),
                2 * PAGE,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
                -1,
                0,
            );
            libc::munmap(base.add(PAGE), PAGE);
            base.cast::<u8>()
        };
        // SAFETY: the first page is mapped and writable.
        unsafe { std::ptr::copy_nonoverlapping(c"/tmp".as_ptr().cast(), base.add(PAGE - 5), 5) };
        let at = base as u64 + PAGE as u64 - 5;
        assert_eq!(read_c_string(me(), at, 4096).unwrap(), b"/tmp");
        // SAFETY: as above; the string now runs into the hole.
        unsafe { *base.add(PAGE - 1) = b'x' };
        assert_eq!(read_c_string(me(), at, 4096).unwrap_err().raw_os_error(), Some(libc::EFAULT));
        // SAFETY: unmaps what this test mapped.
        unsafe { libc::munmap(base.cast(), PAGE) };
    }
}
