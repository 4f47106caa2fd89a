use napi::bindgen_prelude::{Buffer, Object, Uint8Array};
use napi::{Env, Result};
use napi_derive::napi;
use qdrant_edge::{EdgeShard, PointId, RetrieveRequest, WithPayloadInterface, WithVector};
use serde::Deserialize;

use crate::Shard;
use crate::answer;
use crate::argument::Argument;
use crate::core::read;
use crate::failure::Outcome;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    ids: Vec<PointId>,
    with_payload: Option<WithPayloadInterface>,
    #[serde(alias = "with_vectors")]
    with_vector: Option<WithVector>,
}

#[napi]
impl Shard {
    /// The points of these ids that exist, in the order of the ids.
    #[napi]
    pub fn retrieve<'env>(&self, env: &'env Env, request: Argument<Uint8Array>) -> Result<Object<'env>> {
        let work = request.json("request").map(|request| {
            move |_: &_, shard: &EdgeShard| -> Outcome<Buffer> {
                let body: Body = request.parse("request")?;
                let records = shard.retrieve(RetrieveRequest {
                    point_ids: body.ids,
                    with_payload: body.with_payload,
                    with_vector: body.with_vector,
                })?;
                answer::json(&records.iter().map(answer::record).collect::<Vec<_>>())
            }
        });
        read(env, &self.core, work)
    }
}
