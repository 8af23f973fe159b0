//! From what was granted on the command line to the policy: paths and host names are resolved once.

use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::Policy;
use super::files::{FileRules, Scope};
use super::groups::{Group, GroupSet};
use super::network::{NetRules, NetScope, Peer};
use crate::cli::{Host, NetGrant, PathGrant, Permissions};
use crate::error::plain;

/// How names in the grants are looked up; the real one asks the system, tests answer themselves.
pub trait Lookup {
    /// The path without symbolic links; fails where it does not exist.
    fn canonical(&self, path: &Path) -> io::Result<PathBuf>;
    /// The addresses of a host name.
    fn addresses(&self, host: &str) -> io::Result<Vec<IpAddr>>;
    /// The name servers that this machine asks.
    fn name_servers(&self) -> Vec<IpAddr>;
    /// The command's program file, its interpreters and loaders, canonical; scripts apart.
    fn programs(&self) -> (Vec<PathBuf>, Vec<PathBuf>);
    /// What an unrestricted write grant covers for a user who could write the kernel's controls;
    /// `None` for one who cannot, whom it covers everything.
    fn ordinary(&self) -> io::Result<Option<Vec<PathBuf>>>;
}

/// A grant that means nothing on this machine.
#[derive(Debug, Error)]
pub enum BuildError {
    /// The path of a grant cannot be resolved.
    #[error("{flag}={}: {}; create it first, or name the directory above it", path.display(), plain(error))]
    Path {
        /// The flag.
        flag: &'static str,
        /// The path as typed.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The path means another file to each process.
    #[error("{flag}={}: it is another directory for each process; name /proc", path.display())]
    PerProcess {
        /// The flag.
        flag: &'static str,
        /// The path as typed.
        path: PathBuf,
    },
    /// The root directory cannot be listed.
    #[error("--allow-file-system-write: /: {}", plain(.0))]
    Root(#[source] io::Error),
    /// The host of a grant cannot be resolved.
    #[error("{flag}={host}: {}; name an address instead, or correct the name", plain(error))]
    Host {
        /// The flag.
        flag: &'static str,
        /// The name as typed.
        host: String,
        /// Why.
        error: io::Error,
    },
}

/// Makes the policy out of the grants.
pub fn build(permissions: &Permissions, lookup: &dyn Lookup) -> Result<Policy, BuildError> {
    let net = network(permissions, lookup)?;
    let granted = granted(permissions, &net);
    let files = files(permissions, granted, lookup)?;
    Ok(Policy { granted, syscalls: permissions.syscalls.clone(), files, net })
}

fn granted(permissions: &Permissions, net: &NetRules) -> GroupSet {
    let mut set = permissions.groups;
    if permissions.implicit {
        set = set.union(GroupSet::baseline());
    }
    for (on, group) in [
        (permissions.read.is_some(), Group::FileSystemRead),
        (permissions.write.is_some(), Group::FileSystemWrite),
        (net.client.is_some(), Group::NetworkClient),
        (net.server.is_some(), Group::NetworkServer),
        (net.local, Group::NetworkLocalSockets),
    ] {
        if on {
            set.insert(group);
        }
    }
    set.closure()
}

fn files(
    permissions: &Permissions,
    granted: GroupSet,
    lookup: &dyn Lookup,
) -> Result<FileRules, BuildError> {
    let list = resolve("--allow-file-system-path", &permissions.paths, lookup)?;
    let restricted = !list.is_empty();
    let write = scope("--allow-file-system-write", &permissions.write, &list, lookup)?;
    let read = scope("--allow-file-system-read", &permissions.read, &list, lookup)?;
    let read = union(read, &write);
    let attributes = match &write {
        Scope::Nothing if restricted => Scope::Under(list.clone()),
        Scope::Nothing => match granted.contains(Group::FileSystemPermissions)
            || granted.contains(Group::SecurityAndPermissions)
        {
            true => Scope::Everything,
            false => Scope::Nothing,
        },
        scope => scope.clone(),
    };
    let execute = match &read {
        Scope::Under(_) => read.clone(),
        _ if restricted => Scope::Under(list),
        _ => Scope::Everything,
    };
    let controllable = lookup.ordinary().map_err(BuildError::Root)?.map(|mut paths| {
        paths.retain(|path| path.starts_with("/dev"));
        paths
    });
    let everywhere = write == Scope::Everything;
    let write = shielded(write, &permissions.write, lookup)?;
    let shielded = everywhere && write != Scope::Everything;
    let (programs, scripts) = lookup.programs();
    Ok(FileRules {
        read,
        write,
        attributes,
        execute,
        programs,
        scripts,
        restricted,
        shielded,
        controllable,
    })
}

fn scope(
    flag: &'static str,
    grant: &PathGrant,
    list: &[PathBuf],
    lookup: &dyn Lookup,
) -> Result<Scope, BuildError> {
    let mut roots = resolve(flag, &grant.under, lookup)?;
    if grant.everywhere {
        if list.is_empty() {
            return Ok(Scope::Everything);
        }
        roots.extend_from_slice(list);
    }
    Ok(if roots.is_empty() { Scope::Nothing } else { Scope::Under(tidy(roots)) })
}

/// Takes the kernel's controls out of an unrestricted write grant; what was listed besides stays in.
fn shielded(write: Scope, grant: &PathGrant, lookup: &dyn Lookup) -> Result<Scope, BuildError> {
    if write != Scope::Everything {
        return Ok(write);
    }
    let Some(mut roots) = lookup.ordinary().map_err(BuildError::Root)? else { return Ok(write) };
    roots.extend(resolve("--allow-file-system-write", &grant.under, lookup)?);
    Ok(Scope::Under(tidy(roots)))
}

/// A write grant implies the read of the same.
fn union(read: Scope, write: &Scope) -> Scope {
    match (read, write) {
        (Scope::Everything, _) | (_, Scope::Everything) => Scope::Everything,
        (Scope::Nothing, write) => write.clone(),
        (read, Scope::Nothing) => read,
        (Scope::Under(mut roots), Scope::Under(more)) => {
            roots.extend_from_slice(more);
            Scope::Under(tidy(roots))
        }
    }
}

fn tidy(mut roots: Vec<PathBuf>) -> Vec<PathBuf> {
    roots.sort();
    roots.dedup();
    roots
}

fn resolve(
    flag: &'static str,
    paths: &[PathBuf],
    lookup: &dyn Lookup,
) -> Result<Vec<PathBuf>, BuildError> {
    paths
        .iter()
        .map(|path| {
            if path.starts_with("/proc/self") || path.starts_with("/proc/thread-self") {
                return Err(BuildError::PerProcess { flag, path: path.clone() });
            }
            lookup.canonical(path).map_err(|error| BuildError::Path {
                flag,
                path: path.clone(),
                error,
            })
        })
        .collect()
}

fn network(permissions: &Permissions, lookup: &dyn Lookup) -> Result<NetRules, BuildError> {
    let mut client = endpoints("--allow-network-client", &permissions.client, lookup)?;
    if let NetScope::Only(peers) = &mut client {
        // A program that may reach a host by name has to ask for its address.
        for server in lookup.name_servers() {
            let bits = if server.is_ipv4() { 32 } else { 128 };
            peers.push(Peer { net: Some((server, bits)), port: Some(53) });
        }
    }
    let server = endpoints("--allow-network-server", &permissions.server, lookup)?;
    Ok(NetRules { client, server, local: permissions.local_sockets })
}

fn endpoints(
    flag: &'static str,
    grant: &NetGrant,
    lookup: &dyn Lookup,
) -> Result<NetScope, BuildError> {
    if grant.everywhere {
        return Ok(NetScope::Everything);
    }
    let mut peers = Vec::new();
    for endpoint in &grant.only {
        let port = endpoint.port;
        match &endpoint.host {
            Host::Any => peers.push(Peer { net: None, port }),
            Host::Net(ip, bits) => peers.push(Peer { net: Some((*ip, *bits)), port }),
            Host::Name(host) => {
                let found = lookup.addresses(host).map_err(|error| BuildError::Host {
                    flag,
                    host: host.clone(),
                    error,
                })?;
                peers.extend(
                    found.into_iter().map(|ip| Peer {
                        net: Some((ip, if ip.is_ipv4() { 32 } else { 128 })),
                        port,
                    }),
                );
            }
        }
    }
    Ok(if peers.is_empty() { NetScope::Nothing } else { NetScope::Only(peers) })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    struct Fake;

    /// The same, for root.
    struct Root;

    impl Lookup for Root {
        fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
            Fake.canonical(path)
        }
        fn addresses(&self, host: &str) -> io::Result<Vec<IpAddr>> {
            Fake.addresses(host)
        }
        fn name_servers(&self) -> Vec<IpAddr> {
            Fake.name_servers()
        }
        fn programs(&self) -> (Vec<PathBuf>, Vec<PathBuf>) {
            Fake.programs()
        }
        fn ordinary(&self) -> io::Result<Option<Vec<PathBuf>>> {
            Ok(Some(vec!["/home".into(), "/dev/null".into()]))
        }
    }

    impl Lookup for Fake {
        fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
            match path.to_str() {
                Some("/lib") => Ok("/usr/lib".into()),
                Some(p) if p.contains("missing") => Err(io::Error::from_raw_os_error(2)),
                _ => Ok(path.to_owned()),
            }
        }
        fn addresses(&self, host: &str) -> io::Result<Vec<IpAddr>> {
            match host {
                "example.org" => Ok(vec!["192.0.2.1".parse().unwrap()]),
                _ => Err(io::Error::other("no such host")),
            }
        }
        fn name_servers(&self) -> Vec<IpAddr> {
            vec!["127.0.0.53".parse().unwrap()]
        }
        fn programs(&self) -> (Vec<PathBuf>, Vec<PathBuf>) {
            (vec!["/usr/bin/ls".into()], vec![])
        }
        fn ordinary(&self) -> io::Result<Option<Vec<PathBuf>>> {
            Ok(None)
        }
    }

