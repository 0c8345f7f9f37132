//! Stagedoor as the code of Lambda functions.
//!
//! [`Function`] takes a payload, finds out what it is, has the plane or the door do what it asks
//! for, and says what to answer. [`RuntimeApi`] asks Lambda for payloads. [`RemindingQueue`] puts a
//! message into a queue whenever somebody is put into the store's: there is no loop that would look.
//!
//! Neither `lambda_runtime` nor `aws_lambda_events` is used. The Runtime API is four calls over the
//! HTTP client that the AWS SDK brings anyway; the crate for it keeps the report of a start that
//! failed to itself, and adds `tower`, `async-stream` and others to what has to be compiled and
//! started. Of the payloads a dozen fields matter, and the one that decides who is let in, the
//! request context, is read by `web` from its own bytes.

mod batch;
mod chores;
mod function;
mod http;
mod payload;
mod reminding;
mod runtime_api;
mod serve;

pub use chores::Chores;
pub use function::{Function, FunctionError, Settings};
pub use payload::QueueName;
pub use reminding::RemindingQueue;
pub use runtime_api::{Invocation, RuntimeApi, RuntimeApiError};
pub use serve::serve;
