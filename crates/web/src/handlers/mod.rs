//! What each route does.

pub(crate) mod access;
pub(crate) mod apps;
pub(crate) mod home;
pub(crate) mod log_out;
pub(crate) mod opening;
pub(crate) mod probes;
pub(crate) mod signin;
