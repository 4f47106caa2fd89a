//! Arguments as JavaScript gave them. A wrong kind is kept as a failure instead of thrown by napi,
//! so that it reaches the caller with our `code`, in the rejected promise like every other failure.

use napi::bindgen_prelude::{FromNapiValue, TypeName, Uint8Array, ValidateNapiValue};
use napi::{Result, ValueType, sys};
use serde::de::DeserializeOwned;

use crate::failure::{Failure, Outcome};

pub struct Argument<T>(Outcome<T>);

impl<T: FromNapiValue> FromNapiValue for Argument<T> {
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> Result<Self> {
        let converted = unsafe { T::from_napi_value(env, value) };
        Ok(Self(converted.map_err(|error| Failure::invalid(error.reason.clone()))))
    }
}

impl<T: TypeName> TypeName for Argument<T> {
    fn type_name() -> &'static str {
        T::type_name()
    }
    fn value_type() -> ValueType {
        ValueType::Unknown
    }
}

impl<T: FromNapiValue + TypeName> ValidateNapiValue for Argument<T> {}

impl<T> Argument<T> {
    pub fn take(self, name: &str) -> Outcome<T> {
        self.0.map_err(|failure| Failure::invalid(format!("{name}: {}", failure.reason())))
    }
}

/// JSON as UTF-8, copied at the call: JavaScript may reuse or detach its buffer at once.
pub struct Json(Vec<u8>);

impl Argument<Uint8Array> {
    pub fn json(self, name: &str) -> Outcome<Json> {
        match self.take(name) {
            Ok(bytes) => Ok(Json(bytes.to_vec())),
            Err(failure) => {
                Err(Failure::invalid(format!("{}; expected JSON as UTF-8 in a Uint8Array", failure.reason())))
            }
        }
    }
}

impl Json {
    /// Parses off the main thread; `what` opens the message where it fails.
    pub fn parse<T: DeserializeOwned>(&self, what: &str) -> Outcome<T> {
        serde_json::from_slice(&self.0).map_err(|error| Failure::json(what, &error))
    }
}
