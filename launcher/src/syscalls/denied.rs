use libc::*;
use seccompiler::SeccompCmpArgLen::{Dword, Qword};
use seccompiler::SeccompCmpOp::{Eq, MaskedEq, Ne};
use seccompiler::{Error, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompRule};

use super::Calls;
use crate::policy::Policy;

/// The process that is filtered stays the only one that a filter with its id can be in: it cannot fork.
pub fn calls(policy: &Policy) -> Result<Calls, Error> {
    let mut calls: Calls = ALWAYS.iter().map(|&call| (call, vec![])).collect();
    calls.extend(processes()?);
    calls.extend(others_signals_and_limits()?);
    calls.extend(descriptors()?);
    calls.extend(if policy.network { internet_only()? } else { no_network()? });
    if !policy.file_modes {
        calls.extend(FILE_MODES.iter().map(|&call| (call, vec![])));
    }
    Ok(calls)
}

/// What no plugin needs: other processes' memory, the kernel's own parts, and ways round the other walls.
const ALWAYS: &[c_long] = &[
    // other processes
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_process_madvise,
    SYS_process_mrelease,
    SYS_kcmp,
    SYS_move_pages,
    SYS_migrate_pages,
    SYS_pidfd_open,
    SYS_pidfd_getfd,
    SYS_pidfd_send_signal,
    SYS_tkill, // names a thread of any process; tgkill names its process too
    // executes what has no path
    SYS_execveat,
    // memory that neither the limit of memory nor resident size counts
    SYS_memfd_create,
    SYS_memfd_secret,
    // shared between all processes of a user, without a path
    SYS_shmget,
    SYS_shmat,
    SYS_shmctl,
    SYS_msgget,
    SYS_msgsnd,
    SYS_msgrcv,
    SYS_msgctl,
    SYS_semget,
    SYS_semop,
    SYS_semtimedop,
    SYS_semctl,
    SYS_mq_open,
    SYS_mq_unlink,
    SYS_add_key,
    SYS_request_key,
    SYS_keyctl,
    // tells of files that cannot be opened
    SYS_inotify_init1,
    SYS_fanotify_init,
    SYS_fanotify_mark,
    SYS_name_to_handle_at,
    SYS_open_by_handle_at,
    // namespaces and mounts
    SYS_unshare,
    SYS_setns,
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_chroot,
    SYS_move_mount,
    SYS_open_tree,
    SYS_fsopen,
    SYS_fsconfig,
    SYS_fsmount,
    SYS_fspick,
    SYS_mount_setattr,
    SYS_swapon,
    SYS_swapoff,
    SYS_quotactl,
    SYS_quotactl_fd,
    SYS_acct,
    SYS_sync,
    // large or privileged parts of the kernel
    SYS_bpf,
    SYS_perf_event_open,
    SYS_userfaultfd,
    SYS_io_uring_setup,
    SYS_io_uring_enter,
    SYS_io_uring_register,
    SYS_kexec_load,
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_reboot,
    SYS_syslog,
    SYS_personality,
    SYS_vhangup,
    SYS_settimeofday,
    SYS_clock_settime,
    SYS_clock_adjtime,
    SYS_adjtimex,
    SYS_sethostname,
    SYS_setdomainname,
    #[cfg(target_arch = "x86_64")]
    SYS_kexec_file_load,
    #[cfg(target_arch = "x86_64")]
    SYS_fork,
    #[cfg(target_arch = "x86_64")]
    SYS_vfork,
    #[cfg(target_arch = "x86_64")]
    SYS_inotify_init,
    #[cfg(target_arch = "x86_64")]
    SYS_iopl,
    #[cfg(target_arch = "x86_64")]
    SYS_ioperm,
    #[cfg(target_arch = "x86_64")]
    SYS_modify_ldt,
];

/// Landlock does not cover them, and the server's files belong to the same user.
const FILE_MODES: &[c_long] = &[
    SYS_fchmod,
    SYS_fchmodat,
    SYS_FCHMODAT2,
    SYS_fchown,
    SYS_fchownat,
    SYS_utimensat,
    SYS_setxattr,
    SYS_lsetxattr,
    SYS_fsetxattr,
    SYS_removexattr,
    SYS_lremovexattr,
    SYS_fremovexattr,
    #[cfg(target_arch = "x86_64")]
    SYS_chmod,
    #[cfg(target_arch = "x86_64")]
    SYS_chown,
    #[cfg(target_arch = "x86_64")]
    SYS_lchown,
    #[cfg(target_arch = "x86_64")]
    SYS_utime,
    #[cfg(target_arch = "x86_64")]
    SYS_utimes,
    #[cfg(target_arch = "x86_64")]
    SYS_futimesat,
];

/// The crate `libc` lacks it for some targets.
const SYS_FCHMODAT2: c_long = 452;

