use napi::bindgen_prelude::Object;
use napi::{Env, Result};
use napi_derive::napi;

use crate::Shard;
use crate::core::on_shard;
use crate::pool;

#[napi]
impl Shard {
    /// Makes everything acknowledged before the call safe against a loss of power.
    #[napi]
    pub fn flush<'env>(&self, env: &'env Env) -> Result<Object<'env>> {
        on_shard(env, &self.core, Ok(()), |core, shard, ()| async move {
            let held = core.hold_flushes().await;
            pool::run(move || {
                shard.flush()?;
                drop((held, shard));
                Ok(())
            })
            .await
        })
    }
}
