use crate::policy::Policy;
use crate::process::check;

/// Soft and hard alike, so that the program cannot raise them; a limit that is lower already stays.
pub fn apply(policy: &Policy) -> Result<(), String> {
    limit(libc::RLIMIT_FSIZE as i32, policy.file_size_bytes, "the size of files")?;
    limit(libc::RLIMIT_NOFILE as i32, policy.files_max, "open files")?;
    limit(libc::RLIMIT_CORE as i32, 0, "core dumps")?;
    limit(libc::RLIMIT_MEMLOCK as i32, 0, "locked memory")?;
    limit(libc::RLIMIT_MSGQUEUE as i32, 0, "message queues")?;
    limit(libc::RLIMIT_CPU as i32, policy.cpu_seconds, "CPU time")?;
    limit(libc::RLIMIT_AS as i32, policy.memory_bytes, "memory")
}

/// At the limit of CPU time SIGXCPU comes each second, which can be caught; SIGKILL a second after it cannot.
fn limit(resource: i32, most: u64, what: &str) -> Result<(), String> {
    let mut now = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    let what = format!("{what} cannot be limited");
    // SAFETY: `now` is written by the kernel and lives through the call.
    check(unsafe { libc::getrlimit(resource as _, &mut now) }, &what)?;
    let grace = u64::from(resource == libc::RLIMIT_CPU as i32);
    let hard = now.rlim_max.min(most.saturating_add(grace));
    let new = libc::rlimit { rlim_cur: hard.min(most), rlim_max: hard };
    // SAFETY: `new` is read only.
    check(unsafe { libc::setrlimit(resource as _, &new) }, &what)
}
