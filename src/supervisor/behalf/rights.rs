//! What a caller may do that gatekeeper may do for it.

use std::fs;

use crate::sys::Pid;

/// `CAP_DAC_OVERRIDE`, `CAP_DAC_READ_SEARCH`, `CAP_SETGID`, `CAP_SETUID`: what counts on a local socket.
const LOCAL: u64 = 1 << 1 | 1 << 2 | 1 << 6 | 1 << 7;

/// Whether thread `tid` is, to a local socket's other end and to the permissions on its path, what
/// gatekeeper is.
pub fn are_ours(tid: Pid) -> bool {
    let status = |whose: &str| fs::read_to_string(format!("/proc/{whose}/status"));
    match (status("thread-self"), status(&tid.to_string())) {
        (Ok(ours), Ok(theirs)) => are_equal(&ours, &theirs),
        _ => false,
    }
}

/// [`are_ours`], from the texts of two `/proc/TID/status` files.
fn are_equal(ours: &str, theirs: &str) -> bool {
    let field = |text: &str, name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.map(|line| line.trim().to_owned())
    };
    let capabilities = |text: &str| u64::from_str_radix(&field(text, "CapEff")?, 16).ok();
    let (Some(our), Some(their)) = (capabilities(ours), capabilities(theirs)) else { return false };
    our & LOCAL & !their == 0
        && ["Uid", "Gid", "Groups"].iter().all(|name| {
            let ids = field(ours, name);
            ids.is_some() && ids == field(theirs, name)
        })
}

/// Whether a NETLINK_ROUTE message to `name` (none: the kernel) holds nothing but questions to the
/// kernel, which need no privilege (`rtnetlink_rcv_msg`: the kind is the type's last two bits, and 2 is
/// GET).
pub fn only_asks(name: Option<&[u8]>, data: &[u8]) -> bool {
    // struct sockaddr_nl: family, padding, port id, groups; all but the first 0 for the kernel.
    let to_kernel = name.is_none_or(|name| name.iter().skip(2).all(|&byte| byte == 0));
    let mut rest = data;
    while to_kernel && rest.len() >= 16 {
        let len = u32::from_ne_bytes([rest[0], rest[1], rest[2], rest[3]]) as usize;
        let kind = u16::from_ne_bytes([rest[4], rest[5]]);
        // RTM_BASE; what is below is control, and answered by nobody.
        if kind < 16 || kind & 3 != 2 || len < 16 || len > rest.len() {
            return false;
        }
        rest = &rest[len.next_multiple_of(4).min(rest.len())..];
    }
    // The kernel, too, leaves alone what is shorter than a header.
    to_kernel && rest.len() < data.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(uid: &str, groups: &str, capabilities: &str) -> String {
        format!(
            "Name:\tx\nUid:\t{uid}\nGid:\t7\t7\t7\t7\nGroups:\t{groups} \nCapInh:\t0\nCapEff:\t{capabilities}\n"
        )
    }

    #[test]
    fn identities() {
        let ours = status("0\t0\t0\t0", "0", "000001ffffffffff");
        for (theirs, want) in [
            (status("0\t0\t0\t0", "0", "000001ffffffffff"), true),
            (status("0\t0\t0\t0", "0", "000000bfffd7efff"), true),
            (status("0\t0\t0\t0", "0", "0000000000000000"), false),
            (status("0\t0\t0\t0", "0", "00000000000000c4"), false),
            (status("0\t0\t0\t0", "", "000001ffffffffff"), false),
            (status("33\t33\t33\t33", "0", "000001ffffffffff"), false),
            (status("0\t33\t0\t33", "0", "000001ffffffffff"), false),
            (String::new(), false),
        ] {
            assert_eq!(are_equal(&ours, &theirs), want, "{theirs}");
        }
        let user = status("5\t5\t5\t5", "5", "0");
        assert!(are_equal(&user, &user));
    }

    #[test]
    fn questions() {
        let message = |kind: u16| {
            let mut bytes = 20_u32.to_ne_bytes().to_vec();
            bytes.extend(kind.to_ne_bytes());
            bytes.resize(20, 0);
            bytes
        };
        let (get_link, new_route, get_address) = (message(18), message(24), message(22));
        let both = [get_link.clone(), get_address.clone()].concat();
        let mixed = [get_link.clone(), new_route.clone()].concat();
        let kernel = [16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let other = [16, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0];
        for (name, data, want) in [
            (Some(&kernel[..]), &get_address[..], true),
            (None, &get_link, true),
            (None, &both, true),
            (None, &mixed, false),
            (None, &new_route, false),
            (Some(&other), &get_link, false),
            (None, &message(3), false),
            (None, &get_link[..19], false),
            (None, &both[..30], true),
            (None, &both[..39], false),
            (None, b"", false),
        ] {
            assert_eq!(only_asks(name, data), want, "{name:?} {data:?}");
        }
    }
}
