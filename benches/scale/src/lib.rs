//! Replicas of Stagedoor as processes, over one store and one simulated AWS: what loads them, what
//! goes wrong meanwhile, and what must hold of them afterwards, seen from outside.
//!
//! `cargo xtask chaos` runs `scale-chaos`; `cargo xtask bench scale` runs the other programs.

mod clock;
mod cloud;
mod company;
mod load;
mod proxy;
mod replica;
mod runtime;
mod table;
mod verdict;

pub use clock::now;
pub use cloud::Cloud;
pub use company::{Company, Person, Team};
pub use load::{Answers, Schedule, drive};
pub use proxy::{Mode, Proxy};
pub use replica::{Replica, Setup, Skew, cpu_seconds, peak_kib};
pub use runtime::{Answer, Runtime};
pub use table::Table;
pub use verdict::{ForeignThings, Verdict, judge};
