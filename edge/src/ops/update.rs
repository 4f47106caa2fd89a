use napi::bindgen_prelude::{Object, Uint8Array};
use napi::{Env, Result};
use napi_derive::napi;
use qdrant_edge::{EdgeShard, PayloadOps, PointId, PointOperations, UpdateOperation, VectorOperations};

use crate::Shard;
use crate::argument::Argument;
use crate::core::write;
use crate::failure::{Failure, Outcome};
use crate::points::check_exist;

#[napi]
impl Shard {
    /// Point and payload operations in the WAL's words. Upserts, indexes and vector names have methods of their own,
    /// because each of them must be checked or locked first.
    #[napi]
    pub fn update<'env>(&self, env: &'env Env, operation: Argument<Uint8Array>) -> Result<Object<'env>> {
        let parse = operation.json("operation").map(|json| move || json.parse("operation"));
        write(env, &self.core, parse, apply)
    }
}

fn apply(shard: &EdgeShard, operation: UpdateOperation) -> Outcome<()> {
    check(shard, &operation)?;
    Ok(shard.update(operation)?)
}

fn check(shard: &EdgeShard, operation: &UpdateOperation) -> Outcome<()> {
    match operation {
        UpdateOperation::PointOperation(points) => match points {
            PointOperations::DeletePoints { .. } | PointOperations::DeletePointsByFilter(_) => Ok(()),
            _ => Err(Failure::invalid("operation: points are written with upsert()")),
        },
        UpdateOperation::VectorOperation(vectors) => match vectors {
            VectorOperations::UpdateVectors(_) => {
                Err(Failure::invalid("operation: vectors are written with updateVectors()"))
            }
            VectorOperations::DeleteVectors(selected, names) => {
                check_names(shard, names)?;
                check_exist(shard, &selected.points)
            }
            VectorOperations::DeleteVectorsByFilter(_, names) => check_names(shard, names),
        },
        UpdateOperation::PayloadOperation(payload) => match ids(payload) {
            Some(ids) => check_exist(shard, ids),
            None => Ok(()),
        },
        UpdateOperation::FieldIndexOperation(_) => {
            Err(Failure::invalid("operation: use createPayloadIndex() or dropPayloadIndex()"))
        }
        UpdateOperation::VectorNameOperation(_) => {
            Err(Failure::invalid("operation: use createVectorName() or dropVectorName()"))
        }
    }
}

fn ids(operation: &PayloadOps) -> Option<&[PointId]> {
    match operation {
        PayloadOps::SetPayload(set) | PayloadOps::OverwritePayload(set) => set.points.as_deref(),
        PayloadOps::DeletePayload(delete) => delete.points.as_deref(),
        PayloadOps::ClearPayload { points } => Some(points),
        PayloadOps::ClearPayloadByFilter(_) => None,
    }
}

fn check_names(shard: &EdgeShard, names: &[String]) -> Outcome<()> {
    let known = shard.config().vector_names();
    match names.iter().find(|name| !known.contains(*name)) {
        None => Ok(()),
        Some(unknown) => Err(Failure::invalid(format!("There is no vector {unknown}"))),
    }
}
