//! A browser for tests, and what was found on which page of it. The journeys themselves are
//! `tests/journeys`, a program that `cargo xtask pages` gives axe-core.

pub mod chromium;
mod verdict;

pub use verdict::{Finding, Impact, Verdict};
