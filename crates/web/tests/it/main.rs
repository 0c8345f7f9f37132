//! The pages over a real door: what goes over the wire, refusals included.

#[cfg(test)]
mod admin;
#[cfg(test)]
mod api;
#[cfg(test)]
mod api_document;
#[cfg(test)]
mod authorisation;
#[cfg(test)]
mod bodies;
#[cfg(test)]
mod every_route;
#[cfg(test)]
mod house;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod log_out;
#[cfg(test)]
mod my_own;
#[cfg(test)]
mod network;
#[cfg(test)]
mod opening;
#[cfg(test)]
mod ops;
#[cfg(test)]
mod others;
#[cfg(test)]
mod probes;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod rooms;
#[cfg(test)]
mod scim;
#[cfg(test)]
mod served;
#[cfg(test)]
mod signing_in;
#[cfg(test)]
mod weight;
