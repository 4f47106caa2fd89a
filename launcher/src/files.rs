use std::path::PathBuf;

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreated, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope, make_bitflags,
};

use crate::policy::{Policy, Tier};

/// The first with the scope of signals, without which a program can end its parent. Linux 6.12.
pub const ABI_MIN: i64 = 6;

/// The version of Landlock in this kernel, null where there is none or it is switched off.
pub fn landlock_abi() -> Option<i64> {
    const VERSION: u32 = 1;
    // SAFETY: with this flag the kernel reads no memory and answers its version.
    let abi = unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, 0_usize, 0_usize, VERSION) };
    (abi > 0).then_some(abi)
}

/// Files by path, TCP, signals to others and their abstract sockets.
///
/// Tier `process` takes what this kernel has of it, which may be nothing; but what it has must be applied.
pub fn restrict(policy: &Policy) -> Result<(), String> {
    if policy.tier == Tier::Process && landlock_abi().is_none() {
        return Ok(());
    }
    let rules = rules(policy)?;
    let status = rules.restrict_self().map_err(|error| format!("Landlock cannot be applied: {error}"))?;
    match (policy.tier, status.ruleset) {
        (Tier::Kernel, RulesetStatus::FullyEnforced) => Ok(()),
        (Tier::Process, RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced) => Ok(()),
        (_, status) => Err(format!("Landlock cannot be applied: {status:?}")),
    }
}

fn rules(policy: &Policy) -> Result<RulesetCreated, String> {
    let mut rules = handled(policy).map_err(|error| format!("Landlock cannot be applied: {error}"))?;
    let read = make_bitflags!(AccessFs::{ReadFile | ReadDir});
    for (paths, rights, must_exist) in [
        (&policy.read_paths, read, false),
        (&policy.execute_paths, read | AccessFs::Execute, false),
        (&policy.write_paths, read | written(), true),
    ] {
        for path in paths {
            rules = allow(rules, path, rights, must_exist)?;
        }
    }
    Ok(rules)
}

/// No links, since the server may read what lies there; no devices, sockets and FIFOs; nothing to execute.
fn written() -> BitFlags<AccessFs> {
    make_bitflags!(AccessFs::{WriteFile | Truncate | MakeReg | MakeDir | RemoveFile | RemoveDir | Refer})
}

fn handled(policy: &Policy) -> Result<RulesetCreated, RulesetError> {
    let level = match policy.tier {
        Tier::Kernel => CompatLevel::HardRequirement,
        Tier::Process => CompatLevel::BestEffort,
    };
    let mut rules = Ruleset::default().set_compatibility(level).handle_access(AccessFs::from_all(ABI::V6))?;
    if !policy.network {
        rules = rules.handle_access(AccessNet::from_all(ABI::V6))?;
    }
    rules.scope(Scope::from_all(ABI::V6))?.create()
}

fn allow(
    rules: RulesetCreated,
    path: &PathBuf,
    rights: BitFlags<AccessFs>,
    must_exist: bool,
) -> Result<RulesetCreated, String> {
    let opened = match PathFd::new(path) {
        Ok(opened) => opened,
        Err(_) if !must_exist && !path.exists() => return Ok(rules),
        Err(error) => return Err(format!("{} cannot be allowed: {error}", path.display())),
    };
    let rights = if path.is_dir() { rights } else { rights & AccessFs::from_file(ABI::V6) };
    let rule = PathBeneath::new(opened, rights);
    rules.add_rule(rule).map_err(|error| format!("{} cannot be allowed: {error}", path.display()))
}
