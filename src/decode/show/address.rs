//! Socket addresses: as the kernel lays them out, and as the policy judged them.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::memory::Memory;
use super::quote;
use super::sets::network;
use crate::policy::Address;

/// The longest address (`sizeof(struct sockaddr_storage)`).
const LONGEST: u64 = 128;

/// What was judged, short: `127.0.0.1:80`, `[::1]:80`, `"/run/x.sock"`, `@"name"`, `AF_NETLINK`.
pub(super) fn judged(address: &Address) -> String {
    match address {
        Address::Inet(addr) => addr.to_string(),
        Address::Local(object) => quote(&object.text, usize::MAX),
        Address::Abstract(name) => format!("@{}", quote(name, usize::MAX)),
        Address::Unnamed => "unnamed".into(),
        Address::Other(family) => network::DOMAIN.one(u32::from(*family)),
    }
}

/// A struct sockaddr of `len` bytes in full.
pub(super) fn read(memory: Memory<'_>, addr: u64, len: u64) -> Option<String> {
    let len = len & 0xFFFF_FFFF;
    if !(2..=LONGEST).contains(&len) {
        return None;
    }
    let bytes = memory.some(addr, len as usize);
    (bytes.len() as u64 == len).then(|| full(&bytes))
}

fn full(bytes: &[u8]) -> String {
    let family = u16::from_ne_bytes([bytes[0], bytes[1]]);
    let name = network::DOMAIN.one(u32::from(family));
    match (i32::from(family), bytes) {
        (libc::AF_INET, [_, _, p, q, a, b, c, d, ..]) => format!(
            "{{sa_family={name}, sin_port=htons({}), sin_addr=inet_addr(\"{}\")}}",
            u16::from_be_bytes([*p, *q]),
            Ipv4Addr::new(*a, *b, *c, *d)
        ),
        (libc::AF_INET6, [_, _, p, q, flow @ ..]) if flow.len() >= 20 => {
            let mut ip = [0; 16];
            ip.copy_from_slice(&flow[4..20]);
            format!(
                "{{sa_family={name}, sin6_port=htons({}), inet_pton(AF_INET6, \"{}\", &sin6_addr)}}",
                u16::from_be_bytes([*p, *q]),
                Ipv6Addr::from(ip)
            )
        }
        (libc::AF_UNIX, [_, _]) => format!("{{sa_family={name}}}"),
        (libc::AF_UNIX, [_, _, 0, rest @ ..]) => {
            format!("{{sa_family={name}, sun_path=@{}}}", quote(rest, LONGEST as usize))
        }
        (libc::AF_UNIX, [_, _, path @ ..]) => {
            let end = path.iter().position(|&b| b == 0).unwrap_or(path.len());
            format!("{{sa_family={name}, sun_path={}}}", quote(&path[..end], LONGEST as usize))
        }
        // struct sockaddr_nl: a pad of two bytes, the port id, the groups.
        (libc::AF_NETLINK, [_, _, _, _, a, b, c, d, e, f, g, h, ..]) => format!(
            "{{sa_family={name}, nl_pid={}, nl_groups={:#010x}}}",
            u32::from_ne_bytes([*a, *b, *c, *d]),
            u32::from_ne_bytes([*e, *f, *g, *h])
        ),
        (_, [_, _, data @ ..]) => {
            format!("{{sa_family={name}, sa_data={}}}", quote(data, super::value::TEXT_LIMIT))
        }
        _ => format!("{{sa_family={name}}}"),
    }
}
