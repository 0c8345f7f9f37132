//! Integration tests: the sandbox as its users meet it.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

mod boto3;
mod events;
mod in_process;
mod seeds;
mod states;
