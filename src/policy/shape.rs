//! The shape table: what the arguments of each call mean to the policy.
//!
//! One row a call that names a path, an address, a process or an operation; every other call is
//! [`Shape::Plain`] and is decided by its number alone. Argument positions count from 0 and follow the
//! kernel's `SYSCALL_DEFINE` (man section 2 has the same order).

/// What a call does with the object behind a path or a descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Access {
    /// Reads metadata only: stat, access, readlink, statfs, getxattr.
    Look,
    /// Makes it the working directory, or opens it with `O_PATH`: a step towards other paths.
    Enter,
    /// Is told of changes to it (inotify).
    Watch,
    /// Reads its contents, or lists it.
    Read,
    /// Changes its contents, creates or removes it.
    Write,
    /// Changes its mode, owner, times or attributes.
    Attributes,
    /// Runs it.
    Execute,
    /// Connects to the local socket there.
    Connect,
}

/// Whether a symbolic link in the last component is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Follow {
    /// Always.
    Yes,
    /// Never.
    No,
    /// Unless argument `.0` has a bit of `.1`.
    Unless(u8, u32),
    /// Only if argument `.0` has a bit of `.1`.
    If(u8, u32),
}

/// Whether the path may be left out, so that the directory descriptor itself is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Empty {
    /// No: the kernel answers ENOENT.
    Never,
    /// An empty string, always.
    Always,
    /// An empty string or NULL where argument `.0` has `AT_EMPTY_PATH`.
    WithFlag(u8),
    /// A NULL pointer.
    Null,
}

/// One path among the arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PathArg {
    /// The argument that holds the directory descriptor; `None`: the working directory.
    pub dirfd: Option<u8>,
    /// The argument that points to the path.
    pub path: u8,
    /// What happens to a last symbolic link.
    pub follow: Follow,
    /// What an empty path means.
    pub empty: Empty,
    /// What is done there.
    pub access: Access,
}

/// Which processes an argument names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// A process or thread id; 0 is the caller.
    Task(u8),
    /// A process as kill(2) takes it: 0 and below are groups.
    Kill(u8),
    /// `(which, who)` as setpriority(2) takes them; `ioprio` counts from 1 instead of 0.
    Priority {
        /// Whether `which` is `IOPRIO_WHO_*`.
        ioprio: bool,
    },
    /// A pidfd.
    PidFd(u8),
}

/// How the destinations of a send are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// sendto(2): an address and its length, flags in argument 3.
    To,
    /// sendmsg(2): a msghdr, flags in argument 2.
    Message,
    /// sendmmsg(2): an array of mmsghdr, its length, flags in argument 3.
    Messages,
}

/// What the arguments of a call mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Nothing that the policy asks about.
    Plain,
    /// An object by descriptor.
    Descriptor(u8, Access),
    /// One path.
    Path(PathArg),
    /// Two paths.
    TwoPaths(PathArg, PathArg),
    /// open(2), openat(2): a path and, in argument `.1`, the flags.
    Open(PathArg, u8),
    /// openat2(2): the flags are in memory.
    OpenHow(PathArg),
    /// socket(2).
    Socket,
    /// socketpair(2).
    SocketPair,
    /// connect(2).
    Connect,
    /// bind(2).
    Bind,
    /// listen(2).
    Listen,
    /// A send with a destination.
    Send(Sent),
    /// clone(2): flags in argument 0.
    Clone,
    /// clone3(2): flags in memory; always ENOSYS.
    Clone3,
    /// ioctl(2): request in argument 1.
    Ioctl,
    /// fcntl(2): command in argument 1.
    Fcntl,
    /// prctl(2): option in argument 0.
    Prctl,
    /// getsockopt(2): level and option in arguments 1 and 2.
    PeerProcess,
    /// setsockopt(2): level and option in arguments 1 and 2.
    SocketOption,
    /// seccomp(2): operation and flags.
    Seccomp,
    /// A call that names another process.
    Process(Named),
    /// mknod(2), mknodat(2): a path and, in argument `.1`, the mode.
    MakeNode(PathArg, u8),
    /// Bytes written to the descriptor in argument 0: what a log trigger reads.
    Output(Output),
}

