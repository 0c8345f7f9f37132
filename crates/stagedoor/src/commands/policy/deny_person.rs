//! `stagedoor policy deny-person`.

use crate::cli::{Common, DenyPersonArgs, OutputFormat};
use crate::codes;
use crate::exit::{BadConfiguration, Outcome};
use crate::people::{self, Named};
use crate::{compose, mapfile, output};
use access::ids::TeamKey;
use access::observed::Ownership;
use anyhow::Result;
use aws::Aws;
use control::departure::HISTORY;
use control::plane::Plane;
use control::receipt::receipt;
use control::survey::Scope;
use iam_policy::source_identity::deny;
use serde_json::json;
use std::collections::BTreeSet;

/// Prints the document that cuts a person off from a role that others use too.
pub(super) async fn run(args: &DenyPersonArgs, common: &Common) -> Result<Outcome> {
    let map = mapfile::load(&args.map.map)?;
    let team = &args.team;
    let Some(known) = map.teams.get(team) else {
        return Err(mapfile::unknown_team(&map, team.as_str()).into());
    };
    let roles: BTreeSet<String> =
        known.placements.iter().map(|p| p.execution_role.to_string()).collect();
    let aws = Aws::connect().await;
    let store = compose::readable_store(&args.store.store, &aws).await?;
    let plane = compose::plane(map, aws, store).await?;
    let named = people::find(&plane, &args.person.person).await?;
    let profiles = profiles(&plane, &named, team).await?;
    if profiles.is_empty() {
        let message = format!(
            "{} has no profile for team {team}, and the audit log tells of none: there is no \
             source identity to deny",
            people::shown(&named)
        );
        return Err(BadConfiguration::new(codes::PROFILE_UNKNOWN, message).into());
    }
    let document = deny(&profiles);
    match common.output {
        OutputFormat::Json => {
            let document = json!({
                "apiVersion": output::API_VERSION,
                "kind": "DenyPerson",
                "roles": roles,
                "sourceIdentities": profiles,
                "policy": document,
            });
            output::data(&document.to_string());
        }
        OutputFormat::Table => output::data(&serde_json::to_string_pretty(&document)?),
    }
    for line in needs(&roles) {
        output::talk(&line);
    }
    Ok(Outcome::Done)
}

/// Names of the profiles that the person has for the team, or had: what they started goes on under
/// the name of a profile that is gone.
async fn profiles(plane: &Plane, named: &Named, team: &TeamKey) -> Result<BTreeSet<String>> {
    let survey = plane.survey(&Scope::People(BTreeSet::from([named.id.clone()]))).await?;
    let theirs = Ownership::Ours { person: &named.id, team };
    let there = survey
        .observed
        .domains
        .values()
        .flat_map(|domain| domain.profiles.values())
        .filter(|profile| profile.ownership(&plane.map.instance) == theirs)
        .map(|profile| profile.name.to_string());
    let entries = plane.audit.of_person(&named.id, HISTORY).await?;
    let past = receipt(named.id.as_str(), &entries, survey.now)
        .profiles
        .into_iter()
        .filter(|profile| profile.team.as_deref() == Some(team.as_str()))
        .map(|profile| profile.profile);
    Ok(there.chain(past).collect())
}

/// What the document needs to have any effect.
fn needs(roles: &BTreeSet<String>) -> Vec<String> {
    let mut lines = vec!["Attach it as an inline policy to:".to_owned()];
    lines.extend(roles.iter().map(|role| format!("  {role}")));
    lines.push(
        "It takes effect at once, also on sessions that exist, and only where\n  \
         - the domain's ExecutionRoleIdentityConfig is USER_PROFILE_NAME (changing it needs all \
         apps of the domain stopped), and\n  \
         - the role's trust policy and its permissions allow sts:SetSourceIdentity, and so do \
         those of every role that it goes on to assume.\n\
         Apps that were started before that have no source identity: stop them. Remove the policy \
         when the person comes back."
            .to_owned(),
    );
    lines
}
