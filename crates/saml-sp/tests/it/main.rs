//! Integration tests of the service provider, through its public API only.
#![expect(clippy::string_slice, reason = "tests cut documents that they wrote themselves")]

#[cfg(test)]
mod accepted;
#[cfg(test)]
mod differential;
#[cfg(test)]
mod encrypted;
#[cfg(test)]
mod exploits;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod genuine;
#[cfg(test)]
mod logout;
#[cfg(test)]
mod matrix;
mod metadata;
#[cfg(test)]
mod mutations;
#[cfg(test)]
mod parsing;
#[cfg(test)]
mod profile;
#[cfg(test)]
mod reference_c14n;
#[cfg(test)]
mod support;
#[cfg(test)]
mod surgery;
