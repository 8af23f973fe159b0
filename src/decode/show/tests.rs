//! One case a line: what is given, and the text.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::HashSet;
use std::io;

use super::signature::{self, Kind};
use super::{call, entry, quote, result, rows, signal_name};
use crate::decode::Guest;
use crate::policy::shape::{self, Access, Shape};
use crate::policy::{Address, Call, Object, Place, Relation, Target, groups};
use crate::sys::arch::{AUDIT_ARCH, Entry, FOREIGN_BIT};

const CWD: u64 = libc::AT_FDCWD as u32 as u64;
/// An address that is not mapped.
const HOLE: u64 = 0xdead_0000;

/// Pieces of memory: address and bytes; everything else is a hole.
#[derive(Default)]
struct Fake(Vec<(u64, Vec<u8>)>);

impl Fake {
    fn with(mut self, addr: u64, bytes: &[u8]) -> Self {
        self.0.push((addr, bytes.to_vec()));
        self
    }

    fn words(self, addr: u64, words: &[u64]) -> Self {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
        self.with(addr, &bytes)
    }
}

impl Guest for Fake {
    fn read(&self, addr: u64, buf: &mut [u8]) -> io::Result<usize> {
        for (start, bytes) in &self.0 {
            if let Some(rest) = addr.checked_sub(*start).and_then(|at| bytes.get(at as usize..)) {
                if !rest.is_empty() {
                    // Piece by piece, as at page borders.
                    let len = rest.len().min(buf.len()).min(7);
                    buf[..len].copy_from_slice(&rest[..len]);
                    return Ok(len);
                }
            }
        }
        Err(io::Error::from_raw_os_error(libc::EFAULT))
    }

    fn c_string(&self, addr: u64, max: usize) -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        while text.len() < max {
            let mut byte = [0];
            self.read(addr + text.len() as u64, &mut byte)?;
            match byte[0] {
                0 => return Ok(text),
                byte => text.push(byte),
            }
        }
        Err(io::Error::from_raw_os_error(libc::ENAMETOOLONG))
    }

    fn locate(&self, _: i32, _: &[u8], _: bool) -> Place {
        Place::Unknown
    }
    fn descriptor(&self, _: i32) -> Place {
        Place::Unknown
    }
    fn task(&self, _: i32) -> Relation {
        Relation::Nobody
    }
    fn group(&self, _: i32) -> Relation {
        Relation::MixedGroup
    }
    fn pidfd(&self, _: i32) -> io::Result<Relation> {
        Ok(Relation::Nobody)
    }
    fn local_address(&self, _: i32) -> io::Result<Vec<u8>> {
        Err(io::Error::from_raw_os_error(libc::EBADF))
    }
}

fn made(nr: i64, args: &[u64]) -> Entry {
    let mut all = [0; 6];
    all[..args.len()].copy_from_slice(args);
    Entry { arch: AUDIT_ARCH, nr: nr as u32, args: all }
}

/// The memory that every case finds.
fn memory() -> Fake {
    Fake::default()
        .with(0x100, b"/etc/passwd\0")
        .with(0x200, b"hello\n\0")
        .with(0x300, &[b'x'; 100])
        .with(0x400, b"\x1b[2J\xff\0")
        .words(0x1000, &[0x100, 0x200, 0])
        .words(0x1100, &[1, 500])
        .words(0x1200, &[1, 0x3fff_ffff, 2, 0x3fff_fffe])
        .words(0x1300, &[0x200, 5, 0x300, 100])
        .words(0x1400, &[1 << 1 | 1 << 14])
        .words(0x1500, &[!(1 << 8 | 1 << 18)])
        .words(0x1600, &[0x80000, 0, 0x8])
        .words(0x1700, &[0x5000, 0x1400_0000, 0x6000, 1 << 13])
        .words(0x1800, &[65536, u64::MAX])
        .words(0x1900, &[0x2000, 16, 0x1300, 1, 0, 0])
        .words(0x1a00, &[0b11010])
        .words(0x1b00, &[0x1000_0000, 0, 0, 0, 17, 0, 0, 0])
        .words(0x1c00, &[1, 0, 2, 0])
        .with(0x1d00, &[3, 0, 0, 0, 1, 0, 0, 0, 255, 255, 255, 255, 4, 0, 0, 0])
        .with(0x2000, &[2, 0, 0, 80, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0])
        .with(0x2100, &[&[10, 0, 1, 187, 0, 0, 0, 0][..], &[0; 15], &[1], &[0; 4]].concat())
        .with(0x2200, b"\x01\0/run/x.sock\0")
        .with(0x2300, b"\x01\0\0name")
        .with(0x2400, &[16, 0, 0, 0, 7, 0, 0, 0, 1, 0, 0, 0])
}

