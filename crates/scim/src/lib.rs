//! SCIM 2.0 for a service provider, sans-IO (RFC 7643, RFC 7644, RFC 9865).
//!
//! Requests go in as text and bytes, answers come out as JSON. Nothing here reads a clock, makes an
//! id, or talks to a network or a disk: ids, times, versions and the server's address are arguments.
//!
//! | what | where | RFC |
//! |---|---|---|
//! | users, groups, what is kept and what is ignored | [`resource`] | 7643 §2–4, 7644 §3.3, §3.5.1 |
//! | schemas as tables | [`schema`] | 7643 §2.2, §4, §7 |
//! | filters | [`filter`] | 7644 §3.4.2.2 |
//! | PATCH, and its effect on members | [`patch`] | 7644 §3.5.2 |
//! | queries, pages, sorting, lists | [`list`] | 7644 §3.4.2, §3.4.3, 9865 |
//! | what is returned | [`projection`] | 7644 §3.4.2.5, §3.9, 7643 §7 |
//! | versions and conditions | [`etag`] | 7644 §3.14 |
//! | Bulk | [`bulk`] | 7644 §3.7 |
//! | discovery | [`discovery`] | 7643 §5–7, 7644 §4 |
//! | errors | [`error`] | 7644 §3.12 |
//! | bounds on what a request may bring | [`bounds`] | – |
//!
//! # A request, from end to end
//!
//! ```
//! use scim::{Patch, Projection, Resource, ResourceKind, Stamp, Version};
//!
//! let body = br#"{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
//!                 "userName": "ana@example.org", "active": "True"}"#;
//! let created = Resource::parse(ResourceKind::User, body)?.resource;
//!
//! let body = br#"{"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
//!                 "Operations": [{"op": "Replace", "path": "active", "value": "False"}]}"#;
//! let mut patched = Patch::parse(ResourceKind::User, body)?.apply(created)?.resource;
//! assert!(!patched.active());
//!
//! patched.stamp(&Stamp {
//!     id: "8f6c",
//!     created: "2026-11-21T09:00:00Z".parse()?,
//!     last_modified: "2026-11-21T09:30:00Z".parse()?,
//!     version: Version(2),
//!     base: "https://scim.example.org/scim/v2",
//! });
//! let answer = patched.into_json(&Projection::default());
//! assert_eq!(answer["meta"]["version"], "W/\"2\"");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod bounds;
pub mod bulk;
pub mod discovery;
pub mod error;
pub mod etag;
pub mod filter;
pub mod list;
pub mod patch;
mod path;
pub mod projection;
pub mod resource;
pub mod schema;
mod text;
mod value;

pub use bulk::{Bulk, BulkDone, BulkMethod, BulkRequest, BulkRun};
pub use error::{ScimError, ScimType};
pub use etag::{Preconditions, Version};
pub use filter::{Filter, IndexedAttribute, Needed, Needs};
pub use list::{ListResponse, Page, Query, Sort, SortKey};
pub use patch::{MemberChanges, Patch, Patched};
pub use projection::Projection;
pub use resource::{Email, GroupOf, Member, Received, Resource, ResourceKind, Stamp, location};
pub use text::fold;
pub use value::is_id;
