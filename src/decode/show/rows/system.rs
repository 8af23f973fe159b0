//! Calls on the system as a whole, on security, and those that no kernel implements any more.

use crate::decode::show::sets::files::OPEN;
use crate::decode::show::sets::system::*;
use crate::decode::show::signature::Kind::{
    Bits, Bytes, Fd, Hex, Int, One, Pid, Ptr, Size, Text, Uint,
};
use crate::decode::show::signature::Row;

/// The rows.
#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    ("uname", &[Ptr]),
    ("sysinfo", &[Ptr]),
    ("sethostname", &[Bytes(1), Size]),
    ("setdomainname", &[Bytes(1), Size]),
    ("getrandom", &[Ptr, Size, Bits(&RANDOM)]),
    ("syslog", &[One(&SYSLOG), Ptr, Int]),
    ("reboot", &[One(&REBOOT_MAGIC), Hex, One(&REBOOT), Ptr]),
    ("iopl", &[Int]),
    ("ioperm", &[Hex, Hex, Int]),
    ("init_module", &[Ptr, Size, Text]),
    ("finit_module", &[Fd, Text, Hex]),
    ("delete_module", &[Text, Bits(&OPEN)]),
    ("kexec_load", &[Ptr, Size, Ptr, Hex]),
    ("kexec_file_load", &[Fd, Fd, Size, Text, Hex]),
    ("bpf", &[One(&BPF), Ptr, Uint]),
    ("perf_event_open", &[Ptr, Pid, Int, Fd, Hex]),
    ("seccomp", &[One(&SECCOMP), Bits(&SECCOMP_FLAGS), Ptr]),
    ("landlock_create_ruleset", &[Ptr, Size, Bits(&LANDLOCK_CREATE)]),
    ("landlock_add_rule", &[Fd, One(&LANDLOCK_RULE), Ptr, Hex]),
    ("landlock_restrict_self", &[Fd, Bits(&LANDLOCK_SELF)]),
    ("lsm_get_self_attr", &[Uint, Ptr, Ptr, Hex]),
    ("lsm_set_self_attr", &[Uint, Ptr, Size, Hex]),
    ("lsm_list_modules", &[Ptr, Ptr, Hex]),
    ("add_key", &[Text, Text, Bytes(3), Size, Int]),
    ("request_key", &[Text, Text, Text, Int]),
    ("keyctl", &[One(&KEYCTL), Hex, Hex, Hex, Hex]),
    ("uretprobe", &[]),
    ("uprobe", &[]),
    ("_sysctl", &[Ptr]),
    ("create_module", &[Text, Size]),
    ("get_kernel_syms", &[Ptr]),
    ("query_module", &[Text, Int, Ptr, Size, Ptr]),
    ("getpmsg", &[Hex, Hex, Hex, Hex, Hex]),
    ("putpmsg", &[Hex, Hex, Hex, Hex, Hex]),
    ("afs_syscall", &[Hex, Hex, Hex, Hex, Hex]),
    ("tuxcall", &[Hex, Hex, Hex]),
    ("security", &[Hex, Hex, Hex]),
    ("vserver", &[Hex, Hex, Hex, Hex, Hex]),
];
