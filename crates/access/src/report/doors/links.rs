//! Links into Studio that somebody who works with an execution role may ask for, of other people's profiles.
//!
//! Requests are tried that such a policy would allow if it allowed any: as they come, as a session of Studio makes
//! them, and with what a statement that allows links asks for. One that is allowed is a way in for certain; a
//! condition that no single value of its own fulfils can hide another. To prove that there is none takes minutes
//! for roles of the size of a persona's.

use crate::ids::{DomainKey, RoleArn};
use crate::live_role::LiveRole;
use crate::map::{AccessMap, Domain};
use crate::what_if::LINK;
use iam_policy::evaluate::Policies;
use iam_policy::prove::Documents;
use iam_policy::request::Request;
use iam_policy::{Effect, Statement};
use std::collections::{BTreeMap, BTreeSet};

/// The profiles that have a role, each with its domain.
pub(super) type Holders<'a> = BTreeSet<(&'a DomainKey, &'a str)>;

/// The links of a role into profiles that are not those of whoever works with it.
pub(super) struct Links<'a> {
    map: &'a AccessMap,
    role: &'a RoleArn,
    live: &'a LiveRole,
    holders: &'a Holders<'a>,
    /// What allows links.
    allowing: Vec<&'a Statement>,
    policies: &'a Policies,
}

impl<'a> Links<'a> {
    pub(super) fn of(
        map: &'a AccessMap,
        role: &'a RoleArn,
        live: &'a LiveRole,
        (documents, policies): (&'a Documents, &'a Policies),
        holders: &'a Holders<'a>,
    ) -> Self {
        let statements = documents.identity.iter().flat_map(|document| &document.statements);
        let allowing = statements
            .filter(|one| one.effect == Effect::Allow && one.covers_action(LINK))
            .collect();
        Self { map, role, live, holders, allowing, policies }
    }

    /// A request for a link into somebody else's profile that its policies allow, by domain; `None` where
    /// they lead only into domains of the role's account that the map does not know.
    pub(super) fn elsewhere(&self) -> BTreeMap<Option<&'a DomainKey>, Request> {
        let account = self.role.account();
        let there = || self.map.domains.iter().filter(|(_, it)| it.account_id.as_str() == account);
        let mut found = BTreeMap::new();
        for (key, domain) in there() {
            let profiles = self.others_in(key).into_iter();
            let allowed = profiles
                .map(|name| self.profile(domain.region.as_str(), domain.domain_id.as_str(), name))
                .find_map(|profile| self.allowed(&profile));
            found.extend(allowed.map(|request| (Some(key), request)));
        }
        if found.is_empty() {
            let of_map: BTreeSet<&str> = there().map(|(_, it)| it.domain_id.as_str()).collect();
            let named = self.allowing.iter().flat_map(|one| one.resource.iter().flatten());
            let mut named = named.filter_map(|pattern| self.sample(pattern, &of_map));
            let allowed = named.find_map(|profile| self.allowed(&profile));
            found.extend(allowed.map(|request| (None, request)));
        }
        found
    }

    /// Names of profiles that somebody who works with the role does not have.
    fn others_in(&self, domain: &DomainKey) -> Vec<&str> {
        let mut names = vec!["somebody-else"];
        // Of several people who have the role, each is somebody else to the others.
        if self.holders.len() > 1 {
            names.extend(
                self.holders.iter().filter(|(key, _)| *key == domain).map(|(_, name)| *name),
            );
        }
        names
    }

    fn profile(&self, region: &str, domain_id: &str, name: &str) -> String {
        let (partition, account) = (self.role.partition(), self.role.account());
        format!("arn:{partition}:sagemaker:{region}:{account}:user-profile/{domain_id}/{name}")
    }

    /// A profile that a pattern names, in a domain that is none of these.
    fn sample(&self, pattern: &str, known: &BTreeSet<&str>) -> Option<String> {
        let concrete = |text: &str| text.replace(['*', '?'], "x");
        let parts: Vec<&str> = pattern.splitn(6, ':').collect();
        let [_, _, _, region, _, resource] = parts.as_slice() else { return None };
        let (domain_id, name) = resource.strip_prefix("user-profile/")?.split_once('/')?;
        let is_known = domain_id.contains(['*', '?']) || known.contains(domain_id);
        let region = if region.contains(['*', '?']) { "us-east-1" } else { region };
        let named = self.profile(region, domain_id, &concrete(name));
        (!is_known && !pattern.contains("${")).then_some(named)
    }

    /// The first request for a link into the profile that is allowed.
    fn allowed(&self, profile: &str) -> Option<Request> {
        let tags = self.live.tags.iter();
        let plain = tags
            .fold(Request::new(self.role.as_str(), LINK, profile), |it, (key, value)| {
                it.with(&format!("aws:PrincipalTag/{key}"), [value])
            });
        let other = self.holders.iter().find(|(_, name)| !profile.ends_with(&format!("/{name}")));
        let in_studio = other.map(|(key, name)| {
            let domain_id =
                self.map.domains.get(*key).map(|domain: &Domain| domain.domain_id.to_string());
            plain
                .clone()
                .with("aws:SourceIdentity", [*name])
                .with("sagemaker:UserProfileName", [*name])
                .with("sagemaker:DomainId", domain_id)
        });
        let requests: Vec<Request> = std::iter::once(plain).chain(in_studio).collect();
        let asked = self.allowing.iter().filter(|one| !one.condition.is_empty());
        let granted = asked.flat_map(|one| requests.iter().map(|it| granted(it.clone(), one)));
        let mut all = requests.iter().cloned().chain(granted);
        all.find(|request| self.policies.decide(request).is_allowed())
    }
}

/// The request with what the statement's conditions ask for, but for what is known of it anyway.
fn granted(request: Request, statement: &Statement) -> Request {
    let known: BTreeSet<String> = request
        .derived()
        .map(|(key, _)| key.to_owned())
        .chain(request.context().keys().cloned())
        .collect();
    let mut granted = request;
    for (operator, keys) in &statement.condition {
        let operator = operator.to_ascii_lowercase();
        if operator.contains("not") || operator.contains("null") {
            continue;
        }
        for (key, values) in keys {
            let lower = key.to_ascii_lowercase();
            if known.contains(&lower) || lower.starts_with("aws:principal") {
                continue;
            }
            let value = values.0.iter().find(|value| !value.contains("${"));
            let value = value.map(|value| match value.split_once('/') {
                // An address of the range.
                Some((address, _)) if operator.contains("ipaddress") => address.to_owned(),
                _ => value.replace(['*', '?'], "x"),
            });
            granted = granted.with(key, value);
        }
    }
    granted
}