    #[test]
    fn roots_unrestricted_write_leaves_the_kernels_controls_out() {
        let with = |listed: &[&str]| {
            let write = grant(true, listed);
            build(&Permissions { write, ..Permissions::default() }, &Root).unwrap().files
        };
        assert_eq!(with(&[]).write, under(&["/dev/null", "/home"]));
        assert_eq!(with(&["/proc/sys/vm"]).write, under(&["/dev/null", "/home", "/proc/sys/vm"]));
        assert_eq!(with(&[]).read, Scope::Everything);
        assert_eq!(with(&[]).execute, Scope::Everything);
    }

    fn grant(everywhere: bool, under: &[&str]) -> PathGrant {
        PathGrant { everywhere, under: under.iter().map(PathBuf::from).collect() }
    }

    fn under(paths: &[&str]) -> Scope {
        Scope::Under(paths.iter().map(PathBuf::from).collect())
    }

    #[test]
    fn path_grants() {
        let none = grant(false, &[]);
        let all = grant(true, &[]);
        for (read, write, list, want_read, want_write, want_execute) in [
            (&none, &none, vec![], Scope::Nothing, Scope::Nothing, Scope::Everything),
            (&all, &none, vec![], Scope::Everything, Scope::Nothing, Scope::Everything),
            (&none, &all, vec![], Scope::Everything, Scope::Everything, Scope::Everything),
            (&all, &none, vec!["/lib"], under(&["/usr/lib"]), Scope::Nothing, under(&["/usr/lib"])),
            (&grant(false, &["/a"]), &none, vec![], under(&["/a"]), Scope::Nothing, under(&["/a"])),
            (
                &all,
                &grant(false, &["/o"]),
                vec![],
                Scope::Everything,
                under(&["/o"]),
                Scope::Everything,
            ),
            (
                &all,
                &grant(false, &["/o"]),
                vec!["/s"],
                under(&["/o", "/s"]),
                under(&["/o"]),
                under(&["/o", "/s"]),
            ),
            (&all, &all, vec!["/s"], under(&["/s"]), under(&["/s"]), under(&["/s"])),
        ] {
            let permissions = Permissions {
                read: read.clone(),
                write: write.clone(),
                paths: list.iter().map(PathBuf::from).collect(),
                ..Permissions::default()
            };
            let policy = build(&permissions, &Fake).unwrap();
            assert_eq!(policy.files.read, want_read, "{read:?} {write:?} {list:?}");
            assert_eq!(policy.files.write, want_write, "{read:?} {write:?} {list:?}");
            assert_eq!(policy.files.execute, want_execute, "{read:?} {write:?} {list:?}");
        }
    }

