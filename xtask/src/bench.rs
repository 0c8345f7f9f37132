//! `cargo xtask bench`: how Stagedoor compares with what teams use today.
//!
//! Both sides do the same work in turns, on the same machine, in one go; medians are compared. A
//! side that did not do its work fails the bench, a bad ratio does not.

pub(crate) mod build;
mod comparison;
mod contender;
mod events;
mod people;
mod plan;
mod policy;
mod replay;
mod saml;
mod scale;
mod scim;
mod studio;
mod web;

use crate::{Outcome, say};
use anyhow::Result;
pub(crate) use scale::drive_functions;

pub(crate) const HELP: &str = "Measure against what teams use today, in pairs

Usage: cargo xtask bench events|plan|policy|saml|scale|scim|web [--quick]

  events   a boto3 Lambda handler and `stagedoor events replay` on the same events: cold start,
           peak memory and warm rate, with answers at once and with answers 20 ms late
  plan     plans of companies of 50,000, of 100,000 and of a million people, and of one person of
           those: time, and memory at the largest; the calls of a full sync; 2,000 changes where
           AWS takes ten calls a second, in simulated time
  policy   decisions by policies, a CPU second, beside the crates iam-rs and cedar-policy
  saml     one SAML response of 8 KB, verified by saml-sp, by python3-saml, and its RSA signature
           alone; then hostile responses of 128 KB, and what one verification allocates
  scale    a boto3 Lambda function and ours behind one Runtime API: cold start, peak memory and warm
           rate; sign-ins through whole servers on SQLite and on DynamoDB; one replica and two
  scim     creates, filtered gets and PATCHes of one member, a CPU second, beside scim2-server; a
           PATCH in a group of 100,000 and of ten; memory with 100,000 people and 1,000 groups
  web      server time of *My work* with 100 and with 100,000 people in the directory; bytes of
           every page; round trips before a page is painted
  --quick  few pairs and few people: shows that it works, measures little

Builds the release binary and makes target/test-venv first. The last lines are the comparisons:
  ratio <name> <value> [(<goal>)] (ours <x>, theirs <y>, <unit>)";

pub(crate) fn run(words: &[String]) -> Result<Outcome> {
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["events"] => events::run(&events::FULL),
        ["events", "--quick"] => events::run(&events::QUICK),
        ["plan"] => plan::run(&plan::FULL),
        ["plan", "--quick"] => plan::run(&plan::QUICK),
        ["policy"] => policy::run(&policy::FULL),
        ["policy", "--quick"] => policy::run(&policy::QUICK),
        ["saml"] => saml::run(&saml::FULL),
        ["saml", "--quick"] => saml::run(&saml::QUICK),
        ["scale"] => scale::run(&scale::FULL),
        ["scale", "--quick"] => scale::run(&scale::QUICK),
        ["scim"] => scim::run(&scim::FULL),
        ["scim", "--quick"] => scim::run(&scim::QUICK),
        ["web"] => web::run(&[]),
        ["web", "--quick"] => web::run(&["--quick"]),
        _ => {
            say::complain(&format!("error: bench takes the name of a benchmark\n\n{HELP}"));
            Ok(Outcome::Misused)
        }
    }
}
