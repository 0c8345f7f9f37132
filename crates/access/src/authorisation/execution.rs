//! The execution roles of teams that have a persona.

use super::ways::Ways;
use crate::ids::{DomainKey, PersonaKey, RoleArn, TeamKey};
use crate::map::{AccessMap, Diagnostic, Domain, Persona, RoleSettings, RoleValues, Team, codes};
use crate::observed::{TAG_INSTANCE, TAG_TEAM};
use iam_policy::Document;
use iam_policy::bundle::{NamedPolicy, Role, RoleKind};
use iam_policy::document::{Limit, SplitError, split};
use iam_policy::persona::{self, KmsKeys, Scope, StudioDomain};
use std::collections::{BTreeMap, BTreeSet};

/// How long a session of an execution role may last, in seconds: IAM's default. `SageMaker` renews
/// its sessions itself.
const SESSION_SECONDS: u32 = 3_600;

/// The execution roles, by ARN.
pub(super) fn roles(map: &AccessMap) -> Result<Vec<Role>, Vec<Diagnostic>> {
    let mut found: BTreeMap<&RoleArn, Vec<Use<'_>>> = BTreeMap::new();
    for (key, team) in &map.teams {
        for placement in &team.placements {
            let Some(domain) = map.domains.get(&placement.domain) else { continue };
            let used = Use { key, team, domain_key: &placement.domain, domain };
            found.entry(&placement.execution_role).or_default().push(used);
        }
    }
    let mut wrong = Vec::new();
    let mut roles = Vec::new();
    for (arn, uses) in found {
        let written = uses.iter().find_map(|used| Some((used, used.persona(map)?)));
        let Some((first, persona)) = written else { continue };
        match role(map, arn, (first, persona), &uses) {
            Ok(role) => roles.push(role),
            Err(error) => wrong.push(too_large(arn, first, &error)),
        }
    }
    // By account, path and name: the order of a bundle.
    roles.sort_by(|a, b| (&a.account_id, &a.path, &a.name).cmp(&(&b.account_id, &b.path, &b.name)));
    wrong.sort_by(|a, b| a.place.cmp(&b.place));
    if wrong.is_empty() { Ok(roles) } else { Err(wrong) }
}

/// One execution role; `None` if the map does not say what it may do.
pub(crate) fn execution_role(map: &AccessMap, arn: &RoleArn) -> Option<Role> {
    let placements = map.teams.iter().flat_map(|(key, team)| {
        team.placements.iter().map(move |placement| (key, team, placement))
    });
    let uses: Vec<Use<'_>> = placements
        .filter(|(.., placement)| &placement.execution_role == arn)
        .filter_map(|(key, team, placement)| {
            let domain = map.domains.get(&placement.domain)?;
            Some(Use { key, team, domain_key: &placement.domain, domain })
        })
        .collect();
    let (first, persona) = uses.iter().find_map(|used| Some((used, used.persona(map)?)))?;
    role(map, arn, (first, persona), &uses).ok()
}

/// A team's use of a role in one domain.
struct Use<'m> {
    key: &'m TeamKey,
    team: &'m Team,
    domain_key: &'m DomainKey,
    domain: &'m Domain,
}

