//! Network rules: which sockets, which peers, which ports.

use std::net::IpAddr;

use super::call::{Address, Place};

/// Part of the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NetScope {
    /// Nobody.
    Nothing,
    /// Everybody.
    Everything,
    /// These.
    Only(Vec<Peer>),
}

/// A network and a port; `None` is any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// Address and prefix length in bits.
    pub net: Option<(IpAddr, u8)>,
    /// Port.
    pub port: Option<u16>,
}

impl Peer {
    /// Whether the address and port are this peer's.
    pub fn matches(&self, ip: IpAddr, port: u16) -> bool {
        self.net.is_none_or(|(net, bits)| in_network(ip, net, bits))
            && self.port.is_none_or(|p| p == port)
    }
}

fn in_network(ip: IpAddr, net: IpAddr, bits: u8) -> bool {
    match (ip, net) {
        (IpAddr::V4(ip), IpAddr::V4(net)) => {
            let keep = 32_u32.saturating_sub(bits.into());
            (ip.to_bits() ^ net.to_bits()).checked_shr(keep).unwrap_or(0) == 0
        }
        (IpAddr::V6(ip), IpAddr::V6(net)) => {
            let keep = 128_u32.saturating_sub(bits.into());
            (ip.to_bits() ^ net.to_bits()).checked_shr(keep).unwrap_or(0) == 0
        }
        _ => false,
    }
}

impl NetScope {
    /// Whether anything is granted.
    pub fn is_some(&self) -> bool {
        *self != NetScope::Nothing
    }

    /// Whether the address and port lie in it.
    pub fn contains(&self, ip: IpAddr, port: u16) -> bool {
        match self {
            NetScope::Nothing => false,
            NetScope::Everything => true,
            NetScope::Only(peers) => peers.iter().any(|peer| peer.matches(ip, port)),
        }
    }

    /// Whether some port of the address lies in it.
    fn reaches(&self, ip: IpAddr) -> bool {
        match self {
            NetScope::Only(peers) => {
                peers.iter().any(|peer| Peer { port: None, ..*peer }.matches(ip, 0))
            }
            whole => whole.contains(ip, 0),
        }
    }

    /// The only ports in it, ascending and without repeats; `None` where any port may occur.
    pub fn ports(&self) -> Option<Vec<u16>> {
        let mut ports = match self {
            NetScope::Nothing => vec![],
            NetScope::Everything => return None,
            NetScope::Only(peers) => {
                peers.iter().map(|peer| peer.port).collect::<Option<Vec<_>>>()?
            }
        };
        ports.sort_unstable();
        ports.dedup();
        Some(ports)
    }
}

/// The network rules of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetRules {
    /// Whom the command may connect and send to.
    pub client: NetScope,
    /// Which addresses and ports it may bind.
    pub server: NetScope,
    /// Whether it may use named local sockets.
    pub local: bool,
}

/// What becomes of socket(2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SocketRule {
    /// It is made.
    Allow,
    /// It is refused with the errno of a kernel without that protocol, and nobody is told.
    Absent(i32),
    /// libc's name service makes such a socket only to ask whether nscd runs: it gets one that leads
    /// nowhere.
    DeadEnd,
    /// It is denied.
    Deny,
}

const KIND_MASK: i32 = 0xf;

/// Protocol numbers that libc has no constant for everywhere.
const IPPROTO_MPTCP: i32 = 262;

impl NetRules {
    /// Whether any kind of socket is granted.
    pub fn any(&self) -> bool {
        self.inet() || self.local
    }

    /// Whether internet sockets are granted.
    pub fn inet(&self) -> bool {
        self.client.is_some() || self.server.is_some()
    }

