//! A call as a denial names it: what was judged, and nothing else.

use super::memory::Memory;
use super::scalar::open;
use super::signature::{Kind, Signature};
use super::value::{self, directory, pointer};
use super::{address, by_command, quote};
use crate::policy::{Address, Call, Object, Place, Target};

/// The most of a command line that is shown.
const MAX_STRINGS: usize = 8;

/// The arguments that identify the call.
pub(super) fn arguments(call: &Call, signature: Signature, memory: Memory<'_>) -> Vec<String> {
    let mut shown = Vec::new();
    let mut objects = objects(&call.target).iter();
    let by_path = signature.args.iter().any(|kind| matches!(kind, Kind::Path));
    for (n, &kind) in signature.args.iter().enumerate() {
        let raw = call.entry.args[n];
        match (kind, &call.target) {
            // Shown with the path that follows it.
            (Kind::DirFd, _) => {}
            (Kind::Path, _) => {
                let relative = n > 0 && matches!(signature.args[n - 1], Kind::DirFd);
                let dirfd = if relative { call.entry.args[n - 1] as i32 } else { libc::AT_FDCWD };
                shown.extend(path(dirfd, raw, objects.next()));
            }
            (Kind::Fd, Target::Objects(one)) if n == 0 && !by_path => {
                shown.push(one.first().map_or_else(|| (raw as i32).to_string(), on_object));
            }
            (Kind::Fd, Target::Listener(bound)) => {
                shown.push(format!("{}<{}>", raw as i32, address::judged(bound)));
            }
            (Kind::Open, Target::Open(_, flags)) => shown.push(open(*flags)),
            (Kind::OpenHow, Target::Open(_, flags)) => {
                shown.push(format!("{{flags={}}}", open(*flags)));
            }
            (Kind::OpenHow, _) => shown.push(pointer(raw)),
            (
                Kind::Address(_) | Kind::Message | Kind::Messages(_),
                Target::Faulty(_) | Target::Hidden,
            ) => shown.push(pointer(raw)),
            (Kind::Address(_) | Kind::Message | Kind::Messages(_), target) => {
                shown.extend(addresses(target).iter().map(address::judged));
            }
            (Kind::FcntlArg, _) => shown.extend(by_command::fcntl_number(&call.entry)),
            (Kind::Strings, _) => {
                shown.extend(memory.strings(raw, MAX_STRINGS, value::TEXT_LIMIT));
            }
            (Kind::Bits(set), _) => shown.extend(flags(set.bits(raw as u32))),
            _ if kind.identifies() => shown.extend(value::show(kind, n, &call.entry, memory)),
            _ => {}
        }
    }
    shown
}

/// No flags at all are not worth a word.
fn flags(text: String) -> Option<String> {
    (text != "0").then_some(text)
}

fn objects(target: &Target) -> &[Object] {
    match target {
        Target::Objects(objects) => objects,
        Target::Open(object, _) => std::slice::from_ref(object),
        _ => &[],
    }
}

fn addresses(target: &Target) -> &[Address] {
    match target {
        Target::Address(address) => std::slice::from_ref(address),
        Target::Destinations(addresses) => addresses,
        _ => &[],
    }
}

/// A path and the descriptor it is relative to; its address where it could not be read.
fn path(dirfd: i32, addr: u64, object: Option<&Object>) -> Vec<String> {
    let mut shown = Vec::new();
    match object {
        Some(object) if object.text.is_empty() => shown.push(on_object(object)),
        _ if dirfd != libc::AT_FDCWD => shown.push(dirfd.to_string()),
        _ => {}
    }
    shown.push(match object {
        Some(object) if addr != 0 => quote(&object.text, usize::MAX),
        _ => pointer(addr),
    });
    shown
}

/// A descriptor and, in strace -y's way, what it refers to.
fn on_object(object: &Object) -> String {
    let fd = directory(object.dirfd);
    match &object.place {
        Place::Path(path) => {
            let quoted = quote(path, usize::MAX);
            format!("{fd}<{}>", quoted.trim_matches('"'))
        }
        _ => fd,
    }
}
