//! The descriptors that gatekeeper was given: the command's business, not its own.

use std::fs;
use std::io;
use std::os::fd::RawFd;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::unistd::{close, dup2_stdin, dup2_stdout, pipe};

/// Descriptors above 2 that are open now, which at the start of gatekeeper are those it inherited.
pub fn inherited() -> io::Result<Vec<RawFd>> {
    let mut open: Vec<RawFd> = Vec::new();
    for entry in fs::read_dir("/proc/self/fd")? {
        open.extend(entry?.file_name().to_str().and_then(|name| name.parse::<RawFd>().ok()));
    }
    // The directory's own descriptor is closed by now.
    open.retain(|&fd| fd > 2 && is_open(fd));
    Ok(open)
}

fn is_open(fd: RawFd) -> bool {
    let target = format!("/proc/self/fd/{fd}");
    fs::symlink_metadata(target).is_ok()
}

/// Lets gatekeeper have as many descriptors as it may: each call that it makes for a caller and that has
/// to wait keeps one. The command has its own limit by now.
pub fn raise_limit() -> io::Result<()> {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    Ok(setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?)
}

/// Lets go of standard input and output and of `inherited` once the command has its own copies, so that
/// whoever is at the other end sees the command close them.
pub fn release(inherited: &[RawFd]) -> io::Result<()> {
    let (read, write) = pipe()?;
    dup2_stdin(&read)?;
    dup2_stdout(&write)?;
    for &fd in inherited {
        close(fd)?;
    }
    Ok(())
}
