use napi::bindgen_prelude::{Buffer, Float32Array, Object, Uint8Array};
use napi::{Env, Result};
use napi_derive::napi;
use qdrant_edge::{EdgeShard, EdgeShardRead, Group, GroupRequest, JsonPath};
use serde::Serialize;

use super::query::copied;
use super::query_tree::{self, Body, check_limit};
use crate::Shard;
use crate::answer::{self, Point};
use crate::argument::Argument;
use crate::core::read;
use crate::failure::{Failure, Outcome};

const GROUPS_DEFAULT: usize = 10;
const GROUP_SIZE_DEFAULT: usize = 3;

#[napi]
impl Shard {
    /// A query whose hits are grouped by a payload field; answers `[{id, hits}]`, best group first.
    #[napi]
    pub fn query_groups<'env>(
        &self,
        env: &'env Env,
        request: Argument<Uint8Array>,
        vectors: Argument<Vec<Float32Array>>,
    ) -> Result<Object<'env>> {
        let input = request.json("request").and_then(|request| Ok((request, copied(vectors)?)));
        let work = input.map(|(request, vectors)| {
            move |_: &_, shard: &EdgeShard| -> Outcome<Buffer> {
                let request = groups(shard, request.parse("request")?, vectors)?;
                let groups = shard.query_groups(request)?;
                answer::json(&groups.iter().map(written).collect::<Vec<_>>())
            }
        });
        read(env, &self.core, work)
    }
}

fn groups(shard: &EdgeShard, mut body: Body, vectors: Vec<Vec<f32>>) -> Outcome<GroupRequest> {
    let field = body.group_by.take().ok_or_else(|| Failure::invalid("group_by: missing"))?;
    let path: JsonPath =
        field.parse().map_err(|()| Failure::invalid(format!("group_by: {field} is not a payload path")))?;
    let groups = body.limit.take().unwrap_or(GROUPS_DEFAULT);
    let size = body.group_size.take().unwrap_or(GROUP_SIZE_DEFAULT);
    if groups == 0 || size == 0 {
        return Err(Failure::invalid("limit and group_size: expected at least 1"));
    }
    check_limit(groups.saturating_mul(size), 0)?;
    Ok(GroupRequest::new(query_tree::query(shard, body, vectors)?, path, groups, size))
}

#[derive(Serialize)]
struct Written<'a> {
    id: Value,
    hits: Vec<Point<'a>>,
}

type Value = serde_json::Value;

fn written(group: &Group) -> Written<'_> {
    Written { id: serde_json::to_value(&group.key).unwrap_or_default(), hits: answer::hits(&group.hits) }
}
