//! Simulated AWS, spoken over the real wire protocols.
//!
//! One model of everything Stagedoor needs of AWS: SageMaker Studio (domains, user profiles, apps,
//! spaces, tags, presigned URLs), IAM Identity Center (users, groups, memberships, application
//! assignments), STS, IAM roles, Service Quotas and SQS. boto3 is the judge of its wire format.
//!
//! [`Sandbox`] does no I/O: `handle(now, request) -> response`. It can be called in process with
//! virtual time, or put on TCP with [`serve`]. A [`Seed`] says what exists at the start, [`Faults`]
//! what goes wrong.
//!
//! Where it departs from AWS on purpose:
//! - signatures must have the right form, but are not verified (secret keys are unknown here);
//! - presigned URLs and queue URLs lead to the sandbox itself;
//! - IAM policies are not evaluated: a seed can deny actions to a caller, and trust policies know
//!   principals, `sts:ExternalId` and `sts:SourceIdentity`;
//! - `/_sandbox/` exists: a clock that can be moved, a dump of the state, replaceable faults;
//! - `GET /studio/<domain-id>/login?user=<user name>` stands in for sign-in of SSO-mode domains.

mod admin;
mod api;
mod auth;
mod call;
mod events;
mod faults;
mod ids;
mod inspect;
mod plant;
mod sandbox;
mod seed;
mod server;
mod services;
mod state;
mod studio_page;
mod wire;

pub use faults::{EventFaults, FaultError, FaultRule, Faults, Share};
pub use inspect::{AppView, CallRecord, ProfileView, SpaceView};
pub use sandbox::{Delay, Sandbox};
pub use seed::{
    AuthMode, DEFAULT_ACCOUNT, EventFamily, Limits, Seed, SeedApp, SeedCredential, SeedDirectory,
    SeedDomain, SeedError, SeedEvents, SeedGroup, SeedPolicy, SeedProfile, SeedRole, SeedSpace,
    SeedUser, Timing, Trust, TrustAccount, TrustDocument, TrustPreset,
};
pub use server::{SharedSandbox, serve, share};
