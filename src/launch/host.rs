//! What the grants are looked up in: this machine.

use std::fs;
use std::io;
use std::net::{IpAddr, ToSocketAddrs as _};
use std::path::{Path, PathBuf};

use crate::policy::{Lookup, PLAIN_DEVICES};
use crate::sys::ids;

/// The system's own answers.
#[derive(Debug)]
pub struct SystemLookup {
    programs: (Vec<PathBuf>, Vec<PathBuf>),
}

impl SystemLookup {
    /// Looks things up for the command in file `program`.
    pub fn new(program: &Path) -> Self {
        Self { programs: super::program::chain(program) }
    }
}

impl Lookup for SystemLookup {
    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        fs::canonicalize(path)
    }

    fn addresses(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        Ok((host, 0).to_socket_addrs()?.map(|address| address.ip()).collect())
    }

    fn name_servers(&self) -> Vec<IpAddr> {
        let text = fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
        let listed: Vec<IpAddr> = text
            .lines()
            .filter_map(|line| line.trim().strip_prefix("nameserver"))
            .filter_map(|rest| rest.trim().split('%').next()?.parse().ok())
            .collect();
        // resolv.conf(5): without an entry the local machine's.
        if listed.is_empty() { vec![IpAddr::from([127, 0, 0, 1])] } else { listed }
    }

    fn programs(&self) -> (Vec<PathBuf>, Vec<PathBuf>) {
        self.programs.clone()
    }

    fn ordinary(&self) -> io::Result<Option<Vec<PathBuf>>> {
        if ids::effective_user() == 0 { ordinary_paths().map(Some) } else { Ok(None) }
    }
}

/// Everything in the root directory but `/proc` and `/sys`, and of `/dev` the plain devices. New entries
/// of the root directory itself are not among them: a rule for it would cover everything below.
fn ordinary_paths() -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir("/")? {
        let entry = entry?;
        let name = entry.file_name();
        if name != "proc" && name != "sys" && name != "dev" && !entry.file_type()?.is_symlink() {
            paths.push(entry.path());
        }
    }
    let devices = PLAIN_DEVICES.iter().map(|name| Path::new("/dev").join(name));
    paths.extend(devices.filter(|path| fs::symlink_metadata(path).is_ok_and(|m| !m.is_symlink())));
    Ok(paths)
}
