//! The crate from outside, on documents of others.

#[cfg(test)]
mod sources;
