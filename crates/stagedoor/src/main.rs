//! Stagedoor.
fn main() {}
