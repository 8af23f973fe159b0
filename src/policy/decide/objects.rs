//! Verdicts on calls about files: by path, by descriptor, by how they are opened.

use super::{Denial, Effect, Reason, Verdict, deny, unread};
use crate::policy::Policy;
use crate::policy::call::{Call, Object, Place, Target};
use crate::policy::files::{Scope, is_own_proc, makes_new, open_access};
use crate::policy::groups::Group;
use crate::policy::hint::Hint;
use crate::policy::shape::{self, Access, Shape};

impl Policy {
    pub(super) fn decide_objects(&self, call: &Call) -> Verdict {
        let objects = match &call.target {
            Target::Objects(objects) => objects,
            other => return unread(other),
        };
        objects
            .iter()
            .map(|object| self.decide_object(call.entry.nr, object, object.access))
            .find(|verdict| *verdict != Verdict::Allow)
            .unwrap_or(Verdict::Allow)
    }

    pub(super) fn decide_object(&self, nr: u32, object: &Object, access: Access) -> Verdict {
        if self.files.allow(object, access)
            || self.named_without_list(nr, access)
            || (self.files.shielded && access == Access::Write && !writes_contents(nr))
        {
            return match object.place {
                Place::Fails(errno) => Verdict::Fail(errno),
                Place::Missing(_) if access == Access::Execute => Verdict::Fail(libc::ENOENT),
                _ => Verdict::Allow,
            };
        }
        let reason = match object.place {
            Place::Path(_) | Place::Missing(_) => Reason::OutsidePaths(access),
            _ => Reason::Unresolvable,
        };
        let hint = self.object_hint(nr, object, access);
        Verdict::Deny(Denial { reason, hint, effect: effect(object, access) })
    }

    /// A call granted by name alone has no list of its own; a list that exists binds it too.
    pub(super) fn named_without_list(&self, nr: u32, access: Access) -> bool {
        let scope = match access {
            Access::Write => &self.files.write,
            Access::Attributes => &self.files.attributes,
            Access::Execute => &self.files.execute,
            _ => &self.files.read,
        };
        self.named(nr) && *scope == Scope::Nothing
    }

    pub(super) fn decide_open(&self, call: &Call) -> Verdict {
        let nr = call.entry.nr;
        let (object, flags) = match &call.target {
            Target::Open(object, flags) => (object, *flags),
            // Only the kind of open is at issue where no path is: the flags are in a register.
            Target::Registers => return self.decide_open_flags(nr, open_flags(call)),
            other => return unread(other),
        };
        match self.decide_open_flags(nr, flags) {
            _ if self.files.is_free(object) => Verdict::Allow,
            Verdict::Allow if self.files.shielded && makes_new(flags) => Verdict::Allow,
            Verdict::Deny(mut denial) => {
                denial.hint =
                    open_hint(Hint::for_object(&self.files, object, open_access(flags)), flags);
                denial.effect = effect(object, open_access(flags));
                Verdict::Deny(denial)
            }
            _ => match self.decide_object(nr, object, open_access(flags)) {
                Verdict::Deny(mut denial) => {
                    denial.hint = open_hint(denial.hint, flags);
                    Verdict::Deny(denial)
                }
                verdict => verdict,
            },
        }
    }

    pub(super) fn decide_open_flags(&self, nr: u32, flags: u64) -> Verdict {
        let group = match open_access(flags) {
            Access::Write => Group::FileSystemWrite,
            _ => Group::FileSystemRead,
        };
        if self.granted.contains(group) || self.named(nr) {
            Verdict::Allow
        } else {
            deny(Reason::NotGranted(group), Hint::Group(group))
        }
    }

    pub(super) fn object_hint(&self, nr: u32, object: &Object, access: Access) -> Hint {
        let hint = Hint::for_object(&self.files, object, access);
        // Creating and removing are rights on the directory.
        if access == Access::Write && !changes_in_place(nr) { hint.for_directory() } else { hint }
    }
}

/// Whether a write access of this call changes what a file holds, not where it is.
pub fn writes_contents(nr: u32) -> bool {
    #[cfg(target_arch = "x86_64")]
    if i64::from(nr) == libc::SYS_creat {
        return true;
    }
    changes_in_place(nr)
}

/// Whether a write access of this call needs the file itself to be listed, not its directory.
fn changes_in_place(nr: u32) -> bool {
    i64::from(nr) == libc::SYS_truncate
        || matches!(shape::of(nr), Shape::Open(..) | Shape::OpenHow(_))
}

/// Look-ups are probes, and so is what runtimes write to their own files in `/proc` (thread names, what
/// a core dump includes): they go on without.
fn effect(object: &Object, access: Access) -> Effect {
    match access {
        Access::Look => Effect::Quiet(libc::EACCES),
        Access::Write if is_own_proc(object) => Effect::Quiet(libc::EACCES),
        _ => Effect::Rule,
    }
}

fn open_hint(hint: Hint, flags: u64) -> Hint {
    if flags & libc::O_CREAT as u64 != 0 { hint.for_directory() } else { hint }
}

/// open(2)'s flags where they are in a register; openat2's are not, and count as the worst.
fn open_flags(call: &Call) -> u64 {
    match shape::of(call.entry.nr) {
        Shape::Open(_, arg) => call.entry.args[arg as usize],
        _ => libc::O_RDWR as u64,
    }
}
