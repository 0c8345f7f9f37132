//! The crate from outside: on documents of others, and by brute force.

#[cfg(test)]
mod prove_by_enumeration;
#[cfg(test)]
mod sources;
