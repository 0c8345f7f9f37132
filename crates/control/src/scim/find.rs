//! Records and the resources they are of.

use super::Tenant;
use super::answer::Failed;
use crate::ports::{RecordKey, RecordKind, ScimRecord, StoreError};
use ::scim::{IndexedAttribute, Resource, ResourceKind, ScimError, Stamp, Version, is_id};
use std::collections::{BTreeMap, BTreeSet};

pub(super) const fn kept(kind: ResourceKind) -> RecordKind {
    match kind {
        ResourceKind::User => RecordKind::User,
        ResourceKind::Group => RecordKind::Group,
    }
}

pub(super) const fn shown(kind: RecordKind) -> ResourceKind {
    match kind {
        RecordKind::User => ResourceKind::User,
        RecordKind::Group => ResourceKind::Group,
    }
}

/// The key of records that an attribute is kept as.
pub(super) const fn key_of(attribute: IndexedAttribute) -> Option<RecordKey> {
    match attribute {
        IndexedAttribute::UserName => Some(RecordKey::UserName),
        IndexedAttribute::ExternalId => Some(RecordKey::ExternalId),
        IndexedAttribute::DisplayName => Some(RecordKey::DisplayName),
        IndexedAttribute::Email => Some(RecordKey::Email),
        IndexedAttribute::Id | IndexedAttribute::Member => None,
    }
}

/// By what a resource is found.
pub(super) fn keys_of(resource: &Resource) -> BTreeSet<(RecordKey, String)> {
    let keys = resource.index_keys().into_iter();
    keys.filter_map(|(attribute, value)| Some((key_of(attribute)?, value))).collect()
}

impl Tenant {
    /// The record with this id.
    pub(super) async fn record(&self, kind: ResourceKind, id: &str) -> Result<ScimRecord, Failed> {
        let mut found = self.records(kept(kind), [id.to_owned()].into()).await?;
        found.remove(id).ok_or_else(|| ScimError::not_found(kind, id).into())
    }

    /// Those of these records that are there. The store is not asked for what cannot be an id: to some
    /// it cannot be a key either, and they refuse all that is asked for with it.
    pub(super) async fn records(
        &self,
        kind: RecordKind,
        mut ids: BTreeSet<String>,
    ) -> Result<BTreeMap<String, ScimRecord>, StoreError> {
        ids.retain(|id| is_id(id));
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        self.store.scim_records(self.directory.as_str(), kind, &ids).await
    }

    /// In which groups somebody is, groups within groups not counted.
    pub(super) async fn groups_of(&self, member: &str) -> Result<BTreeSet<String>, StoreError> {
        if !is_id(member) {
            return Ok(BTreeSet::new());
        }
        self.store.scim_groups_of(self.directory.as_str(), member).await
    }

    /// What a record is of, with id and meta, without members and groups.
    pub(super) fn resource_of(&self, record: &ScimRecord) -> Result<Resource, Failed> {
        let resource = Resource::from_stored(shown(record.kind), &record.body)?;
        Ok(self.stamped(record, resource))
    }

    /// The resource of a record, with id and meta.
    pub(super) fn stamped(&self, record: &ScimRecord, mut resource: Resource) -> Resource {
        resource.stamp(&Stamp {
            id: &record.id,
            created: record.created,
            last_modified: record.changed,
            version: Version(record.version),
            base: &self.base,
        });
        resource
    }
}
