//! IAM policy documents, as data.
//!
//! Pure: no clock, no environment, no I/O. Today: reading and writing a document ([`document`]),
//! deciding a request ([`evaluate`]), finding what a document does other than is meant ([`lint`], by
//! AWS's own names, [`service_reference`]), asking a role's trust policy whom it lets in ([`trust`]), and
//! cutting off single people who share a role ([`source_identity`]).

pub mod bundle;
pub mod condition;
pub mod document;
pub mod evaluate;
pub mod lint;
pub mod pattern;
pub mod persona;
pub mod prove;
pub mod render;
pub mod request;
pub mod service_reference;
pub mod source_identity;
pub mod trust;

pub use document::{
    Document, Effect, Place, PolicyError, Principal, PrincipalKind, Source, Statement, Values,
    Version,
};