/// Where the bytes of a write are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// One buffer: pointer and length in arguments 1 and 2.
    Buffer,
    /// An array of struct iovec: pointer and count in arguments 1 and 2.
    Vector,
    /// Inside the kernel (sendfile, splice, …): never in the caller's memory. The argument is that of
    /// the descriptor written to.
    Kernel(u8),
}

const NOFOLLOW: u32 = libc::AT_SYMLINK_NOFOLLOW as u32;

const fn at(path: u8, follow: Follow, access: Access) -> PathArg {
    PathArg { dirfd: None, path, follow, empty: Empty::Never, access }
}

const fn dir(dirfd: u8, follow: Follow, empty: Empty, access: Access) -> PathArg {
    PathArg { dirfd: Some(dirfd), path: dirfd + 1, follow, empty, access }
}

/// A path relative to a descriptor, with `AT_*` flags in argument `flags`.
const fn flagged(flags: u8, access: Access) -> Shape {
    Shape::Path(dir(0, Follow::Unless(flags, NOFOLLOW), Empty::WithFlag(flags), access))
}

const fn one(path: u8, follow: Follow, access: Access) -> Shape {
    Shape::Path(at(path, follow, access))
}

const fn two(follow: Follow, access: Access) -> Shape {
    Shape::TwoPaths(at(0, follow, access), at(1, Follow::No, Access::Write))
}

/// Calls newer than the libc crate's tables; the numbers are the same on every architecture.
pub mod newest {
    /// fchmodat2(2), Linux 6.6.
    pub const FCHMODAT2: i64 = 452;
    /// setxattrat, Linux 6.13.
    pub const SETXATTRAT: i64 = 463;
    /// getxattrat, Linux 6.13.
    pub const GETXATTRAT: i64 = 464;
    /// listxattrat, Linux 6.13.
    pub const LISTXATTRAT: i64 = 465;
    /// removexattrat, Linux 6.13.
    pub const REMOVEXATTRAT: i64 = 466;
    /// open_tree_attr, Linux 6.15.
    pub const OPEN_TREE_ATTR: i64 = 467;
    /// file_getattr, Linux 6.17.
    pub const FILE_GETATTR: i64 = 468;
    /// file_setattr, Linux 6.17.
    pub const FILE_SETATTR: i64 = 469;
}

