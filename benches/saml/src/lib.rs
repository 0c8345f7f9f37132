//! What is measured: genuine responses of a realistic size, and hostile ones of the greatest.

mod genuine;
mod hostile;

pub use genuine::{ACS, Genuine, IDP, REQUEST, SP};
pub use hostile::{Hostile, Origin, hostile};
