//! From a held call to what is done about it; the same for both gates.

use std::os::fd::AsFd as _;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

use super::trigger::{Cause, Enforcement};
use super::{attributes, behalf};
use crate::cli::OnDenied;
use crate::decode::{self, Host, Live};
use crate::gate::Attempt;
use crate::policy::shape::{self, Output, Shape};
use crate::policy::{Call, Denial, Effect, Policy, Relation, Target, Verdict};
use crate::report::{Event, Reporter};
use crate::sys::arch::Entry;
use crate::sys::{Pid, ids, pidfd, socket};

/// What is done about a held call.
#[derive(Debug)]
pub enum Action {
    /// It runs.
    Resume,
    /// gatekeeper makes it.
    OnBehalf(Box<dyn Attempt>),
    /// It returns this value without running: a negative errno, or a result that gatekeeper brought
    /// about itself.
    Return(i64),
    /// It returns a local socket that leads nowhere, made with these type flags.
    DeadEnd(i32),
    /// Its thread group is killed before it runs.
    Kill,
}

/// An action and what there is to say about it.
#[derive(Debug)]
pub struct Ruling {
    /// What is done.
    pub action: Action,
    /// The call and why it is denied, where it is to be reported.
    pub denial: Option<(Call, Denial)>,
}

impl From<Action> for Ruling {
    fn from(action: Action) -> Self {
        Self { action, denial: None }
    }
}

/// Everything a verdict depends on.
#[derive(Debug)]
pub struct Judge {
    /// What was granted.
    pub policy: Policy,
    /// What is done about denials.
    pub on_denied: OnDenied,
    /// Whether they have consequences yet.
    pub enforcement: Enforcement,
    /// Who we are.
    pub host: Host,
    /// Where reports go.
    pub report: Reporter,
    main: AtomicI32,
    launched: AtomicBool,
    main_killed: AtomicBool,
}

impl Judge {
    /// A judge for a command that is not launched yet.
    pub fn new(
        policy: Policy,
        on_denied: OnDenied,
        enforcement: Enforcement,
        host: Host,
        report: Reporter,
    ) -> Self {
        Self {
            policy,
            on_denied,
            enforcement,
            host,
            report,
            main: AtomicI32::new(0),
            launched: AtomicBool::new(false),
            main_killed: AtomicBool::new(false),
        }
    }

    /// The command's process, known once it is forked.
    pub fn set_main(&self, pid: Pid) {
        self.main.store(pid, Ordering::SeqCst);
    }

    /// The command's program runs now; until then every call was gatekeeper's own.
    pub fn set_launched(&self) {
        self.launched.store(true, Ordering::SeqCst);
    }

    /// Whether the command's program runs.
    pub fn is_launched(&self) -> bool {
        self.launched.load(Ordering::SeqCst)
    }

    /// Whether the main command was killed for a denied call.
    pub fn killed_main(&self) -> bool {
        self.main_killed.load(Ordering::SeqCst)
    }

    /// Rules on one held call of `guest`, thread `tid`; `is_waiting` tells whether the caller still waits
    /// for the answer.
    pub fn rule(
        &self,
        entry: Entry,
        guest: &Live<'_>,
        tid: Pid,
        is_waiting: &dyn Fn() -> bool,
    ) -> Ruling {
        if !self.is_launched() {
            return Action::Resume.into();
        }
        if let Some(action) = self.before_trigger(&entry, guest) {
            return action.into();
        }
        if self.enforcement.is_armed() {
            if behalf::concerns(&self.policy, &entry) {
                return behalf::rule(self, entry, guest, tid);
            }
            if behalf::listens(&self.policy, &entry) {
                return behalf::rule_listen(self, entry, guest, tid);
            }
            if attributes::concerns(&self.policy, &entry) {
                return attributes::rule(self, entry, guest, tid, is_waiting);
            }
        }
        let call = decode::decode(entry, guest);
        if let Some(action) = self.trigger_signal(&call) {
            return action.into();
        }
        self.carry_out(call)
    }

    /// What the policy and the state of enforcement make of a call.
    pub(super) fn carry_out(&self, call: Call) -> Ruling {
        let armed = self.enforcement.is_armed();
        match self.policy.decide(&call) {
            Verdict::Allow => Action::Resume.into(),
            Verdict::Deny(Denial { effect: Effect::Rule | Effect::Quiet(_), .. })
            | Verdict::Fail(_)
            | Verdict::DeadEnd
                if !armed =>
            {
                Action::Resume.into()
            }
            Verdict::Fail(errno) => Action::Return(-i64::from(errno)).into(),
            Verdict::DeadEnd => Action::DeadEnd(call.entry.args[1] as i32).into(),
            Verdict::Deny(denial) => self.deny(call, denial),
        }
    }

