//! Service control policies: what nobody in an account can do beside Stagedoor, whatever else they
//! are allowed.
//!
//! They hold for everybody in the account but its service-linked roles, for execution roles too; not
//! for the organization's management account, which SCPs never bind. They only deny: what is allowed
//! stays the business of identity policies, and of the `FullAWSAccess` beside them.

use super::reach::{camel, execution_roles, homes, teams_by_network};
use super::spared::but_for;
use super::ways::Ways;
use crate::ids::{AccountId, DomainKey, NetworkKey, RoleArn};
use crate::map::{AccessMap, AssumeRole, Domain, Hub};
use crate::observed::{TAG_KEYS, TAG_TEAM};
use crate::permissions::Feature;
use crate::what_if::{LINK, REMOTE};
use iam_policy::bundle::ControlPolicy;
use iam_policy::document::{Limit, split};
use iam_policy::{Document, Statement};
use std::collections::{BTreeMap, BTreeSet};

/// The name of the profile that a session of Studio is in.
const OWN_NAME: &str = "${sagemaker:UserProfileName}";

const REMOTE_ONLY: &str = "RemoteOnlyByStudio";

/// Characters that are kept free of a policy whose statements are numbered.
const ROOM: usize = 16;

/// Three for each account where domains are: how Studio is entered by links, how from IDEs on people's
/// own machines, and who has which profile. One that is about hundreds of roles is several.
pub(super) fn policies(map: &AccessMap) -> Vec<ControlPolicy> {
    let Some(hub) = &map.hub else { return Vec::new() };
    let accounts: BTreeSet<&AccountId> = map.domains.values().map(|d| &d.account_id).collect();
    let mut policies = Vec::new();
    for account in accounts {
        let domains = map.domains.iter().filter(|(_, domain)| domain.account_id == *account);
        let guarded = Guarded { map, hub, domains: domains.collect() };
        let (links_say, is_links_coarse, links) = guarded.links_that_fit();
        let (remote_says, is_remote_coarse, remote) = guarded.remote_that_fits();
        for (name, description, is_coarse, documents) in [
            ("Links", links_say, is_links_coarse, vec![links]),
            ("Remote", remote_says, is_remote_coarse, remote),
            (
                "Profiles",
                "Nobody but Stagedoor makes user profiles, changes them or tags them as its own",
                false,
                vec![guarded.profiles()],
            ),
        ] {
            for (index, document) in documents.into_iter().enumerate() {
                let number = if index == 0 { String::new() } else { format!("-{}", index + 1) };
                policies.push(ControlPolicy {
                    is_coarse,
                    name: format!("Stagedoor{name}{account}{number}"),
                    description: description.to_owned(),
                    accounts: BTreeSet::from([account.as_str().to_owned()]),
                    document,
                });
            }
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
    /// What closes the way in by links, in the most exact words that fit into a policy, and what it says:
    /// of the teams, and then of the roles, it is too long to name each. And whether it is less than the most exact.
    fn links_that_fit(&self) -> (&'static str, bool, Document) {
        let exactly =
            "Nobody but Stagedoor makes links into Studio, and nobody uses one from elsewhere";
        let by_session = "Nobody but Stagedoor makes links into Studio, and a Studio session only to its own \
                          profile, whichever role it has; nobody uses one from elsewhere";
        let makers = self.hub.roles_with(Feature::SignIn);
        let makers = self.makers(&makers, |d| d.presign_role.as_ref().or(d.assume_role.as_ref()));
        let (named, sessions) = (self.links_by_roles(&makers), self.links_by_sessions(&makers));
        let (each, all_but) = (self.links_from(false), self.links_from(true));
        let together = |a: &[Statement], b: &[Statement]| Document::new([a, b].concat());
        let fitting = [
            (exactly, false, together(&named, &each)),
            (exactly, false, together(&named, &all_but)),
            (by_session, true, together(&sessions, &each)),
        ];
        let fits = |(_, _, it): &(_, _, Document)| Limit::SERVICE_CONTROL_POLICY.fits(it);
        let fitting = fitting.into_iter().find(fits);
        fitting.unwrap_or_else(|| (by_session, true, together(&sessions, &all_but)))
    }

    fn links_by_roles(&self, makers: &BTreeSet<&str>) -> Vec<Statement> {
        let execution: BTreeSet<&str> = execution_roles(self.map, &self.domains)
            .into_iter()
            .map(crate::ids::RoleArn::as_str)
            .collect();
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
            let own = self.profiles_of(|_| true, OWN_NAME);
            statements.push(app(Statement::deny("LinksByAppsOnlyToTheirOwn")).not_resources(own));
            statements.push(app(Statement::deny("LinksByAppsOnlyInStudio")).resources(["*"]).when(
                "Null",
                "sagemaker:UserProfileName",
                ["true"],
            ));
        }
        statements
    }

    /// As [`Self::links_by_roles`], without the roles of apps, which may be hundreds: what is an app is told
    /// by the keys that only Studio gives its sessions. Other domains of the account are let be.
    fn links_by_sessions(&self, makers: &BTreeSet<&str>) -> Vec<Statement> {
        let ids: BTreeSet<&str> = self.domains.values().map(|d| d.domain_id.as_str()).collect();
        let others = |sid: &str| {
            let makers = makers.iter().copied();
            Statement::deny(sid).actions([LINK]).when("ArnNotLike", "aws:PrincipalArn", makers)
        };
        let all = || self.profiles_of(|_| true, "*");
        vec![
            others("LinksOnlyByStagedoor").resources(all()).when(
                "Null",
                "sagemaker:UserProfileName",
                ["true"],
            ),
            // Where the key is missing, this holds too.
            others("LinksByAppsOnlyInStudio").resources(all()).when(
                "StringNotEquals",
                "sagemaker:DomainId",
                ids.clone(),
            ),
            others("LinksByAppsOnlyToTheirOwn").not_resources(self.own_profile()).when(
                "StringEquals",
                "sagemaker:DomainId",
                ids,
            ),
        ]
    }

    /// From where links are used, by the teams of each network rule. In few words, `all_but`, the rule of
    /// the most teams is that of every profile with a team but for the others': of a team that is no more
    /// as well.
    fn links_from(&self, all_but: bool) -> Vec<Statement> {
        let by_network = teams_by_network(self.map, &self.domains);
        let most =
            by_network.iter().max_by_key(|(_, teams)| teams.len()).map(|(network, _)| *network);
        let tag = format!("aws:ResourceTag/{TAG_TEAM}");
        let mut statements = Vec::new();
        for (network, teams) in &by_network {
            let rules = [Some(*network), self.hub.network.as_ref()];
            let rules = rules.into_iter().flatten().filter_map(|key| self.map.networks.get(key));
            let homes = homes(&self.domains, teams.values());
            let base = Statement::deny("")
                .actions([LINK])
                .resources(self.profiles_of(|key| homes.contains(key), "*"));
            let base = if all_but && most == Some(*network) {
                let others = by_network.iter().filter(|(other, _)| *other != network);
                let others: BTreeSet<&str> =
                    others.flat_map(|(_, teams)| teams.keys().map(|team| team.as_str())).collect();
                let tagged = base.when("Null", tag.clone(), ["false"]);
                if others.is_empty() {
                    tagged
                } else {
                    tagged.when("StringNotEquals", tag.clone(), others)
                }
            } else {
                base.when("StringEquals", tag.clone(), teams.keys().map(|team| team.as_str()))
            };
            let name = format!("Links{}OnlyFromThere", camel(network.as_str()));
            statements.extend(Ways::of(rules).deny(&name, &base));
        }
        statements
    }

    /// What AWS takes of [`Self::remote`], and what it says. The ways of many networks repeat the roles'
    /// names; who may at all is worth more than nothing.
    fn remote_that_fits(&self) -> (&'static str, bool, Vec<Document>) {
        let limit = Limit::SERVICE_CONTROL_POLICY;
        let whole = self.remote();
        if limit.fits(&whole) {
            let says = "Nobody but the teams' own roles opens spaces from elsewhere, and those from their \
                        networks";
            return (says, false, vec![whole]);
        }
        let says = "Nobody but the teams' own roles opens spaces from elsewhere. From which networks does \
                    not fit into one policy: let teams share networks, or use more accounts";
        let only = Document::new(whole.statements.into_iter().take(1));
        if limit.fits(&only) {
            return (says, true, vec![only]);
        }
        let spaces = Statement::deny("").actions([REMOTE]).resources(self.spaces());
        let roles = execution_roles(self.map, &self.domains);
        let part = Limit { characters: limit.characters - ROOM, documents: usize::MAX, ..limit };
        let parts = Document::new(but_for(spaces, REMOTE_ONLY, &roles, part));
        let several = Limit { documents: usize::MAX, ..limit };
        (says, true, split([&parts], several).unwrap_or_else(|_| vec![only]))
    }

    /// Sessions of IDEs outside of Studio, which pass neither the door nor a link. Whose a space is its
    /// tags do not tell for certain, so what counts is the role that asks: one that teams of several
    /// networks share may come from all of them.
    fn remote(&self) -> Document {
        let base = || Statement::deny("").actions([REMOTE]).resources(self.spaces());
        let execution = execution_roles(self.map, &self.domains);
        let mut only = Statement { sid: Some(REMOTE_ONLY.to_owned()), ..base() };
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

    fn spaces(&self) -> Vec<String> {
        self.arns_of(|_| true, "space", "*")
    }

    /// The profile of a session of Studio: in another domain one of the same name may be somebody else's.
    fn own_profile(&self) -> BTreeSet<String> {
        let accounts = self.domains.values().map(|domain| &domain.account_id);
        let profile = |account| {
            let partition = self.partition();
            format!(
                "arn:{partition}:sagemaker:*:{account}:user-profile/${{sagemaker:DomainId}}/{OWN_NAME}"
            )
        };
        accounts.map(profile).collect()
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
