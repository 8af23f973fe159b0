//! The floor, made with the landlock crate.

use std::io;
use std::path::Path;

use landlock::{
    ABI, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible as _, NetPort, PathBeneath, PathFd,
    Ruleset, RulesetAttr as _, RulesetCreated, RulesetCreatedAttr as _, RulesetError, Scope,
};
use thiserror::Error;

use crate::plan::{FileRights, Floor};
use crate::sys::landlock::abi_version;

/// The newest ABI whose rights are used.
const NEWEST: ABI = ABI::V6;

/// What the kernel gives of the floor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Foundation {
    /// The kernel's Landlock ABI; 0 where it has none.
    pub abi: i32,
}

impl Foundation {
    /// Asks the kernel.
    pub fn of_this_kernel() -> Self {
        Self { abi: abi_version() }
    }

    /// Whether path rules hold (ABI 1); truncation is covered from ABI 3 on.
    pub fn files(self) -> bool {
        self.abi >= 3
    }

    /// Whether TCP port rules hold.
    pub fn ports(self) -> bool {
        self.abi >= 4
    }

    /// Whether signals and abstract sockets are kept within the domain.
    pub fn scopes(self) -> bool {
        self.abi >= 6
    }
}

/// Why there is no ruleset.
#[derive(Debug, Error)]
pub enum FloorError {
    /// A path of the rules cannot be opened.
    #[error("cannot make a Landlock rule for {0}: {1}")]
    Path(String, #[source] landlock::PathFdError),
    /// The kernel refused.
    #[error("cannot make a Landlock ruleset: {0}")]
    Ruleset(#[from] RulesetError),
}

/// Makes the ruleset, with as much of it as the kernel knows.
pub fn prepare(floor: &Floor) -> Result<RulesetCreated, FloorError> {
    let handled = handled(floor.handled);
    let mut ruleset = Ruleset::default().set_compatibility(CompatLevel::BestEffort);
    if !handled.is_empty() {
        ruleset = ruleset.handle_access(handled)?;
    }
    if floor.connect.is_some() {
        ruleset = ruleset.handle_access(AccessNet::ConnectTcp)?;
    }
    if floor.bind.is_some() {
        ruleset = ruleset.handle_access(AccessNet::BindTcp)?;
    }
    ruleset = ruleset.scope(Scope::Signal)?;
    if floor.scope_abstract {
        ruleset = ruleset.scope(Scope::AbstractUnixSocket)?;
    }
    let mut created = ruleset.create()?;
    for (path, rights) in &floor.rules {
        created = add_path(created, path, *rights, handled)?;
    }
    for (ports, access) in
        [(&floor.connect, AccessNet::ConnectTcp), (&floor.bind, AccessNet::BindTcp)]
    {
        for &port in ports.iter().flatten() {
            created = created.add_rule(NetPort::new(port, access))?;
        }
    }
    Ok(created)
}

fn add_path(
    created: RulesetCreated,
    path: &Path,
    rights: FileRights,
    handled: BitFlags<AccessFs>,
) -> Result<RulesetCreated, FloorError> {
    let mut access = granted(rights) & handled;
    if !path.is_dir() {
        access &= AccessFs::from_file(NEWEST);
    }
    if access.is_empty() {
        return Ok(created);
    }
    let opened =
        PathFd::new(path).map_err(|error| FloorError::Path(path.display().to_string(), error))?;
    Ok(created.add_rule(PathBeneath::new(opened, access))?)
}

/// The rights that are refused unless granted. Nothing grants making device nodes.
fn handled(rights: FileRights) -> BitFlags<AccessFs> {
    let mut set = granted(rights);
    if rights.create {
        set |= AccessFs::MakeChar | AccessFs::MakeBlock;
    }
    set
}

fn granted(rights: FileRights) -> BitFlags<AccessFs> {
    let mut set = BitFlags::empty();
    if rights.read {
        set |= AccessFs::ReadFile | AccessFs::ReadDir;
    }
    if rights.execute {
        set |= AccessFs::Execute;
    }
    if rights.write {
        set |= AccessFs::WriteFile;
    }
    if rights.ioctl {
        set |= AccessFs::IoctlDev;
    }
    if rights.truncate {
        set |= AccessFs::Truncate;
    }
    if rights.refer {
        set |= AccessFs::Refer;
    }
    if rights.create {
        set |= AccessFs::RemoveDir
            | AccessFs::RemoveFile
            | AccessFs::MakeDir
            | AccessFs::MakeReg
            | AccessFs::MakeSock
            | AccessFs::MakeFifo
            | AccessFs::MakeSym;
    }
    set
}

/// Enters the domain: for the calling thread and everything it will execute.
pub fn enter(ruleset: RulesetCreated) -> io::Result<()> {
    ruleset.restrict_self().map(|_| ()).map_err(|error| {
        std::error::Error::source(&error)
            .and_then(|source| source.downcast_ref::<io::Error>())
            .and_then(io::Error::raw_os_error)
            .map_or_else(|| io::Error::other(error.to_string()), io::Error::from_raw_os_error)
    })
}
