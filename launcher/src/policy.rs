use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

/// What the program may have. An unknown key is an error: a misspelt wall would be no wall.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Policy {
    /// Absolute; the program starts there. Grants nothing by itself.
    pub cwd: PathBuf,
    /// The whole environment.
    pub env: BTreeMap<String, String>,
    /// Files and folders with all below them. A path that is not there grants nothing and is no error.
    pub read_paths: Vec<PathBuf>,
    /// Readable too; what is executed, and its loader (`ld-linux…`), must be below one of them.
    pub execute_paths: Vec<PathBuf>,
    /// Readable too, never executable; no links, devices, sockets or FIFOs can be made there. Each must exist.
    pub write_paths: Vec<PathBuf>,
    /// Of address space, not of resident memory.
    pub memory_bytes: u64,
    /// Of all threads, over the life of the process.
    pub cpu_seconds: u64,
    /// Open at one time.
    pub files_max: u64,
    /// Of each file written.
    pub file_size_bytes: u64,
    /// Internet sockets; Unix sockets are never allowed.
    pub network: bool,
    /// Modes, owners and times of files, of any file of this user, since no wall tells them apart by path.
    #[serde(default)]
    pub file_modes: bool,
    pub tier: Tier,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// Every wall, or nothing is started.
    Kernel,
    /// The walls of the process, and those of the kernel that this kernel has.
    Process,
}

impl Policy {
    pub fn parse(json: &str) -> Result<Self, String> {
        let policy: Self = serde_json::from_str(json).map_err(|error| format!("the policy is not valid: {error}"))?;
        let paths = [&policy.read_paths, &policy.execute_paths, &policy.write_paths];
        let relative = paths.into_iter().flatten().chain([&policy.cwd]).find(|path| !path.is_absolute());
        if let Some(path) = relative {
            return Err(format!("the policy is not valid: {} is not an absolute path", path.display()));
        }
        Ok(policy)
    }
}
