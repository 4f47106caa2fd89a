//! From a Rust future to a JavaScript promise whose rejection carries our `code`.

use std::future::Future;

use napi::bindgen_prelude::{Object, ToNapiValue, spawn};
use napi::{Env, JsDeferred, Result};

use crate::failure::Outcome;

type Settle<V> = Box<dyn FnOnce(Env) -> Result<V> + Send>;

/// The one end of a promise that another thread may settle, once.
pub struct Deferred<V: ToNapiValue + 'static>(JsDeferred<V, Settle<V>>);

// SAFETY: a JsDeferred is a handle of a threadsafe function, made to be called from other threads; napi
// itself moves it into its futures. Its finalize callback, the part that is not Send, is never set here.
unsafe impl<V: ToNapiValue + 'static> Send for Deferred<V> {}

impl<V: ToNapiValue + Send + 'static> Deferred<V> {
    pub fn new(env: &Env) -> Result<(Self, Object<'_>)> {
        let (deferred, promise) = env.create_deferred::<V, Settle<V>>()?;
        Ok((Self(deferred), promise))
    }

    /// `failure.into_js` needs the JavaScript thread, where the closure runs.
    pub fn settle(self, outcome: Outcome<V>) {
        self.0.resolve(Box::new(move |env| outcome.map_err(|failure| failure.into_js(env))));
    }
}

pub fn promise<V, F>(env: &Env, work: F) -> Result<Object<'_>>
where
    V: ToNapiValue + Send + 'static,
    F: Future<Output = Outcome<V>> + Send + 'static,
{
    let (deferred, promise) = Deferred::new(env)?;
    spawn(async move { deferred.settle(work.await) });
    Ok(promise)
}
