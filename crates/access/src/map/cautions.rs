//! What a valid map allows and its readers should know of.

use super::{
    AccessMap, DirectorySource, Grant, IdentityProvider, MetadataSource, RoleSettings, RoleValues,
    Team, codes,
};
use crate::ids::{NetworkKey, PersonaKey, TeamKey};
use iam_policy::pattern::{Pattern, Syntax};
use iam_policy::persona::Need;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt;

/// Something a valid map allows that weakens the door or the walls between teams, or that means
/// less than it seems to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Caution {
    /// Which kind, one of [`codes::CAUTIONS`].
    pub code: &'static str,
    /// The key of the map that allows it, with those above it: `identity_providers.corp.allow_cbc`.
    pub key: String,
    /// What it means, as a sentence.
    pub message: &'static str,
}

impl fmt::Display for Caution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.key, self.message, self.code)
    }
}

impl AccessMap {
    /// What to be cautious about: by identity provider, then by team, then by network, in the order
    /// of their keys; then the grants.
    pub fn cautions(&self) -> Vec<Caution> {
        let several = self.identity_providers.len() > 1 && self.directories.sources.len() > 1;
        let is_unbound = |provider: &IdentityProvider| several && provider.directories.is_empty();
        let of_each = self.identity_providers.iter().flat_map(|(key, provider)| {
            allowed(provider, is_unbound(provider))
                .into_iter()
                .filter(|(_, _, allowed)| *allowed)
                .map(move |(field, code, _)| Caution {
                    code,
                    key: format!("identity_providers.{key}.{field}"),
                    message: meaning(code),
                })
        });
        let of_teams = self.nothing_to_use().chain(self.common_buckets());
        of_each.chain(of_teams).chain(self.unsaid()).chain(self.unbound_grants()).collect()
    }

    /// Once for all grants: where both directories are a company's own, nothing is wrong with any of them.
    fn unbound_grants(&self) -> Option<Caution> {
        let is_unbound = |grant: &Grant| grant.group_id.is_none() && grant.source.is_none();
        let found = self.directories.sources.len() > 1 && self.grants.iter().any(is_unbound);
        found.then(|| Caution {
            code: codes::UNBOUND_GRANT,
            key: "grants".to_owned(),
            message: meaning(codes::UNBOUND_GRANT),
        })
    }

    /// Grants that are over. Each was meant once, so only who looks after the map hears of them.
    pub fn ended_grants(&self, now: Timestamp) -> impl Iterator<Item = Caution> {
        let ended = move |grant: &&Grant| grant.until.is_some_and(|until| until <= now);
        self.grants.iter().filter(ended).map(|grant| Caution {
            code: codes::ENDED_GRANT,
            key: format!("grants ({})", grant.place),
            message: meaning(codes::ENDED_GRANT),
        })
    }

    /// Files that the map's directories are read from or by, and that are not there. Where the map is looked at they
    /// may be missing for good.
    pub fn missing_files(
        &self,
        is_there: impl Fn(&DirectorySource, &str) -> bool,
    ) -> impl Iterator<Item = Caution> {
        let named = self.directories.sources.iter().flat_map(|source| {
            source.kind.files().into_iter().map(move |(field, file)| (source, field, file))
        });
        let missing = named.filter(move |(source, _, file)| !is_there(source, file));
        missing.map(|(source, field, file)| Caution {
            code: codes::FILE_MISSING,
            key: format!("directory ({}), {field} {file:?}", source.place),
            message: meaning(codes::FILE_MISSING),
        })
    }

    /// What the roles of a team may use, if Stagedoor writes them.
    fn settings(&self, team: &Team) -> Option<RoleSettings> {
        Some(team.role.or(&self.personas.get(team.persona.as_ref()?)?.role))
    }

