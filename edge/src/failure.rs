//! The failures that cross to JavaScript, as data: a class in `error.code` and a sentence.

use napi::{Env, JsError};
use qdrant_edge::OperationError;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The shard is closed or closing.
    Closed,
    /// The engine understood the call and refuses it; the same call never succeeds.
    InvalidArgument,
    /// The engine failed: disk, memory, corruption, or a fault of its own.
    Operation,
    /// Too many calls wait already; the same call may succeed later.
    Busy,
}

impl AsRef<str> for Class {
    fn as_ref(&self) -> &str {
        match self {
            Class::Closed => "closed",
            Class::InvalidArgument => "invalid_argument",
            Class::Operation => "operation",
            Class::Busy => "busy",
        }
    }
}

#[derive(Debug)]
pub struct Failure {
    class: Class,
    reason: String,
}

pub type Outcome<T> = Result<T, Failure>;

impl Failure {
    pub fn closed() -> Self {
        Self { class: Class::Closed, reason: "The shard is closed".to_owned() }
    }

    pub fn invalid(reason: impl Into<String>) -> Self {
        Self { class: Class::InvalidArgument, reason: reason.into() }
    }

    pub fn operation(reason: impl Into<String>) -> Self {
        Self { class: Class::Operation, reason: reason.into() }
    }

    pub fn busy(reason: impl Into<String>) -> Self {
        Self { class: Class::Busy, reason: reason.into() }
    }

    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// JSON that does not parse, or does not have the shape of `what`.
    pub fn json(what: &str, error: &serde_json::Error) -> Self {
        Self::invalid(format!("{what}: {error}"))
    }

    /// A JavaScript Error with `code`. Must run on the thread of `env`: the value is kept by reference,
    /// because napi's own conversion of a Rust error knows no codes but its statuses.
    pub fn into_js(self, env: Env) -> napi::Error {
        let error = JsError::from(napi::Error::new(self.class, self.reason));
        napi::Error::from(error.into_unknown(env))
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::operation(error.to_string())
    }
}

impl From<OperationError> for Failure {
    fn from(error: OperationError) -> Self {
        let reason = error.to_string();
        if refuses(&error) { Self::invalid(reason) } else { Self::operation(reason) }
    }
}

/// Whether the engine blames the caller. The list is that of its WAL replay: what it skips there as
/// "rejected the first time too" is a refusal here.
fn refuses(error: &OperationError) -> bool {
    match error {
        OperationError::WrongVectorDimension { .. }
        | OperationError::MalformedVectorBlob { .. }
        | OperationError::MalformedPayloadBlob { .. }
        | OperationError::VectorNameNotExists { .. }
        | OperationError::PointIdError { .. }
        | OperationError::TypeError { .. }
        | OperationError::TypeInferenceError { .. }
        | OperationError::ValidationError { .. }
        | OperationError::WrongSparse
        | OperationError::WrongMulti
        | OperationError::MissingRangeIndexForOrderBy { .. }
        | OperationError::MissingMapIndexForFacet { .. }
        | OperationError::VariableTypeError { .. }
        | OperationError::NonFiniteNumber { .. } => true,
        OperationError::ServiceError { .. }
        | OperationError::InconsistentStorage { .. }
        | OperationError::FileNotFound { .. }
        | OperationError::OutOfMemory { .. }
        | OperationError::OutOfAppendableCapacity { .. }
        | OperationError::Cancelled { .. }
        | OperationError::Timeout { .. } => false,
    }
}
