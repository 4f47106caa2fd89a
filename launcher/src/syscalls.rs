mod denied;

use std::collections::BTreeMap;

use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, SeccompRule, TargetArch, apply_filter, sock_filter};

use crate::policy::Policy;

/// Rules by number of system call; no rule means always.
pub type Calls = BTreeMap<i64, Vec<SeccompRule>>;

#[cfg(target_arch = "x86_64")]
const ARCH: TargetArch = TargetArch::x86_64;
#[cfg(target_arch = "aarch64")]
const ARCH: TargetArch = TargetArch::aarch64;

/// What the filter knows ends at `futex_requeue` (Linux 6.7). A later kernel's newer calls answer ENOSYS, as on an older one;
/// so do the x32 twins of all calls, whose numbers begin at 2^30.
const NEWEST_CALL: u32 = 456;

/// Whether this kernel has filters of system calls, and lets us have one.
pub fn can_filter() -> bool {
    let action: u32 = libc::SECCOMP_RET_ERRNO;
    // SAFETY: the kernel reads four bytes at the pointer.
    unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0 }
}

/// Denied calls answer EPERM, unknown ones ENOSYS; another architecture's calls (int 0x80) end the process.
pub fn restrict(policy: &Policy) -> Result<(), String> {
    let denied = compiled(denied::calls(policy).map_err(unexpected)?, libc::EPERM)?;
    let absent = compiled(BTreeMap::from([(libc::SYS_clone3, vec![])]), libc::ENOSYS)?;
    for filter in [newer_calls(), absent, denied] {
        apply_filter(&filter).map_err(|error| format!("the filter of system calls cannot be applied: {error}"))?;
    }
    Ok(())
}

fn compiled(calls: Calls, errno: i32) -> Result<BpfProgram, String> {
    let action = SeccompAction::Errno(errno as u32);
    let filter = SeccompFilter::new(calls, SeccompAction::Allow, action, ARCH).map_err(unexpected)?;
    filter.try_into().map_err(unexpected)
}

fn unexpected(error: impl std::fmt::Display) -> String {
    format!("the filter of system calls cannot be made: {error}")
}

fn newer_calls() -> BpfProgram {
    const LOAD: u16 = (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16;
    const SKIP_IF_GREATER: u16 = (libc::BPF_JMP | libc::BPF_JGT | libc::BPF_K) as u16;
    const ANSWER: u16 = (libc::BPF_RET | libc::BPF_K) as u16;
    let number = 0; // seccomp_data.nr stands first
    vec![
        sock_filter { code: LOAD, jt: 0, jf: 0, k: number },
        sock_filter { code: SKIP_IF_GREATER, jt: 1, jf: 0, k: NEWEST_CALL },
        sock_filter { code: ANSWER, jt: 0, jf: 0, k: libc::SECCOMP_RET_ALLOW },
        sock_filter { code: ANSWER, jt: 0, jf: 0, k: libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32 },
    ]
}
