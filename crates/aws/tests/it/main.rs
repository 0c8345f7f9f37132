//! The AWS adapters, held against botocore's models and run against the sandbox over TCP.

#[cfg(test)]
mod assignments;
#[cfg(test)]
mod checkpoints;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod directory;
#[cfg(test)]
mod domain;
#[cfg(test)]
mod dynamodb;
#[cfg(test)]
mod failures;
#[cfg(test)]
mod handover;
#[cfg(test)]
mod in_process;
#[cfg(test)]
mod inspect;
#[cfg(test)]
mod live_roles;
#[cfg(test)]
mod mirror;
#[cfg(test)]
mod moto;
#[cfg(test)]
mod pacing;
#[cfg(test)]
mod permissions;
#[cfg(test)]
mod presign;
#[cfg(test)]
mod provision;
#[cfg(test)]
mod queue;
#[cfg(test)]
mod reminders;
#[cfg(test)]
mod roles;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod spokes;
#[cfg(test)]
mod sso;
#[cfg(test)]
mod support;
#[cfg(test)]
mod wire;
