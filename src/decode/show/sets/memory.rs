//! Memory and shared memory (sys/mman.h, linux/mempolicy.h, sys/ipc.h).

use crate::decode::show::flags::{Set, set};

/// mmap(2), mprotect(2).
pub(in crate::decode::show) static PROT: Set = set!("PROT_???";
    PROT_READ, PROT_WRITE, PROT_EXEC, PROT_NONE, PROT_GROWSDOWN, PROT_GROWSUP; 0x8 = PROT_SEM);
/// mmap(2).
pub(in crate::decode::show) static MAP: Set = set!("MAP_???";
    MAP_SHARED_VALIDATE, MAP_SHARED, MAP_PRIVATE, MAP_FIXED, MAP_ANONYMOUS, MAP_GROWSDOWN,
    MAP_DENYWRITE, MAP_EXECUTABLE, MAP_LOCKED, MAP_NORESERVE, MAP_POPULATE, MAP_NONBLOCK, MAP_STACK,
    MAP_HUGETLB, MAP_SYNC, MAP_FIXED_NOREPLACE; 0x40 = MAP_32BIT);
/// mremap(2).
pub(in crate::decode::show) static MREMAP: Set =
    set!("MREMAP_???"; MREMAP_MAYMOVE, MREMAP_FIXED, MREMAP_DONTUNMAP);
/// msync(2).
pub(in crate::decode::show) static MSYNC: Set = set!("MS_???"; MS_ASYNC, MS_INVALIDATE, MS_SYNC);
/// madvise(2).
pub(in crate::decode::show) static MADVISE: Set = set!("MADV_???";
    MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL, MADV_WILLNEED, MADV_DONTNEED, MADV_FREE, MADV_REMOVE,
    MADV_DONTFORK, MADV_DOFORK, MADV_MERGEABLE, MADV_UNMERGEABLE, MADV_HUGEPAGE, MADV_NOHUGEPAGE,
    MADV_DONTDUMP, MADV_DODUMP, MADV_WIPEONFORK, MADV_KEEPONFORK, MADV_COLD, MADV_PAGEOUT,
    MADV_POPULATE_READ, MADV_POPULATE_WRITE, MADV_HWPOISON;
    101 = MADV_SOFT_OFFLINE, 24 = MADV_DONTNEED_LOCKED, 25 = MADV_COLLAPSE,
    102 = MADV_GUARD_INSTALL, 103 = MADV_GUARD_REMOVE);
/// mlockall(2).
pub(in crate::decode::show) static MLOCKALL: Set =
    set!("MCL_???"; MCL_CURRENT, MCL_FUTURE, MCL_ONFAULT);
/// mlock2(2).
pub(in crate::decode::show) static MLOCK: Set = set!("MLOCK_???"; MLOCK_ONFAULT);
/// memfd_create(2).
pub(in crate::decode::show) static MEMFD: Set = set!("MFD_???";
    MFD_CLOEXEC, MFD_ALLOW_SEALING, MFD_HUGETLB; 0x8 = MFD_NOEXEC_SEAL, 0x10 = MFD_EXEC);
/// pkey_alloc(2).
pub(in crate::decode::show) static PKEY: Set =
    set!("PKEY_???";; 1 = PKEY_DISABLE_ACCESS, 2 = PKEY_DISABLE_WRITE);
/// userfaultfd(2).
pub(in crate::decode::show) static USERFAULT: Set =
    set!("UFFD_???"; O_CLOEXEC, O_NONBLOCK; 1 = UFFD_USER_MODE_ONLY);
/// set_mempolicy(2).
pub(in crate::decode::show) static MEMORY_POLICY: Set = set!("MPOL_???";
    MPOL_DEFAULT, MPOL_PREFERRED, MPOL_BIND, MPOL_INTERLEAVE, MPOL_LOCAL; 5 = MPOL_PREFERRED_MANY,
    6 = MPOL_WEIGHTED_INTERLEAVE);
/// membarrier(2).
pub(in crate::decode::show) static MEMBARRIER: Set = set!("MEMBARRIER_CMD_???";;
    0 = MEMBARRIER_CMD_QUERY, 1 = MEMBARRIER_CMD_GLOBAL, 2 = MEMBARRIER_CMD_GLOBAL_EXPEDITED,
    4 = MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 8 = MEMBARRIER_CMD_PRIVATE_EXPEDITED,
    16 = MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED,
    32 = MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE,
    64 = MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE,
    128 = MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ,
    256 = MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ);
/// shmget(2), semget(2), msgget(2), without the mode.
pub(in crate::decode::show) static IPC: Set = set!("IPC_???"; IPC_CREAT, IPC_EXCL, IPC_NOWAIT);
/// shmctl(2), msgctl(2).
pub(in crate::decode::show) static IPC_CONTROL: Set = set!("IPC_???";
    IPC_RMID, IPC_SET, IPC_STAT, IPC_INFO; 11 = SHM_LOCK, 12 = SHM_UNLOCK, 13 = SHM_STAT,
    14 = SHM_INFO, 15 = SHM_STAT_ANY);
/// msgctl(2).
pub(in crate::decode::show) static MSG_CONTROL: Set = set!("IPC_???";
    IPC_RMID, IPC_SET, IPC_STAT, IPC_INFO; 11 = MSG_STAT, 12 = MSG_INFO, 13 = MSG_STAT_ANY);
/// semctl(2).
pub(in crate::decode::show) static SEM_CONTROL: Set = set!("IPC_???";
    IPC_RMID, IPC_SET, IPC_STAT, IPC_INFO; 11 = GETPID, 12 = GETVAL, 13 = GETALL, 14 = GETNCNT,
    15 = GETZCNT, 16 = SETVAL, 17 = SETALL, 18 = SEM_STAT, 19 = SEM_INFO, 20 = SEM_STAT_ANY);
/// shmat(2).
pub(in crate::decode::show) static SHMAT: Set =
    set!("SHM_???"; SHM_RDONLY, SHM_RND, SHM_REMAP, SHM_EXEC);
/// msgsnd(2), msgrcv(2).
pub(in crate::decode::show) static MSG: Set =
    set!("MSG_???"; IPC_NOWAIT, MSG_NOERROR, MSG_EXCEPT, MSG_COPY);
