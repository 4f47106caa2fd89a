use std::sync::Arc;

use napi::bindgen_prelude::Object;
use napi::{Env, Result};
use napi_derive::napi;
use qdrant_edge::ResourceBudget;

use crate::Shard;
use crate::core::Core;
use crate::failure::Outcome;
use crate::pool::{self, Ticket};
use crate::promise::promise;

#[napi]
impl Shard {
    /// Builds what is due; true where there was work. Reads and writes go on meanwhile, vector names wait.
    #[napi]
    pub fn optimize<'env>(&self, env: &'env Env) -> Result<Object<'env>> {
        let core = self.core.clone();
        let admitted = pool::admit();
        promise(env, async move { optimize(core, admitted?).await })
    }
}

/// Waits for the process's slot before it takes the shard's lock: a vector name must not wait for the optimize
/// of another shard, nor a close. The ticket is given back as soon as it runs, for it is no part of the pool then.
async fn optimize(core: Arc<Core>, ticket: Ticket) -> Outcome<bool> {
    let slot = pool::optimize_slot().await?;
    let shard = core.opened()?;
    let held = core.hold_structure().await;
    drop(ticket);
    pool::run_unbounded(move || {
        // Before it begins: a write meanwhile may make new work.
        core.set_changed(false);
        let worked = shard.optimize_with_budget(ResourceBudget::new(1, 1));
        if worked.is_err() {
            core.set_changed(true);
        }
        drop((held, shard, slot));
        Ok(worked?)
    })
    .await
}
