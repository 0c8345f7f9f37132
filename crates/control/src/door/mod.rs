//! The door: SAML response → verified assertion → entitlement → network rule → profile →
//! presigned URL.

mod refusal;
mod view;

pub use refusal::{Refusal, RefusalKind};
pub use view::{Accepted, Begun, MyWork, Opening, Preparing, SessionToken, TeamCard};
