use napi::bindgen_prelude::{Object, Uint8Array};
use napi::{Env, Result};
use napi_derive::napi;
use qdrant_edge::{CountRequest, EdgeShard, Filter};
use serde::Deserialize;

use crate::Shard;
use crate::argument::Argument;
use crate::core::{Core, read};
use crate::failure::Outcome;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    filter: Option<Filter>,
    exact: Option<bool>,
}

#[napi]
impl Shard {
    /// Exact unless told otherwise. The exact count of everything visits each point, so it is kept until the
    /// next write.
    #[napi]
    pub fn count<'env>(&self, env: &'env Env, request: Argument<Uint8Array>) -> Result<Object<'env>> {
        let work = request.json("request").map(|request| {
            move |core: &Core, shard: &EdgeShard| -> Outcome<f64> {
                let Body { filter, exact } = request.parse("request")?;
                let request = CountRequest { filter, exact: exact.unwrap_or(true) };
                #[allow(clippy::cast_precision_loss, reason = "no shard holds 2^53 points")]
                Ok(count(core, shard, request)? as f64)
            }
        });
        read(env, &self.core, work)
    }
}

fn count(core: &Core, shard: &EdgeShard, request: CountRequest) -> Outcome<usize> {
    if !request.exact || request.filter.as_ref().is_some_and(|filter| *filter != Filter::default()) {
        return Ok(shard.count(request)?);
    }
    if let Some(count) = core.counted() {
        return Ok(count);
    }
    let epoch = core.epoch();
    let count = shard.count(request)?;
    core.keep_count(epoch, count);
    Ok(count)
}
