//! Starts a program behind walls that it cannot take down, or does not start it at all.
//!
//!     nacre-launcher probe
//!     nacre-launcher run <policy-json> -- <program> <args…>
//!
//! `run` becomes the program: same process, same stdin, stdout and stderr. What cannot be applied ends it with status
//! 125 and one JSON line on stderr, `{"error": …}`. What each wall is for: docs/internals/plugin-walls.md.

mod files;
mod limits;
mod policy;
mod probe;
mod process;
mod program;
mod syscalls;

use std::process::ExitCode;

use crate::policy::{Policy, Tier};

const USAGE: &str = "usage: nacre-launcher probe | nacre-launcher run <policy-json> -- <absolute program> <arguments…>";
const NOT_STARTED: u8 = 125;

fn main() -> ExitCode {
    let arguments: Vec<String> = match std::env::args_os().map(|one| one.into_string()).collect() {
        Ok(arguments) => arguments,
        Err(_) => return refuse("an argument is not UTF-8"),
    };
    let arguments: Vec<&str> = arguments.iter().skip(1).map(String::as_str).collect();
    match arguments.as_slice() {
        ["probe"] => {
            println!("{}", probe::probe());
            ExitCode::SUCCESS
        }
        ["run", policy, "--", program, rest @ ..] => refuse(&run(policy, program, rest)),
        _ => refuse(USAGE),
    }
}

fn refuse(error: &str) -> ExitCode {
    eprintln!("{}", serde_json::json!({ "error": error }));
    ExitCode::from(NOT_STARTED)
}

/// Returns only when it failed, with the reason.
fn run(policy: &str, program: &str, arguments: &[&str]) -> String {
    match confine(policy, program, arguments) {
        Ok(program) => program.become_it(),
        Err(error) => error,
    }
}

/// The order matters: paths are opened before rights to open them are given up, memory is limited when little more is
/// needed, and the filter of system calls comes last because it forbids some of what stands above it.
fn confine(policy: &str, program: &str, arguments: &[&str]) -> Result<program::Program, String> {
    let parent = process::parent();
    let policy = Policy::parse(policy)?;
    let program = program::Program::new(program, arguments, &policy.env)?;
    process::die_with(parent)?;
    process::lead_own_session()?;
    process::close_inherited_files()?;
    process::reset_signals();
    process::give_way();
    process::enter(&policy.cwd)?;
    process::give_up_new_privileges()?;
    files::restrict(&policy)?;
    limits::apply(&policy)?;
    process::drop_capabilities()?;
    match policy.tier {
        Tier::Kernel => syscalls::restrict(&policy)?,
        Tier::Process if syscalls::can_filter() => syscalls::restrict(&policy)?,
        Tier::Process => {}
    }
    Ok(program)
}
