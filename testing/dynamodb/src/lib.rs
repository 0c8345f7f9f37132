//! A DynamoDB for tests: [`start`] runs the program of `server/` beside this crate, which is dynoxide
//! behind HTTP on a free port of loopback.
//!
//! It is a program of its own because dynoxide links another SQLite than `store` does. Cargo builds it
//! on first use, into `target/dynamodb-server`; [`PROGRAM`] names one that is built already.

mod peer;

pub use peer::{PROGRAM, Peer, build, start, start_at};
