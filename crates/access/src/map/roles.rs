//! What execution roles may use.

use super::check::Item;
use super::decode::{optional, owned};
use iam_policy::persona::{KmsKeys, READY_MADE, Vpc};
use std::collections::BTreeMap;

use super::Persona;
use crate::ids::PersonaKey;

/// What execution roles may use. In texts, placeholders in braces are not filled in yet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RoleSettings {
    /// S3 buckets by name; `*` and `?` are wildcards.
    pub buckets: Option<Vec<String>>,
    /// ECR repositories, by name or by ARN.
    pub repositories: Option<Vec<String>>,
    /// KMS keys by ARN.
    pub kms_keys: Option<KmsKeys>,
    /// Where jobs and models run.
    pub vpc: Option<Vpc>,
    /// Patterns of instance types; empty: any.
    pub instance_types: Option<Vec<String>>,
    /// Athena workgroups by name.
    pub workgroups: Option<Vec<String>>,
    /// Glue databases by name.
    pub databases: Option<Vec<String>>,
    /// ARN of the permissions boundary.
    pub boundary: Option<String>,
}

impl RoleSettings {
    /// These, and those of `general` where these say nothing.
    #[must_use]
    pub fn or(&self, general: &Self) -> Self {
        let (own, general) = (self.clone(), general.clone());
        Self {
            buckets: own.buckets.or(general.buckets),
            repositories: own.repositories.or(general.repositories),
            kms_keys: own.kms_keys.or(general.kms_keys),
            vpc: own.vpc.or(general.vpc),
            instance_types: own.instance_types.or(general.instance_types),
            workgroups: own.workgroups.or(general.workgroups),
            databases: own.databases.or(general.databases),
            boundary: own.boundary.or(general.boundary),
        }
    }
}

/// Decodes the settings of a persona or a team.
pub(super) fn role_settings(item: &Item) -> Option<RoleSettings> {
    let list = |key: &str| optional(item.field(key), texts);
    let keys = |item: &Item| {
        Some(KmsKeys { data: texts(item.field("data")?)?, volumes: texts(item.field("volumes")?)? })
    };
    let vpc = |item: &Item| {
        Some(Vpc {
            subnets: texts(item.field("subnets")?)?,
            security_groups: texts(item.field("security_groups")?)?,
        })
    };
    Some(RoleSettings {
        buckets: list("buckets")?,
        repositories: list("repositories")?,
        kms_keys: optional(item.field("kms_keys"), keys)?,
        vpc: optional(item.field("vpc"), vpc)?,
        instance_types: list("instance_types")?,
        workgroups: list("workgroups")?,
        databases: list("databases")?,
        boundary: optional(item.field("boundary"), owned)?,
    })
}

fn texts(item: &Item) -> Option<Vec<String>> {
    if item.is_broken() { None } else { item.list().iter().map(owned).collect() }
}

/// The names of the personas that are there without being written.
pub(super) fn ready_made() -> impl Iterator<Item = &'static str> {
    READY_MADE.iter().map(|persona| persona.name)
}

/// Adds the role manager's personas to those that are written, unless they bear the name of one.
pub(super) fn add_ready_made(personas: &mut BTreeMap<PersonaKey, Persona>, written: &[&str]) {
    for ready in READY_MADE.iter().filter(|ready| !written.contains(&ready.name)) {
        let Ok(key) = PersonaKey::parse(ready.name) else { continue };
        let activities = ready.activities.to_vec();
        personas.insert(key, Persona { activities, role: RoleSettings::default() });
    }
}
