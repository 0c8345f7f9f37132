//! IAM policy documents, as data.
//!
//! Pure: no clock, no environment, no I/O. Today: reading a document ([`document`]) and asking a
//! role's trust policy whom it lets in ([`trust`]).

pub mod document;
pub mod trust;

pub use document::{Document, Effect, PolicyError, Statement};
