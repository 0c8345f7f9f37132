//! A client of Identity Center's SCIM endpoint, as far as mirroring needs one.
//!
//! The endpoint takes a part of SCIM 2.0: filters only with `eq`, pages only by cursor, no PUT of
//! groups, at most 100 changes of members in a request, and it shows no members of a group: who is
//! in it is asked of `/Users`. What is mirrored carries its mark in `externalId`.

mod http;
mod target;
mod words;

pub use http::BadEndpoint;
pub use target::ScimTarget;