impl<'m> Use<'m> {
    fn persona(&self, map: &'m AccessMap) -> Option<&'m Persona> {
        map.personas.get(self.team.persona.as_ref()?)
    }

    /// Fills in the placeholders of a template.
    fn fill(&self, text: &str) -> Option<String> {
        let values = RoleValues {
            account_id: self.domain.account_id.as_str(),
            domain: self.domain_key.as_str(),
            persona: self.team.persona.as_ref().map(PersonaKey::as_str),
            region: self.domain.region.as_str(),
            team: self.key.as_str(),
        };
        values.fill(text)
    }
}

/// The buckets that a team's roles may use, by name or pattern.
pub(crate) fn buckets(map: &AccessMap, key: &TeamKey) -> BTreeSet<String> {
    let Some(team) = map.teams.get(key) else { return BTreeSet::new() };
    let Some(persona) = team.persona.as_ref().and_then(|key| map.personas.get(key)) else {
        return BTreeSet::new();
    };
    let templates = team.role.or(&persona.role).buckets.unwrap_or_default();
    let uses = || {
        team.placements.iter().filter_map(|placement| {
            let domain = map.domains.get(&placement.domain)?;
            Some(Use { key, team, domain_key: &placement.domain, domain })
        })
    };
    templates.iter().flat_map(|text| uses().filter_map(|used| used.fill(text))).collect()
}

fn role(
    map: &AccessMap,
    arn: &RoleArn,
    (first, persona): (&Use<'_>, &Persona),
    uses: &[Use<'_>],
) -> Result<Role, SplitError> {
    let name = arn.role_name();
    let settings = first.team.role.or(&persona.role);
    let scope = scope(map, arn, &settings, (first, uses));
    let grants = Document::new(persona::statements(&persona.activities, &scope));
    let wall = [persona::team_wall(&scope), persona::instance_limits(&scope)].concat();
    let (team, activities) = (first.key, first.team.persona.as_ref());
    let activities = activities.map_or("", |key| key.as_str());
    let granted = format!("What people of {team} may do ({activities})");
    let denied = format!("What nobody of {team} may do: nothing of another team's");
    let mut managed = policies(&format!("{name}-grants"), &granted, &grants)?;
    managed.extend(policies(&format!("{name}-wall"), &denied, &Document::new(wall))?);
    let most = Limit::MANAGED_POLICY.documents;
    if managed.len() > most {
        let kind = Limit::MANAGED_POLICY.kind;
        return Err(SplitError::Documents { needed: managed.len(), kind, most });
    }
    let value = map.tag_value(first.key, first.team);
    let tags = [
        (TAG_INSTANCE, map.instance.as_str()),
        (TAG_TEAM, first.key.as_str()),
        (map.team_tag.as_str(), value),
    ];
    Ok(Role {
        kind: RoleKind::Execution { teams: BTreeSet::from([first.key.to_string()]) },
        partition: arn.partition().to_owned(),
        account_id: arn.account().to_owned(),
        path: arn.path(),
        name: name.to_owned(),
        description: format!("Studio apps and jobs of the team {team} run as this role"),
        trust: persona::trust(&scope),
        managed,
        inline: Vec::new(),
        boundary: settings.boundary.as_deref().and_then(|text| first.fill(text)),
        tags: tags.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
        max_session_seconds: SESSION_SECONDS,
    })
}

/// The managed policies that say what the document says.
fn policies(
    base: &str,
    description: &str,
    document: &Document,
) -> Result<Vec<NamedPolicy>, SplitError> {
    let documents = split([document], Limit::MANAGED_POLICY)?;
    let several = documents.len() > 1;
    let named = documents.into_iter().enumerate().map(|(index, document)| NamedPolicy {
        name: if several { format!("{base}-{}", index + 1) } else { base.to_owned() },
        description: description.to_owned(),
        document,
    });
    Ok(named.collect())
}

fn scope(
    map: &AccessMap,
    arn: &RoleArn,
    settings: &RoleSettings,
    (first, uses): (&Use<'_>, &[Use<'_>]),
) -> Scope {
    // A template with a Region means another thing in each domain.
    let all = |texts: &[String]| {
        let mut filled: Vec<String> = Vec::new();
        for text in texts.iter().flat_map(|text| uses.iter().filter_map(|used| used.fill(text))) {
            if !filled.contains(&text) {
                filled.push(text);
            }
        }
        filled
    };
    let list = |texts: &Option<Vec<String>>| all(texts.as_deref().unwrap_or_default());
    let studio = |used: &Use<'_>| StudioDomain {
        region: used.domain.region.to_string(),
        id: used.domain.domain_id.to_string(),
    };
    let rule = map.networks.get(&first.team.network);
    let keys = settings.kms_keys.as_ref();
    Scope {
        partition: arn.partition().to_owned(),
        account_id: arn.account().to_owned(),
        domains: uses.iter().map(studio).collect(),
        team: first.key.to_string(),
        tag_key: map.team_tag.clone(),
        tag_value: map.tag_value(first.key, first.team).to_owned(),
        role_arn: arn.to_string(),
        shared_space: first.team.space.as_ref().map(ToString::to_string),
        own_links: Ways::of(rule).alternatives().into_iter().map(|(_, c)| c).collect(),
        // Whether the domain names people is read from it, and can be switched on any time: without
        // this the role could then not be assumed at all.
        source_identity: true,
        buckets: list(&settings.buckets),
        repositories: list(&settings.repositories),
        kms_keys: keys.map_or_else(KmsKeys::default, |keys| KmsKeys {
            data: all(&keys.data),
            volumes: all(&keys.volumes),
        }),
        vpc: settings.vpc.clone(),
        instance_types: list(&settings.instance_types),
        workgroups: list(&settings.workgroups),
        databases: list(&settings.databases),
    }
}

fn too_large(arn: &RoleArn, used: &Use<'_>, error: &SplitError) -> Diagnostic {
    Diagnostic {
        code: codes::ROLE_TOO_LARGE,
        place: used.team.place.clone(),
        width: used.key.as_str().len(),
        message: format!("IAM does not take the role `{arn}` of the team `{}`: {error}", used.key),
        expected: None,
        help: Some("give its persona fewer activities, or name fewer resources".to_owned()),
    }
}
