//! What is measured: the plan of a company whose directory and domains almost agree.
//!
//! A company has 500 teams in ten domains, one of which is in SSO mode, and 1,000 groups: one half
//! matched by a pattern, the other half named one by one. Nine people of ten are in one or two of
//! them; groups are of very different sizes. Yesterday everything agreed. Today a few in a thousand
//! have joined, moved or left, and a few profiles are not as they should be.

mod company;
mod map;
mod people;
mod studio;

pub use company::{Company, Reading};
