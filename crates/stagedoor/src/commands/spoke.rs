//! `stagedoor spoke`.

use crate::cli::SpokeTemplateArgs;
use crate::codes;
use crate::exit::{BadConfiguration, Outcome};
use crate::{compose, mapfile, output};
use access::authorisation::{is_principal, spoke};
use access::ids::DomainKey;
use access::map::{AccessMap, AssumeRole, Domain};
use access::permissions::Feature;
use access::reason::ReasonCode;
use anyhow::Result;
use aws::Aws;
use control::ports::{DomainTarget, Inspect};
use iam_policy::bundle::Bundle;
use iam_policy::document::Limit;
use iam_policy::render::cloudformation;

pub(super) async fn template(args: &SpokeTemplateArgs) -> Result<Outcome> {
    let map = mapfile::load(&args.map.map)?;
    let assumed = assumed(&map, &args.place)?;
    let principals = match (&args.hub_principal, &map.hub) {
        (Some(arn), _) => vec![arn.clone()],
        (None, Some(hub)) => hub.roles_with(Feature::Spokes),
        (None, None) => vec![principal_of(&caller(&map).await?)],
    };
    if let Some(principal) = principals.iter().find(|principal| !is_principal(principal)) {
        let message = format!(
            "the hub principal `{principal}` is not the ARN of a role, a user or an account root \
             (arn:aws:iam::<account>:role/<name>)"
        );
        return Err(invalid(message).into());
    }
    let role = spoke(&map, assumed, &principals);
    // What does not fit is managed policies by now, if it fits there.
    let size = role.inline_size();
    if size > Limit::ROLE_INLINE.characters {
        let message = format!(
            "the policies of the role `{}` would take {size} characters and IAM allows {}: let \
             fewer domains share the role",
            assumed.arn,
            Limit::ROLE_INLINE.characters
        );
        return Err(invalid(message).into());
    }
    let bundle = Bundle { roles: vec![role], ..Bundle::default() };
    output::data(cloudformation(&bundle).trim_end());
    Ok(Outcome::Done)
}

fn invalid(message: String) -> BadConfiguration {
    BadConfiguration::new(codes::SPOKE_INVALID, message)
}

/// The role that is meant.
fn assumed<'m>(map: &'m AccessMap, place: &str) -> Result<&'m AssumeRole> {
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
        return Err(BadConfiguration::new(ReasonCode::DomainUnknown, message).into());
    }
    found.iter().find_map(|(_, domain)| domain.assume_role.as_ref()).ok_or_else(|| {
        let message = format!(
            "`{place}` is reached without a role: give the domain an `assume_role` in the map first"
        );
        invalid(message).into()
    })
}

/// Who runs this command.
async fn caller(map: &AccessMap) -> Result<String> {
    let plane =
        compose::parts(map.clone(), Aws::connect().await, compose::forgetful_store()?).await?;
    let target = plane.plane.targets().into_values().next();
    let Some(target) = target else {
        let message = "the map has no domain; name the principal with --hub-principal";
        return Err(invalid(message.to_owned()).into());
    };
    let region = compose::home_region(map).unwrap_or(&target.region).clone();
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
