use napi::bindgen_prelude::Object;
use napi::{Env, Result};
use napi_derive::napi;

use crate::Shard;
use crate::pool;
use crate::promise::promise;

#[napi]
impl Shard {
    /// Refuses new calls at once, waits for those under way (an optimize too), flushes, then frees files and
    /// threads. Never `busy`.
    #[napi]
    pub fn close<'env>(&self, env: &'env Env) -> Result<Object<'env>> {
        let core = self.core.clone();
        core.refuse();
        promise(env, async move {
            let Some(open) = core.take().await else { return Ok(()) };
            pool::run_unbounded(move || {
                let flushed = open.shard.flush();
                drop(open);
                Ok(flushed?)
            })
            .await
        })
    }
}
