//! Verdicts on calls about sockets and addresses.

use super::{Reason, Verdict, deny, unread};
use crate::policy::Policy;
use crate::policy::call::{Address, Call, Object, Target};
use crate::policy::files::Scope;
use crate::policy::groups::Group;
use crate::policy::hint::Hint;
use crate::policy::network::{SocketRule, is_name_cache};
use crate::policy::shape::{self, Access, Shape};

impl Policy {
    pub(super) fn decide_socket(&self, call: &Call) -> Verdict {
        let [domain, kind, protocol, ..] = call.entry.args.map(|arg| arg as i32);
        if self.named(call.entry.nr) {
            return Verdict::Allow;
        }
        match self.net.socket(domain, kind, protocol) {
            SocketRule::Allow => Verdict::Allow,
            SocketRule::Absent(errno) => Verdict::Fail(errno),
            SocketRule::DeadEnd => Verdict::DeadEnd,
            SocketRule::Deny => match domain {
                libc::AF_INET | libc::AF_INET6 if !self.net.inet() => {
                    let group = Group::NetworkClient;
                    deny(Reason::NotGranted(group), Hint::Group(group))
                }
                libc::AF_UNIX => local_socket(),
                libc::AF_NETLINK if !self.net.any() && protocol == libc::NETLINK_ROUTE => {
                    let group = Group::NetworkClient;
                    deny(Reason::NotGranted(group), Hint::Group(group))
                }
                _ => deny(Reason::SocketKind, Hint::Syscall(call.entry.nr)),
            },
        }
    }

    pub(super) fn decide_pair(&self, call: &Call) -> Verdict {
        let nr = call.entry.nr;
        let [domain, kind, ..] = call.entry.args.map(|arg| arg as i32);
        let granted = self.granted.contains(Group::Descriptors);
        if self.named(nr) || (granted && self.net.socket_pair(domain, kind)) {
            Verdict::Allow
        } else if domain == libc::AF_UNIX {
            local_socket()
        } else {
            deny(Reason::SocketKind, Hint::Syscall(nr))
        }
    }

    pub(super) fn decide_peer(&self, call: &Call) -> Verdict {
        let nr = call.entry.nr;
        match (shape::of(nr), &call.target) {
            (Shape::Connect, Target::Address(address)) => {
                if !self.net.local && is_name_cache(address) {
                    return Verdict::Fail(libc::ENOENT);
                }
                self.decide_address(nr, address, self.net.connect(address), Access::Connect)
            }
            (Shape::Bind, Target::Address(address)) => {
                self.decide_address(nr, address, self.net.bind(address), Access::Write)
            }
            (Shape::Listen, Target::Listener(address)) => {
                self.decide_address(nr, address, self.net.listen(address), Access::Write)
            }
            (Shape::Send(_), Target::Destinations(addresses)) => {
                let connects = sends_fast_open(call);
                addresses
                    .iter()
                    .map(|to| {
                        let granted = self.net.send(to, connects);
                        self.decide_address(nr, to, granted, Access::Connect)
                    })
                    .find(|verdict| *verdict != Verdict::Allow)
                    .unwrap_or_else(|| self.decide_connected_send(connects))
            }
            (_, other) => unread(other),
        }
    }

    /// A send without a destination needs no more than some socket grant, or a socket that the command
    /// was given; fast open without an address fails in the kernel.
    pub(super) fn decide_connected_send(&self, connects: bool) -> Verdict {
        if connects && !self.net.client.is_some() {
            let group = Group::NetworkClient;
            return deny(Reason::NotGranted(group), Hint::Group(group));
        }
        if self.granted.contains(Group::Descriptors) {
            Verdict::Allow
        } else {
            deny(Reason::NotGranted(Group::Sockets), Hint::Group(Group::NetworkClient))
        }
    }

    pub(super) fn decide_address(
        &self,
        nr: u32,
        address: &Address,
        granted: bool,
        access: Access,
    ) -> Verdict {
        if granted {
            return match address {
                Address::Local(object) => self.decide_local(nr, object, access),
                _ => Verdict::Allow,
            };
        }
        let serves = access == Access::Write;
        match address {
            Address::Inet(at) if serves => {
                let reason = if self.net.server.is_some() {
                    Reason::OutsidePorts
                } else {
                    Reason::NotGranted(Group::NetworkServer)
                };
                deny(reason, Hint::Serve(*at))
            }
            Address::Inet(to) => {
                let reason = if self.net.client.is_some() {
                    Reason::OutsideHosts
                } else {
                    Reason::NotGranted(Group::NetworkClient)
                };
                deny(reason, Hint::Reach(*to))
            }
            Address::Local(_) | Address::Abstract(_) | Address::Unnamed => local_socket(),
            Address::Other(_) => deny(Reason::SocketKind, Hint::Syscall(nr)),
        }
    }

    pub(super) fn decide_local(&self, nr: u32, object: &Object, access: Access) -> Verdict {
        // Without a list of readable paths the local-sockets grant stands alone; making a socket file
        // is always a write.
        if access == Access::Connect && !matches!(self.files.read, Scope::Under(_)) {
            return Verdict::Allow;
        }
        if object.text.is_empty() {
            return Verdict::Allow;
        }
        self.decide_object(nr, object, access)
    }
}

/// Whether the flags argument of a send has `MSG_FASTOPEN`.
fn sends_fast_open(call: &Call) -> bool {
    let arg = match shape::of(call.entry.nr) {
        Shape::Send(shape::Sent::Message) => 2,
        _ => 3,
    };
    call.entry.args[arg] as u32 & libc::MSG_FASTOPEN as u32 != 0
}

fn local_socket() -> Verdict {
    deny(Reason::LocalSocket, Hint::Group(Group::NetworkLocalSockets))
}
