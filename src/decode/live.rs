//! A real tracee as [`Guest`].

use std::fs;
use std::io;
use std::os::fd::AsFd as _;

use super::Guest;
use super::resolve::Resolver;
use crate::policy::{Place, Relation};
use crate::sys::{Pid, ids, memory, pidfd, socket};

/// What is the same for every tracee of a run.
#[derive(Debug, Clone, Copy)]
pub struct Host {
    /// gatekeeper's own process id.
    pub supervisor: Pid,
    /// gatekeeper's process group, which the command may be in.
    pub group: Pid,
    /// Whether a tracee's root directory is always gatekeeper's.
    pub same_root: bool,
}

/// A tracee whose call is held, so that its tid cannot be another's while this is used.
#[derive(Debug, Clone, Copy)]
pub struct Live<'h> {
    host: &'h Host,
    tid: Pid,
}

impl<'h> Live<'h> {
    /// The tracee with this tid.
    pub fn new(host: &'h Host, tid: Pid) -> Self {
        Self { host, tid }
    }

    /// The process the thread belongs to.
    pub fn process(&self) -> io::Result<Pid> {
        status_field(self.tid, "Tgid:")
    }

    fn resolver(&self) -> Resolver {
        Resolver { tid: self.tid, supervisor: self.host.supervisor, same_root: self.host.same_root }
    }
}

impl Guest for Live<'_> {
    fn read(&self, addr: u64, buf: &mut [u8]) -> io::Result<usize> {
        memory::read(self.tid, addr, buf)
    }

    fn c_string(&self, addr: u64, max: usize) -> io::Result<Vec<u8>> {
        memory::read_c_string(self.tid, addr, max)
    }

    fn locate(&self, dirfd: i32, text: &[u8], follow: bool) -> Place {
        self.resolver().locate(dirfd, text, follow)
    }

    fn descriptor(&self, fd: i32) -> Place {
        self.resolver().descriptor(fd)
    }

    fn task(&self, pid: i32) -> Relation {
        task(self.host.supervisor, pid)
    }

    fn group(&self, group: i32) -> Relation {
        let group = if group == 0 {
            match ids::process_group(self.tid) {
                Ok(group) => group,
                Err(_) => return Relation::MixedGroup,
            }
        } else {
            group
        };
        if group == self.host.group || group <= 1 {
            return Relation::MixedGroup;
        }
        match members(group).map(|pids| pids.into_iter().map(|p| task(self.host.supervisor, p))) {
            Ok(mut all) => {
                if all.all(|one| matches!(one, Relation::Own | Relation::Nobody)) {
                    Relation::OwnGroup
                } else {
                    Relation::MixedGroup
                }
            }
            Err(_) => Relation::MixedGroup,
        }
    }

    fn pidfd(&self, fd: i32) -> io::Result<Relation> {
        let info = fs::read_to_string(format!("/proc/{}/fdinfo/{fd}", self.tid))
            .map_err(|_| io::Error::from_raw_os_error(libc::EBADF))?;
        match info.lines().find_map(|line| line.strip_prefix("Pid:")) {
            Some(pid) => match pid.trim().parse::<i32>() {
                Ok(pid) if pid > 0 => Ok(self.task(pid)),
                // Reaped already.
                Ok(_) => Ok(Relation::Nobody),
                Err(_) => Err(io::Error::from_raw_os_error(libc::EPERM)),
            },
            // A directory of /proc serves as a pidfd too; nobody needs that here.
            None => Err(io::Error::from_raw_os_error(libc::EPERM)),
        }
    }

    fn local_address(&self, fd: i32) -> io::Result<Vec<u8>> {
        let process = pidfd::open(self.process()?)?;
        let copy = pidfd::get_fd(&process, fd)?;
        socket::local_address(copy.as_fd())
    }
}

/// Every task of the tree has gatekeeper as its tracer, and nobody else has. A task that has ended but
/// is not reaped has none any more, and no signal reaches it.
fn task(supervisor: Pid, pid: Pid) -> Relation {
    if pid == supervisor {
        return Relation::Supervisor;
    }
    let Ok(status) = fs::read_to_string(format!("/proc/{pid}/status")) else {
        return match ids::kill(pid, 0) {
            Err(error) if error.raw_os_error() == Some(libc::ESRCH) => Relation::Nobody,
            _ => Relation::Bystander,
        };
    };
    let field = |name: &str| status.lines().find_map(|l| l.strip_prefix(name)).map(str::trim);
    if field("Tgid:").and_then(|t| t.parse().ok()) == Some(supervisor) {
        Relation::Supervisor
    } else if field("TracerPid:").and_then(|t| t.parse().ok()) == Some(supervisor)
        || field("State:").is_some_and(|state| state.starts_with(['Z', 'X']))
    {
        Relation::Own
    } else {
        Relation::Bystander
    }
}

fn status_field(pid: Pid, name: &str) -> io::Result<Pid> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    status
        .lines()
        .find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
        .ok_or_else(|| io::Error::from_raw_os_error(libc::ESRCH))
}

/// The processes of a group.
fn members(group: Pid) -> io::Result<Vec<Pid>> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let Some(pid) = entry?.file_name().to_str().and_then(|name| name.parse::<Pid>().ok())
        else {
            continue;
        };
        if ids::process_group(pid).is_ok_and(|of| of == group) {
            found.push(pid);
        }
    }
    Ok(found)
}
