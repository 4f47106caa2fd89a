//! One open shard and who excludes whom on it.
//!
//! - Every call holds `open` for reading, close for writing: close waits for the calls under way.
//! - `structure`: optimize, the vector names, and copy exclude each other. A vector name created or dropped while
//!   an optimize runs, then a kill, leaves a shard that cannot be opened. The lock is fair, so a pending change
//!   goes before every later optimize.
//! - `writes`: one write at a time; more would only wait for the engine's own lock, on threads of the pool.
//! - `flushes`: a copy must see no file change, and a flush changes files.
//!
//! Always taken in this order: open, structure, writes, flushes, and then a permit of the pool.

use std::fs::File;
use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex as Latch, PoisonError};

use napi::bindgen_prelude::{Object, ToNapiValue, spawn_blocking};
use napi::tokio::sync::{Mutex, OwnedMutexGuard, OwnedRwLockReadGuard, RwLock};
use napi::{Env, Result};
use qdrant_edge::EdgeShard;

use crate::failure::{Failure, Outcome};
use crate::pool::{self, Ticket};
use crate::promise::{Deferred, promise};

/// The engine's shard, and the lock file that keeps other processes out. Dropped in this order.
pub struct Open {
    pub shard: EdgeShard,
    pub _lock: File,
}

pub struct Core {
    open: Arc<RwLock<Option<Open>>>,
    closing: AtomicBool,
    structure: Arc<Mutex<()>>,
    writes: Arc<Mutex<()>>,
    flushes: Arc<Mutex<()>>,
    /// Grows with each write, after it was applied and before it is acknowledged.
    epoch: AtomicU64,
    /// The exact count of everything, and the epoch it belongs to.
    counted: Latch<Option<(u64, usize)>>,
    /// Whether anything since the last optimize could have made work for one.
    changed: AtomicBool,
}

/// The shard, held open for as long as this lives.
pub type Opened = OwnedRwLockReadGuard<Option<Open>, EdgeShard>;
pub type Held = OwnedMutexGuard<()>;

impl Core {
    pub fn new(open: Open) -> Self {
        Self {
            open: Arc::new(RwLock::new(Some(open))),
            closing: AtomicBool::new(false),
            structure: Arc::default(),
            writes: Arc::default(),
            flushes: Arc::default(),
            epoch: AtomicU64::new(0),
            counted: Latch::new(None),
            changed: AtomicBool::new(true),
        }
    }

    /// Never waits: nothing but a close ever keeps a reader out. Taken at the call, so that what was called before
    /// close() is under way.
    pub fn opened(&self) -> Outcome<Opened> {
        if self.closing.load(Ordering::Acquire) {
            return Err(Failure::closed());
        }
        let open = self.open.clone().try_read_owned().map_err(|_| Failure::closed())?;
        OwnedRwLockReadGuard::try_map(open, |open| open.as_ref().map(|open| &open.shard)).map_err(|_| Failure::closed())
    }

    pub async fn hold_structure(&self) -> Held {
        self.structure.clone().lock_owned().await
    }

    pub async fn hold_writes(&self) -> Held {
        self.writes.clone().lock_owned().await
    }

    pub async fn hold_flushes(&self) -> Held {
        self.flushes.clone().lock_owned().await
    }

    /// From here on every call is refused.
    pub fn refuse(&self) {
        self.closing.store(true, Ordering::Release);
    }

    /// Waits for every call under way, then hands the shard over to be dropped. None: closed already.
    pub async fn take(&self) -> Option<Open> {
        self.open.clone().write_owned().await.take()
    }

    pub fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// A write was applied, perhaps in part: what was counted before does not hold any more.
    pub fn written(&self) {
        self.epoch.fetch_add(1, Ordering::AcqRel);
        self.changed.store(true, Ordering::Release);
    }

    pub fn counted(&self) -> Option<usize> {
        let counted = *self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        counted.filter(|(epoch, _)| *epoch == self.epoch()).map(|(_, count)| count)
    }

    /// `epoch` is that from before the count began: a write in between makes the entry void.
    pub fn keep_count(&self, epoch: u64, count: usize) {
        *self.counted.lock().unwrap_or_else(PoisonError::into_inner) = Some((epoch, count));
    }

    pub fn changed(&self) -> bool {
        self.changed.load(Ordering::Acquire)
    }

    pub fn set_changed(&self, changed: bool) {
        self.changed.store(changed, Ordering::Release);
    }
}

impl Drop for Core {
    /// A shard that JavaScript lost without closing it: flushed and freed, but not on the main thread.
    fn drop(&mut self) {
        let open = self.open.clone();
        if let Ok(mut guard) = open.try_write_owned()
            && let Some(open) = guard.take()
        {
            std::thread::spawn(move || drop(open));
        }
    }
}

/// A read: straight to a blocking thread where nothing has to be waited for, else by way of the queue.
pub fn read<'env, V, W>(env: &'env Env, core: &Arc<Core>, work: Outcome<W>) -> Result<Object<'env>>
where
    V: ToNapiValue + Send + 'static,
    W: FnOnce(&Core, &EdgeShard) -> Outcome<V> + Send + 'static,
{
    let begun = begin(core, work);
    let core = core.clone();
    let begun = match (begun, pool::try_permit()) {
        (Ok((work, shard, ticket)), Some(permit)) => {
            let (deferred, promise) = Deferred::new(env)?;
            spawn_blocking(move || {
                let outcome = pool::contained(|| work(&core, &shard));
                drop((shard, permit, ticket));
                deferred.settle(outcome);
            });
            return Ok(promise);
        }
        (begun, _) => begun,
    };
    promise(env, async move {
        let (work, shard, _ticket) = begun?;
        pool::run(move || work(&core, &shard)).await
    })
}

/// A write: parsed on the pool beside the write before it, then applied alone, checked against the shard as that
/// write left it.
pub fn write<'env, T, P, A>(env: &'env Env, core: &Arc<Core>, parse: Outcome<P>, apply: A) -> Result<Object<'env>>
where
    T: Send + 'static,
    P: FnOnce() -> Outcome<T> + Send + 'static,
    A: FnOnce(&EdgeShard, T) -> Outcome<()> + Send + 'static,
{
    on_shard(env, core, parse, |core, shard, parse| async move {
        let parsed = pool::run(parse).await?;
        let held = core.hold_writes().await;
        pool::run(move || {
            let applied = apply(&shard, parsed);
            core.written();
            drop((held, shard));
            applied
        })
        .await
    })
}

/// Anything else on the open shard; `work` orders its locks by itself.
pub fn on_shard<'env, V, T, F, W>(env: &'env Env, core: &Arc<Core>, input: Outcome<T>, work: W) -> Result<Object<'env>>
where
    V: ToNapiValue + Send + 'static,
    T: Send + 'static,
    F: Future<Output = Outcome<V>> + Send + 'static,
    W: FnOnce(Arc<Core>, Opened, T) -> F + Send + 'static,
{
    let begun = begin(core, input);
    let core = core.clone();
    promise(env, async move {
        let (input, shard, _ticket) = begun?;
        work(core, shard, input).await
    })
}

fn begin<T>(core: &Core, input: Outcome<T>) -> Outcome<(T, Opened, Ticket)> {
    Ok((input?, core.opened()?, pool::admit()?))
}
