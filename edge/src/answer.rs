//! Answers as JSON bytes in Qdrant's REST words, written in one pass over what the engine returned.

use std::collections::BTreeMap;

use napi::bindgen_prelude::Buffer;
use qdrant_edge::{OrderValue, Payload, PointId, Record, ScoredPoint, VectorInternal, VectorStructInternal};
use serde::{Serialize, Serializer};

use crate::failure::{Failure, Outcome};

pub fn json(answer: &impl Serialize) -> Outcome<Buffer> {
    match serde_json::to_vec(answer) {
        Ok(bytes) => Ok(bytes.into()),
        Err(error) => Err(Failure::operation(format!("The answer cannot be written as JSON: {error}"))),
    }
}

#[derive(Serialize)]
pub struct Point<'a> {
    id: PointId,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<&'a Payload>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vector: Option<Vectors<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    order_value: Option<OrderValue>,
}

pub fn record(record: &Record) -> Point<'_> {
    Point {
        id: record.id,
        score: None,
        payload: record.payload.as_ref(),
        vector: record.vector.as_ref().map(Vectors),
        order_value: record.order_value,
    }
}

pub fn hit(hit: &ScoredPoint) -> Point<'_> {
    Point {
        id: hit.id,
        score: Some(hit.score),
        payload: hit.payload.as_ref(),
        vector: hit.vector.as_ref().map(Vectors),
        order_value: hit.order_value,
    }
}

pub fn hits(points: &[ScoredPoint]) -> Vec<Point<'_>> {
    points.iter().map(hit).collect()
}

/// Named vectors, in the order of their names: a HashMap's would differ from call to call.
struct Vectors<'a>(&'a VectorStructInternal);

impl Serialize for Vectors<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            VectorStructInternal::Named(named) => {
                let sorted: BTreeMap<_, _> = named.iter().map(|(name, vector)| (name, Vector(vector))).collect();
                sorted.serialize(serializer)
            }
            VectorStructInternal::Single(values) => BTreeMap::from([("", values)]).serialize(serializer),
            VectorStructInternal::MultiDense(multi) => {
                let rows: Vec<_> = multi.flattened_vectors.chunks(multi.dim.max(1)).collect();
                BTreeMap::from([("", rows)]).serialize(serializer)
            }
        }
    }
}

struct Vector<'a>(&'a VectorInternal);

impl Serialize for Vector<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            VectorInternal::Dense(values) => values.serialize(serializer),
            VectorInternal::Sparse(sparse) => sparse.serialize(serializer),
            VectorInternal::MultiDense(multi) => {
                serializer.collect_seq(multi.flattened_vectors.chunks(multi.dim.max(1)))
            }
        }
    }
}