    /// What becomes of `socket(domain, kind, protocol)`.
    pub fn socket(&self, domain: i32, kind: i32, protocol: i32) -> SocketRule {
        let kind = kind & KIND_MASK;
        match domain {
            libc::AF_INET | libc::AF_INET6 if self.inet() => match (kind, protocol) {
                (libc::SOCK_STREAM, 0 | libc::IPPROTO_TCP)
                | (libc::SOCK_DGRAM, 0 | libc::IPPROTO_UDP) => SocketRule::Allow,
                // Go asks for MPTCP first and falls back; Landlock's TCP rules would not see it.
                (libc::SOCK_STREAM, IPPROTO_MPTCP) => SocketRule::Absent(libc::EPROTONOSUPPORT),
                _ => SocketRule::Deny,
            },
            libc::AF_NETLINK if self.any() && protocol == libc::NETLINK_ROUTE => SocketRule::Allow,
            libc::AF_UNIX if self.local => SocketRule::Allow,
            libc::AF_UNIX if kind == libc::SOCK_STREAM => SocketRule::DeadEnd,
            _ => SocketRule::Deny,
        }
    }

    /// Whether `socketpair(domain, kind, …)` is granted; a stream or seqpacket pair is a pipe.
    pub fn socket_pair(&self, domain: i32, kind: i32) -> bool {
        domain == libc::AF_UNIX
            && match kind & KIND_MASK {
                libc::SOCK_STREAM | libc::SOCK_SEQPACKET => true,
                _ => self.local,
            }
    }

    /// Whether connect(2) to an address that is no path is granted.
    ///
    /// getaddrinfo(3) connects datagram sockets to port 0 of what it found, to learn which source address
    /// the kernel would choose; nothing can be sent there.
    pub fn connect(&self, address: &Address) -> bool {
        match address {
            Address::Inet(to) if to.port() == 0 => self.client.reaches(to.ip()),
            Address::Inet(to) => self.client.contains(to.ip(), to.port()),
            Address::Local(_) | Address::Abstract(_) => self.local,
            // Disconnects; reaches nobody.
            Address::Unnamed => true,
            Address::Other(family) => self.any() && i32::from(*family) == libc::AF_NETLINK,
        }
    }

    /// Whether bind(2) to an address that is no path is granted.
    pub fn bind(&self, address: &Address) -> bool {
        match address {
            Address::Inet(at) => {
                self.server.contains(at.ip(), at.port())
                    || (self.client.is_some() && at.port() == 0)
            }
            Address::Local(_) | Address::Abstract(_) | Address::Unnamed => self.local,
            Address::Other(family) => self.any() && i32::from(*family) == libc::AF_NETLINK,
        }
    }

    /// Whether listen(2) on a socket bound to `address` is granted.
    pub fn listen(&self, address: &Address) -> bool {
        match address {
            Address::Inet(at) => self.server.contains(at.ip(), at.port()),
            Address::Local(_) | Address::Abstract(_) | Address::Unnamed => self.local,
            Address::Other(_) => false,
        }
    }

    /// Whether a send to `address` is granted; `connects`: `MSG_FASTOPEN` makes it a connect.
    pub fn send(&self, address: &Address, connects: bool) -> bool {
        match address {
            // A datagram server answers whoever asked it.
            Address::Inet(_) if !connects && self.server.is_some() => true,
            other => self.connect(other),
        }
    }
}

