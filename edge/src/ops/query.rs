use napi::bindgen_prelude::{Buffer, Float32Array, Object, Uint8Array};
use napi::{Env, Result};
use napi_derive::napi;

use super::query_tree::{self, Body};
use crate::Shard;
use crate::answer;
use crate::argument::Argument;
use crate::core::read;
use crate::failure::Outcome;

#[napi]
impl Shard {
    /// A universal query in REST's words; answers `[{id, score, payload?, vector?}]`.
    #[napi]
    pub fn query<'env>(
        &self,
        env: &'env Env,
        request: Argument<Uint8Array>,
        vectors: Argument<Vec<Float32Array>>,
    ) -> Result<Object<'env>> {
        let input = request.json("request").and_then(|request| Ok((request, copied(vectors)?)));
        let work = input.map(|(request, vectors)| {
            move |_: &_, shard: &_| -> Outcome<Buffer> {
                let body: Body = request.parse("request")?;
                let points = qdrant_edge::EdgeShard::query(shard, query_tree::query(shard, body, vectors)?)?;
                answer::json(&answer::hits(&points))
            }
        });
        read(env, &self.core, work)
    }
}

pub fn copied(vectors: Argument<Vec<Float32Array>>) -> Outcome<Vec<Vec<f32>>> {
    Ok(vectors.take("vectors")?.iter().map(|vector| vector.to_vec()).collect())
}
