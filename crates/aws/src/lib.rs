//! AWS, behind the ports of `control`. The only crate that names `aws-*`.
//!
//! [`Aws`] finds credentials and endpoints as every AWS tool does and hands out the adapters:
//! [`Studio`] (SageMaker: observe, provision, presign), [`IdentityCenter`] (the directory),
//! [`SqsQueue`] (wake-ups), [`SqsReminders`] (messages that have people read), [`DynamoStore`] (the
//! store for several replicas) and [`Assignments`] (Identity Center applications). Failures are
//! `control`'s `CallError`, one mapping for all services.
//!
//! # What the dependencies cost
//!
//! CPU seconds of a release build on two cores, each SDK crate by itself:
//!
//! | crate | seconds | |
//! |---|---|---|
//! | `aws-sdk-sagemaker` | 615 | not used: [`client::sagemaker`] |
//! | `aws-sdk-iam` | 120 | not used, for six calls: [`client::iam`] |
//! | `aws-sdk-ssoadmin` | 49 | used |
//! | `aws-sdk-dynamodb` | – | used: a store is no place for a client of one's own |
//! | `aws-sdk-servicequotas` | 32 | not used, for one call: [`client::quotas`] |
//! | `aws-sdk-secretsmanager` | – | not used, for one call: [`client::secrets`] |
//! | `aws-sdk-s3`, `aws-sdk-kms` | – | not used, for three calls and four: `client::s3`, [`client::kms`] |
//! | `aws-sdk-identitystore` | 30 | used |
//! | `aws-sdk-sqs` | 25 | used |
//! | `aws-config` | 18 | used: credential chain, SSO login |
//! | `aws-sdk-sts` | 17 | used; `aws-config` needs it anyway |
//!
//! [`client`] speaks for those that are not used, on the SDK's own runtime: signing, retries,
//! time-outs, endpoints and user agent are AWS's code.

pub mod assignments;
mod backoff;
mod checkpoints;
pub mod client;
mod connect;
pub mod dynamodb;
mod failure;
mod identity_center;
mod in_process;
pub mod pacing;
mod queue;
mod reminders;
mod studio;

pub use assignments::Assignments;
pub use checkpoints::{MacKey, S3Checkpoints};
pub use client::secrets::{SecretText, SecretVersions};
pub use connect::{Aws, Simulator, read_authorities};
pub use dynamodb::DynamoStore;
pub use identity_center::{IdentityCenter, IdentityStoreMirror};
pub use in_process::{InProcess, Lost};
pub use queue::SqsQueue;
pub use reminders::SqsReminders;
pub use studio::Studio;
