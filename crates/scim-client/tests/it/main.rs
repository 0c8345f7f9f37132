//! The client against an endpoint that takes what Identity Center's takes, and refuses the rest.

#[cfg(test)]
mod client;
#[cfg(test)]
mod endpoint;
