use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Error, ErrorKind, Read, Write, pipe};
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::files::{self, ABI_MIN, landlock_abi};
use crate::policy::{Policy, Tier};
use crate::{process, syscalls};

/// Which tier this machine reaches: each wall of the kernel is put up in a child, which then runs against it.
pub fn probe() -> Value {
    let checks: [fn() -> Result<(), String>; 2] = [landlock_holds, seccomp_holds];
    let [landlock, seccomp] = checks.map(in_child);
    let seccomp_stands = seccomp.is_ok();
    let reasons: Vec<String> = [landlock, seccomp].into_iter().filter_map(Result::err).collect();
    let tier = if reasons.is_empty() { "kernel" } else { "process" };
    json!({ "tier": tier, "landlockAbi": landlock_abi(), "seccomp": seccomp_stands, "reasons": reasons })
}

fn landlock_holds() -> Result<(), String> {
    match landlock_abi() {
        None => return Err("this kernel has no Landlock, or it is switched off (Linux 6.12 or later is needed)".into()),
        Some(abi) if abi < ABI_MIN => {
            return Err(format!("Landlock is of version {abi}, {ABI_MIN} is needed (Linux 6.12 or later)"));
        }
        Some(_) => {}
    }
    files::restrict(&nothing_allowed())?;
    if !matches!(File::open("/"), Err(error) if error.kind() == ErrorKind::PermissionDenied) {
        return Err("Landlock was applied, and a folder outside could still be opened".into());
    }
    // SAFETY: signal 0 only asks whether a signal could be sent.
    refused(unsafe { libc::kill(process::parent(), 0) }, "Landlock was applied, and the parent could be signalled")
}

fn seccomp_holds() -> Result<(), String> {
    syscalls::restrict(&nothing_allowed())?;
    // SAFETY: plain numbers; a child that should not be ends at once.
    unsafe {
        refused(libc::socket(libc::AF_INET, libc::SOCK_STREAM, 0), "system calls are filtered, and a socket was made")?;
        refused(libc::kill(process::parent(), 0), "system calls are filtered, and the parent could be signalled")?;
        let child = libc::fork();
        if child == 0 {
            libc::_exit(0);
        }
        refused(child, "system calls are filtered, and a process was started")?;
    }
    let thread = std::thread::Builder::new().spawn(|| {});
    thread.map(drop).map_err(|error| format!("system calls are filtered, and no thread can be started: {error}"))
}

fn refused(result: i32, otherwise: &str) -> Result<(), String> {
    let error = Error::last_os_error();
    if result == -1 && error.raw_os_error() == Some(libc::EPERM) { Ok(()) } else { Err(otherwise.into()) }
}

fn nothing_allowed() -> Policy {
    Policy {
        cwd: PathBuf::from("/"),
        env: BTreeMap::new(),
        read_paths: vec![],
        execute_paths: vec![],
        write_paths: vec![],
        memory_bytes: u64::MAX,
        cpu_seconds: u64::MAX,
        files_max: u64::MAX,
        file_size_bytes: u64::MAX,
        network: false,
        file_modes: false,
        tier: Tier::Kernel,
    }
}

/// What a check found in a process of its own, which its rules end with.
fn in_child(check: fn() -> Result<(), String>) -> Result<(), String> {
    let (mut answer, mut report) = pipe().map_err(|error| format!("no pipe can be made: {error}"))?;
    // SAFETY: this program has one thread, so the child may do what it likes.
    match unsafe { libc::fork() } {
        -1 => Err(format!("no process can be started: {}", Error::last_os_error())),
        0 => {
            drop(answer);
            let finding = check().err().unwrap_or_else(|| HOLDS.into());
            let written = report.write_all(finding.as_bytes());
            // SAFETY: ends this process.
            unsafe { libc::_exit(i32::from(written.is_err())) }
        }
        child => {
            drop(report);
            let mut finding = String::new();
            let read = answer.read_to_string(&mut finding);
            // SAFETY: the status is not asked for.
            unsafe { libc::waitpid(child, std::ptr::null_mut(), 0) };
            match (read, finding.as_str()) {
                (Ok(_), HOLDS) => Ok(()),
                (Ok(_), "") => Err("the process that put up a wall was ended by the system".into()),
                (Ok(_), _) => Err(finding),
                (Err(error), _) => Err(format!("a child's finding cannot be read: {error}")),
            }
        }
    }
}

const HOLDS: &str = "holds";
