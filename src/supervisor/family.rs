//! Which tasks are traced right now.

use std::collections::HashSet;

use crate::sys::Pid;

/// The live tasks of the command's tree.
///
/// A task's own first stop and its parent's fork event arrive in either order, and a short-lived task
/// may even be gone before the event tells of it.
#[derive(Debug, Default)]
pub struct Family {
    live: HashSet<Pid>,
    /// Tasks that were seen before the event that announces them.
    early: HashSet<Pid>,
}

impl Family {
    /// The tree begins with this task.
    pub fn with(main: Pid) -> Self {
        Self { live: HashSet::from([main]), early: HashSet::new() }
    }

    /// A fork, vfork or clone event announced `pid`.
    pub fn announced(&mut self, pid: Pid) {
        if !self.early.remove(&pid) {
            self.live.insert(pid);
        }
    }

    /// `pid` stopped.
    pub fn stopped(&mut self, pid: Pid) {
        if self.live.insert(pid) {
            self.early.insert(pid);
        }
    }

    /// `pid` ended, or took over another id in an exec.
    pub fn ended(&mut self, pid: Pid) {
        self.live.remove(&pid);
    }

    /// Whether nobody is left.
    pub fn is_empty(&self) -> bool {
        self.live.is_empty()
    }

    /// Everybody.
    pub fn iter(&self) -> impl Iterator<Item = Pid> {
        self.live.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn births_and_deaths_in_either_order() {
        type Step = fn(&mut Family);
        let announced: Step = |f| f.announced(2);
        let stopped: Step = |f| f.stopped(2);
        let ended: Step = |f| f.ended(2);
        for (steps, alive) in [
            (&[announced, stopped][..], true),
            (&[stopped, announced], true),
            (&[announced, stopped, ended], false),
            (&[stopped, announced, ended], false),
            (&[stopped, ended, announced], false),
            (&[announced, ended], false),
        ] {
            let mut family = Family::with(1);
            steps.iter().for_each(|step| step(&mut family));
            assert_eq!(family.iter().any(|pid| pid == 2), alive);
        }
    }
}
