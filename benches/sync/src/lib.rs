//! What is measured: the real loop and the real AWS client against the sandbox in the same process.
//!
//! Time is tokio's paused time, which jumps to whatever is waited for next. So a run of minutes takes
//! moments, and each run gives the same numbers.

mod calls;
mod company;
mod installation;
mod paced;

pub use calls::{Calls, full_sync};
pub use company::Company;
pub use installation::Installation;
pub use paced::{Paced, changes};

#[cfg(test)]
mod tests;
