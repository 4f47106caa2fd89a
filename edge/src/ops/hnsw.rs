use napi::bindgen_prelude::{Object, Uint8Array};
use napi::{Env, Result};
use napi_derive::napi;
use qdrant_edge::HnswIndexConfig;
use serde_json::{Value, json};

use crate::Shard;
use crate::argument::Argument;
use crate::core::on_shard;
use crate::failure::{Failure, Outcome};
use crate::pool;

#[napi]
impl Shard {
    /// Changes the given settings of the shard's HNSW; takes effect with the next optimize.
    #[napi]
    pub fn set_hnsw<'env>(&self, env: &'env Env, config: Argument<Uint8Array>) -> Result<Object<'env>> {
        on_shard(env, &self.core, config.json("config"), |core, shard, change| async move {
            let held = core.hold_structure().await;
            pool::run(move || {
                let change: Value = change.parse("config")?;
                let current = as_value(shard.config().hnsw_config())?;
                shard.set_hnsw_config(read(merged(current, Some(&change))?)?)?;
                core.set_changed(true);
                drop((held, shard));
                Ok(())
            })
            .await
        })
    }
}

pub fn defaults() -> Outcome<Value> {
    as_value(HnswIndexConfig::default())
}

fn as_value(config: HnswIndexConfig) -> Outcome<Value> {
    serde_json::to_value(config).map_err(|error| Failure::json("hnsw_config", &error))
}

fn read(config: Value) -> Outcome<HnswIndexConfig> {
    serde_json::from_value(config).map_err(|error| Failure::json("hnsw_config", &error))
}

/// `base` with the settings of `change`, always built by one thread: with more, the p99 of searches goes up
/// thirteenfold meanwhile.
pub fn merged(mut base: Value, change: Option<&Value>) -> Outcome<Value> {
    match change {
        None | Some(Value::Null) => {}
        Some(Value::Object(change)) => {
            for (key, value) in change {
                base[key.as_str()] = value.clone();
            }
        }
        Some(_) => return Err(Failure::invalid("hnsw_config: expected an object")),
    }
    base["max_indexing_threads"] = json!(1);
    let config = read(base.clone())?;
    if config.ef_construct < 4 {
        return Err(Failure::invalid(format!(
            "hnsw_config.ef_construct: expected at least 4, got {}",
            config.ef_construct
        )));
    }
    Ok(base)
}
