//! The role of a spoke, made of the table of actions ([`access::permissions`]).

mod spoke;

pub use spoke::{SpokeTemplate, TemplateError, spoke_template};