    /// Activities that nobody said of what they are to be.
    fn nothing_to_use(&self) -> impl Iterator<Item = Caution> {
        self.teams.iter().flat_map(|(key, team)| {
            let settings = self.settings(team).unwrap_or_default();
            let persona = team.persona.as_ref().and_then(|persona| self.personas.get(persona));
            let activities = persona.map(|p| p.activities.as_slice()).unwrap_or_default();
            let needs: BTreeSet<(&str, bool)> = activities
                .iter()
                .filter_map(|activity| activity.needs())
                .map(|need| match need {
                    Need::Buckets => ("buckets", settings.buckets.is_none()),
                    Need::Workgroups => ("workgroups", settings.workgroups.is_none()),
                })
                .collect();
            needs.into_iter().filter(|(_, missing)| *missing).map(move |(field, _)| Caution {
                code: codes::NOTHING_TO_USE,
                key: format!("teams.{key}.{field}"),
                message: meaning(codes::NOTHING_TO_USE),
            })
        })
    }

    /// Teams that may use a bucket of another team.
    fn common_buckets(&self) -> impl Iterator<Item = Caution> {
        let buckets: Vec<(&TeamKey, Pattern)> = self
            .teams
            .iter()
            .flat_map(|(key, team)| {
                let pattern = |name: String| Pattern::parse(&name, Syntax::WILDCARDS);
                self.buckets(key, team).into_iter().map(move |name| (key, pattern(name)))
            })
            .collect();
        let mut found: BTreeSet<&TeamKey> = BTreeSet::new();
        for (key, bucket) in &buckets {
            let common =
                |(other, theirs): &(&TeamKey, Pattern)| other != key && bucket.meets(theirs);
            if !found.contains(key) && buckets.iter().any(common) {
                found.insert(key);
            }
        }
        found.into_iter().map(|key| Caution {
            code: codes::COMMON_BUCKET,
            key: format!("teams.{key}.buckets"),
            message: meaning(codes::COMMON_BUCKET),
        })
    }

    /// The buckets of a team, as its roles name them.
    fn buckets(&self, key: &TeamKey, team: &Team) -> BTreeSet<String> {
        let named = self.settings(team).and_then(|settings| settings.buckets).unwrap_or_default();
        let domains = team.placements.iter().filter_map(|placement| {
            self.domains.get(&placement.domain).map(|domain| (&placement.domain, domain))
        });
        let filled = domains.flat_map(|(domain_key, domain)| {
            let values = RoleValues {
                account_id: domain.account_id.as_str(),
                domain: domain_key.as_str(),
                persona: team.persona.as_ref().map(PersonaKey::as_str),
                region: domain.region.as_str(),
                team: key.as_str(),
            };
            named.iter().filter_map(move |text| values.fill(text))
        });
        filled.collect()
    }

    /// Networks in use with a range that policies leave out. Where the map says nothing of the hub,
    /// no such policies are made.
    fn unsaid(&self) -> impl Iterator<Item = Caution> {
        let used = |key: &NetworkKey| {
            let of_hub = self.hub.as_ref().and_then(|hub| hub.network.as_ref()) == Some(key);
            self.hub.is_some() && (of_hub || self.teams.values().any(|team| team.network == *key))
        };
        self.networks.iter().filter(move |(key, rule)| used(key) && !rule.unsaid().is_empty()).map(
            |(key, _)| Caution {
                code: codes::PRIVATE_RANGE,
                key: format!("networks.{key}"),
                message: meaning(codes::PRIVATE_RANGE),
            },
        )
    }
}

/// Each key that can weaken the door, its code, and whether it does.
fn allowed(
    provider: &IdentityProvider,
    is_unbound: bool,
) -> [(&'static str, &'static str, bool); 5] {
    let plain = match &provider.metadata {
        // Schemes are case-insensitive.
        MetadataSource::Url { url, .. } => {
            url.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http:"))
        }
        MetadataSource::File(_) => false,
    };
    [
        ("metadata_url", codes::PLAIN_METADATA, plain),
        ("allow_weak_algorithms", codes::WEAK_ALGORITHMS, provider.allow_weak_algorithms),
        ("allow_cbc", codes::CBC, provider.allow_cbc),
        ("allow_unsolicited", codes::UNSOLICITED, provider.allow_unsolicited),
        ("directories", codes::UNBOUND, is_unbound),
    ]
}

fn meaning(code: &str) -> &'static str {
    codes::CAUTIONS.iter().find(|(known, _)| *known == code).map_or("", |(_, meaning)| meaning)
}
