use napi::bindgen_prelude::{Object, Uint8Array};
use napi::{Env, Result};
use napi_derive::napi;
use qdrant_edge::{
    EdgeShard, Payload, PointInsertOperations, PointOperations, PointStructPersisted, PointVectorsPersisted,
    UpdateOperation, UpdateVectorsOp, VectorOperations, VectorStructPersisted,
};

use crate::Shard;
use crate::argument::Argument;
use crate::core::write;
use crate::failure::{Failure, Outcome};
use crate::points::{DenseBlock, Point, assemble, blocks, check, check_exist};

#[napi]
impl Shard {
    /// Inserts points, or replaces those that exist, payload and vectors.
    #[napi]
    pub fn upsert<'env>(
        &self,
        env: &'env Env,
        points: Argument<Uint8Array>,
        dense: Argument<Vec<DenseBlock>>,
    ) -> Result<Object<'env>> {
        write(env, &self.core, parse(points, dense), upsert)
    }

    /// Sets the given vectors of points that exist; the others and the payload stay.
    #[napi]
    pub fn update_vectors<'env>(
        &self,
        env: &'env Env,
        points: Argument<Uint8Array>,
        dense: Argument<Vec<DenseBlock>>,
    ) -> Result<Object<'env>> {
        write(env, &self.core, parse(points, dense), update_vectors)
    }
}

fn parse(
    points: Argument<Uint8Array>,
    dense: Argument<Vec<DenseBlock>>,
) -> Outcome<impl FnOnce() -> Outcome<Vec<Point>> + Send + 'static> {
    let (json, blocks) = (points.json("points")?, blocks(dense)?);
    Ok(move || assemble(&json, blocks))
}

/// Checked here and not while parsing: a vector name may have gone meanwhile.
pub fn upsert(shard: &EdgeShard, mut points: Vec<Point>) -> Outcome<()> {
    check(&shard.config(), &mut points)?;
    let points = points.into_iter().map(|point| PointStructPersisted {
        id: point.id,
        vector: VectorStructPersisted::Named(point.vectors),
        payload: Some(point.payload.unwrap_or_else(|| Payload(serde_json::Map::new()))),
    });
    let insert = PointInsertOperations::PointsList(points.collect());
    Ok(shard.update(UpdateOperation::PointOperation(PointOperations::UpsertPoints(insert)))?)
}

fn update_vectors(shard: &EdgeShard, mut points: Vec<Point>) -> Outcome<()> {
    check(&shard.config(), &mut points)?;
    if points.iter().any(|point| point.payload.is_some()) {
        return Err(Failure::invalid("points: updateVectors takes no payload"));
    }
    check_exist(shard, &points.iter().map(|point| point.id).collect::<Vec<_>>())?;
    let points = points
        .into_iter()
        .map(|point| PointVectorsPersisted { id: point.id, vector: VectorStructPersisted::Named(point.vectors) });
    let update = UpdateVectorsOp { points: points.collect(), update_filter: None };
    Ok(shard.update(UpdateOperation::VectorOperation(VectorOperations::UpdateVectors(update)))?)
}
