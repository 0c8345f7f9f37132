//! `stagedoor spoke`.

use crate::cli::SpokeTemplateArgs;
use crate::exit::{BadConfiguration, Outcome};
use crate::{compose, mapfile, output};
use access::ids::{DomainKey, RoleArn};
use access::map::{AccessMap, Domain};
use anyhow::Result;
use aws::Aws;
use aws::permissions::{SpokeTemplate, spoke_template};
use control::ports::{DomainTarget, Inspect};
use std::collections::BTreeMap;

pub(super) async fn template(args: &SpokeTemplateArgs) -> Result<Outcome> {
    let map = mapfile::load(&args.map.map)?;
    let (role, external_id, domains) = spoke(&map, &args.place)?;
    let execution_roles = map
        .teams
        .values()
        .flat_map(|team| &team.placements)
        .filter(|placement| domains.contains_key(&placement.domain))
        .map(|placement| placement.execution_role.clone())
        .collect();
    let hub_principal = match &args.hub_principal {
        Some(arn) => arn.clone(),
        None => principal_of(&caller(&map).await?),
    };
    let spoke = SpokeTemplate {
        role,
        hub_principal,
        external_id,
        domains: domains.values().map(|d| (d.domain_id.clone(), d.region.clone())).collect(),
        execution_roles,
        instance: map.instance.clone(),
    };
    let template = spoke_template(&spoke)
        .map_err(|error| BadConfiguration::new("spoke-invalid", error.to_string()))?;
    output::data(template.trim_end());
    Ok(Outcome::Done)
}

type Spoke<'m> = (RoleArn, Option<String>, BTreeMap<DomainKey, &'m Domain>);

/// The role that is meant, what it asks for, and every domain that is reached through it.
fn spoke<'m>(map: &'m AccessMap, place: &str) -> Result<Spoke<'m>> {
    let meant = |key: &DomainKey, domain: &Domain| {
        key.as_str() == place || domain.account_id.as_str() == place
    };
    let found: Vec<_> = map.domains.iter().filter(|(key, domain)| meant(key, domain)).collect();
    if found.is_empty() {
        let keys: Vec<&str> = map.domains.keys().map(DomainKey::as_str).collect();
        let message = format!(
            "the map has no domain `{place}` and none in such an account; it has {}",
            keys.join(", ")
        );
        return Err(BadConfiguration::new("domain-unknown", message).into());
    }
    let Some(assumed) = found.iter().find_map(|(_, domain)| domain.assume_role.as_ref()) else {
        let message = format!(
            "`{place}` is reached without a role: give the domain an `assume_role` in the map first"
        );
        return Err(BadConfiguration::new("spoke-invalid", message).into());
    };
    let domains = map.domains.iter().filter(|(_, domain)| {
        domain.assume_role.as_ref().is_some_and(|role| role.arn == assumed.arn)
    });
    let domains = domains.map(|(key, domain)| (key.clone(), domain)).collect();
    Ok((assumed.arn.clone(), assumed.external_id.clone(), domains))
}

/// Who runs this command.
async fn caller(map: &AccessMap) -> Result<String> {
    let plane = compose::parts(map.clone(), Aws::connect().await, compose::forgetful_store()?);
    let target = plane.plane.targets().into_values().next();
    let Some(target) = target else {
        let message = "the map has no domain; name the principal with --hub-principal";
        return Err(BadConfiguration::new("spoke-invalid", message).into());
    };
    let region = compose::directory_region(map).clone();
    let own = DomainTarget { region, assume_role: None, ..target };
    Ok(plane.aws.studio().caller(&own).await?.arn)
}

/// The principal that a trust policy can name: of a session the role it is of.
fn principal_of(arn: &str) -> String {
    // arn:aws:sts::111122223333:assumed-role/Name/session
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let [prefix, partition, "sts", _, account, resource] = parts.as_slice() else {
        return arn.to_owned();
    };
    match resource.strip_prefix("assumed-role/").and_then(|rest| rest.split_once('/')) {
        Some((role, _)) => format!("{prefix}:{partition}:iam::{account}:role/{role}"),
        None => arn.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_session_the_role_is_trusted() {
        assert_eq!(
            principal_of("arn:aws:sts::111122223333:assumed-role/Hub/i-0abc"),
            "arn:aws:iam::111122223333:role/Hub"
        );
        let user = "arn:aws:iam::111122223333:user/ana";
        assert_eq!(principal_of(user), user);
    }
}
