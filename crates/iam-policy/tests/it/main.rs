//! Tests of the crate as others use it.

#[cfg(test)]
mod full_role;
#[cfg(test)]
mod generated;
#[cfg(test)]
mod network;
#[cfg(test)]
mod prove_accounts;
#[cfg(test)]
mod prove_by_enumeration;
#[cfg(test)]
mod prove_contexts;
#[cfg(test)]
mod prove_generated;
#[cfg(test)]
mod prove_samples;
#[cfg(test)]
mod prove_sources;
#[cfg(test)]
mod sources;
#[cfg(test)]
mod transcription;
