use napi::bindgen_prelude::{Object, Uint8Array};
use napi::{Env, Result};
use napi_derive::napi;
use qdrant_edge::{
    CreateIndex, EdgeShard, FieldIndexOperations, JsonPath, PayloadFieldSchema, PayloadSchemaParams, UpdateOperation,
};

use crate::Shard;
use crate::argument::{Argument, Json};
use crate::core::write;
use crate::failure::{Failure, Outcome};

#[napi]
impl Shard {
    /// Returns when the index answers queries. One of another type on the field is replaced.
    #[napi]
    pub fn create_payload_index<'env>(
        &self,
        env: &'env Env,
        field: Argument<String>,
        schema: Argument<Uint8Array>,
    ) -> Result<Object<'env>> {
        let parse = path(field).and_then(|field| Ok((field, schema.json("schema")?)));
        write(env, &self.core, parse.map(|(field, schema)| move || creation(field, &schema)), apply)
    }

    /// Nothing where the field has none.
    #[napi]
    pub fn drop_payload_index<'env>(&self, env: &'env Env, field: Argument<String>) -> Result<Object<'env>> {
        let parse = path(field).map(|field| move || Ok(FieldIndexOperations::DeleteIndex(field)));
        write(env, &self.core, parse, apply)
    }
}

fn path(field: Argument<String>) -> Outcome<JsonPath> {
    let field = field.take("field")?;
    field.parse().map_err(|()| Failure::invalid(format!("field: {field} is not a payload path")))
}

fn creation(field_name: JsonPath, schema: &Json) -> Outcome<FieldIndexOperations> {
    let schema: PayloadFieldSchema = schema.parse("schema")?;
    if let PayloadFieldSchema::FieldParams(PayloadSchemaParams::Integer(integer)) = &schema
        && (integer.lookup, integer.range) == (Some(false), Some(false))
    {
        return Err(Failure::invalid("schema: an integer index without lookup and range answers nothing"));
    }
    Ok(FieldIndexOperations::CreateIndex(CreateIndex { field_name, field_schema: Some(schema) }))
}

fn apply(shard: &EdgeShard, operation: FieldIndexOperations) -> Outcome<()> {
    Ok(shard.update(UpdateOperation::FieldIndexOperation(operation))?)
}
