//! What was found on which page. The journeys themselves are `tests/journeys`, a program that
//! `cargo xtask pages` gives a browser.

mod verdict;

pub use verdict::{Finding, Impact, Verdict};
