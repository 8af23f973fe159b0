//! Calls that are many calls: ioctl(2), prctl(2), clone(2), fcntl(2), seccomp(2).

use super::groups::{Group, GroupSet};

/// ioctl requests that no group grants, as inclusive ranges in ascending order.
///
/// The request is compared as the kernel takes it: an `unsigned int`.
pub const IOCTL_DENIED: [(u32, u32); 29] = [
    // TIOCSTI: types into the terminal (CVE-2017-5226). tty_ioctl(2).
    (0x5412, 0x5412),
    // TIOCLINUX: pastes the console's selection. TIOCCONS: takes the console's output.
    (0x541C, 0x541D),
    // TIOCSETD: loads line disciplines.
    (0x5423, 0x5423),
    // FIOSETOWN, SIOCSPGRP: F_SETOWN by another name, with the process in memory.
    (0x8901, 0x8902),
    // Socket and interface ioctls that change something, or whose meaning is in memory
    // (SIOCETHTOOL, SIOCBRADDIF, …); the reading ones in between stay allowed.
    (0x8908, 0x890F),
    (0x8911, 0x8911),
    (0x8914, 0x8914),
    (0x8916, 0x8916),
    (0x8918, 0x8918),
    (0x891A, 0x891A),
    (0x891C, 0x891C),
    (0x891E, 0x8920),
    (0x8922, 0x8926),
    (0x8928, 0x8932),
    (0x8934, 0x8937),
    (0x8939, 0x8941),
    (0x8943, 0x896F),
    (0x8971, 0x89FF),
    // USERFAULTFD_IOC_NEW.
    (0xAA00, 0xAA00),
    // FS_IOC_SETFSLABEL, EXT4_IOC_SHUTDOWN/FS_IOC_SHUTDOWN, FS_IOC_SET_ENCRYPTION_POLICY and
    // FS_IOC_ENABLE_VERITY work on descriptors opened for reading.
    (0x4004_587D, 0x4004_587D),
    // FAT_IOCTL_SET_ATTRIBUTES.
    (0x4004_7211, 0x4004_7211),
    // EXT4_IOC_SETVERSION, GROUP_EXTEND, GROUP_ADD, RESIZE_FS.
    (0x4008_6604, 0x4008_6604),
    (0x4008_6607, 0x4008_6608),
    (0x4008_6610, 0x4008_6610),
    // RTC_SET_TIME: the clock by another door.
    (0x4024_700A, 0x4024_700A),
    (0x8004_587D, 0x8004_587D),
    (0x800C_6613, 0x800C_6613),
    // FIFREEZE, FITHAW.
    (0xC004_5877, 0xC004_5878),
    // FITRIM.
    (0xC018_5879, 0xC018_5879),
];

/// ioctl requests that change a file's attributes: what chmod's grant is for. `FS_IOC_SETFLAGS` and its
/// 32-bit form, `FS_IOC_SETVERSION`, `FS_IOC_FSSETXATTR`.
pub const IOCTL_ATTRIBUTES: [u32; 5] =
    [0x4004_6602, 0x4004_7602, 0x4008_6602, 0x4008_7602, 0x401C_5820];

/// Kinds of ioctl requests (bits 8 to 15, ioctl(2)) that no group grants: SCSI generic, loop devices, KVM,
/// btrfs. They do their work on descriptors opened for reading.
pub const IOCTL_DENIED_KINDS: [u32; 4] = [0x22, 0x4C, 0x94, 0xAE];

/// Requests of these kinds that are ordinary: FICLONE, FICLONERANGE, FIDEDUPERANGE (ioctl_ficlone(2)).
const IOCTL_ORDINARY: [u32; 3] = [0x4004_9409, 0x4020_940D, 0xC018_9436];

/// `FIOSETOWN`, `SIOCSPGRP`: who gets SIGIO, with the process in memory.
pub const IOCTL_OWNER: [u32; 2] = [0x8901, 0x8902];

/// Whether no group grants this request.
pub fn ioctl_denied(request: u32) -> bool {
    IOCTL_DENIED.iter().any(|&(first, last)| (first..=last).contains(&request))
        || (IOCTL_DENIED_KINDS.contains(&(request >> 8 & 0xFF))
            && !IOCTL_ORDINARY.contains(&request))
}

/// prctl options that concern the caller alone and take nothing away from its confinement.
pub const PRCTL_ALLOWED: [(u32, u32); 14] = [
    // PDEATHSIG, DUMPABLE, UNALIGN, GET_KEEPCAPS
    (1, 7),
    // FPEMU, FPEXC, TIMING, NAME
    (9, 16),
    // ENDIAN, GET_SECCOMP
    (19, 21),
    // CAPBSET_READ
    (23, 23),
    // TSC, GET_SECUREBITS
    (25, 27),
    // TIMERSLACK, TASK_PERF_EVENTS, MCE_KILL
    (29, 34),
    // CHILD_SUBREAPER, NO_NEW_PRIVS, GET_TID_ADDRESS, THP_DISABLE, MPX, FP_MODE
    (36, 46),
    // SVE, SPECULATION_CTRL, PAC, TAGGED_ADDR
    (50, 56),
    // SYSCALL_USER_DISPATCH, PAC_ENABLED
    (59, 61),
    // SME, MDWE, MEMORY_MERGE
    (63, 68),
    // RISCV_V, PPC_DEXCR, SHADOW_STACK, TIMER_CREATE_RESTORE_IDS, FUTEX_HASH
    (69, 78),
    // GET_AUXV
    (0x4155_5856, 0x4155_5856),
    // SET_VMA
    (0x5356_4D41, 0x5356_4D41),
    // SET_PTRACER
    (0x5961_6D61, 0x5961_6D61),
];

