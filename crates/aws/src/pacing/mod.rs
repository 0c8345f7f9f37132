//! Calls to AWS at the pace that it allows.
//!
//! Between the SDK and the network stands `Paced`: whatever service is called, by whichever client
//! and under whichever role, each request waits until its [`Pace`](pace::Pace) lets it go, and one
//! that the service refuses as too many is sent again. The SDK hears of a refusal only when a
//! request grew too old meanwhile; it then signs and sends it anew, which costs one of its attempts.

mod answer;
mod bucket;
mod connector;
pub mod pace;

pub(crate) use connector::{Manner, Paced, Patience};
