//! The tracer's loop: births, execs, signals, stops, deaths.

use std::io;
use std::sync::atomic::Ordering;

use super::family::Family;
use super::judge::Judge;
use super::settle::settle;
use super::signals::Forwarding;
use super::trace::Tracer;
use crate::gate::ptrace::{self as gate, AtEntry};
use crate::sys::ptrace::{self, CallStop, Stopped};
use crate::sys::signals::{self, SI_KERNEL};
use crate::sys::wait::{Status, Waiter};
use crate::sys::{Pid, ids};

/// A call stop of ptrace with TRACESYSGOOD.
const CALL_STOP: i32 = libc::SIGTRAP | 0x80;

/// How the main command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// By itself.
    Exited(i32),
    /// By a signal.
    Signaled(i32),
    /// It never ran: its exec failed, or setting it up did.
    NotLaunched,
}

/// The loop's state.
#[derive(Debug)]
pub struct Supervisor {
    judge: &'static Judge,
    forwarding: &'static Forwarding,
    main: Pid,
    family: Family,
    ending: Option<Ending>,
    /// Leave with the main command.
    kill_descendants: bool,
    tracer: Option<Tracer>,
    /// The terminal sent the main command a stop signal that it has not acted on yet.
    terminal_stop: bool,
}

impl Supervisor {
    /// A supervisor for the command in process `main`, attached and not executed yet.
    pub fn new(
        judge: &'static Judge,
        forwarding: &'static Forwarding,
        main: Pid,
        kill_descendants: bool,
        tracer: Option<Tracer>,
    ) -> Self {
        Self {
            judge,
            forwarding,
            main,
            family: Family::with(main),
            ending: None,
            kill_descendants,
            tracer,
            terminal_stop: false,
        }
    }

    /// Runs until the last of the tree has ended; `launched` is called once the program runs.
    pub fn run(mut self, launched: impl FnOnce()) -> io::Result<Ending> {
        let mut launched = Some(launched);
        let mut changes = Waiter::default();
        while !(self.family.is_empty() && self.ending.is_some()) {
            let Some((pid, status)) = changes.change()? else { break };
            match status {
                Status::Exited(code) => self.ended(pid, Ending::Exited(code)),
                Status::Signaled(signal) => self.ended(pid, Ending::Signaled(signal)),
                Status::Stopped { signal, event } => {
                    self.family.stopped(pid);
                    self.stopped(Stopped::new(pid), signal, event)?;
                }
            }
            if self.judge.is_launched() {
                if let Some(launched) = launched.take() {
                    launched();
                }
            }
        }
        Ok(self.ending.unwrap_or(Ending::NotLaunched))
    }

    fn stopped(&mut self, stopped: Stopped, signal: i32, event: i32) -> io::Result<()> {
        match event {
            libc::PTRACE_EVENT_FORK | libc::PTRACE_EVENT_VFORK | libc::PTRACE_EVENT_CLONE => {
                self.born(stopped)
            }
            libc::PTRACE_EVENT_EXEC => self.executed(stopped),
            libc::PTRACE_EVENT_SECCOMP => self.held(stopped),
            libc::PTRACE_EVENT_STOP if signal == libc::SIGTRAP => self.begun(stopped),
            libc::PTRACE_EVENT_STOP => self.group_stopped(stopped),
            _ if signal == CALL_STOP => self.returned(stopped),
            _ => self.signaled(stopped, signal),
        }
    }

    fn born(&mut self, stopped: Stopped) -> io::Result<()> {
        if let Some(child) = ptrace::gone(stopped.event_message())? {
            self.family.announced(child as Pid);
        }
        self.go_on(stopped)
    }

    /// A new task's first stop, the end of a group-stop, or a stop we asked for.
    fn begun(&mut self, stopped: Stopped) -> io::Result<()> {
        if stopped.pid() == self.main {
            self.forwarding.stopped.store(false, Ordering::SeqCst);
        }
        if self.ending.is_some() && self.kill_descendants {
            kill(stopped.pid());
        }
        self.go_on(stopped)
    }

