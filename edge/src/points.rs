//! Points on their way in: JSON for ids, payloads, sparse and multi-dense vectors, blocks of floats for dense
//! ones. Everything is checked before the engine logs it: what it refuses half-way is half-written.

use std::collections::HashMap;

use napi::bindgen_prelude::{Float32Array, Uint32Array};
use napi_derive::napi;
use qdrant_edge::{
    EdgeConfig, EdgeShard, Payload, PointId, RetrieveRequest, SparseVector, VectorPersisted, WithPayloadInterface,
    WithVector,
};
use serde::{Deserialize, Deserializer};

use crate::argument::{Argument, Json};
use crate::failure::{Failure, Outcome};

#[napi(object, object_to_js = false)]
pub struct DenseBlock {
    pub name: String,
    pub size: u32,
    pub rows: Uint32Array,
    pub values: Float32Array,
}

/// A block with its numbers copied out of JavaScript's memory.
pub struct Block {
    name: String,
    size: usize,
    rows: Vec<u32>,
    values: Vec<f32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Point {
    pub id: PointId,
    #[serde(default)]
    pub payload: Option<Payload>,
    #[serde(default, deserialize_with = "vectors")]
    pub vectors: HashMap<String, VectorPersisted>,
}

/// The engine's own enum tries sparse before multi-dense, and serde reads `[[1,2],[3,4]]` as a sparse vector of
/// two fields.
#[derive(Deserialize)]
#[serde(untagged, expecting = "expected {indices, values} or numbers")]
enum Written {
    Dense(Vec<f32>),
    MultiDense(Vec<Vec<f32>>),
    Sparse(SparseVector),
}

fn vectors<'de, D: Deserializer<'de>>(deserializer: D) -> Result<HashMap<String, VectorPersisted>, D::Error> {
    let written = HashMap::<String, Written>::deserialize(deserializer)?;
    Ok(written.into_iter().map(|(name, vector)| (name, persisted(vector))).collect())
}

fn persisted(vector: Written) -> VectorPersisted {
    match vector {
        Written::Dense(values) => VectorPersisted::Dense(values),
        Written::MultiDense(rows) => VectorPersisted::MultiDense(rows),
        Written::Sparse(sparse) => VectorPersisted::Sparse(sparse),
    }
}

pub fn blocks(dense: Argument<Vec<DenseBlock>>) -> Outcome<Vec<Block>> {
    let copy = |block: DenseBlock| Block {
        name: block.name,
        size: block.size as usize,
        rows: block.rows.to_vec(),
        values: block.values.to_vec(),
    };
    Ok(dense.take("dense")?.into_iter().map(copy).collect())
}

/// Parses the points and puts each row of the blocks at its point.
pub fn assemble(json: &Json, blocks: Vec<Block>) -> Outcome<Vec<Point>> {
    let mut points: Vec<Point> = json.parse("points")?;
    for block in blocks {
        spread(&mut points, block)?;
    }
    Ok(points)
}

fn spread(points: &mut [Point], block: Block) -> Outcome<()> {
    let Block { name, size, rows, values } = block;
    if size == 0 || rows.len().checked_mul(size) != Some(values.len()) {
        return Err(Failure::invalid(format!(
            "dense.{name}: {} rows of size {size} need {} values, not {}",
            rows.len(),
            rows.len().saturating_mul(size),
            values.len()
        )));
    }
    let count = points.len();
    for (row, vector) in rows.into_iter().zip(values.chunks_exact(size)) {
        let point = points
            .get_mut(row as usize)
            .ok_or_else(|| Failure::invalid(format!("dense.{name}: row {row}, but there are {count} points")))?;
        point.vectors.insert(name.clone(), VectorPersisted::Dense(vector.to_vec()));
    }
    Ok(())
}

/// Holds each vector against the shard's definition of its name.
pub fn check(config: &EdgeConfig, points: &mut [Point]) -> Outcome<()> {
    for point in points {
        let id = point.id;
        for (name, vector) in &mut point.vectors {
            check_vector(config, name, vector)
                .map_err(|failure| Failure::invalid(format!("point {id}, vector {name}: {}", failure.reason())))?;
        }
    }
    Ok(())
}

fn check_vector(config: &EdgeConfig, name: &str, vector: &mut VectorPersisted) -> Outcome<()> {
    let dense = config.vectors.get(name);
    let multi = dense.is_some_and(|params| params.multivector_config.is_some());
    match (vector, dense) {
        (VectorPersisted::Sparse(sparse), None) if config.sparse_vectors.contains_key(name) => {
            if sparse.indices.len() != sparse.values.len() {
                return Err(Failure::invalid("indices and values differ in length"));
            }
            sparse.sort_by_indices();
            if !sparse.is_sorted() {
                return Err(Failure::invalid("an index occurs twice"));
            }
            finite(&sparse.values)
        }
        (VectorPersisted::Dense(values), Some(params)) if !multi => dense_row(values, params.size),
        (VectorPersisted::MultiDense(rows), Some(params)) if multi => {
            if rows.is_empty() {
                return Err(Failure::invalid("a multi-dense vector has at least one row"));
            }
            rows.iter().try_for_each(|row| dense_row(row, params.size))
        }
        (_, None) if !config.sparse_vectors.contains_key(name) => {
            Err(Failure::invalid("there is no vector of this name"))
        }
        (_, None) => Err(Failure::invalid("expected a sparse vector {indices, values}")),
        (_, Some(_)) if multi => Err(Failure::invalid("expected a multi-dense vector [[…], …]")),
        (_, Some(_)) => Err(Failure::invalid("expected a dense vector")),
    }
}

fn dense_row(values: &[f32], size: usize) -> Outcome<()> {
    if values.len() != size {
        return Err(Failure::invalid(format!("expected {size} dimensions, got {}", values.len())));
    }
    finite(values)
}

pub fn finite(values: &[f32]) -> Outcome<()> {
    match values.iter().all(|value| value.is_finite()) {
        true => Ok(()),
        false => Err(Failure::invalid("a value is not a finite number")),
    }
}

/// Refuses an operation on ids of which some do not exist: the engine would apply the others first.
pub fn check_exist(shard: &EdgeShard, ids: &[PointId]) -> Outcome<()> {
    let mut request = RetrieveRequest::new(ids.to_vec());
    request.with_payload = Some(WithPayloadInterface::Bool(false));
    request.with_vector = Some(WithVector::Bool(false));
    let found: std::collections::HashSet<_> = shard.retrieve(request)?.into_iter().map(|record| record.id).collect();
    match ids.iter().find(|id| !found.contains(id)) {
        None => Ok(()),
        Some(missing) => Err(Failure::invalid(format!("No point with id {missing}"))),
    }
}
