//! A small typed client for the calls Stagedoor makes to services whose SDK crate is too dear, on
//! the SDK's own runtime.

pub(crate) mod channel;
pub mod ec2;
pub mod endpoint;
pub(crate) mod error;
pub mod iam;
mod json;
pub mod kms;
pub mod parameters;
pub mod quotas;
pub(crate) mod s3;
pub mod sagemaker;
pub mod secrets;

pub use sagemaker::SageMaker;
