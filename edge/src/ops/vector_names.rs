use std::sync::Arc;

use napi::bindgen_prelude::{Object, Uint8Array};
use napi::{Env, Result};
use napi_derive::napi;
use qdrant_edge::{
    CreateVectorName, DeleteVectorName, EdgeShard, UpdateOperation, VectorNameConfig, VectorNameOperations,
};

use crate::Shard;
use crate::argument::Argument;
use crate::core::{Core, Opened, on_shard};
use crate::failure::{Failure, Outcome};
use crate::pool;

#[napi]
impl Shard {
    /// Nothing where the name has the same definition; another definition is refused. Waits for a running optimize.
    #[napi]
    pub fn create_vector_name<'env>(
        &self,
        env: &'env Env,
        name: Argument<String>,
        config: Argument<Uint8Array>,
    ) -> Result<Object<'env>> {
        let input = name.take("name").and_then(|name| Ok((name, config.json("config")?)));
        on_shard(env, &self.core, input, |core, shard, (name, config)| {
            alone(core, shard, move |shard| create(shard, name, config.parse("config")?))
        })
    }

    /// Nothing where there is no such name. Waits for a running optimize, flushes, then drops.
    #[napi]
    pub fn drop_vector_name<'env>(&self, env: &'env Env, name: Argument<String>) -> Result<Object<'env>> {
        on_shard(env, &self.core, name.take("name"), |core, shard, name| {
            alone(core, shard, move |shard| drop_name(shard, name))
        })
    }
}

/// With optimize, copy, every other write and flush held.
async fn alone(
    core: Arc<Core>,
    shard: Opened,
    work: impl FnOnce(&EdgeShard) -> Outcome<()> + Send + 'static,
) -> Outcome<()> {
    let held = (core.hold_structure().await, core.hold_writes().await, core.hold_flushes().await);
    pool::run(move || {
        let outcome = work(&shard);
        core.written();
        drop((held, shard));
        outcome
    })
    .await
}

fn create(shard: &EdgeShard, vector_name: String, config: VectorNameConfig) -> Outcome<()> {
    check(shard, &vector_name, &config)?;
    let create = CreateVectorName { vector_name, config };
    shard.update(UpdateOperation::VectorNameOperation(VectorNameOperations::CreateVectorName(create)))?;
    Ok(shard.flush()?)
}

/// What the engine does not look at: the size, and a name that is of the other kind already.
fn check(shard: &EdgeShard, name: &str, config: &VectorNameConfig) -> Outcome<()> {
    let existing = shard.config();
    match config {
        VectorNameConfig::Dense(config) if config.dense.size == 0 || config.dense.size > 65_536 => {
            Err(Failure::invalid(format!("config.dense.size: expected 1 to 65536, got {}", config.dense.size)))
        }
        VectorNameConfig::Dense(_) if existing.sparse_vectors.contains_key(name) => {
            Err(Failure::invalid(format!("{name} is a sparse vector already")))
        }
        VectorNameConfig::Sparse(_) if existing.vectors.contains_key(name) => {
            Err(Failure::invalid(format!("{name} is a dense vector already")))
        }
        _ => Ok(()),
    }
}

/// Flushed before, always: acknowledged points that name the vector and stand only in the WAL would be lost with
/// the next start. Flushed after, so that no start has to replay the drop.
fn drop_name(shard: &EdgeShard, vector_name: String) -> Outcome<()> {
    if !shard.config().vector_names().contains(&vector_name) {
        return Ok(());
    }
    shard.flush()?;
    let delete = DeleteVectorName { vector_name };
    shard.update(UpdateOperation::VectorNameOperation(VectorNameOperations::DeleteVectorName(delete)))?;
    Ok(shard.flush()?)
}