    /// Carries out a denial.
    pub(super) fn deny(&self, call: Call, denial: Denial) -> Ruling {
        let action = match (denial.effect, self.on_denied) {
            (Effect::Quiet(errno), _) => Action::Return(-i64::from(errno)),
            (_, OnDenied::Error) => Action::Return(-i64::from(libc::EPERM)),
            (_, OnDenied::Kill) => Action::Kill,
        };
        Ruling { action, denial: Some((call, denial)) }
    }

    /// Tells of a denial; the caller still waits.
    pub fn tell(&self, call: &Call, denial: &Denial, action: &Action, guest: &Live<'_>, tid: Pid) {
        let quiet = matches!(denial.effect, Effect::Quiet(_));
        if quiet && !self.report.wants_quiet() {
            return;
        }
        self.report.record(&Event::Denied {
            pid: guest.process().unwrap_or(tid),
            program: program_name(tid),
            call: decode::show::call(call, guest),
            denial: denial.clone(),
            killed: matches!(action, Action::Kill),
        });
    }

    /// Kills the thread group of `tid`, whose call is held.
    pub fn kill(&self, tid: Pid, guest: &Live<'_>) {
        let process = guest.process().unwrap_or(tid);
        if process == self.main.load(Ordering::SeqCst) {
            self.main_killed.store(true, Ordering::SeqCst);
        }
        if let Err(error) = ids::kill(process, libc::SIGKILL) {
            log::debug!("cannot kill {process}: {error}");
        }
    }

    /// Arms enforcement and says so.
    pub fn arm(&self, cause: Cause) {
        if self.enforcement.arm() {
            self.announce(cause);
        }
    }

    /// Says that enforcement is armed.
    pub fn announce(&self, cause: Cause) {
        self.report.record(&Event::Armed { cause });
    }

    /// Calls that may be what a trigger waits for.
    fn before_trigger(&self, entry: &Entry, guest: &Live<'_>) -> Option<Action> {
        if self.enforcement.is_armed() || entry.is_foreign() {
            return None;
        }
        let fd = |arg: u8| matches!(entry.args[arg as usize] as i32, 1 | 2);
        match shape::of(entry.nr) {
            Shape::Output(Output::Kernel(arg)) if fd(arg) && self.enforcement.watches_output() => {
                // The bytes never come near us; programs fall back to read and write.
                Some(Action::Return(-i64::from(libc::EINVAL)))
            }
            Shape::Output(_) | Shape::Send(_) if fd(0) && self.enforcement.watches_output() => {
                self.read_output(entry, guest);
                None
            }
            Shape::Listen if self.enforcement.triggers().on_listen => self.listen_for(entry, guest),
            _ => None,
        }
    }

    /// Does listen(2) in the caller's stead, so that its success is known before anything else runs.
    fn listen_for(&self, entry: &Entry, guest: &Live<'_>) -> Option<Action> {
        let copy = guest
            .process()
            .and_then(pidfd::open)
            .and_then(|process| pidfd::get_fd(&process, entry.args[0] as i32));
        match copy {
            Ok(fd) => match socket::listen(fd.as_fd(), entry.args[1] as i32) {
                Ok(()) => {
                    self.arm(Cause::Listen);
                    Some(Action::Return(0))
                }
                Err(error) => {
                    Some(Action::Return(-i64::from(error.raw_os_error().unwrap_or(libc::EIO))))
                }
            },
            // Not a descriptor: the kernel says so too.
            Err(error) if error.raw_os_error() == Some(libc::EBADF) => None,
            Err(_) => {
                self.arm(Cause::Listen);
                None
            }
        }
    }

    /// A signal to gatekeeper that is waited for arms, and reaches nobody.
    fn trigger_signal(&self, call: &Call) -> Option<Action> {
        let wanted = self.enforcement.triggers().signal?;
        if call.target != Target::Process(Relation::Supervisor) {
            return None;
        }
        let arg = match i64::from(call.entry.nr) {
            libc::SYS_kill | libc::SYS_tkill | libc::SYS_rt_sigqueueinfo => 1,
            libc::SYS_pidfd_send_signal => 1,
            libc::SYS_tgkill | libc::SYS_rt_tgsigqueueinfo => 2,
            _ => return None,
        };
        if call.entry.args[arg] as i32 != wanted {
            return None;
        }
        self.arm(Cause::Signal(wanted));
        Some(Action::Return(0))
    }
}

/// The name of the thread's program (comm), without its newline.
fn program_name(tid: Pid) -> Vec<u8> {
    let mut name = std::fs::read(format!("/proc/{tid}/comm")).unwrap_or_default();
    name.pop();
    name
}
