//! What Stagedoor needs to be allowed: every AWS action it uses, and the policies made of them.
//!
//! [`ACTIONS`] is the one table. A test holds it against the operations of this crate's own client
//! and against those that the sources ask of the SDK, so that no call is made which the table, and
//! with it the policies, does not know.

mod spoke;
mod table;

pub use spoke::{SpokeTemplate, TemplateError, spoke_template};
pub use table::{ACTIONS, Action, Condition, Feature, Resource, reference};