/// The shape of call `nr` of the native table.
pub const fn of(nr: u32) -> Shape {
    use Access::{Attributes, Connect, Enter, Execute, Look, Read, Watch, Write};
    use Empty::{Always, Never, Null, WithFlag};
    use Follow::{If, No, Unless, Yes};
    let _ = Connect;

    #[cfg(target_arch = "x86_64")]
    match nr as i64 {
        libc::SYS_open => return Shape::Open(at(0, Yes, Read), 1),
        libc::SYS_creat => return one(0, Yes, Write),
        libc::SYS_stat => return one(0, Yes, Look),
        libc::SYS_lstat => return one(0, No, Look),
        libc::SYS_access => return one(0, Yes, Look),
        libc::SYS_readlink => return one(0, No, Look),
        libc::SYS_rename => return two(No, Write),
        libc::SYS_link => return two(No, Write),
        libc::SYS_symlink => return one(1, No, Write),
        libc::SYS_mkdir | libc::SYS_rmdir | libc::SYS_unlink => return one(0, No, Write),
        libc::SYS_mknod => return Shape::MakeNode(at(0, No, Write), 1),
        libc::SYS_chmod | libc::SYS_chown => return one(0, Yes, Attributes),
        libc::SYS_lchown => return one(0, No, Attributes),
        libc::SYS_utime | libc::SYS_utimes => return one(0, Yes, Attributes),
        libc::SYS_futimesat => return Shape::Path(dir(0, Yes, Null, Attributes)),
        libc::SYS_uselib => return one(0, Yes, Execute),
        _ => {}
    }

    match nr as i64 {
        libc::SYS_openat => Shape::Open(dir(0, Yes, Never, Read), 2),
        libc::SYS_openat2 => Shape::OpenHow(dir(0, Yes, Never, Read)),
        libc::SYS_newfstatat => flagged(3, Look),
        libc::SYS_statx => flagged(2, Look),
        libc::SYS_faccessat => Shape::Path(dir(0, Yes, Never, Look)),
        libc::SYS_faccessat2 => flagged(3, Look),
        libc::SYS_readlinkat => Shape::Path(dir(0, No, Always, Look)),
        libc::SYS_statfs => one(0, Yes, Look),
        libc::SYS_getxattr | libc::SYS_listxattr => one(0, Yes, Look),
        libc::SYS_lgetxattr | libc::SYS_llistxattr => one(0, No, Look),
        newest::GETXATTRAT | newest::LISTXATTRAT => flagged(2, Look),
        newest::FILE_GETATTR => flagged(4, Look),
        libc::SYS_chdir => one(0, Yes, Enter),
        libc::SYS_inotify_add_watch => one(1, Unless(2, libc::IN_DONT_FOLLOW), Watch),
        libc::SYS_truncate => one(0, Yes, Write),
        libc::SYS_renameat | libc::SYS_renameat2 => {
            Shape::TwoPaths(dir(0, No, Never, Write), dir(2, No, Never, Write))
        }
        libc::SYS_linkat => Shape::TwoPaths(
            dir(0, If(4, libc::AT_SYMLINK_FOLLOW as u32), WithFlag(4), Write),
            dir(2, No, Never, Write),
        ),
        libc::SYS_symlinkat => Shape::Path(PathArg { dirfd: Some(1), path: 2, ..at(2, No, Write) }),
        libc::SYS_mkdirat | libc::SYS_unlinkat => Shape::Path(dir(0, No, Never, Write)),
        libc::SYS_mknodat => Shape::MakeNode(dir(0, No, Never, Write), 2),
        libc::SYS_fchmodat => Shape::Path(dir(0, Yes, Never, Attributes)),
        newest::FCHMODAT2 => flagged(3, Attributes),
        libc::SYS_fchownat => flagged(4, Attributes),
        libc::SYS_fchmod | libc::SYS_fchown => Shape::Descriptor(0, Attributes),
        libc::SYS_fsetxattr | libc::SYS_fremovexattr => Shape::Descriptor(0, Attributes),
        libc::SYS_utimensat => Shape::Path(dir(0, Unless(3, NOFOLLOW), Null, Attributes)),
        libc::SYS_setxattr | libc::SYS_removexattr => one(0, Yes, Attributes),
        libc::SYS_lsetxattr | libc::SYS_lremovexattr => one(0, No, Attributes),
        newest::SETXATTRAT | newest::REMOVEXATTRAT => flagged(2, Attributes),
        newest::FILE_SETATTR => flagged(4, Attributes),
        libc::SYS_execve => one(0, Yes, Execute),
        libc::SYS_execveat => flagged(4, Execute),

        // In no group, but path rules bind them too where --allow-syscall grants them.
        libc::SYS_chroot => one(0, Yes, Enter),
        libc::SYS_pivot_root => Shape::TwoPaths(at(0, Yes, Write), at(1, Yes, Write)),
        libc::SYS_mount => one(1, Yes, Write),
        libc::SYS_umount2 => one(0, Yes, Write),
        libc::SYS_swapon | libc::SYS_swapoff | libc::SYS_acct => one(0, Yes, Write),
        libc::SYS_quotactl => one(1, Yes, Write),
        libc::SYS_name_to_handle_at => {
            Shape::Path(dir(0, If(4, libc::AT_SYMLINK_FOLLOW as u32), WithFlag(4), Look))
        }
        libc::SYS_fanotify_mark => Shape::Path(PathArg {
            dirfd: Some(3),
            path: 4,
            follow: Unless(1, libc::FAN_MARK_DONT_FOLLOW),
            empty: Null,
            access: Watch,
        }),
        libc::SYS_open_tree => flagged(2, Enter),
        newest::OPEN_TREE_ATTR => flagged(2, Enter),
        libc::SYS_move_mount => {
            Shape::TwoPaths(dir(0, Yes, Always, Write), dir(2, Yes, Always, Write))
        }
        libc::SYS_fspick => Shape::Path(dir(0, Yes, Always, Write)),
        libc::SYS_mount_setattr => flagged(2, Write),

        libc::SYS_socket => Shape::Socket,
        libc::SYS_socketpair => Shape::SocketPair,
        libc::SYS_connect => Shape::Connect,
        libc::SYS_bind => Shape::Bind,
        libc::SYS_listen => Shape::Listen,
        libc::SYS_getsockopt => Shape::PeerProcess,
        libc::SYS_setsockopt => Shape::SocketOption,
        libc::SYS_sendto => Shape::Send(Sent::To),
        libc::SYS_sendmsg => Shape::Send(Sent::Message),
        libc::SYS_sendmmsg => Shape::Send(Sent::Messages),

        libc::SYS_clone => Shape::Clone,
        libc::SYS_clone3 => Shape::Clone3,
        libc::SYS_ioctl => Shape::Ioctl,
        libc::SYS_fcntl => Shape::Fcntl,
        libc::SYS_prctl => Shape::Prctl,
        libc::SYS_seccomp => Shape::Seccomp,

        libc::SYS_kill => Shape::Process(Named::Kill(0)),
        libc::SYS_tkill => Shape::Process(Named::Task(0)),
        libc::SYS_tgkill => Shape::Process(Named::Task(1)),
        libc::SYS_rt_sigqueueinfo => Shape::Process(Named::Task(0)),
        libc::SYS_rt_tgsigqueueinfo => Shape::Process(Named::Task(1)),
        libc::SYS_pidfd_send_signal => Shape::Process(Named::PidFd(0)),
        libc::SYS_pidfd_open => Shape::Process(Named::Task(0)),
        libc::SYS_prlimit64
        | libc::SYS_sched_setaffinity
        | libc::SYS_sched_setscheduler
        | libc::SYS_sched_setparam
        | libc::SYS_sched_setattr => Shape::Process(Named::Task(0)),
        libc::SYS_setpriority => Shape::Process(Named::Priority { ioprio: false }),
        libc::SYS_ioprio_set => Shape::Process(Named::Priority { ioprio: true }),

        libc::SYS_write | libc::SYS_pwrite64 => Shape::Output(Output::Buffer),
        libc::SYS_writev | libc::SYS_pwritev | libc::SYS_pwritev2 => Shape::Output(Output::Vector),
        libc::SYS_sendfile => Shape::Output(Output::Kernel(0)),
        libc::SYS_splice | libc::SYS_copy_file_range => Shape::Output(Output::Kernel(2)),
        libc::SYS_tee => Shape::Output(Output::Kernel(1)),
        libc::SYS_vmsplice => Shape::Output(Output::Vector),
        _ => Shape::Plain,
    }
}

impl Shape {
    /// The paths among the arguments.
    pub fn paths(&self) -> impl Iterator<Item = PathArg> {
        let (first, second) = match *self {
            Shape::Path(p) | Shape::Open(p, _) | Shape::OpenHow(p) | Shape::MakeNode(p, _) => {
                (Some(p), None)
            }
            Shape::TwoPaths(p, q) => (Some(p), Some(q)),
            _ => (None, None),
        };
        first.into_iter().chain(second)
    }
}
