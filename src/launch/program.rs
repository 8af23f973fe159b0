//! Which file a command means, and what the kernel runs besides it.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Where commands are looked for when PATH is not set, as execvp(3) has it.
const DEFAULT_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// The kernel's limit of interpreters of interpreters (`BINPRM_BUF_SIZE` is the length of their line).
const MAX_INTERPRETERS: usize = 5;
const INTERPRETER_LINE: usize = 256;

/// Why a command cannot be executed.
#[derive(Debug, Error)]
pub enum ProgramError {
    /// There is no such file.
    #[error("{}: command not found", .0.display())]
    NotFound(PathBuf),
    /// There is, but it cannot be executed.
    #[error("{}: cannot execute: {}", .0.display(), .1)]
    NotExecutable(PathBuf, &'static str),
}

/// Finds the file that `name` means: itself if it has a slash, else the first executable in PATH.
pub fn find(name: &OsStr) -> Result<PathBuf, ProgramError> {
    if name.as_bytes().contains(&b'/') {
        let path = PathBuf::from(name);
        return check(&path).map(|()| path);
    }
    let search = env::var_os("PATH").unwrap_or_else(|| OsString::from(DEFAULT_PATH));
    let mut refused = None;
    for dir in env::split_paths(&search).filter(|_| !name.is_empty()) {
        let dir = if dir.as_os_str().is_empty() { PathBuf::from(".") } else { dir };
        let path = dir.join(name);
        match check(&path) {
            Ok(()) => return Ok(path),
            Err(error @ ProgramError::NotExecutable(..)) => refused = refused.or(Some(error)),
            Err(ProgramError::NotFound(_)) => {}
        }
    }
    Err(refused.unwrap_or_else(|| ProgramError::NotFound(name.into())))
}

fn check(path: &Path) -> Result<(), ProgramError> {
    let refuse = |why| Err(ProgramError::NotExecutable(path.to_owned(), why));
    match fs::metadata(path) {
        Ok(meta) if meta.is_dir() => refuse("it is a directory"),
        Ok(meta) if !meta.is_file() => refuse("it is not a regular file"),
        Ok(meta) if meta.permissions().mode() & 0o111 == 0 => {
            refuse("permission denied (it has no execute bit)")
        }
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            refuse("permission denied")
        }
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            refuse("a part of its path is not a directory")
        }
        Err(_) => Err(ProgramError::NotFound(path.to_owned())),
    }
}

/// The files that executing `path` runs (itself, interpreters, ELF loaders), canonical, and those of
/// them that are scripts, which their interpreter reads.
pub fn chain(path: &Path) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let (mut programs, mut scripts) = (Vec::new(), Vec::new());
    let mut next = Some(path.to_owned());
    for _ in 0..=MAX_INTERPRETERS {
        let Some(file) = next.take().and_then(|path| fs::canonicalize(path).ok()) else { break };
        if programs.contains(&file) {
            break;
        }
        programs.push(file.clone());
        match requested(&file) {
            Some(Runner::Interpreter(interpreter)) => {
                scripts.push(file);
                next = Some(interpreter);
            }
            Some(Runner::Loader(loader)) => next = Some(loader),
            None => {}
        }
    }
    (programs, scripts)
}

/// What a file asks the kernel to run it with.
#[derive(Debug, PartialEq, Eq)]
enum Runner {
    Interpreter(PathBuf),
    Loader(PathBuf),
}

fn requested(path: &Path) -> Option<Runner> {
    let mut file = File::open(path).ok()?;
    let mut head = Vec::new();
    file.by_ref().take(INTERPRETER_LINE as u64).read_to_end(&mut head).ok()?;
    if head.starts_with(b"#!") {
        return script_interpreter(&head).map(Runner::Interpreter);
    }
    elf_loader(&file, &head).map(Runner::Loader)
}

/// The interpreter of a `#!` line (execve(2), "Interpreter scripts").
fn script_interpreter(head: &[u8]) -> Option<PathBuf> {
    let line = head[2..].split(|&b| b == b'\n').next()?;
    let word = line.trim_ascii_start().split(|b| b" \t\0".contains(b)).next()?;
    (!word.is_empty()).then(|| PathBuf::from(OsString::from_vec(word.to_vec())))
}

/// The path in an ELF file's `PT_INTERP` (elf(5)); 64-bit little-endian only, as the machines are.
fn elf_loader(file: &File, head: &[u8]) -> Option<PathBuf> {
    const PT_INTERP: u32 = 3;
    if !head.starts_with(b"\x7fELF\x02\x01") {
        return None;
    }
    let table = u64::from_le_bytes(*head.get(32..40)?.first_chunk()?);
    let size = u16::from_le_bytes(*head.get(54..56)?.first_chunk()?);
    let count = u16::from_le_bytes(*head.get(56..58)?.first_chunk()?);
    for n in 0..u64::from(count) {
        let mut header = [0; 56];
        let at = table.checked_add(n * u64::from(size))?;
        file.read_exact_at(&mut header, at).ok()?;
        if u32::from_le_bytes(*header.first_chunk()?) == PT_INTERP {
            let offset = u64::from_le_bytes(*header[8..16].first_chunk()?);
            let length = u64::from_le_bytes(*header[32..40].first_chunk()?);
            let mut text = vec![0; usize::try_from(length.min(libc::PATH_MAX as u64)).ok()?];
            file.read_exact_at(&mut text, offset).ok()?;
            let end = text.iter().position(|&b| b == 0).unwrap_or(text.len());
            text.truncate(end);
            return Some(PathBuf::from(OsString::from_vec(text)));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interpreter_lines() {
        for (head, want) in [
            (&b"#!/bin/sh\necho"[..], Some("/bin/sh")),
            (b"#! /usr/bin/env python3\n", Some("/usr/bin/env")),
            (b"#!/bin/sh", Some("/bin/sh")),
            (b"#!\n", None),
            (b"#!   \n", None),
        ] {
            assert_eq!(script_interpreter(head), want.map(PathBuf::from));
        }
    }

    #[test]
    fn names_that_cannot_be_executed() {
        for (name, want) in [
            ("/nonexistent/x", "/nonexistent/x: command not found"),
            ("no-such-command-here", "no-such-command-here: command not found"),
            ("", ": command not found"),
            ("/tmp", "/tmp: cannot execute: it is a directory"),
            ("/dev/null", "/dev/null: cannot execute: it is not a regular file"),
            (
                "/etc/passwd",
                "/etc/passwd: cannot execute: permission denied (it has no execute bit)",
            ),
        ] {
            let error = find(OsStr::new(name)).map_err(|e| e.to_string());
            assert_eq!(error, Err(want.to_owned()));
        }
    }

    #[test]
    fn a_dynamic_program_and_its_loader() {
        let (programs, scripts) = chain(Path::new("/bin/ls"));
        assert!(programs.len() == 2 && scripts.is_empty(), "{programs:?}");
        assert!(programs[1].to_string_lossy().contains("ld-linux"), "{programs:?}");
    }
}
