use napi::bindgen_prelude::{Buffer, Object, Uint8Array};
use napi::{Env, Result};
use napi_derive::napi;
use qdrant_edge::{EdgeShard, Filter, OrderByInterface, PointId, ScrollRequest, WithPayloadInterface, WithVector};
use serde::{Deserialize, Serialize};

use super::query_tree::check_limit;
use crate::Shard;
use crate::answer::{self, Point};
use crate::argument::Argument;
use crate::core::read;
use crate::failure::Outcome;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    offset: Option<PointId>,
    limit: Option<usize>,
    filter: Option<Filter>,
    with_payload: Option<WithPayloadInterface>,
    #[serde(alias = "with_vectors")]
    with_vector: Option<WithVector>,
    order_by: Option<OrderByInterface>,
}

#[derive(Serialize)]
struct Page<'a> {
    points: Vec<Point<'a>>,
    next_page_offset: Option<PointId>,
}

#[napi]
impl Shard {
    /// A page of the matching points by id, or by a field with a range index.
    #[napi]
    pub fn scroll<'env>(&self, env: &'env Env, request: Argument<Uint8Array>) -> Result<Object<'env>> {
        let work = request.json("request").map(|request| {
            move |_: &_, shard: &EdgeShard| -> Outcome<Buffer> {
                let (records, next_page_offset) = shard.scroll(scroll(request.parse("request")?)?)?;
                answer::json(&Page { points: records.iter().map(answer::record).collect(), next_page_offset })
            }
        });
        read(env, &self.core, work)
    }
}

fn scroll(body: Body) -> Outcome<ScrollRequest> {
    check_limit(body.limit.unwrap_or(1), 0)?;
    Ok(ScrollRequest {
        offset: body.offset,
        limit: body.limit,
        filter: body.filter,
        with_payload: body.with_payload,
        with_vector: body.with_vector.unwrap_or(WithVector::Bool(false)),
        order_by: body.order_by,
    })
}