/// prctl options that `--allow-security-and-permissions` adds: SET_KEEPCAPS, SET_SECCOMP, CAPBSET_DROP,
/// SET_SECUREBITS, CAP_AMBIENT.
pub const PRCTL_SECURITY: [(u32, u32); 5] = [(8, 8), (22, 22), (24, 24), (28, 28), (47, 47)];

/// Whether the option is allowed by the granted groups (prctl itself being granted).
pub fn prctl_allowed(option: u32, granted: GroupSet) -> bool {
    let within = |list: &[(u32, u32)]| list.iter().any(|&(a, b)| (a..=b).contains(&option));
    within(&PRCTL_ALLOWED)
        || (granted.contains(Group::SecurityAndPermissions) && within(&PRCTL_SECURITY))
}

/// Socket options that send a packet by way of another host than its destination (level, options), which
/// a list of hosts would not see: `IP_OPTIONS` (ip(7)); `IPV6_RTHDR`, `IPV6_2292RTHDR`,
/// `IPV6_2292PKTOPTIONS`, `IPV6_FLOWLABEL_MGR` and the headers that may hold such options (ipv6(7), linux/in6.h).
pub const ROUTING_OPTIONS: [(u32, &[u32]); 2] =
    [(libc::IPPROTO_IP as u32, &[4]), (libc::IPPROTO_IPV6 as u32, &[4, 5, 6, 32, 54, 55, 57, 59])];

/// `CLONE_UNTRACED`: the child would not be attached to.
pub const CLONE_UNTRACED: u32 = libc::CLONE_UNTRACED as u32;

/// The clone flags that make a new namespace. `CLONE_NEWTIME` lies among the signal bits here and exists
/// for clone3 and unshare only.
pub const CLONE_NAMESPACES: u32 = (libc::CLONE_NEWNS
    | libc::CLONE_NEWCGROUP
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET) as u32;

/// `SO_PEERPIDFD`: a pidfd of whoever made the other end, which of a dead end is gatekeeper.
pub const SO_PEERPIDFD: u32 = 77;

/// `SECCOMP_FILTER_FLAG_NEW_LISTENER`: a listener outranks `RET_TRACE` and may let a call continue.
pub const SECCOMP_NEW_LISTENER: u32 = 1 << 3;

/// `F_SETOWN`, `F_SETSIG`, `F_SETOWN_EX`: who gets SIGIO, or another signal instead.
pub const FCNTL_OWNER: [u32; 3] = [8, 10, 15];

/// `F_SETSIG`.
pub const FCNTL_SETSIG: u32 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ioctl_requests() {
        for (request, want) in [
            (0x5401, false), // TCGETS
            (0x5412, true),  // TIOCSTI
            (0x5413, false), // TIOCGWINSZ
            (0x541B, false), // FIONREAD
            (0x541C, true),  // TIOCLINUX
            (0x5423, true),  // TIOCSETD
            (0x8901, true),  // FIOSETOWN
            (0x8903, false), // FIOGETOWN
            (0x8905, false), // SIOCATMARK
            (0x8912, false), // SIOCGIFCONF
            (0x8913, false), // SIOCGIFFLAGS
            (0x8914, true),  // SIOCSIFFLAGS
            (0x8927, false), // SIOCGIFHWADDR
            (0x8933, false), // SIOCGIFINDEX
            (0x8946, true),  // SIOCETHTOOL
            (0xC004_5877, true),
            (0x4C06, true),       // LOOP_CHANGE_FD
            (0xAE01, true),       // KVM_CREATE_VM
            (0x2285, true),       // SG_IO
            (0x5000_940F, true),  // BTRFS_IOC_SNAP_DESTROY
            (0x4004_9409, false), // FICLONE
            (0xC018_9436, false), // FIDEDUPERANGE
            (0x4024_700A, true),  // RTC_SET_TIME
            (0x4008_6610, true),  // EXT4_IOC_RESIZE_FS
        ] {
            assert_eq!(ioctl_denied(request), want, "{request:#x}");
        }
    }

    #[test]
    fn ranges_ascend() {
        for list in [&IOCTL_DENIED[..], &PRCTL_ALLOWED, &PRCTL_SECURITY] {
            assert!(list.iter().all(|(a, b)| a <= b));
            assert!(list.windows(2).all(|w| w[0].1 < w[1].0), "{list:x?}");
        }
    }

    #[test]
    fn prctl_options() {
        let none = GroupSet::default();
        let security: GroupSet = [Group::SecurityAndPermissions].into_iter().collect();
        for (option, base, with) in [
            (15, true, true),   // SET_NAME
            (38, true, true),   // SET_NO_NEW_PRIVS
            (22, false, true),  // SET_SECCOMP
            (35, false, false), // SET_MM
            (62, false, false), // SCHED_CORE names another process
            (8, false, true),   // SET_KEEPCAPS
        ] {
            assert_eq!(prctl_allowed(option, none), base, "{option}");
            assert_eq!(prctl_allowed(option, security), with, "{option}");
        }
    }
}