/// Threads only, and no way out of the promise to die with the parent.
fn processes() -> Result<Calls, Error> {
    Ok(Calls::from([
        (SYS_clone, vec![when(&[(0, Dword, MaskedEq(CLONE_THREAD as u64), 0)])?]),
        (SYS_prctl, any_of(0, &[PR_SET_PDEATHSIG, PR_SET_MM])?),
    ]))
}

/// Each of these takes the id of a process; 0 is the caller (for kill: its group, which it is alone in).
fn others_signals_and_limits() -> Result<Calls, Error> {
    let own = u64::from(std::process::id());
    let not_own = || Ok::<_, Error>(vec![when(&[(0, Dword, Ne, 0), (0, Dword, Ne, own)])?]);
    let not_caller = |argument| when(&[(argument, Dword, Ne, 0)]);
    Ok(Calls::from([
        (SYS_kill, not_own()?),
        (SYS_tgkill, not_own()?),
        (SYS_rt_sigqueueinfo, not_own()?),
        (SYS_rt_tgsigqueueinfo, not_own()?),
        (SYS_prlimit64, not_own()?),
        (SYS_sched_setaffinity, not_own()?),
        (SYS_sched_setscheduler, not_own()?),
        (SYS_sched_setparam, not_own()?),
        (SYS_sched_setattr, not_own()?),
        (SYS_setpriority, vec![not_caller(0)?, not_caller(1)?]),
        (SYS_ioprio_set, vec![when(&[(0, Dword, Ne, 1)])?, not_caller(1)?]),
    ]))
}

/// Settings of a descriptor that make the kernel signal another process, watch a folder, or type into a terminal.
fn descriptors() -> Result<Calls, Error> {
    const FIOSETOWN: c_int = 0x8901;
    const SIOCSPGRP: c_int = 0x8902;
    const TIOCLINUX: c_int = 0x541C;
    const F_SETSIG: c_int = 10;
    const F_SETOWN_EX: c_int = 15;
    Ok(Calls::from([
        (SYS_fcntl, any_of(1, &[F_SETOWN, F_SETOWN_EX, F_SETSIG, F_SETLEASE, F_NOTIFY])?),
        (SYS_ioctl, any_of(1, &[TIOCSTI as c_int, TIOCLINUX, FIOSETOWN, SIOCSPGRP])?),
    ]))
}

/// A connected pair of streams remains, which Python's event loop wakes itself with.
fn no_network() -> Result<Calls, Error> {
    let always = [SYS_socket, SYS_connect, SYS_bind, SYS_listen, SYS_accept, SYS_accept4, SYS_sendmsg, SYS_sendmmsg];
    let mut calls: Calls = always.map(|call| (call, vec![])).into();
    calls.insert(SYS_sendto, vec![when(&[(4, Qword, Ne, 0)])?]);
    calls.insert(SYS_socketpair, stream_pairs_only()?);
    Ok(calls)
}

/// IPv4 and IPv6, streams and datagrams. Unix sockets would reach the server's PostgreSQL.
fn internet_only() -> Result<Calls, Error> {
    let other_family = when(&[(0, Dword, Ne, AF_INET as u64), (0, Dword, Ne, AF_INET6 as u64)])?;
    let mut sockets = of_types(&[SOCK_RAW, SOCK_RDM, SOCK_SEQPACKET, SOCK_DCCP, SOCK_PACKET])?;
    sockets.push(other_family);
    Ok(Calls::from([(SYS_socket, sockets), (SYS_socketpair, stream_pairs_only()?)]))
}

/// A pair of datagram sockets can be connected elsewhere later.
fn stream_pairs_only() -> Result<Vec<SeccompRule>, Error> {
    let mut rules = of_types(&[SOCK_DGRAM, SOCK_RAW, SOCK_RDM, SOCK_SEQPACKET])?;
    rules.push(when(&[(0, Dword, Ne, AF_UNIX as u64)])?);
    Ok(rules)
}

const SOCK_PACKET: c_int = 10;

fn of_types(types: &[c_int]) -> Result<Vec<SeccompRule>, Error> {
    const TYPE: u64 = 0xf; // above it stand SOCK_CLOEXEC and SOCK_NONBLOCK
    types.iter().map(|&kind| when(&[(1, Dword, MaskedEq(TYPE), kind as u64)])).collect()
}

fn any_of(argument: u8, values: &[c_int]) -> Result<Vec<SeccompRule>, Error> {
    values.iter().map(|&value| when(&[(argument, Dword, Eq, value as u64)])).collect()
}

/// Holds when all of `(argument, length, comparison, value)` do.
fn when(conditions: &[(u8, SeccompCmpArgLen, SeccompCmpOp, u64)]) -> Result<SeccompRule, Error> {
    let conditions = conditions
        .iter()
        .map(|(argument, length, operator, value)| {
            SeccompCondition::new(*argument, length.clone(), operator.clone(), *value)
        })
        .collect::<Result<_, _>>()
        .map_err(Error::Backend)?;
    SeccompRule::new(conditions).map_err(Error::Backend)
}
