use std::collections::BTreeMap;

use napi::bindgen_prelude::{Buffer, Object};
use napi::{Env, Result};
use napi_derive::napi;
use qdrant_edge::EdgeShard;
use serde_json::json;

use crate::Shard;
use crate::answer;
use crate::core::{Core, read};
use crate::failure::Outcome;

#[napi]
impl Shard {
    /// Definitions and the state of the indexes. Its numbers count a point twice after a crash: hints only.
    #[napi]
    pub fn info<'env>(&self, env: &'env Env) -> Result<Object<'env>> {
        read(env, &self.core, Ok(info))
    }
}

fn info(core: &Core, shard: &EdgeShard) -> Outcome<Buffer> {
    let info = shard.info()?;
    let schema: BTreeMap<_, _> = info.payload_schema.iter().map(|(field, index)| (field.to_string(), index)).collect();
    let config = shard.config();
    answer::json(&json!({
        "vectors": config.vectors,
        "sparse_vectors": config.sparse_vectors,
        "hnsw_config": config.hnsw_config(),
        "payload_schema": schema,
        "segments": info.segments_count,
        "indexed_vectors": info.indexed_vectors_count,
        "needs_optimize": core.changed(),
    }))
}