    #[test]
    fn nothing_granted_is_nothing_granted() {
        let policy = build(&Permissions::default(), &Fake).unwrap();
        assert!(policy.granted.is_empty());
        let implicit = Permissions { implicit: true, ..Permissions::default() };
        let policy = build(&implicit, &Fake).unwrap();
        assert!(policy.granted.contains(Group::Descriptors));
        assert!(!policy.granted.contains(Group::FileSystemRead));
        assert!(!policy.granted.contains(Group::Sockets));
    }

    #[test]
    fn bad_names_are_errors() {
        let path = Permissions { paths: vec!["/missing".into()], ..Permissions::default() };
        let own = Permissions { read: grant(false, &["/proc/self"]), ..Permissions::default() };
        let host = Permissions {
            client: NetGrant {
                everywhere: false,
                only: vec![crate::cli::Endpoint { host: Host::Name("nowhere".into()), port: None }],
            },
            ..Permissions::default()
        };
        for (permissions, want) in [
            (path, "--allow-file-system-path=/missing: "),
            (own, "--allow-file-system-read=/proc/self: it is another directory"),
            (host, "--allow-network-client=nowhere: "),
        ] {
            let error = build(&permissions, &Fake).unwrap_err().to_string();
            assert!(error.starts_with(want), "{error}");
        }
    }
}
