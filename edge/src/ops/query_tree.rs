//! From REST's query tree to the engine's: point ids become their vectors, `{"$vector": i}` the i-th array that
//! came beside the JSON.

use qdrant_edge::{
    Condition, DEFAULT_VECTOR_NAME, EdgeShard, Filter, Fusion, HasIdCondition, NamedQuery, OrderBy, OrderByInterface,
    PointId, Prefetch, QueryEnum, QueryRequest, RetrieveRequest, Sample, ScoringQuery, SearchParams, SparseVector,
    TypedMultiDenseVector, VectorInternal, VectorStructInternal, WithPayloadInterface, WithVector,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::failure::{Failure, Outcome};
use crate::points::finite;

/// `limit + offset` at most: the engine allocates for as many before it looks.
pub const LIMIT_MAX: usize = 1_000_000;
const LIMIT_DEFAULT: usize = 10;
/// `k` of reciprocal rank fusion, as Qdrant's server has it.
const RRF_K: usize = 2;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Body {
    prefetch: Option<OneOrMany>,
    query: Option<Value>,
    using: Option<String>,
    filter: Option<Filter>,
    params: Option<SearchParams>,
    score_threshold: Option<f32>,
    pub limit: Option<usize>,
    offset: Option<usize>,
    with_payload: Option<WithPayloadInterface>,
    #[serde(alias = "with_vectors")]
    with_vector: Option<WithVector>,
    pub group_by: Option<String>,
    pub group_size: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    prefetch: Option<OneOrMany>,
    query: Option<Value>,
    using: Option<String>,
    filter: Option<Filter>,
    params: Option<SearchParams>,
    score_threshold: Option<f32>,
    limit: Option<usize>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    Many(Vec<Step>),
    One(Box<Step>),
}

pub fn query(shard: &EdgeShard, body: Body, vectors: Vec<Vec<f32>>) -> Outcome<QueryRequest> {
    vectors.iter().try_for_each(|vector| finite(vector))?;
    let mut tree = Tree { shard, vectors };
    let (limit, offset) = (body.limit.unwrap_or(LIMIT_DEFAULT), body.offset.unwrap_or(0));
    check_limit(limit, offset)?;
    let prefetches = tree.prefetches(body.prefetch)?;
    let (query, filter) = tree.scoring(body.query, body.using, body.filter)?;
    Ok(QueryRequest {
        prefetches,
        query,
        filter,
        score_threshold: body.score_threshold,
        limit,
        offset,
        params: body.params,
        with_vector: body.with_vector.unwrap_or(WithVector::Bool(false)),
        with_payload: body.with_payload.unwrap_or(WithPayloadInterface::Bool(false)),
    })
}

pub fn check_limit(limit: usize, offset: usize) -> Outcome<()> {
    if limit == 0 {
        return Err(Failure::invalid("limit: expected at least 1, got 0"));
    }
    let last = limit.saturating_add(offset);
    if last > LIMIT_MAX {
        return Err(Failure::invalid(format!("limit and offset together may be {LIMIT_MAX}, not {last}")));
    }
    Ok(())
}

struct Tree<'a> {
    shard: &'a EdgeShard,
    vectors: Vec<Vec<f32>>,
}

