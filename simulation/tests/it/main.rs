//! The simulation itself: it repeats exactly, and something happens in it.

#[cfg(test)]
mod repeats;
