//! Files, descriptors, mounts (fcntl.h, sys/stat.h, linux/fs.h, linux/mount.h).

use crate::decode::show::flags::{Set, set};

/// open(2), without the access mode.
pub(in crate::decode::show) static OPEN: Set = set!("O_???";
    O_CREAT, O_EXCL, O_NOCTTY, O_TRUNC, O_APPEND, O_NONBLOCK, O_SYNC, O_DSYNC, O_ASYNC, O_DIRECT,
    O_NOFOLLOW, O_NOATIME, O_CLOEXEC, O_PATH, O_TMPFILE, O_DIRECTORY;
    0x8000 = O_LARGEFILE);
/// openat2(2) `resolve`.
pub(in crate::decode::show) static RESOLVE: Set = set!("RESOLVE_???";;
    0x01 = RESOLVE_NO_XDEV, 0x02 = RESOLVE_NO_MAGICLINKS, 0x04 = RESOLVE_NO_SYMLINKS,
    0x08 = RESOLVE_BENEATH, 0x10 = RESOLVE_IN_ROOT, 0x20 = RESOLVE_CACHED);
/// `AT_*` of most calls.
pub(in crate::decode::show) static AT: Set = set!("AT_???";
    AT_SYMLINK_NOFOLLOW, AT_SYMLINK_FOLLOW, AT_NO_AUTOMOUNT, AT_EMPTY_PATH, AT_RECURSIVE);
/// statx(2).
pub(in crate::decode::show) static AT_STATX: Set = set!("AT_???";
    AT_SYMLINK_NOFOLLOW, AT_NO_AUTOMOUNT, AT_EMPTY_PATH, AT_STATX_FORCE_SYNC, AT_STATX_DONT_SYNC,
    AT_STATX_SYNC_AS_STAT);
/// unlinkat(2).
pub(in crate::decode::show) static AT_UNLINK: Set = set!("AT_???"; AT_REMOVEDIR);
/// faccessat2(2).
pub(in crate::decode::show) static AT_ACCESS: Set =
    set!("AT_???"; AT_SYMLINK_NOFOLLOW, AT_EACCESS, AT_EMPTY_PATH);
/// access(2).
pub(in crate::decode::show) static ACCESS: Set = set!("?_OK"; R_OK, W_OK, X_OK, F_OK);
/// statx(2) `mask`.
pub(in crate::decode::show) static STATX: Set = set!("STATX_???";
    STATX_BASIC_STATS, STATX_TYPE, STATX_MODE, STATX_NLINK, STATX_UID, STATX_GID, STATX_ATIME,
    STATX_MTIME, STATX_CTIME, STATX_INO, STATX_SIZE, STATX_BLOCKS, STATX_BTIME, STATX_MNT_ID,
    STATX_DIOALIGN);
/// renameat2(2).
pub(in crate::decode::show) static RENAME: Set =
    set!("RENAME_???"; RENAME_NOREPLACE, RENAME_EXCHANGE, RENAME_WHITEOUT);
/// lseek(2).
pub(in crate::decode::show) static SEEK: Set =
    set!("SEEK_???"; SEEK_SET, SEEK_CUR, SEEK_END, SEEK_DATA, SEEK_HOLE);
/// fallocate(2).
pub(in crate::decode::show) static FALLOCATE: Set = set!("FALLOC_FL_???";
    FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE, FALLOC_FL_COLLAPSE_RANGE, FALLOC_FL_ZERO_RANGE,
    FALLOC_FL_INSERT_RANGE, FALLOC_FL_UNSHARE_RANGE);
/// fadvise64(2).
pub(in crate::decode::show) static FADVISE: Set = set!("POSIX_FADV_???";
    POSIX_FADV_NORMAL, POSIX_FADV_RANDOM, POSIX_FADV_SEQUENTIAL, POSIX_FADV_WILLNEED,
    POSIX_FADV_DONTNEED, POSIX_FADV_NOREUSE);
/// flock(2).
pub(in crate::decode::show) static FLOCK: Set =
    set!("LOCK_???"; LOCK_SH, LOCK_EX, LOCK_NB, LOCK_UN);
/// setxattr(2).
pub(in crate::decode::show) static XATTR: Set = set!("XATTR_???"; XATTR_CREATE, XATTR_REPLACE);
/// preadv2(2), pwritev2(2).
pub(in crate::decode::show) static RWF: Set = set!("RWF_???"; RWF_HIPRI, RWF_DSYNC, RWF_SYNC,
    RWF_NOWAIT, RWF_APPEND);
