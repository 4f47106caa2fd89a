use napi::bindgen_prelude::{Buffer, Object, Uint8Array};
use napi::{Env, Result};
use napi_derive::napi;
use qdrant_edge::external::uuid::Uuid;
use qdrant_edge::{EdgeShard, FacetRequest, FacetValue, FacetValueHit, Filter, JsonPath};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::query_tree::check_limit;
use crate::Shard;
use crate::answer;
use crate::argument::Argument;
use crate::core::read;
use crate::failure::{Failure, Outcome};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    key: String,
    filter: Option<Filter>,
    limit: Option<usize>,
    exact: Option<bool>,
}

#[derive(Serialize)]
struct Hit {
    value: Value,
    count: usize,
}

#[napi]
impl Shard {
    /// The most frequent values of a field that has a keyword, integer, uuid or bool index.
    #[napi]
    pub fn facet<'env>(&self, env: &'env Env, request: Argument<Uint8Array>) -> Result<Object<'env>> {
        let work = request.json("request").map(|request| {
            move |_: &_, shard: &EdgeShard| -> Outcome<Buffer> {
                let response = shard.facet(facet(request.parse("request")?)?)?;
                answer::json(&response.hits.into_iter().map(hit).collect::<Vec<_>>())
            }
        });
        read(env, &self.core, work)
    }
}

fn facet(body: Body) -> Outcome<FacetRequest> {
    let key = body.key;
    let path: JsonPath = key.parse().map_err(|()| Failure::invalid(format!("key: {key} is not a payload path")))?;
    let mut request = FacetRequest::new(path);
    request.limit = body.limit.unwrap_or(request.limit);
    check_limit(request.limit, 0)?;
    request.filter = body.filter;
    request.exact = body.exact.unwrap_or(false);
    Ok(request)
}

fn hit(hit: FacetValueHit) -> Hit {
    let value = match hit.value {
        FacetValue::Keyword(value) => json!(value),
        FacetValue::Int(value) => json!(value),
        FacetValue::Uuid(value) => json!(Uuid::from_u128(value).to_string()),
        FacetValue::Bool(value) => json!(value),
    };
    Hit { value, count: hit.count }
}