impl Tree<'_> {
    fn prefetches(&mut self, steps: Option<OneOrMany>) -> Outcome<Vec<Prefetch>> {
        match steps {
            None => Ok(Vec::new()),
            Some(OneOrMany::One(step)) => Ok(vec![self.prefetch(*step)?]),
            Some(OneOrMany::Many(steps)) => steps.into_iter().map(|step| self.prefetch(step)).collect(),
        }
    }

    fn prefetch(&mut self, step: Step) -> Outcome<Prefetch> {
        let limit = step.limit.unwrap_or(LIMIT_DEFAULT);
        check_limit(limit, 0)?;
        let prefetches = self.prefetches(step.prefetch)?;
        let (query, filter) = self.scoring(step.query, step.using, step.filter)?;
        Ok(Prefetch { prefetches, query, limit, params: step.params, filter, score_threshold: step.score_threshold })
    }

    /// The query, and the filter with the point excluded that the query names.
    fn scoring(
        &mut self,
        query: Option<Value>,
        using: Option<String>,
        filter: Option<Filter>,
    ) -> Outcome<(Option<ScoringQuery>, Option<Filter>)> {
        let Some(query) = query.filter(|query| !query.is_null()) else { return Ok((None, filter)) };
        let using = using.unwrap_or_else(|| DEFAULT_VECTOR_NAME.to_owned());
        match variant(query)? {
            Variant::Nearest(Value::Object(map)) if map.contains_key("$vector") => {
                let vector = self.dense(&map)?;
                Ok((Some(nearest(VectorInternal::Dense(vector), using)), filter))
            }
            Variant::Nearest(value) => self.nearest_to(value, using, filter),
            Variant::Other(scoring) => Ok((Some(*scoring), filter)),
        }
    }

    fn nearest_to(
        &mut self,
        value: Value,
        using: String,
        filter: Option<Filter>,
    ) -> Outcome<(Option<ScoringQuery>, Option<Filter>)> {
        if matches!(value, Value::String(_) | Value::Number(_)) {
            let id: PointId = field("query.nearest", value)?;
            let vector = self.vector_of(id, &using)?;
            return Ok((Some(nearest(vector, using)), Some(without(filter, id)?)));
        }
        let vector = self.inline(value)?;
        Ok((Some(nearest(vector, using)), filter))
    }

    fn dense(&mut self, reference: &Map<String, Value>) -> Outcome<Vec<f32>> {
        let index = reference.get("$vector").and_then(Value::as_u64).and_then(|index| usize::try_from(index).ok());
        let vector = index.and_then(|index| self.vectors.get(index));
        vector.cloned().ok_or_else(|| {
            Failure::invalid(format!("query: $vector must be an index into the {} vectors", self.vectors.len()))
        })
    }

    /// A sparse vector, numbers, or rows of a multi-dense one (numbers or `$vector`).
    fn inline(&mut self, value: Value) -> Outcome<VectorInternal> {
        match value {
            Value::Array(rows) if rows.first().is_some_and(|row| !row.is_number()) => {
                let rows = rows.into_iter().map(|row| self.row(row)).collect::<Outcome<Vec<_>>>()?;
                Ok(VectorInternal::MultiDense(TypedMultiDenseVector::try_from_matrix(rows)?))
            }
            Value::Array(_) => Ok(VectorInternal::Dense(self.row(value)?)),
            _ => {
                let mut sparse: SparseVector = field("query.nearest", value)?;
                sparse.sort_by_indices();
                finite(&sparse.values)?;
                let sparse = SparseVector::new(sparse.indices, sparse.values)
                    .map_err(|error| Failure::invalid(format!("query.nearest: {error}")))?;
                Ok(VectorInternal::Sparse(sparse))
            }
        }
    }

    fn row(&mut self, row: Value) -> Outcome<Vec<f32>> {
        match row {
            Value::Object(map) => self.dense(&map),
            row => field("query.nearest", row),
        }
    }

    fn vector_of(&self, id: PointId, using: &str) -> Outcome<VectorInternal> {
        let mut request = RetrieveRequest::new(vec![id]);
        request.with_payload = Some(WithPayloadInterface::Bool(false));
        request.with_vector = Some(WithVector::Selector(vec![using.to_owned()]));
        let record = self.shard.retrieve(request)?.pop();
        let record = record.ok_or_else(|| Failure::invalid(format!("No point with id {id}")))?;
        match record.vector {
            Some(VectorStructInternal::Named(mut named)) => named.remove(using),
            Some(VectorStructInternal::Single(values)) => Some(VectorInternal::Dense(values)),
            Some(VectorStructInternal::MultiDense(rows)) => Some(VectorInternal::MultiDense(rows)),
            None => None,
        }
        .ok_or_else(|| Failure::invalid(format!("The point {id} has no vector {using}")))
    }
}

enum Variant {
    Nearest(Value),
    Other(Box<ScoringQuery>),
}

/// A query is one of REST's variants, or the shorthand for nearest.
fn variant(query: Value) -> Outcome<Variant> {
    let Value::Object(mut map) = query else { return Ok(Variant::Nearest(query)) };
    if map.contains_key("$vector") || map.contains_key("indices") {
        return Ok(Variant::Nearest(Value::Object(map)));
    }
    let mut entries = std::mem::take(&mut map).into_iter();
    let (Some((name, value)), None) = (entries.next(), entries.next()) else {
        return Err(Failure::invalid("query: expected one of nearest, fusion, rrf, order_by, sample"));
    };
    let scoring = match name.as_str() {
        "nearest" => return Ok(Variant::Nearest(value)),
        "fusion" => fusion(&value)?,
        "rrf" => rrf(value)?,
        "order_by" => ScoringQuery::OrderBy(OrderBy::from(field::<OrderByInterface>("query.order_by", value)?)),
        "sample" if value == "random" => ScoringQuery::Sample(Sample::Random),
        _ => return Err(Failure::invalid(format!("query: {name} {value} is not supported"))),
    };
    Ok(Variant::Other(Box::new(scoring)))
}

fn fusion(value: &Value) -> Outcome<ScoringQuery> {
    match value.as_str() {
        Some("rrf") => Ok(ScoringQuery::Fusion(Fusion::Rrf { k: RRF_K, weights: None })),
        Some("dbsf") => Ok(ScoringQuery::Fusion(Fusion::Dbsf)),
        _ => Err(Failure::invalid(format!("query.fusion: expected rrf or dbsf, got {value}"))),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rrf {
    k: Option<usize>,
}

fn rrf(value: Value) -> Outcome<ScoringQuery> {
    let Rrf { k } = field("query.rrf", value)?;
    let k = k.unwrap_or(RRF_K);
    if k == 0 {
        return Err(Failure::invalid("query.rrf.k: expected at least 1"));
    }
    Ok(ScoringQuery::Fusion(Fusion::Rrf { k, weights: None }))
}

fn nearest(query: VectorInternal, using: String) -> ScoringQuery {
    ScoringQuery::Vector(QueryEnum::Nearest(NamedQuery { query, using: Some(using) }))
}

/// A point is no answer to the question what is near it.
fn without(filter: Option<Filter>, id: PointId) -> Outcome<Filter> {
    let condition: HasIdCondition = field("id", json!({ "has_id": [id] }))?;
    let mut filter = filter.unwrap_or_default();
    filter.must_not.get_or_insert_default().push(Condition::HasId(condition));
    Ok(filter)
}

fn field<T: DeserializeOwned>(what: &str, value: Value) -> Outcome<T> {
    serde_json::from_value(value).map_err(|error| Failure::json(what, &error))
}