/// splice(2), tee(2), vmsplice(2).
pub(in crate::decode::show) static SPLICE: Set =
    set!("SPLICE_F_???"; SPLICE_F_MOVE, SPLICE_F_NONBLOCK, SPLICE_F_MORE, SPLICE_F_GIFT);
/// sync_file_range(2).
pub(in crate::decode::show) static SYNC_RANGE: Set = set!("SYNC_FILE_RANGE_???";
    SYNC_FILE_RANGE_WAIT_BEFORE, SYNC_FILE_RANGE_WRITE, SYNC_FILE_RANGE_WAIT_AFTER);
/// pipe2(2), dup3(2), eventfd2(2), inotify_init1(2), ….
pub(in crate::decode::show) static NEW_FD: Set = set!("O_???"; O_CLOEXEC, O_NONBLOCK, O_DIRECT);
/// inotify_init1(2).
pub(in crate::decode::show) static INOTIFY: Set = set!("IN_???"; IN_CLOEXEC, IN_NONBLOCK);
/// eventfd2(2).
pub(in crate::decode::show) static EVENTFD: Set =
    set!("EFD_???"; EFD_SEMAPHORE, EFD_CLOEXEC, EFD_NONBLOCK);
/// signalfd4(2).
pub(in crate::decode::show) static SIGNALFD: Set = set!("SFD_???"; SFD_CLOEXEC, SFD_NONBLOCK);
/// timerfd_create(2).
pub(in crate::decode::show) static TIMERFD: Set = set!("TFD_???"; TFD_CLOEXEC, TFD_NONBLOCK);
/// epoll_create1(2).
pub(in crate::decode::show) static EPOLL: Set = set!("EPOLL_???"; EPOLL_CLOEXEC);
/// epoll_ctl(2) `op`.
pub(in crate::decode::show) static EPOLL_OP: Set =
    set!("EPOLL_CTL_???"; EPOLL_CTL_ADD, EPOLL_CTL_DEL, EPOLL_CTL_MOD);
/// epoll_ctl(2) `events`.
pub(in crate::decode::show) static EPOLL_EVENTS: Set = set!("EPOLL???";
    EPOLLIN, EPOLLPRI, EPOLLOUT, EPOLLERR, EPOLLHUP, EPOLLRDNORM, EPOLLRDBAND, EPOLLWRNORM,
    EPOLLWRBAND, EPOLLMSG, EPOLLRDHUP, EPOLLEXCLUSIVE, EPOLLWAKEUP, EPOLLONESHOT, EPOLLET);
/// poll(2) `events`.
pub(in crate::decode::show) static POLL: Set = set!("POLL???";
    POLLIN, POLLPRI, POLLOUT, POLLERR, POLLHUP, POLLNVAL, POLLRDNORM, POLLRDBAND, POLLWRNORM,
    POLLWRBAND, POLLRDHUP);
/// inotify_add_watch(2).
pub(in crate::decode::show) static WATCH: Set = set!("IN_???";
    IN_ACCESS, IN_MODIFY, IN_ATTRIB, IN_CLOSE_WRITE, IN_CLOSE_NOWRITE, IN_OPEN, IN_MOVED_FROM,
    IN_MOVED_TO, IN_CREATE, IN_DELETE, IN_DELETE_SELF, IN_MOVE_SELF, IN_ONLYDIR, IN_DONT_FOLLOW,
    IN_EXCL_UNLINK, IN_MASK_CREATE, IN_MASK_ADD, IN_ONESHOT);
/// fanotify_mark(2) `flags`.
pub(in crate::decode::show) static FANOTIFY_MARK: Set = set!("FAN_MARK_???";
    FAN_MARK_ADD, FAN_MARK_REMOVE, FAN_MARK_DONT_FOLLOW, FAN_MARK_ONLYDIR, FAN_MARK_MOUNT,
    FAN_MARK_IGNORED_MASK, FAN_MARK_IGNORED_SURV_MODIFY, FAN_MARK_FLUSH, FAN_MARK_FILESYSTEM);
/// close_range(2).
pub(in crate::decode::show) static CLOSE_RANGE: Set =
    set!("CLOSE_RANGE_???"; CLOSE_RANGE_UNSHARE, CLOSE_RANGE_CLOEXEC);
/// fcntl(2) `cmd`.
pub(in crate::decode::show) static FCNTL: Set = set!("F_???";
    F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_GETLK, F_SETLK, F_SETLKW, F_SETOWN, F_GETOWN,
    F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW, F_SETLEASE, F_GETLEASE, F_NOTIFY, F_DUPFD_CLOEXEC,
    F_SETPIPE_SZ, F_GETPIPE_SZ, F_ADD_SEALS, F_GET_SEALS;
    10 = F_SETSIG, 11 = F_GETSIG, 15 = F_SETOWN_EX, 16 = F_GETOWN_EX, 17 = F_GETOWNER_UIDS,
    1027 = F_DUPFD_QUERY, 1028 = F_CREATED_QUERY, 1029 = F_CANCELLK,
    1035 = F_GET_RW_HINT, 1036 = F_SET_RW_HINT, 1037 = F_GET_FILE_RW_HINT,
    1038 = F_SET_FILE_RW_HINT);
