//! A pseudo-terminal and what is seen on it.

use std::io::Write;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::time::Instant;

use super::run::{PATIENCE, readable};

/// The side that the test holds, and what it read there.
pub struct Terminal {
    master: std::fs::File,
    slave: Option<OwnedFd>,
    seen: Vec<u8>,
    taken: usize,
}

impl Terminal {
    /// A new one of 80 by 24; with `echo` it shows what is typed.
    pub fn new(echo: bool) -> Terminal {
        let (mut master, mut slave) = (-1, -1);
        let size = libc::winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
        unsafe {
            let opened = libc::openpty(
                &mut master,
                &mut slave,
                std::ptr::null_mut(),
                std::ptr::null(),
                &size,
            );
            assert_eq!(opened, 0);
            for fd in [master, slave] {
                libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC);
            }
            if !echo {
                let mut modes: libc::termios = std::mem::zeroed();
                libc::tcgetattr(slave, &mut modes);
                modes.c_lflag &= !libc::ECHO;
                libc::tcsetattr(slave, libc::TCSANOW, &modes);
            }
            Terminal {
                master: std::fs::File::from_raw_fd(master),
                slave: Some(OwnedFd::from_raw_fd(slave)),
                seen: Vec::new(),
                taken: 0,
            }
        }
    }

    /// The side that programs get.
    pub fn slave(&self) -> RawFd {
        self.slave.as_ref().unwrap().as_raw_fd()
    }

    /// Closes our copy of it, so that the end of all programs is the end of the terminal.
    pub fn hand_over(&mut self) {
        self.slave = None;
    }

    /// Types something.
    pub fn types(&mut self, keys: &str) {
        self.master.write_all(keys.as_bytes()).unwrap();
    }

    /// Waits until this shows up after what was last waited for, and returns all up to there.
    #[track_caller]
    pub fn shows(&mut self, text: &str) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            let rest = String::from_utf8_lossy(&self.seen[self.taken..]).into_owned();
            if let Some(at) = self.seen[self.taken..]
                .windows(text.len())
                .position(|window| window == text.as_bytes())
            {
                self.taken += at + text.len();
                return rest;
            }
            let left = end.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero() && self.more(left),
                "the terminal never showed {text:?} after this:\n{}",
                String::from_utf8_lossy(&self.seen)
            );
        }
    }

    /// Reads to the end and returns all that was ever shown.
    pub fn rest(&mut self) -> String {
        while self.more(PATIENCE) {}
        String::from_utf8_lossy(&self.seen).into_owned()
    }

    fn more(&mut self, patience: std::time::Duration) -> bool {
        use std::io::Read;
        let mut chunk = [0; 4096];
        if !readable(self.master.as_raw_fd(), patience) {
            return false;
        }
        // EIO: the last program has closed its side.
        match self.master.read(&mut chunk) {
            Ok(count) if count > 0 => {
                self.seen.extend_from_slice(&chunk[..count]);
                true
            }
            _ => false,
        }
    }

    /// Changes its size, which sends SIGWINCH to the foreground group.
    pub fn resize(&self, rows: u16, columns: u16) {
        let size = libc::winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        assert_eq!(unsafe { libc::ioctl(self.master.as_raw_fd(), libc::TIOCSWINSZ, &size) }, 0);
    }
}
