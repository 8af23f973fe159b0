//! Who is measured.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The calls that the narrow strace stops at: those that a path and port rule has to look at.
const TRACED: &str = "trace=%file,connect";

/// What runs the workload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Runner {
    /// Nobody.
    Native,
    /// gatekeeper, with this gate.
    Gatekeeper {
        /// The binary.
        path: PathBuf,
        /// The value of `--gate`.
        gate: &'static str,
    },
    /// strace, with these options; `None` where it is not installed.
    Strace {
        /// The binary.
        path: Option<PathBuf>,
        /// Its options.
        options: &'static [&'static str],
    },
}

/// A column of the table.
#[derive(Debug)]
pub struct Contender {
    /// Its heading.
    pub name: &'static str,
    /// What it runs.
    pub runner: Runner,
}

/// The columns, the native one first.
pub fn all(gatekeeper: &Path) -> Vec<Contender> {
    let ours = |gate| Runner::Gatekeeper { path: gatekeeper.to_owned(), gate };
    let strace = |options| Runner::Strace { path: find("strace"), options };
    vec![
        Contender { name: "native", runner: Runner::Native },
        Contender { name: "gatekeeper", runner: ours("notify") },
        Contender { name: "--gate=ptrace", runner: ours("ptrace") },
        Contender { name: "strace -f", runner: strace(&["-f"]) },
        Contender {
            name: "strace -f --seccomp-bpf",
            runner: strace(&["-f", "--seccomp-bpf", "-e", TRACED]),
        },
    ]
}

impl Contender {
    /// Whether it is there to be measured.
    pub fn installed(&self) -> bool {
        !matches!(self.runner, Runner::Strace { path: None, .. })
    }

    /// The words that run `command` under it; `grants` are gatekeeper's flags.
    pub fn command_line(&self, grants: &[OsString], command: &[OsString]) -> Vec<OsString> {
        let mut words: Vec<OsString> = Vec::new();
        match &self.runner {
            Runner::Native | Runner::Strace { path: None, .. } => {}
            Runner::Gatekeeper { path, gate } => {
                words.push(path.into());
                words.push("run".into());
                words.push(format!("--gate={gate}").into());
                words.extend_from_slice(grants);
                words.push("--".into());
            }
            Runner::Strace { path: Some(path), options } => {
                words.push(path.into());
                words.extend(options.iter().map(OsString::from));
                words.extend(["-o", "/dev/null", "--"].map(OsString::from));
            }
        }
        words.extend_from_slice(command);
        words
    }
}

/// The program called `name` in PATH.
pub fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(name)).find(|file| file.is_file())
}