    /// After the exec of a thread that did not lead its group, its former id is no more: the leader's is
    /// its own (ptrace(2), "execve(2) under ptrace").
    fn executed(&mut self, stopped: Stopped) -> io::Result<()> {
        if let Some(former) = ptrace::gone(stopped.event_message())? {
            let former = former as Pid;
            if former != stopped.pid() {
                self.family.ended(former);
                if let Some(tracer) = &mut self.tracer {
                    tracer.renamed(former, stopped.pid());
                }
            }
        }
        self.judge.set_launched();
        self.go_on(stopped)
    }

    fn held(&mut self, stopped: Stopped) -> io::Result<()> {
        let entry = match ptrace::gone(stopped.call())? {
            Some(CallStop::Entry(entry)) => entry,
            // Gone: its death will be told.
            None => return Ok(()),
            Some(_) => return stopped.skip(-i64::from(libc::ENOSYS)),
        };
        match &mut self.tracer {
            Some(tracer) => {
                tracer.entered(stopped.pid(), &entry, self.judge);
                stopped.resume_to_call(0)
            }
            None => {
                settle(self.judge, AtEntry::new(stopped, entry));
                Ok(())
            }
        }
    }

    fn returned(&mut self, stopped: Stopped) -> io::Result<()> {
        if let (Some(tracer), Some(CallStop::Exit(value))) =
            (&mut self.tracer, ptrace::gone(stopped.call())?)
        {
            tracer.returned(stopped.pid(), value);
        }
        gate::returned(&stopped)?;
        stopped.resume(0)
    }

    /// A signal is about to be delivered.
    fn signaled(&mut self, stopped: Stopped, signal: i32) -> io::Result<()> {
        if let Some(tracer) = &mut self.tracer {
            tracer.signaled(stopped.pid(), signal);
        }
        gate::signaled(&stopped)?;
        if stopped.pid() == self.main
            && matches!(signal, libc::SIGTSTP | libc::SIGTTIN | libc::SIGTTOU)
        {
            let from_kernel =
                ptrace::gone(stopped.signal_origin())?.is_some_and(|(code, _)| code == SI_KERNEL);
            self.terminal_stop = from_kernel;
            if from_kernel {
                self.forwarding.continued.store(false, Ordering::SeqCst);
            }
        }
        stopped.resume(signal)
    }

    /// The group-stop of a job that the terminal, or a signal to gatekeeper, stopped is gatekeeper's as
    /// well, or else the shell would not see that its job has stopped. Any other one may be ended from
    /// inside the tree, which gatekeeper must stay awake for.
    fn group_stopped(&mut self, stopped: Stopped) -> io::Result<()> {
        let leader = stopped.pid() == self.main;
        stopped.listen()?;
        if !leader {
            return Ok(());
        }
        self.forwarding.stopped.store(true, Ordering::SeqCst);
        let passed = self.forwarding.stop_passed.swap(false, Ordering::SeqCst);
        let same_group =
            ids::process_group(self.main).is_ok_and(|group| group == self.judge.host.group);
        let terminal = std::mem::take(&mut self.terminal_stop) && same_group;
        // Whoever continued the job meanwhile would not do so again.
        let continued =
            self.forwarding.continued.load(Ordering::SeqCst) || signals::is_pending(libc::SIGCONT);
        if (passed || terminal) && !continued {
            self.forwarding.self_stopped.store(true, Ordering::SeqCst);
            ids::kill(self.judge.host.supervisor, libc::SIGSTOP)?;
        }
        Ok(())
    }

    fn ended(&mut self, pid: Pid, ending: Ending) {
        self.family.ended(pid);
        gate::ended(pid);
        self.judge.enforcement.ended(pid);
        if let Some(tracer) = &mut self.tracer {
            tracer.ended(pid, ending);
        }
        if pid != self.main {
            return;
        }
        let launched = self.judge.is_launched();
        self.ending = Some(if launched { ending } else { Ending::NotLaunched });
        if self.kill_descendants {
            self.family.iter().for_each(kill);
        }
    }

    fn go_on(&self, stopped: Stopped) -> io::Result<()> {
        // In the midst of a traced call the next stop is that call's end.
        match &self.tracer {
            Some(tracer) if tracer.is_inside(stopped.pid()) => stopped.resume_to_call(0),
            _ => stopped.resume(0),
        }
    }
}

fn kill(pid: Pid) {
    if let Err(error) = ids::kill(pid, libc::SIGKILL) {
        log::debug!("cannot kill {pid}: {error}");
    }
}
