//! The process-wide bounds: how many calls run at once, how many may wait. Beyond that a call is `busy`
//! at once, because an unbounded queue only turns overload into latency and memory.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use napi::bindgen_prelude::spawn_blocking;
use napi::tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::Limits;
use crate::failure::{Failure, Outcome};

pub struct Pool {
    concurrency_max: u32,
    queue_max: u32,
    search_threads: u32,
    running: Arc<Semaphore>,
    /// One optimize a process: it takes a core for seconds, and searches share the rest.
    optimizing: Arc<Semaphore>,
    admitted: AtomicUsize,
}

static POOL: OnceLock<Pool> = OnceLock::new();

impl Pool {
    fn new(limits: &Limits) -> Self {
        Self {
            concurrency_max: limits.concurrency_max,
            queue_max: limits.queue_max,
            search_threads: limits.search_threads,
            running: Arc::new(Semaphore::new(limits.concurrency_max as usize)),
            optimizing: Arc::new(Semaphore::new(1)),
            admitted: AtomicUsize::new(0),
        }
    }

    fn has(&self, limits: &Limits) -> bool {
        self.concurrency_max == limits.concurrency_max
            && self.queue_max == limits.queue_max
            && self.search_threads == limits.search_threads
    }
}

fn pool() -> &'static Pool {
    POOL.get_or_init(|| Pool::new(&defaults()))
}

fn defaults() -> Limits {
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    Limits { concurrency_max: u32::try_from(2 * cores).unwrap_or(u32::MAX), queue_max: 256, search_threads: 1 }
}

/// The same limits again are accepted, others refused: shards are open on the first.
pub fn configure(limits: &Limits) -> Outcome<()> {
    if limits.concurrency_max == 0 || limits.search_threads == 0 {
        return Err(Failure::invalid("concurrencyMax and searchThreads must be at least 1"));
    }
    if POOL.get_or_init(|| Pool::new(limits)).has(limits) {
        return Ok(());
    }
    Err(Failure::invalid("The limits are set already: configure() comes once, before the first shard opens"))
}

pub fn search_threads() -> usize {
    pool().search_threads as usize
}

/// A place in the queue, kept from the call to its answer.
pub struct Ticket(());

impl Drop for Ticket {
    fn drop(&mut self) {
        pool().admitted.fetch_sub(1, Ordering::Relaxed);
    }
}

pub fn admit() -> Outcome<Ticket> {
    let pool = pool();
    let max = pool.concurrency_max as usize + pool.queue_max as usize;
    if pool.admitted.fetch_add(1, Ordering::Relaxed) < max {
        return Ok(Ticket(()));
    }
    pool.admitted.fetch_sub(1, Ordering::Relaxed);
    Err(Failure::busy(format!("{max} calls run or wait already")))
}

pub type Permit = OwnedSemaphorePermit;

pub fn try_permit() -> Option<Permit> {
    pool().running.clone().try_acquire_owned().ok()
}

async fn permit(semaphore: &Arc<Semaphore>) -> Outcome<Permit> {
    // The semaphores are never closed.
    semaphore.clone().acquire_owned().await.map_err(|error| Failure::operation(error.to_string()))
}

/// The slot that optimizes wait for, one after another.
pub async fn optimize_slot() -> Outcome<Permit> {
    permit(&pool().optimizing).await
}

/// Runs `work` on a blocking thread when its turn comes.
pub async fn run<T: Send + 'static>(work: impl FnOnce() -> Outcome<T> + Send + 'static) -> Outcome<T> {
    let permit = permit(&pool().running).await?;
    run_unbounded(move || {
        let outcome = work();
        drop(permit);
        outcome
    })
    .await
}

/// For what has a bound of its own (optimize) or may never be refused (close).
pub async fn run_unbounded<T: Send + 'static>(work: impl FnOnce() -> Outcome<T> + Send + 'static) -> Outcome<T> {
    match spawn_blocking(move || contained(work)).await {
        Ok(outcome) => outcome,
        Err(error) => Err(Failure::operation(format!("The engine's thread ended: {error}"))),
    }
}

/// A panic in the engine is a failed call, never the end of the process.
pub fn contained<T>(work: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let message = panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(|message| (*message).to_owned()))
            .unwrap_or_else(|| "no message".to_owned());
        Err(Failure::operation(format!("The engine panicked: {message}")))
    })
}
