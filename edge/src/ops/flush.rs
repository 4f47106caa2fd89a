use napi::bindgen_prelude::Object;
use napi::{Env, Result};
use napi_derive::napi;

use crate::Shard;
use crate::core::admitted;
use crate::pool;

#[napi]
impl Shard {
    /// Makes everything acknowledged before the call safe against a loss of power.
    #[napi]
    pub fn flush<'env>(&self, env: &'env Env) -> Result<Object<'env>> {
        let core = self.core.clone();
        admitted(env, Ok(()), |()| async move {
            let shard = core.opened().await?;
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
