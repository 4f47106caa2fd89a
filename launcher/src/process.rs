use std::io::Error;
use std::path::Path;
use std::{fs, mem, ptr};

use libc::{c_int, pid_t};

pub fn parent() -> pid_t {
    // SAFETY: no arguments, cannot fail.
    unsafe { libc::getppid() }
}

/// SIGKILL when the thread that started this process ends. A parent that was gone before that was arranged is seen by
/// the change of the parent's id.
pub fn die_with(parent_at_start: pid_t) -> Result<(), String> {
    // SAFETY: plain numbers.
    let result = unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL, 0, 0, 0) };
    check(result, "it cannot be made to die with its parent")?;
    if parent() == parent_at_start { Ok(()) } else { Err("the parent is gone".into()) }
}

/// No controlling terminal, and one group that ends with one signal.
pub fn lead_own_session() -> Result<(), String> {
    // SAFETY: no arguments.
    let leads_already = unsafe { libc::getsid(0) == libc::getpid() };
    if leads_already {
        return Ok(()); // started with `detached: true`
    }
    // SAFETY: no arguments.
    check(unsafe { libc::setsid() }, "it cannot have a session of its own")
}

/// Everything above stderr.
pub fn close_inherited_files() -> Result<(), String> {
    // SAFETY: nothing in this program holds a file at this point.
    let closed = unsafe { libc::syscall(libc::SYS_close_range, 3_u32, u32::MAX, 0_u32) };
    if closed == 0 { Ok(()) } else { close_listed_files() } // Linux before 5.9, or a container that refuses the call
}

fn close_listed_files() -> Result<(), String> {
    let listed = fs::read_dir("/proc/self/fd").map_err(|error| format!("inherited files cannot be listed: {error}"))?;
    let numbers = listed.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<c_int>().ok());
    for number in numbers.filter(|number| *number > libc::STDERR_FILENO).collect::<Vec<_>>() {
        // SAFETY: as above; one of them is that of the list itself, which is closed already.
        unsafe { libc::close(number) };
    }
    Ok(())
}

/// Behind the server in the queue for CPU time, and before it when the system is out of memory. No walls: where the
/// system does not take them, the program runs all the same.
pub fn give_way() {
    const NICE: c_int = 10;
    // SAFETY: plain numbers.
    unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, NICE) };
    fs::write("/proc/self/oom_score_adj", "1000").ok();
}

/// Rust ignores SIGPIPE, and what is ignored or blocked stays so in the program.
pub fn reset_signals() {
    for signal in 1..=libc::SIGRTMAX() {
        // SAFETY: the default action; the kernel refuses for SIGKILL and SIGSTOP, which is right.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
    // SAFETY: the set is initialised before it is read.
    unsafe {
        let mut none = mem::zeroed();
        libc::sigemptyset(&mut none);
        libc::sigprocmask(libc::SIG_SETMASK, &none, ptr::null_mut());
    }
}

/// The folder the program starts in; what it makes is this user's alone.
pub fn enter(folder: &Path) -> Result<(), String> {
    // SAFETY: a plain number, cannot fail.
    unsafe { libc::umask(0o077) };
    std::env::set_current_dir(folder).map_err(|error| format!("{} cannot be entered: {error}", folder.display()))
}

pub fn give_up_new_privileges() -> Result<(), String> {
    // SAFETY: plain numbers.
    let result = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
    check(result, "new privileges cannot be given up")
}

/// Root without them is a user whose files happen to be root's. Nothing to do for others, and nothing that can fail.
pub fn drop_capabilities() -> Result<(), String> {
    // SAFETY: plain numbers; ends at the first capability that this kernel does not know. Without CAP_SETPCAP it is
    // refused, and then execve cannot add any either, because new privileges are given up.
    unsafe {
        (0..64).find(|capability| libc::prctl(libc::PR_CAPBSET_DROP, *capability, 0, 0, 0) != 0);
        libc::prctl(libc::PR_CAP_AMBIENT, libc::PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    }
    let header = CapabilityHeader { version: LINUX_CAPABILITY_VERSION_3, pid: 0 };
    let none = [0_u32; 6];
    // SAFETY: version 3 reads a header of 8 bytes and two sets of three 32-bit words.
    let result = unsafe { libc::syscall(libc::SYS_capset, &header, none.as_ptr()) };
    check(result as c_int, "capabilities cannot be dropped")
}

const LINUX_CAPABILITY_VERSION_3: u32 = 0x2008_0522;

#[repr(C)]
struct CapabilityHeader {
    version: u32,
    pid: c_int,
}

/// `what`, with the system's reason, where a call answered -1.
pub fn check(result: c_int, what: &str) -> Result<(), String> {
    if result == -1 { Err(format!("{what}: {}", Error::last_os_error())) } else { Ok(()) }
}
