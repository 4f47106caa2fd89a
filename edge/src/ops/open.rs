use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use napi::bindgen_prelude::{Object, Uint8Array};
use napi::{Env, Result};
use napi_derive::napi;
use qdrant_edge::{EdgeConfig, EdgeOptimizersConfig, EdgeShard, WalOptions};
use serde_json::{Map, Value, json};

use super::hnsw;
use crate::Shard;
use crate::argument::Argument;
use crate::core::{Core, Open};
use crate::failure::{Failure, Outcome};
use crate::pool;
use crate::promise::promise;

/// Held for as long as the shard is open; the kernel frees it when the process dies.
pub const LOCK_FILE: &str = "shard.lock";

/// The engine's default is 32 MiB, which is what an idle shard would keep on disk.
const WAL_SEGMENT_BYTES: usize = 4 * 1024 * 1024;

/// As many segments as a search has threads to visit; the engine's default grows with the cores.
const SEGMENTS: usize = 2;

/// What a caller may decide; WAL and threads are ours.
const CONFIG_KEYS: [&str; 6] =
    ["vectors", "sparse_vectors", "hnsw_config", "quantization_config", "optimizers", "payload_memory"];

#[napi]
impl Shard {
    /// Opens the shard in the folder, replaying its WAL.
    #[napi]
    pub fn open<'env>(env: &'env Env, path: Argument<String>) -> Result<Object<'env>> {
        let input = path.take("path").and_then(|path| Ok((path, pool::admit()?)));
        promise(env, async move {
            let (path, _ticket) = input?;
            pool::run(move || {
                let path = PathBuf::from(path);
                if !path.is_dir() {
                    return Err(Failure::operation(format!("There is no shard at {}", path.display())));
                }
                let lock = lock(&path)?;
                let shard = EdgeShard::load(&path, Some(tuned(EdgeConfig::default())))?;
                Ok(shard_of(shard, lock))
            })
            .await
        })
    }

    /// Makes the folder's shard; a folder that a crash left half-made is completed.
    #[napi]
    pub fn create<'env>(env: &'env Env, path: Argument<String>, config: Argument<Uint8Array>) -> Result<Object<'env>> {
        let input = path.take("path").and_then(|path| Ok((path, config.json("config")?, pool::admit()?)));
        promise(env, async move {
            let (path, config, _ticket) = input?;
            pool::run(move || {
                let path = PathBuf::from(path);
                let config = new_config(config.parse("config")?)?;
                std::fs::create_dir_all(&path)?;
                let lock = lock(&path)?;
                let shard = EdgeShard::new(&path, config)?;
                Ok(shard_of(shard, lock))
            })
            .await
        })
    }
}

fn shard_of(shard: EdgeShard, lock: File) -> Shard {
    Shard { core: Arc::new(Core::new(Open { shard, _lock: lock })) }
}

fn lock(path: &Path) -> Outcome<File> {
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(path.join(LOCK_FILE))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Failure::operation(format!(
            "The shard at {} is open already, here or in another process",
            path.display()
        ))),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

/// `config` with each HNSW part completed from the engine's defaults: REST has them partial, the engine whole.
fn new_config(mut config: Map<String, Value>) -> Outcome<EdgeConfig> {
    if let Some(unknown) = config.keys().find(|key| !CONFIG_KEYS.contains(&key.as_str())) {
        return Err(Failure::invalid(format!("config: unknown field {unknown}, expected one of {CONFIG_KEYS:?}")));
    }
    let global = hnsw::merged(hnsw::defaults()?, config.get("hnsw_config"))?;
    for params in config.get_mut("vectors").and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut) {
        if let Some(own) = params.get("hnsw_config").filter(|own| !own.is_null()) {
            params["hnsw_config"] = hnsw::merged(global.clone(), Some(own))?;
        }
    }
    config.insert("hnsw_config".to_owned(), global);
    let config: EdgeConfig = serde_json::from_value(json!(config)).map_err(|error| Failure::json("config", &error))?;
    check(&config)?;
    let optimizers = config.optimizers.clone().unwrap_or_default();
    Ok(tuned(EdgeConfig {
        optimizers: Some(EdgeOptimizersConfig {
            default_segment_number: optimizers.default_segment_number.or(Some(SEGMENTS)),
            ..optimizers
        }),
        ..config
    }))
}

fn check(config: &EdgeConfig) -> Outcome<()> {
    for (name, params) in &config.vectors {
        if params.size == 0 || params.size > 65_536 {
            return Err(Failure::invalid(format!(
                "config.vectors.{name}.size: expected 1 to 65536, got {}",
                params.size
            )));
        }
        if config.sparse_vectors.contains_key(name) {
            return Err(Failure::invalid(format!("config: the vector name {name} is given twice")));
        }
    }
    Ok(())
}

/// What this process decides, whatever the folder was made with.
fn tuned(config: EdgeConfig) -> EdgeConfig {
    EdgeConfig {
        max_search_threads: Some(pool::search_threads()),
        wal_options: Some(WalOptions { segment_capacity: WAL_SEGMENT_BYTES, ..WalOptions::default() }),
        ..config
    }
}
