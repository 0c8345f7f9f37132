//! Links into Studio that somebody who works with an execution role may ask for, proved over all requests:
//! whatever network, tag or other condition they hang on.

use crate::ids::{DomainKey, RoleArn};
use crate::live_role::{LiveRole, subject};
use crate::map::{AccessMap, Domain};
use crate::what_if::LINK;
use iam_policy::prove::{Claim, Demand, Documents, Subject, Verdict, prove};
use iam_policy::request::Request;
use iam_policy::{Document, Statement};
use std::collections::{BTreeMap, BTreeSet};

/// The profiles that have a role, each with its domain.
pub(super) type Holders<'a> = BTreeSet<(&'a DomainKey, &'a str)>;

/// The links of a role into profiles that are not those of whoever works with it.
pub(super) struct Links<'a> {
    role: &'a RoleArn,
    subject: Subject,
    policies: Documents,
    own: Documents,
}

impl<'a> Links<'a> {
    pub(super) fn of(
        map: &AccessMap,
        role: &'a RoleArn,
        live: &LiveRole,
        policies: Documents,
        holders: &Holders<'_>,
    ) -> Self {
        let mut own = BTreeSet::new();
        for (key, profile) in holders {
            let Some(domain) = map.domains.get(*key) else { continue };
            // Of several people who have the role nobody is told apart but by the source identity.
            if holders.len() == 1 {
                own.insert(profiles(role, domain, "*", profile));
            }
            own.insert(profiles(role, domain, "*", "${aws:SourceIdentity}"));
        }
        let own = (!own.is_empty())
            .then(|| Document::new([Statement::allow("Own").actions([LINK]).resources(own)]));
        let subject = subject(role.as_str(), &live.tags);
        Self { role, subject, policies, own: Documents::of(own) }
    }

    /// A request for a link into somebody else's profile that its policies allow, by domain; `None` where
    /// they lead only into domains of the role's account that the map does not know.
    ///
    /// # Errors
    /// Why that could not be worked out.
    pub(super) fn elsewhere(
        &self,
        domains: &'a BTreeMap<DomainKey, Domain>,
    ) -> Result<BTreeMap<Option<&'a DomainKey>, Request>, String> {
        let (partition, account) = (self.role.partition(), self.role.account());
        let anywhere = format!("arn:{partition}:sagemaker:*:{account}:user-profile/*/*");
        let Some(witness) = self.into(anywhere)? else { return Ok(BTreeMap::new()) };
        let mut found = BTreeMap::new();
        for (key, domain) in domains.iter().filter(|(_, it)| it.account_id.as_str() == account) {
            if let Some(request) =
                self.into(profiles(self.role, domain, domain.region.as_str(), "*"))?
            {
                found.insert(Some(key), request);
            }
        }
        if found.is_empty() {
            found.insert(None, witness);
        }
        Ok(found)
    }

    fn into(&self, profiles: String) -> Result<Option<Request>, String> {
        let about = Statement::allow("Links").actions([LINK]).resources([profiles]);
        // Wildcards of IAM reach over colons and slashes, which no part of such an ARN holds, and none is empty.
        let junk = ["*:*:*:*:*:*:*", "*/*/*/*", "arn:*:sagemaker::*"];
        let none = Statement::deny("NoSuchProfile").actions([LINK]).resources(junk);
        let claim = Claim {
            name: "asks for links into its own profile alone".to_owned(),
            about: Some(Document::new([about, none])),
            demand: Demand::OnlyIf(Box::new(self.own.clone())),
            still: None,
        };
        match prove(&self.subject, &self.policies, &claim, 1) {
            Verdict::Proved { .. } | Verdict::Vacuous { .. } => Ok(None),
            Verdict::Unknown { why, .. } => Err(why),
            Verdict::Refuted { witnesses, .. } => {
                Ok(witnesses.into_iter().next().map(|witness| witness.request))
            }
        }
    }
}

/// The profiles of a domain with this name or pattern, as an ARN. A domain's id says its Region already: policies
/// that name the one may leave out the other.
fn profiles(role: &RoleArn, domain: &Domain, region: &str, name: &str) -> String {
    let Domain { account_id, domain_id, .. } = domain;
    let partition = role.partition();
    format!("arn:{partition}:sagemaker:{region}:{account_id}:user-profile/{domain_id}/{name}")
}
