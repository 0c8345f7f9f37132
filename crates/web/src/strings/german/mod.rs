//! German. What is missing here does not compile.

mod portal;
mod refusal;
mod requests;

pub(super) use portal::{ACCESS, ENTRY, FRAME, OPENING, WORK};
pub(super) use refusal::{REFUSAL, problem, refusal_at_desk, refusal_by_code};
pub(super) use requests::REQUESTS;
