//! Qdrant Edge for Node: one file an operation in `ops/`, each a few lines over `qdrant-edge`.
//! What must hold between operations (who excludes whom, how much runs at once) is in `core` and `pool`.

mod answer;
mod argument;
mod core;
mod failure;
mod ops;
mod points;
mod pool;
mod promise;

use napi::{Env, Result};
use napi_derive::napi;
use serde::Serialize;

/// The class JavaScript sees; its methods are the files of `ops/`.
#[napi]
pub struct Shard {
    core: std::sync::Arc<core::Core>,
}

#[napi(object, object_to_js = false)]
pub struct Limits {
    pub concurrency_max: u32,
    pub queue_max: u32,
    pub search_threads: u32,
}

#[napi(object, object_from_js = false)]
#[derive(Serialize)]
pub struct Versions {
    pub edge: String,
    pub addon: String,
}

/// Sets the process-wide bounds, once, before the first shard opens.
#[napi]
pub fn configure(env: &Env, options: argument::Argument<Limits>) -> Result<()> {
    options.take("options").and_then(|limits| pool::configure(&limits)).map_err(|failure| failure.into_js(*env))
}

#[napi]
pub fn versions() -> Versions {
    Versions { edge: env!("QDRANT_EDGE_VERSION").to_owned(), addon: env!("CARGO_PKG_VERSION").to_owned() }
}