/// fcntl(2) `F_SETFD`.
pub(in crate::decode::show) static FD_FLAGS: Set = set!("FD_???"; FD_CLOEXEC);
/// fcntl(2) `F_ADD_SEALS`.
pub(in crate::decode::show) static SEALS: Set = set!("F_SEAL_???";
    F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_WRITE, F_SEAL_FUTURE_WRITE; 0x20 = F_SEAL_EXEC);
/// fcntl(2) `F_SETLEASE` and `struct flock`.
pub(in crate::decode::show) static LOCKS: Set = set!("F_???"; F_RDLCK, F_WRLCK, F_UNLCK);
/// mount(2).
pub(in crate::decode::show) static MOUNT: Set = set!("MS_???";
    MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_SYNCHRONOUS, MS_REMOUNT, MS_MANDLOCK, MS_DIRSYNC,
    MS_NOATIME, MS_NODIRATIME, MS_BIND, MS_MOVE, MS_REC, MS_SILENT, MS_POSIXACL, MS_UNBINDABLE,
    MS_PRIVATE, MS_SLAVE, MS_SHARED, MS_RELATIME, MS_KERNMOUNT, MS_I_VERSION, MS_STRICTATIME,
    MS_LAZYTIME; 0x100 = MS_NOSYMFOLLOW);
/// umount2(2).
pub(in crate::decode::show) static UMOUNT: Set =
    set!("MNT_???"; MNT_FORCE, MNT_DETACH, MNT_EXPIRE, UMOUNT_NOFOLLOW);
/// open_tree(2).
pub(in crate::decode::show) static OPEN_TREE: Set = set!("OPEN_TREE_???";
    OPEN_TREE_CLOEXEC, AT_SYMLINK_NOFOLLOW, AT_NO_AUTOMOUNT, AT_EMPTY_PATH, AT_RECURSIVE,
    OPEN_TREE_CLONE);
/// move_mount(2).
pub(in crate::decode::show) static MOVE_MOUNT: Set = set!("MOVE_MOUNT_???";;
    0x01 = MOVE_MOUNT_F_SYMLINKS, 0x02 = MOVE_MOUNT_F_AUTOMOUNTS, 0x04 = MOVE_MOUNT_F_EMPTY_PATH,
    0x10 = MOVE_MOUNT_T_SYMLINKS, 0x20 = MOVE_MOUNT_T_AUTOMOUNTS, 0x40 = MOVE_MOUNT_T_EMPTY_PATH,
    0x100 = MOVE_MOUNT_SET_GROUP, 0x200 = MOVE_MOUNT_BENEATH);
/// fsopen(2).
pub(in crate::decode::show) static FSOPEN: Set = set!("FSOPEN_???";; 1 = FSOPEN_CLOEXEC);
/// fsmount(2).
pub(in crate::decode::show) static FSMOUNT: Set = set!("FSMOUNT_???";; 1 = FSMOUNT_CLOEXEC);
/// fspick(2).
pub(in crate::decode::show) static FSPICK: Set = set!("FSPICK_???";;
    1 = FSPICK_CLOEXEC, 2 = FSPICK_SYMLINK_NOFOLLOW, 4 = FSPICK_NO_AUTOMOUNT, 8 = FSPICK_EMPTY_PATH);
/// fsconfig(2) `cmd`.
pub(in crate::decode::show) static FSCONFIG: Set = set!("FSCONFIG_???";;
    0 = FSCONFIG_SET_FLAG, 1 = FSCONFIG_SET_STRING, 2 = FSCONFIG_SET_BINARY, 3 = FSCONFIG_SET_PATH,
    4 = FSCONFIG_SET_PATH_EMPTY, 5 = FSCONFIG_SET_FD, 6 = FSCONFIG_CMD_CREATE,
    7 = FSCONFIG_CMD_RECONFIGURE, 8 = FSCONFIG_CMD_CREATE_EXCL);
/// The type bits of a mode.
pub(in crate::decode::show) static FILE_TYPE: Set =
    set!("S_IF???"; S_IFREG, S_IFDIR, S_IFCHR, S_IFBLK, S_IFIFO, S_IFSOCK, S_IFLNK);