#[rustfmt::skip]
#[test]
fn entries() {
    let at = |nr, args: &[u64]| entry(&made(nr, args), &memory());
    let cases = [
        (at(libc::SYS_openat, &[CWD, 0x100, 0x80000]), r#"openat(AT_FDCWD, "/etc/passwd", O_RDONLY|O_CLOEXEC)"#),
        (at(libc::SYS_openat, &[5, 0x100, 0o1101, 0o644]), r#"openat(5, "/etc/passwd", O_WRONLY|O_CREAT|O_TRUNC, 0644)"#),
        (at(libc::SYS_openat, &[CWD, HOLE, 3]), "openat(AT_FDCWD, 0xdead0000, O_ACCMODE)"),
        (at(libc::SYS_openat, &[CWD, 0, 0xffff_0000_0000_0000]), "openat(AT_FDCWD, NULL, O_RDONLY)"),
        (at(libc::SYS_openat, &[CWD, 0x400, 0]), r#"openat(AT_FDCWD, "\33[2J\377", O_RDONLY)"#),
        (at(libc::SYS_openat2, &[CWD, 0x100, 0x1600, 24]), r#"openat2(AT_FDCWD, "/etc/passwd", {flags=O_RDONLY|O_CLOEXEC, resolve=RESOLVE_BENEATH}, 24)"#),
        (at(libc::SYS_read, &[3, 0x300, 832]), "read(3, 0x300, 832)"),
        (at(libc::SYS_write, &[1, 0x200, 6]), r#"write(1, "hello\n", 6)"#),
        (at(libc::SYS_write, &[1, 0x300, 100]), &format!(r#"write(1, "{}"..., 100)"#, "x".repeat(32))),
        (at(libc::SYS_write, &[1, HOLE, u64::MAX]), "write(1, 0xdead0000, 18446744073709551615)"),
        (at(libc::SYS_write, &[u64::MAX, 0x200, 0]), r#"write(-1, "", 0)"#),
        (at(libc::SYS_writev, &[1, 0x1300, 1]), r#"writev(1, [{iov_base="hello", iov_len=5}], 1)"#),
        (at(libc::SYS_writev, &[1, 0x1300, u64::MAX]), &format!(r#"writev(1, [{{iov_base="hello", iov_len=5}}, {{iov_base="{}"..., iov_len=100}}, ...], 18446744073709551615)"#, "x".repeat(32))),
        (at(libc::SYS_readv, &[0, 0x1300, 1]), "readv(0, [{iov_base=0x200, iov_len=5}], 1)"),
        (at(libc::SYS_lseek, &[3, u64::MAX, 2]), "lseek(3, -1, SEEK_END)"),
        (at(libc::SYS_mmap, &[0, 8192, 3, 0x22, u64::MAX, 0]), "mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)"),
        (at(libc::SYS_mprotect, &[0x7f00_0000_0000, 4096, 0]), "mprotect(0x7f0000000000, 4096, PROT_NONE)"),
        (at(libc::SYS_fcntl, &[3, 2, 1]), "fcntl(3, F_SETFD, FD_CLOEXEC)"),
        (at(libc::SYS_fcntl, &[3, 3, 99]), "fcntl(3, F_GETFL)"),
        (at(libc::SYS_fcntl, &[3, 4, 0o4002]), "fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK)"),
        (at(libc::SYS_fcntl, &[3, 6, 0x5000]), "fcntl(3, F_SETLK, 0x5000)"),
        (at(libc::SYS_fcntl, &[3, 77, 0]), "fcntl(3, 0x4d /* F_??? */, NULL)"),
        (at(libc::SYS_ioctl, &[1, 0x5413, 0x5000]), "ioctl(1, TIOCGWINSZ, 0x5000)"),
        (at(libc::SYS_ioctl, &[1, 0xc008_ab01, 0x5000]), "ioctl(1, _IOC(_IOC_READ|_IOC_WRITE, 0xab, 0x1, 0x8), 0x5000)"),
        (at(libc::SYS_execve, &[0x100, 0x1000, 0x1000]), r#"execve("/etc/passwd", ["/etc/passwd", "hello\n"], 0x1000 /* 2 vars */)"#),
        (at(libc::SYS_execve, &[0x100, HOLE, 0]), r#"execve("/etc/passwd", 0xdead0000, NULL)"#),
        (at(libc::SYS_socket, &[2, 0x80001, 6]), "socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_TCP)"),
        (at(libc::SYS_socket, &[1, 0x802, 0]), "socket(AF_UNIX, SOCK_DGRAM|SOCK_NONBLOCK, 0)"),
        (at(libc::SYS_socket, &[16, 3, 0]), "socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE)"),
        (at(libc::SYS_socket, &[17, 3, 0x300]), "socket(AF_PACKET, SOCK_RAW, htons(0x3))"),
        (at(libc::SYS_socket, &[99, 15, 7]), "socket(0x63 /* AF_??? */, 0xf /* SOCK_??? */, 7)"),
        (at(libc::SYS_connect, &[3, 0x2000, 16]), r#"connect(3, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("127.0.0.1")}, 16)"#),
        (at(libc::SYS_connect, &[3, 0x2100, 28]), r#"connect(3, {sa_family=AF_INET6, sin6_port=htons(443), inet_pton(AF_INET6, "::1", &sin6_addr)}, 28)"#),
        (at(libc::SYS_connect, &[3, 0x2200, 14]), r#"connect(3, {sa_family=AF_UNIX, sun_path="/run/x.sock"}, 14)"#),
        (at(libc::SYS_connect, &[3, 0x2300, 7]), r#"connect(3, {sa_family=AF_UNIX, sun_path=@"name"}, 7)"#),
        (at(libc::SYS_bind, &[3, 0x2400, 12]), "bind(3, {sa_family=AF_NETLINK, nl_pid=7, nl_groups=0x00000001}, 12)"),
        (at(libc::SYS_bind, &[3, 0x2000, u64::MAX]), "bind(3, 0x2000, 18446744073709551615)"),
        (at(libc::SYS_bind, &[3, 0x2000, 2]), "bind(3, {sa_family=AF_INET, sa_data=\"\"}, 2)"),
        (at(libc::SYS_bind, &[3, 0x2000, 1]), "bind(3, 0x2000, 1)"),
        (at(libc::SYS_sendto, &[3, 0x200, 5, 0x4000, 0x2000, 16]), r#"sendto(3, "hello", 5, MSG_NOSIGNAL, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("127.0.0.1")}, 16)"#),
        (at(libc::SYS_sendto, &[3, 0x200, 5, 0, 0, 0]), r#"sendto(3, "hello", 5, 0, NULL, 0)"#),
        (at(libc::SYS_sendmsg, &[3, 0x1900, 0]), r#"sendmsg(3, {msg_name={sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("127.0.0.1")}, msg_namelen=16, msg_iov=[{iov_base="hello", iov_len=5}], msg_iovlen=1, msg_controllen=0}, 0)"#),
        (at(libc::SYS_setsockopt, &[3, 1, 2, 0x1a00, 4]), r#"setsockopt(3, SOL_SOCKET, SO_REUSEADDR, "\32\0\0\0", 4)"#),
        (at(libc::SYS_getsockopt, &[3, 6, 1, 0x1a00, 4]), "getsockopt(3, SOL_TCP, TCP_NODELAY, 0x1a00, 0x4)"),
        (at(libc::SYS_shutdown, &[3, 0]), "shutdown(3, SHUT_RD)"),
        (at(libc::SYS_clone, &[0x1000_0011, 0, 0, 0, 0]), "clone(CLONE_NEWUSER|SIGCHLD, NULL, NULL, NULL, NULL)"),
        (at(libc::SYS_clone3, &[0x1b00, 64]), "clone3({flags=CLONE_NEWUSER, exit_signal=SIGCHLD, ...}, 64)"),
        (at(libc::SYS_clone3, &[0x1b00, 8]), "clone3(0x1b00, 8)"),
        (at(libc::SYS_kill, &[u64::MAX, 9]), "kill(-1, SIGKILL)"),
        (at(libc::SYS_wait4, &[u64::MAX, 0x5000, 1, 0]), "wait4(-1, 0x5000, WNOHANG, NULL)"),
        (at(libc::SYS_futex, &[0x5000, 128, 2, 0, 9, 9]), "futex(0x5000, FUTEX_WAIT_PRIVATE, 2, NULL)"),
        (at(libc::SYS_futex, &[0x5000, 129, 1, 9, 9, 9]), "futex(0x5000, FUTEX_WAKE_PRIVATE, 1)"),
        (at(libc::SYS_futex, &[0x5000, 0x189, 0, 0x1100, 0, 0xffff_ffff]), "futex(0x5000, FUTEX_WAIT_BITSET_PRIVATE|FUTEX_CLOCK_REALTIME, 0, {tv_sec=1, tv_nsec=500}, NULL, FUTEX_BITSET_MATCH_ANY)"),
        (at(libc::SYS_clock_nanosleep, &[1, 1, 0x1100, 0]), "clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, {tv_sec=1, tv_nsec=500}, NULL)"),
        (at(libc::SYS_utimensat, &[CWD, 0x100, 0x1200, 0x100]), r#"utimensat(AT_FDCWD, "/etc/passwd", [UTIME_NOW, UTIME_OMIT], AT_SYMLINK_NOFOLLOW)"#),
        (at(libc::SYS_setitimer, &[0, 0x1c00, 0]), "setitimer(ITIMER_REAL, {it_interval={tv_sec=1, tv_usec=0}, it_value={tv_sec=2, tv_usec=0}}, NULL)"),
        (at(libc::SYS_rt_sigprocmask, &[0, 0x1400, 0, 8]), "rt_sigprocmask(SIG_BLOCK, [INT TERM], NULL, 8)"),
        (at(libc::SYS_rt_sigprocmask, &[2, 0x1500, 0, 8]), "rt_sigprocmask(SIG_SETMASK, ~[KILL STOP], NULL, 8)"),
        (at(libc::SYS_rt_sigaction, &[17, 0x1700, 0, 8]), "rt_sigaction(SIGCHLD, {sa_handler=0x5000, sa_mask=[ALRM], sa_flags=SA_RESTART|SA_RESTORER, sa_restorer=0x6000}, NULL, 8)"),
        (at(libc::SYS_prlimit64, &[0, 7, 0x1800, 0]), "prlimit64(0, RLIMIT_NOFILE, {rlim_cur=64*1024, rlim_max=RLIM64_INFINITY}, NULL)"),
        (at(libc::SYS_prctl, &[15, 0x200]), r#"prctl(PR_SET_NAME, "hello\n")"#),
        (at(libc::SYS_prctl, &[4, 0, 7, 8, 9]), "prctl(PR_SET_DUMPABLE, 0)"),
        (at(libc::SYS_prctl, &[47, 2, 12]), "prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_ADMIN, 0, 0)"),
        (at(libc::SYS_ppoll, &[0x1d00, 2, 0, 0, 8]), "ppoll([{fd=3, events=POLLIN}, {fd=-1}], 2, NULL, NULL, 8)"),
        (at(libc::SYS_pselect6, &[5, 0x1a00, 0, 0, 0x1100, 0]), "pselect6(5, [1 3 4], NULL, NULL, {tv_sec=1, tv_nsec=500}, NULL)"),
        (at(libc::SYS_mknodat, &[CWD, 0x100, 0o20666, 0x103]), r#"mknodat(AT_FDCWD, "/etc/passwd", S_IFCHR|0666, makedev(0x1, 0x3))"#),
        (at(libc::SYS_mknodat, &[CWD, 0x100, 0o10600, 0x103]), r#"mknodat(AT_FDCWD, "/etc/passwd", S_IFIFO|0600)"#),
        (at(libc::SYS_fchownat, &[CWD, 0x100, 0xffff_ffff, 0, 0]), r#"fchownat(AT_FDCWD, "/etc/passwd", -1, 0, 0)"#),
        (at(libc::SYS_shmget, &[0, 4096, 0o1600]), "shmget(0, 4096, IPC_CREAT|0600)"),
        (at(libc::SYS_memfd_create, &[0x300, 1]), &format!(r#"memfd_create("{}"..., MFD_CLOEXEC)"#, "x".repeat(32))),
        (at(libc::SYS_symlinkat, &[0x200, CWD, 0x100]), r#"symlinkat("hello\n", AT_FDCWD, "/etc/passwd")"#),
        (at(libc::SYS_getpid, &[1, 2, 3]), "getpid()"),
        (at(9999, &[1]), "syscall_9999(0x1, 0x0, 0x0, 0x0, 0x0, 0x0)"),
    ];
    for (shown, wanted) in cases {
        assert_eq!(shown, wanted);
    }
}

fn object(dirfd: i32, text: &str, place: &str) -> Object {
    let place = Place::Path(place.as_bytes().to_vec());
    Object { dirfd, text: text.as_bytes().to_vec(), place, access: Access::Read }
}

fn inet(text: &str) -> Address {
    Address::Inet(text.parse().unwrap())
}

#[rustfmt::skip]
#[test]
fn denied_calls() {
    let cwd = libc::AT_FDCWD;
    let at = |nr, args: &[u64], target| call(&Call { entry: made(nr, args), target }, &memory());
    let shadow = || object(cwd, "/etc/shadow", "/etc/shadow");
    let two = |a: &str, b: &str| Target::Objects(vec![object(cwd, a, a), object(cwd, b, b)]);
    let one = |object| Target::Objects(vec![object]);
    let cases = [
        // The memory behind the path says /etc/passwd by now; what was judged is shown.
        (at(libc::SYS_openat, &[CWD, 0x100, 0], Target::Open(shadow(), 0)), r#"openat("/etc/shadow", O_RDONLY)"#),
        (at(libc::SYS_openat, &[CWD, 0x100, 0x41, 0o600], Target::Open(shadow(), 0x41)), r#"openat("/etc/shadow", O_WRONLY|O_CREAT)"#),
        (at(libc::SYS_openat, &[7, 0x100, 0], Target::Open(object(7, "shadow", "/etc/shadow"), 0)), r#"openat(7, "shadow", O_RDONLY)"#),
        (at(libc::SYS_openat2, &[CWD, 0x100, 0x1600, 24], Target::Open(shadow(), 1)), r#"openat2("/etc/shadow", {flags=O_WRONLY})"#),
        (at(libc::SYS_openat, &[CWD, HOLE, 0], Target::Faulty(libc::EFAULT)), "openat(0xdead0000, O_RDONLY)"),
        (at(libc::SYS_openat, &[CWD, 0x100, 0], Target::Hidden), "openat(0x100, O_RDONLY)"),
        (at(libc::SYS_openat, &[CWD, 0x100, 0], Target::Open(object(cwd, "a\n\u{1b}[31mb", "/x"), 0)), r#"openat("a\n\33[31mb", O_RDONLY)"#),
        (at(libc::SYS_renameat2, &[CWD, 0x100, CWD, 0x200, 2], two("/a", "/b")), r#"renameat2("/a", "/b", RENAME_EXCHANGE)"#),
        (at(libc::SYS_renameat2, &[CWD, 0x100, CWD, 0x200, 0], two("/a", "/b")), r#"renameat2("/a", "/b")"#),
        (at(libc::SYS_symlinkat, &[0x200, CWD, 0x100], one(shadow())), r#"symlinkat("hello\n", "/etc/shadow")"#),
        (at(libc::SYS_fchmod, &[3, 0o4755], one(object(3, "", "/bin/x"))), "fchmod(3</bin/x>, 04755)"),
        (at(libc::SYS_fchownat, &[3, 0x999, 0, 0, 0x1000], one(object(3, "", "/b\n"))), r#"fchownat(3</b\n>, "", 0, 0, AT_EMPTY_PATH)"#),
        (at(libc::SYS_utimensat, &[3, 0, 0, 0], one(object(3, "", "/b"))), "utimensat(3</b>, NULL)"),
        (at(libc::SYS_ioctl, &[4, 0x4008_6602, 0x5000], one(object(4, "", "/b"))), "ioctl(4</b>, FS_IOC_SETFLAGS)"),
        (at(libc::SYS_ioctl, &[0, 0xffff_ffff_0000_5412, 0x5000], Target::Registers), "ioctl(0, TIOCSTI)"),
        (at(libc::SYS_execve, &[0x100, 0x1000, 0x1000], one(object(cwd, "/bin/ls", "/bin/ls"))), r#"execve("/bin/ls", ["/etc/passwd", "hello\n"])"#),
        (at(libc::SYS_execve, &[0x100, HOLE, 0], one(object(cwd, "/bin/ls", "/bin/ls"))), r#"execve("/bin/ls")"#),
        (at(libc::SYS_socket, &[2, 0x80001, 6], Target::Registers), "socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_TCP)"),
        (at(libc::SYS_socketpair, &[1, 2, 0, 0x5000], Target::Registers), "socketpair(AF_UNIX, SOCK_DGRAM, 0)"),
        (at(libc::SYS_connect, &[3, 0x2100, 28], Target::Address(inet("127.0.0.1:80"))), "connect(3, 127.0.0.1:80)"),
        (at(libc::SYS_connect, &[3, 0x2100, 28], Target::Address(inet("[::1]:80"))), "connect(3, [::1]:80)"),
        (at(libc::SYS_connect, &[3, 0x2100, 28], Target::Address(Address::Local(object(cwd, "/run/x.sock", "/run/x.sock")))), r#"connect(3, "/run/x.sock")"#),
        (at(libc::SYS_connect, &[3, 0x2100, 28], Target::Address(Address::Abstract(b"a\0b".to_vec()))), r#"connect(3, @"a\0b")"#),
        (at(libc::SYS_connect, &[3, 0x2100, 28], Target::Address(Address::Other(16))), "connect(3, AF_NETLINK)"),
        (at(libc::SYS_connect, &[3, HOLE, 28], Target::Faulty(libc::EFAULT)), "connect(3, 0xdead0000)"),
        (at(libc::SYS_listen, &[3, 128], Target::Listener(inet("0.0.0.0:80"))), "listen(3<0.0.0.0:80>, 128)"),
        (at(libc::SYS_sendto, &[3, 0x200, 5, 0x2000_0000, 0x2000, 16], Target::Destinations(vec![inet("8.8.8.8:53")])), "sendto(3, MSG_FASTOPEN, 8.8.8.8:53)"),
        (at(libc::SYS_sendmmsg, &[3, 0x200, 2, 0], Target::Destinations(vec![inet("1.1.1.1:1"), inet("2.2.2.2:2")])), "sendmmsg(3, 1.1.1.1:1, 2.2.2.2:2, 2)"),
        (at(libc::SYS_kill, &[1, 9], Target::Process(Relation::Bystander)), "kill(1, SIGKILL)"),
        (at(libc::SYS_prlimit64, &[1, 7, 0x1800, 0], Target::Process(Relation::Bystander)), "prlimit64(1, RLIMIT_NOFILE)"),
        (at(libc::SYS_fcntl, &[3, 8, 42], Target::Process(Relation::Bystander)), "fcntl(3, F_SETOWN, 42)"),
        (at(libc::SYS_fcntl, &[3, 15, 0x5000], Target::Process(Relation::Bystander)), "fcntl(3, F_SETOWN_EX)"),
        (at(libc::SYS_clone, &[0x1000_0011], Target::Registers), "clone(CLONE_NEWUSER|SIGCHLD)"),
        (at(libc::SYS_clone3, &[0x1b00, 88], Target::Registers), "clone3()"),
        (at(libc::SYS_prctl, &[35, 1, 2, 3, 4], Target::Registers), "prctl(PR_SET_MM)"),
        (at(libc::SYS_ptrace, &[16, 42, 0, 0], Target::Registers), "ptrace(PTRACE_ATTACH, 42)"),
        (at(libc::SYS_seccomp, &[1, 8, 0x5000], Target::Registers), "seccomp(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER)"),
        (at(libc::SYS_mount, &[0, 0x100, 0, 0x1000, 0], one(object(cwd, "/mnt", "/mnt"))), r#"mount(NULL, "/mnt", NULL, MS_BIND)"#),
        (at(libc::SYS_acct, &[0], Target::Faulty(libc::EFAULT)), "acct(NULL)"),
        (at(libc::SYS_mmap, &[0, 4096, 5, 2, 3, 0], Target::Registers), "mmap(PROT_READ|PROT_EXEC, MAP_PRIVATE, 3)"),
        (at(999, &[1, 2], Target::Registers), "syscall_999(0x1, 0x2, 0x0, 0x0, 0x0, 0x0)"),
    ];
    for (shown, wanted) in cases {
        assert_eq!(shown, wanted);
    }
}

#[cfg(target_arch = "x86_64")]
#[rustfmt::skip]
#[test]
fn denied_legacy_calls() {
    let at = |nr, args: &[u64], target| call(&Call { entry: made(nr, args), target }, &memory());
    let plain = |text: &str| object(libc::AT_FDCWD, text, text);
    let two = Target::Objects(vec![plain("/a"), plain("/b")]);
    let cases = [
        (at(libc::SYS_rename, &[1, 2], two), r#"rename("/a", "/b")"#),
        (at(libc::SYS_open, &[1, 0x200], Target::Open(plain("/a"), 0x200)), r#"open("/a", O_RDONLY|O_TRUNC)"#),
        (at(libc::SYS_mkdir, &[1, 0o755], Target::Objects(vec![plain("/a")])), r#"mkdir("/a", 0755)"#),
        (at(libc::SYS_arch_prctl, &[0x1002, 5], Target::Registers), "arch_prctl(ARCH_SET_FS)"),
    ];
    for (shown, wanted) in cases {
        assert_eq!(shown, wanted);
    }
}

#[rustfmt::skip]
#[test]
fn foreign_calls() {
    let foreign = |arch, nr, arg| Entry { arch, nr, args: [arg, 0, 0, 0, 0, 0] };
    let at = |entry: Entry| {
        let denied = call(&Call { entry, target: Target::Registers }, &memory());
        assert_eq!(denied, super::entry(&entry, &memory()));
        denied
    };
    let rest = "0x0, 0x0, 0x0, 0x0, 0x0)";
    assert_eq!(at(foreign(0x4000_0003, 5, 0xff_0000_0001)), format!("int 0x80 call 5(0x1, {rest}"));
    assert_eq!(at(foreign(0x4000_0028, 5, 1)), format!("arm call 5(0x1, {rest}"));
    assert_eq!(at(foreign(0xdead, 5, 1)), format!("call 5 of architecture 0xdead(0x1, {rest}"));
    assert_eq!(at(foreign(AUDIT_ARCH, u32::MAX, 1)), format!("syscall_0xffffffff(0x1, {rest}"));
    if cfg!(target_arch = "x86_64") {
        assert_eq!(at(foreign(AUDIT_ARCH, FOREIGN_BIT | 520, 1)), format!("x32 call 520(0x1, {rest}"));
    }
}

#[rustfmt::skip]
#[test]
fn results() {
    let cases = [
        (libc::SYS_openat, 3, "3"),
        (libc::SYS_close, 0, "0"),
        (libc::SYS_read, i64::MAX, "9223372036854775807"),
        (libc::SYS_openat, -2, "-1 ENOENT (No such file or directory)"),
        (libc::SYS_read, -11, "-1 EAGAIN (Resource temporarily unavailable)"),
        (libc::SYS_read, -4095, "-1 (errno 4095)"),
        (libc::SYS_read, -4096, "-4096"),
        (libc::SYS_read, -512, "? ERESTARTSYS (To be restarted if SA_RESTART is set)"),
        (libc::SYS_wait4, -513, "? ERESTARTNOINTR (To be restarted)"),
        (libc::SYS_wait4, -514, "? ERESTARTNOHAND (To be restarted if no handler)"),
        (libc::SYS_nanosleep, -516, "? ERESTART_RESTARTBLOCK (Interrupted by signal)"),
        (libc::SYS_mmap, 0x7f00_0000_1000, "0x7f0000001000"),
        (libc::SYS_mmap, -12, "-1 ENOMEM (Cannot allocate memory)"),
        (libc::SYS_brk, 0, "NULL"),
        (libc::SYS_umask, 0o22, "022"),
        (9999, -38, "-1 ENOSYS (Function not implemented)"),
    ];
    for (nr, value, wanted) in cases {
        assert_eq!(result(nr as u32, value), wanted);
    }
}

#[rustfmt::skip]
#[test]
fn quotes() {
    let cases: [(&[u8], usize, &str); 11] = [
        (b"", 32, r#""""#),
        (b"/etc/passwd", 32, r#""/etc/passwd""#),
        (b"a\"b\\c", 32, r#""a\"b\\c""#),
        (b"\t\n\x0b\x0c\r", 32, r#""\t\n\v\f\r""#),
        (b"\x1b[2J", 32, r#""\33[2J""#),
        (b"\0", 32, r#""\0""#),
        (b"\x01\x32\x01x", 32, r#""\0012\1x""#),
        (b"\x7f\x9b\xff", 32, r#""\177\233\377""#),
        ("é".as_bytes(), 32, r#""\303\251""#),
        (b"abcdef", 3, r#""abc"..."#),
        (b"abc", 0, r#"""..."#),
    ];
    for (bytes, limit, wanted) in cases {
        assert_eq!(quote(bytes, limit), wanted);
    }
}

#[test]
fn no_byte_reaches_the_terminal_raw() {
    let all: Vec<u8> = (0..=u8::MAX).collect();
    assert!(quote(&all, usize::MAX).bytes().all(|byte| (b' '..=b'~').contains(&byte)));
}

#[rustfmt::skip]
#[test]
fn signals() {
    let cases = [
        (1, "SIGHUP"), (9, "SIGKILL"), (17, "SIGCHLD"), (29, "SIGIO"), (30, "SIGPWR"),
        (31, "SIGSYS"), (32, "SIGRTMIN"), (35, "SIGRT_3"), (64, "SIGRT_32"), (65, "65"), (0, "0"),
        (-1, "-1"),
    ];
    for (signal, wanted) in cases {
        assert_eq!(signal_name(signal), wanted);
    }
}

#[test]
fn every_call_of_the_table_has_a_row() {
    for nr in 0..=groups::MAX_NR {
        if let Some(name) = groups::name_of(nr) {
            assert!(signature::of(nr).is_some(), "{name} has no row");
        }
    }
}

#[test]
fn rows_are_sound() {
    let mut seen = HashSet::new();
    for &(name, args) in rows::TABLES.iter().copied().flatten() {
        assert!(seen.insert(name), "{name} has two rows");
        assert!(args.len() <= 6, "{name} has too many arguments");
        for kind in args {
            let other = match *kind {
                Kind::Bytes(at) | Kind::NewMode(at) | Kind::Device(at) | Kind::Protocol(at) => at,
                Kind::SocketOption(at) | Kind::Address(at) | Kind::Messages(at) => at,
                Kind::CloneArgs(at) | Kind::Vector(at) | Kind::VectorOut(at) => at,
                Kind::Poll(at) | Kind::FdSet(at) => at,
                _ => continue,
            };
            assert!(usize::from(other) < args.len(), "{name}: no argument {other}");
        }
    }
}

/// The paths a row shows are the ones that the decoder resolves, in the same order.
#[test]
fn rows_agree_with_the_shape_table() {
    for nr in 0..=groups::MAX_NR {
        let (Some(name), Some(row)) = (groups::name_of(nr), signature::of(nr)) else { continue };
        let judged = match shape::of(nr) {
            Shape::Path(one)
            | Shape::Open(one, _)
            | Shape::OpenHow(one)
            | Shape::MakeNode(one, _) => vec![one],
            Shape::TwoPaths(first, second) => vec![first, second],
            _ => vec![],
        };
        let at = |wanted: fn(&Kind) -> bool| -> Vec<u8> {
            (0..row.args.len()).filter(|&n| wanted(&row.args[n])).map(|n| n as u8).collect()
        };
        let paths: Vec<u8> = judged.iter().map(|path| path.path).collect();
        let dirfds: Vec<u8> = judged.iter().filter_map(|path| path.dirfd).collect();
        assert_eq!(at(|kind| matches!(kind, Kind::Path)), paths, "{name}: paths");
        assert_eq!(at(|kind| matches!(kind, Kind::DirFd)), dirfds, "{name}: directories");
    }
}

/// Whatever the registers hold and wherever memory ends, there is a text without control characters,
/// and not an endless one.
#[test]
fn hostile_registers_are_survived() {
    let odd = [0, 1, 0x1000, 0x1300, 0x300, HOLE, u64::from(u32::MAX), i64::MIN as u64, u64::MAX];
    let looped = memory().words(0x9000, &[0x9000; 600]);
    for nr in 0..=groups::MAX_NR + 2 {
        for first in odd {
            for second in odd.into_iter().chain([0x9000]) {
                let made = made(i64::from(nr), &[first, second, first, second, first, second]);
                let text = entry(&made, &looped);
                assert!(text.len() < 32_000, "{} bytes", text.len());
                assert!(text.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
                let target = Target::Hidden;
                let text = call(&Call { entry: made, target }, &looped);
                assert!(text.len() < 2_000 && text.bytes().all(|b| (b' '..=b'~').contains(&b)));
            }
        }
    }
}
