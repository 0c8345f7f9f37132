//! Service control policies: what nobody in an account can do beside Stagedoor, whatever else they
//! are allowed.
//!
//! They hold for everybody in the account but its service-linked roles, for execution roles too; not
//! for the organization's management account, which SCPs never bind. They only deny: what is allowed
//! stays the business of identity policies, and of the `FullAWSAccess` beside them.

use super::reach::{camel, execution_roles, homes, teams_by_network};
use super::ways::Ways;
use crate::ids::{AccountId, DomainKey, NetworkKey, RoleArn};
use crate::map::{AccessMap, AssumeRole, Diagnostic, Domain, Hub, codes};
use crate::observed::{TAG_KEYS, TAG_TEAM};
use crate::permissions::Feature;
use crate::what_if::{LINK, REMOTE};
use iam_policy::bundle::ControlPolicy;
use iam_policy::document::Limit;
use iam_policy::{Document, Statement};
use std::collections::{BTreeMap, BTreeSet};

/// Three for each account where domains are: how Studio is entered by links, how from IDEs on people's
/// own machines, and who has which profile.
pub(super) fn policies(map: &AccessMap, problems: &mut Vec<Diagnostic>) -> Vec<ControlPolicy> {
    let Some(hub) = &map.hub else { return Vec::new() };
    let accounts: BTreeSet<&AccountId> = map.domains.values().map(|d| &d.account_id).collect();
    let mut policies = Vec::new();
    for account in accounts {
        let domains = map.domains.iter().filter(|(_, domain)| domain.account_id == *account);
        let guarded = Guarded { map, hub, domains: domains.collect() };
        let (remote_says, remote) = guarded.remote_that_fits();
        for (name, description, document) in [
            (
                "Links",
                "Nobody but Stagedoor makes links into Studio, and nobody uses one from elsewhere",
                guarded.links(),
            ),
            ("Remote", remote_says, remote),
            (
                "Profiles",
                "Nobody but Stagedoor makes user profiles, changes them or tags them as its own",
                guarded.profiles(),
            ),
        ] {
            let name = format!("Stagedoor{name}{account}");
            let size = Limit::SERVICE_CONTROL_POLICY.size(&document);
            if size > Limit::SERVICE_CONTROL_POLICY.characters {
                let message = format!(
                    "the service control policy `{name}` would take {size} characters and AWS \
                     allows {}",
                    Limit::SERVICE_CONTROL_POLICY.characters
                );
                let help = "let teams share networks, or use more accounts";
                problems.push(hub.problem(codes::POLICY_TOO_LARGE, message, help));
            }
            policies.push(ControlPolicy {
                name,
                description: description.to_owned(),
                accounts: BTreeSet::from([account.as_str().to_owned()]),
                document,
            });
        }
    }
    policies
}

/// The domains of one account.
struct Guarded<'m> {
    map: &'m AccessMap,
    hub: &'m Hub,
    domains: BTreeMap<&'m DomainKey, &'m Domain>,
}

impl<'m> Guarded<'m> {
    fn links(&self) -> Document {
        let execution: BTreeSet<&str> = execution_roles(self.map, &self.domains)
            .into_iter()
            .map(crate::ids::RoleArn::as_str)
            .collect();
        let own = self.hub.roles_with(Feature::SignIn);
        let makers = self.makers(&own, |d| d.presign_role.as_ref().or(d.assume_role.as_ref()));
        let mut statements = vec![
            Statement::deny("LinksOnlyByStagedoor")
                .actions([LINK])
                .resources(self.profiles_of(|_| true, "*"))
                .when("ArnNotLike", "aws:PrincipalArn", makers.union(&execution).copied()),
        ];
        if !execution.is_empty() {
            // What an app may ask for is a link to the very profile it belongs to. The key is one of
            // Studio's sessions; where it is missing, all is denied.
            let app = |statement: Statement| {
                statement.actions([LINK]).when("ArnLike", "aws:PrincipalArn", execution.clone())
            };
            let own = self.profiles_of(|_| true, "${sagemaker:UserProfileName}");
            statements.push(app(Statement::deny("LinksByAppsOnlyToTheirOwn")).not_resources(own));
            statements.push(app(Statement::deny("LinksByAppsOnlyInStudio")).resources(["*"]).when(
                "Null",
                "sagemaker:UserProfileName",
                ["true"],
            ));
        }
        for (network, teams) in teams_by_network(self.map, &self.domains) {
            let rules = [Some(network), self.hub.network.as_ref()];
            let rules = rules.into_iter().flatten().filter_map(|key| self.map.networks.get(key));
            let homes = homes(&self.domains, teams.values());
            let base = Statement::deny("")
                .actions([LINK])
                .resources(self.profiles_of(|key| homes.contains(key), "*"))
                .when(
                    "StringEquals",
                    format!("aws:ResourceTag/{TAG_TEAM}"),
                    teams.keys().map(|team| team.as_str()),
                );
            let name = format!("Links{}OnlyFromThere", camel(network.as_str()));
            statements.extend(Ways::of(rules).deny(&name, &base));
        }
        Document::new(statements)
    }

