//! Which layers of confinement a run gets.

use crate::cli::{Config, LandlockChoice, Mode, Start};
use crate::launch::Foundation;
use crate::plan::{self, Floor, GateKind, Terms};
use crate::policy::Policy;
use crate::run::{RunError, internal};

/// Which layers this machine and these flags give.
pub struct Layers {
    /// What Landlock enforces.
    pub floor: Option<Floor>,
    foundation: Foundation,
    /// What there is to say about them.
    pub notes: Vec<String>,
}

impl Layers {
    /// Asks the kernel, and warns of what it lacks.
    pub fn choose(config: &Config, policy: &Policy) -> Result<Self, RunError> {
        let delayed = matches!(config.start, Start::Delayed(_));
        let wanted = config.mode == Mode::Run && config.landlock != LandlockChoice::Off;
        let mut foundation = Foundation { abi: 0 };
        if wanted && !delayed {
            foundation = Foundation::of_this_kernel();
        }
        let required = wanted && config.landlock == LandlockChoice::Required;
        if required && delayed {
            return Err(RunError::Usage(
                "--landlock=required: a Landlock domain cannot be entered after the start; leave \
                 out the trigger, or use --landlock=auto"
                    .to_owned(),
            ));
        }
        if required && !foundation.scopes() {
            return Err(internal(format!(
                "--landlock=required: {}",
                lacking(foundation).unwrap_or_default()
            )));
        }
        let mut notes = Vec::new();
        if wanted && !delayed {
            match lacking(foundation) {
                Some(warning) => log::warn!("{warning}"),
                None => notes.push(format!("Landlock ABI {} under the rules", foundation.abi)),
            }
        } else if delayed {
            notes.push(
                "no Landlock domain: it cannot be entered once enforcement begins".to_owned(),
            );
        } else if config.mode == Mode::Run {
            notes.push("no Landlock domain: --landlock=off".to_owned());
        }
        let floor = (foundation.abi > 0).then(|| plan::floor(policy));
        Ok(Self { floor, foundation, notes })
    }

    /// What settles who decides under `gate`.
    pub fn terms(&self, config: &Config, policy: &Policy, gate: GateKind) -> Terms {
        let (delayed, triggers) = match &config.start {
            Start::AtOnce => (false, None),
            Start::Delayed(triggers) => (true, Some(triggers)),
        };
        Terms {
            dead_ends: gate == GateKind::Notify
                && !delayed
                && !policy.named(libc::SYS_socket as u32),
            files_floored: self.foundation.files(),
            signals_floored: self.foundation.scopes(),
            watch_output: triggers.is_some_and(|t| t.watch_output()),
            watch_listen: triggers.is_some_and(|t| t.on_listen),
        }
    }
}

/// What this kernel's Landlock does not hold, if anything.
fn lacking(foundation: Foundation) -> Option<String> {
    let missing = match foundation {
        f if f.scopes() => return None,
        f if f.ports() => "signals and abstract sockets",
        f if f.files() => "TCP ports, signals and abstract sockets",
        f if f.abi > 0 => "truncation, TCP ports, signals and abstract sockets",
        _ => {
            return Some(
                "this kernel has no Landlock: path and port rules rest on the supervisor's checks \
                 alone"
                    .to_owned(),
            );
        }
    };
    Some(format!(
        "this kernel's Landlock (ABI {}) does not cover {missing}: there the supervisor's checks \
         stand alone",
        foundation.abi
    ))
}
