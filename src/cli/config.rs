//! What the command line, the environment and the defaults *mean*, free of how they were typed.

use std::ffi::OsString;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use regex::bytes::Regex;

use crate::policy::GroupSet;

/// Everything one `gatekeeper run` or `gatekeeper trace` was asked to do.
#[derive(Debug, Clone)]
pub struct Config {
    /// Whether calls are judged or only shown.
    pub mode: Mode,
    /// The command and its arguments; never empty.
    pub command: Vec<OsString>,
    /// What the command may do.
    pub permissions: Permissions,
    /// What happens to a denied call.
    pub on_denied: OnDenied,
    /// When enforcement begins.
    pub start: Start,
    /// How held calls reach the supervisor.
    pub gate: GateChoice,
    /// Whether the Landlock floor is wanted.
    pub landlock: LandlockChoice,
    /// Descriptors above 2 that the command keeps, ascending and without repeats.
    pub keep_fds: Vec<i32>,
    /// Leave with the main command and end the rest.
    pub kill_descendants: bool,
    /// Where gatekeeper's own messages go instead of stderr.
    pub log_file: Option<PathBuf>,
    /// Report the layers applied and the quiet refusals too.
    pub verbose: bool,
}

/// What the subcommand is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Judge every call.
    Run,
    /// Show every call, enforce nothing.
    Trace,
}

/// The grants as given; nothing here is implied by anything else.
#[derive(Debug, Clone, Default)]
pub struct Permissions {
    /// Groups granted by their flag (the file system and network grants are in the fields below).
    pub groups: GroupSet,
    /// Whether the baseline is granted too (`--allow-implicit-commands`).
    pub implicit: bool,
    /// `--allow-file-system-read[=PATH]`.
    pub read: PathGrant,
    /// `--allow-file-system-write[=PATH]` and its alias `--allow-file-system`.
    pub write: PathGrant,
    /// `--allow-file-system-path=PATH`: what the grants without a path of their own are restricted to; empty: nothing.
    pub paths: Vec<PathBuf>,
    /// `--allow-network-client[=HOST[:PORT]]`.
    pub client: NetGrant,
    /// `--allow-network-server[=[ADDR:]PORT]`.
    pub server: NetGrant,
    /// `--allow-network-local-sockets`.
    pub local_sockets: bool,
    /// `--allow-syscall=NAME`: call numbers of this machine's table, ascending and without repeats.
    pub syscalls: Vec<u32>,
}

/// A file system grant; both fields may be set at once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PathGrant {
    /// Given without a path.
    pub everywhere: bool,
    /// Given with a path, in the order typed; as typed (neither empty nor resolved).
    pub under: Vec<PathBuf>,
}

impl PathGrant {
    /// Whether anything at all was granted.
    pub fn is_some(&self) -> bool {
        self.everywhere || !self.under.is_empty()
    }
}

/// A network grant; both fields may be set at once, `everywhere` then makes `only` redundant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NetGrant {
    /// Given without an address.
    pub everywhere: bool,
    /// Given with an address.
    pub only: Vec<Endpoint>,
}

impl NetGrant {
    /// Whether anything at all was granted.
    pub fn is_some(&self) -> bool {
        self.everywhere || !self.only.is_empty()
    }
}

/// One `HOST[:PORT]` or `[ADDR:]PORT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Which hosts.
    pub host: Host,
    /// Which port; `None` is any.
    pub port: Option<u16>,
}

/// The host part of an [`Endpoint`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// `*`, or left out where only a port was given.
    Any,
    /// An address (a full-length prefix) or a network in CIDR form.
    Net(IpAddr, u8),
    /// A name, resolved once at start.
    Name(String),
}

/// What is done about a denied call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnDenied {
    /// The thread group is killed before the call runs.
    Kill,
    /// The call fails with EPERM.
    Error,
}

/// When enforcement begins.
#[derive(Debug, Clone)]
pub enum Start {
    /// Before the command's first instruction.
    AtOnce,
    /// With the first of these; at least one is set.
    Delayed(Triggers),
}

/// What arms delayed enforcement.
#[derive(Debug, Clone, Default)]
pub struct Triggers {
    /// Literal texts on descriptor 1 or 2.
    pub log_text: Vec<Vec<u8>>,
    /// Regular expressions on descriptor 1 or 2.
    pub log_regex: Vec<Regex>,
    /// A signal that gatekeeper receives.
    pub signal: Option<i32>,
    /// The first listen(2) that succeeds.
    pub on_listen: bool,
    /// Time since the command was executed.
    pub after: Option<Duration>,
}

impl Triggers {
    /// Whether none is set.
    pub fn is_empty(&self) -> bool {
        self.log_text.is_empty()
            && self.log_regex.is_empty()
            && self.signal.is_none()
            && !self.on_listen
            && self.after.is_none()
    }
}

/// `--gate`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GateChoice {
    /// notify where the kernel gives a listener, ptrace otherwise.
    Auto,
    /// A seccomp listener, or an error.
    Notify,
    /// Seccomp stops of the tracer.
    Ptrace,
}

/// `--landlock`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LandlockChoice {
    /// The best the kernel has; a warning where it has none.
    Auto,
    /// An error where the kernel has none.
    Required,
    /// Never.
    Off,
}