/// Whether the address is the name service cache daemon's socket, which libc probes for.
pub fn is_name_cache(address: &Address) -> bool {
    let Address::Local(object) = address else { return false };
    let is_nscd = |path: &[u8]| path == b"/var/run/nscd/socket" || path == b"/run/nscd/socket";
    is_nscd(&object.text)
        || matches!(&object.place, Place::Path(path) | Place::Missing(path) if is_nscd(path))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use SocketRule::{Absent, Allow, DeadEnd, Deny};

    fn rules(client: bool, server: bool, local: bool) -> NetRules {
        let scope = |on| if on { NetScope::Everything } else { NetScope::Nothing };
        NetRules { client: scope(client), server: scope(server), local }
    }

    #[test]
    fn sockets() {
        let (inet, inet6, unix, netlink) =
            (libc::AF_INET, libc::AF_INET6, libc::AF_UNIX, libc::AF_NETLINK);
        let (stream, dgram, raw) = (libc::SOCK_STREAM, libc::SOCK_DGRAM, libc::SOCK_RAW);
        for (net, domain, kind, protocol, want) in [
            (rules(true, false, false), inet, stream, 0, Allow),
            (rules(true, false, false), inet6, dgram | libc::SOCK_CLOEXEC, 17, Allow),
            (rules(false, true, false), inet, stream | libc::SOCK_NONBLOCK, 6, Allow),
            (rules(true, true, true), inet, raw, 1, Deny),
            (rules(true, true, true), inet, dgram, 1, Deny),
            (rules(true, true, true), inet, stream, 132, Deny),
            (rules(true, true, true), inet, stream, 262, Absent(libc::EPROTONOSUPPORT)),
            (rules(true, true, true), libc::AF_PACKET, raw, 0, Deny),
            (rules(true, true, true), libc::AF_VSOCK, stream, 0, Deny),
            (rules(true, true, true), libc::AF_ALG, libc::SOCK_SEQPACKET, 0, Deny),
            (rules(false, false, true), inet, stream, 0, Deny),
            (rules(false, false, true), unix, dgram, 0, Allow),
            (rules(true, false, false), unix, stream, 0, DeadEnd),
            (rules(false, false, false), unix, stream, 0, DeadEnd),
            (rules(true, false, false), unix, dgram, 0, Deny),
            (rules(true, false, false), netlink, raw, 0, Allow),
            (rules(false, false, false), netlink, raw, 0, Deny),
            (rules(true, true, true), netlink, raw, 9, Deny),
        ] {
            assert_eq!(net.socket(domain, kind, protocol), want, "{domain} {kind} {protocol}");
        }
    }

    #[test]
    fn hosts_and_ports() {
        let peer = |ip: &str, bits, port| Peer { net: Some((ip.parse().unwrap(), bits)), port };
        let ten = NetScope::Only(vec![peer("10.0.0.0", 8, Some(443)), peer("::1", 128, None)]);
        let any = NetScope::Only(vec![Peer { net: None, port: Some(80) }]);
        for (scope, ip, port, want) in [
            (&ten, "10.1.2.3", 443, true),
            (&ten, "10.1.2.3", 80, false),
            (&ten, "11.0.0.1", 443, false),
            (&ten, "::1", 9, true),
            (&ten, "::2", 9, false),
            (&any, "192.0.2.1", 80, true),
            (&any, "192.0.2.1", 81, false),
            (&NetScope::Everything, "192.0.2.1", 81, true),
            (&NetScope::Nothing, "192.0.2.1", 81, false),
        ] {
            assert_eq!(scope.contains(ip.parse().unwrap(), port), want, "{ip} {port}");
        }
        assert_eq!(ten.ports(), None);
        assert_eq!(any.ports(), Some(vec![80]));
        assert_eq!(NetScope::Nothing.ports(), Some(vec![]));
    }

    #[test]
    fn port_zero_is_a_question() {
        let peer = Peer { net: Some(("192.0.2.1".parse().unwrap(), 32)), port: Some(443) };
        let net = NetRules { client: NetScope::Only(vec![peer]), ..rules(false, false, false) };
        for (to, want) in [
            ("192.0.2.1:443", true),
            ("192.0.2.1:0", true),
            ("192.0.2.2:0", false),
            ("192.0.2.1:80", false),
        ] {
            assert_eq!(net.connect(&Address::Inet(to.parse().unwrap())), want, "{to}");
        }
    }

    #[test]
    fn zero_length_prefix_is_everybody() {
        let all = Peer { net: Some(("0.0.0.0".parse().unwrap(), 0)), port: None };
        assert!(all.matches("203.0.113.9".parse().unwrap(), 1));
        assert!(!all.matches("::1".parse().unwrap(), 1));
    }
}