    /// What AWS takes of [`Self::remote`], and what it says. The ways of many networks repeat the roles'
    /// names; who may at all is worth more than nothing.
    fn remote_that_fits(&self) -> (&'static str, Document) {
        let whole = self.remote();
        if Limit::SERVICE_CONTROL_POLICY.fits(&whole) {
            let says = "Nobody but the teams' own roles opens spaces from elsewhere, and those from their \
                        networks";
            return (says, whole);
        }
        let says = "Nobody but the teams' own roles opens spaces from elsewhere. From which networks does \
                    not fit into one policy: let teams share networks, or use more accounts";
        (says, Document::new(whole.statements.into_iter().take(1)))
    }

    /// Sessions of IDEs outside of Studio, which pass neither the door nor a link. Whose a space is its
    /// tags do not tell for certain, so what counts is the role that asks: one that teams of several
    /// networks share may come from all of them.
    fn remote(&self) -> Document {
        let spaces = || self.arns_of(|_| true, "space", "*");
        let base = || Statement::deny("").actions([REMOTE]).resources(spaces());
        let execution = execution_roles(self.map, &self.domains);
        let mut only = Statement { sid: Some("RemoteOnlyByStudio".to_owned()), ..base() };
        if !execution.is_empty() {
            let roles = execution.iter().map(|role| role.as_str());
            only = only.when("ArnNotLike", "aws:PrincipalArn", roles);
        }
        let mut networks: BTreeMap<&RoleArn, BTreeSet<&NetworkKey>> = BTreeMap::new();
        for (network, teams) in teams_by_network(self.map, &self.domains) {
            let placements = teams.values().flat_map(|team| &team.placements);
            for placement in placements.filter(|p| self.domains.contains_key(&p.domain)) {
                networks.entry(&placement.execution_role).or_default().insert(network);
            }
        }
        let mut roles: BTreeMap<BTreeSet<&NetworkKey>, BTreeSet<&str>> = BTreeMap::new();
        for (role, networks) in networks {
            roles.entry(networks).or_default().insert(role.as_str());
        }
        let mut statements = vec![only];
        for (networks, roles) in roles {
            let base = base().when("ArnLike", "aws:PrincipalArn", roles);
            let names: String = networks.iter().map(|key| camel(key.as_str())).collect();
            let ways = Ways::of(networks.iter().filter_map(|key| self.map.networks.get(*key)));
            statements.extend(ways.deny(&format!("Remote{names}OnlyFromThere"), &base));
        }
        Document::new(statements)
    }

    fn profiles(&self) -> Document {
        let own = self.hub.roles_with(Feature::Provision);
        let makers = self.makers(&own, |domain| domain.assume_role.as_ref());
        let spared = |statement: Statement| {
            statement.resources(self.profiles_of(|_| true, "*")).when(
                "ArnNotLike",
                "aws:PrincipalArn",
                makers.iter().copied(),
            )
        };
        Document::new([
            spared(
                Statement::deny("ProfilesOnlyByStagedoor")
                    .actions(["sagemaker:CreateUserProfile", "sagemaker:UpdateUserProfile"]),
            ),
            spared(
                Statement::deny("StagedoorTagsOnlyByStagedoor")
                    .actions(["sagemaker:AddTags", "sagemaker:DeleteTags"])
                    .when("ForAnyValue:StringEqualsIgnoreCase", "aws:TagKeys", TAG_KEYS),
            ),
        ])
    }

    /// The roles that work in the domains: those to assume, or the hub's `own`.
    fn makers<'s>(
        &'s self,
        own: &'s [String],
        assumed: impl Fn(&'m Domain) -> Option<&'m AssumeRole>,
    ) -> BTreeSet<&'s str> {
        let roles = self.domains.values().map(|domain| assumed(domain));
        roles
            .flat_map(|role| match role {
                Some(role) => vec![role.arn.as_str()],
                None => own.iter().map(String::as_str).collect(),
            })
            .collect()
    }

    fn partition(&self) -> &'m str {
        self.hub.role.partition()
    }

    fn profiles_of(&self, meant: impl Fn(&DomainKey) -> bool, name: &str) -> Vec<String> {
        self.arns_of(meant, "user-profile", name)
    }

    fn arns_of(&self, meant: impl Fn(&DomainKey) -> bool, kind: &str, name: &str) -> Vec<String> {
        let partition = self.partition();
        let domains = self.domains.iter().filter(|(key, _)| meant(key));
        domains
            .map(|(_, Domain { region, account_id, domain_id, .. })| {
                let domain = format!("{region}:{account_id}:{kind}/{domain_id}");
                format!("arn:{partition}:sagemaker:{domain}/{name}")
            })
            .collect()
    }
}
