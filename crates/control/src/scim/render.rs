//! Resources as they are shown.

use super::Tenant;
use super::answer::{Failed, ScimAnswer};
use super::find::shown;
use crate::ports::{ALL_MEMBERS, RecordKind, ScimRecord};
use ::scim::bounds::MAX_MEMBERS;
use ::scim::{
    GroupOf, Member, Preconditions, Projection, Resource, ResourceKind, Version, location,
};
use std::collections::{BTreeMap, BTreeSet};

/// What one answer shows so far.
#[derive(Debug, Default)]
pub(super) struct Showing {
    /// Whether it was just made.
    is_new: bool,
    /// Members of groups.
    members: usize,
    /// Groups whose names were read.
    names: BTreeMap<String, Option<String>>,
    /// In which groups whoever is shown next is, if that was read already.
    pub(super) groups: Option<BTreeSet<String>>,
    /// Who is in the group that is shown next, if that was read already.
    pub(super) inside: Option<Vec<Member>>,
}

impl Showing {
    /// Something that was just made.
    pub(super) fn of_new() -> Self {
        Self { is_new: true, ..Self::default() }
    }

    /// Whether a group with these members may follow what is shown so far. One is shown whole, however
    /// large it is; several together are bounded.
    pub(super) const fn has_room_for(&self, members: &[Member]) -> bool {
        self.members == 0 || self.members.saturating_add(members.len()) <= MAX_MEMBERS
    }
}

impl Tenant {
    /// One resource.
    pub(super) async fn one(
        &self,
        kind: ResourceKind,
        id: &str,
        projection: &Projection,
        conditions: &Preconditions,
    ) -> Result<ScimAnswer, Failed> {
        let record = self.record(kind, id).await?;
        let version = Version(record.version);
        // Groups come and go, and are renamed, without a new version of the people in them.
        let is_all = kind == ResourceKind::Group || !projection.wants_groups();
        if is_all && conditions.not_modified(version) {
            return Ok(ScimAnswer { version: Some(version), ..ScimAnswer::empty(304) });
        }
        self.answered_as_kept(200, &record, projection).await
    }

    /// The answer that shows a record.
    pub(super) async fn answered_as_kept(
        &self,
        status: u16,
        record: &ScimRecord,
        projection: &Projection,
    ) -> Result<ScimAnswer, Failed> {
        self.answered(status, record, projection, &mut Showing::default()).await
    }

    /// The same of something of which more is known.
    pub(super) async fn answered(
        &self,
        status: u16,
        record: &ScimRecord,
        projection: &Projection,
        showing: &mut Showing,
    ) -> Result<ScimAnswer, Failed> {
        let body = self.rendered(record, projection, showing).await?;
        Ok(ScimAnswer {
            location: Some(location(&self.base, shown(record.kind), &record.id)),
            version: Some(Version(record.version)),
            body: Some(body),
            ..ScimAnswer::empty(status)
        })
    }

    /// The resource of a record as JSON text, with its members or groups if they are wanted.
    pub(super) async fn rendered(
        &self,
        record: &ScimRecord,
        projection: &Projection,
        showing: &mut Showing,
    ) -> Result<String, Failed> {
        // What is shown whole is not read: reading and writing it again costs more than all else here.
        let is_whole = projection.is_everything();
        let mut resource = if is_whole {
            self.stamped(record, Resource::unread(shown(record.kind)))
        } else {
            self.resource_of(record)?
        };
        match record.kind {
            RecordKind::Group if projection.wants_members() => {
                let members = match showing.inside.take() {
                    Some(members) => members,
                    None => self.members(&record.id).await?,
                };
                showing.members = showing.members.saturating_add(members.len());
                resource.set_members(&self.base, members);
            }
            RecordKind::User if projection.wants_groups() && !showing.is_new => {
                let groups = self.groups_shown(&record.id, showing).await?;
                resource.set_groups(&self.base, groups);
            }
            RecordKind::Group | RecordKind::User => {}
        }
        if is_whole {
            return Ok(resource.with_stored(&record.body)?);
        }
        Ok(resource.into_json(projection).to_string())
    }

    /// Who is in a group, as SCIM shows it.
    pub(super) async fn members(&self, group: &str) -> Result<Vec<Member>, Failed> {
        let members = self.store.scim_members(self.directory.as_str(), group, ALL_MEMBERS).await?;
        let members = members.into_iter().map(|member| Member {
            kind: Some(shown(member.kind)),
            id: member.id,
            display: None,
        });
        Ok(members.collect())
    }

    /// In which groups somebody is, as SCIM shows it. The name of a group is read once an answer.
    async fn groups_shown(
        &self,
        member: &str,
        showing: &mut Showing,
    ) -> Result<Vec<GroupOf>, Failed> {
        let ids = match showing.groups.take() {
            Some(ids) => ids,
            None => self.groups_of(member).await?,
        };
        let names = &mut showing.names;
        let unread: BTreeSet<String> =
            ids.iter().filter(|id| !names.contains_key(*id)).cloned().collect();
        for (id, record) in self.records(RecordKind::Group, unread).await? {
            let resource = Resource::from_stored(ResourceKind::Group, &record.body)?;
            names.insert(id, resource.display_name().map(str::to_owned));
        }
        // A group without a record was deleted meanwhile.
        let known = |id: String| names.get(&id).cloned().map(|display| GroupOf { id, display });
        Ok(ids.into_iter().filter_map(known).collect())
    }
}
