//! Resources as they are shown.

use super::Tenant;
use super::answer::{Failed, ScimAnswer};
use super::find::shown;
use crate::ports::{RecordKind, ScimRecord};
use ::scim::{
    GroupOf, Member, Preconditions, Projection, Resource, ResourceKind, Version, location,
};
use serde_json::Value;

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
        if conditions.not_modified(version) {
            return Ok(ScimAnswer { version: Some(version), ..ScimAnswer::empty(304) });
        }
        self.answered(200, &record, projection).await
    }

    /// The answer that shows a record.
    pub(super) async fn answered(
        &self,
        status: u16,
        record: &ScimRecord,
        projection: &Projection,
    ) -> Result<ScimAnswer, Failed> {
        let resource = self.resource_of(record)?;
        let body = self.rendered(record, resource, projection).await?;
        Ok(ScimAnswer {
            location: Some(location(&self.base, shown(record.kind), &record.id)),
            version: Some(Version(record.version)),
            ..ScimAnswer::told(status, &body)
        })
    }

    /// The resource of a record, with its members or groups if they are wanted.
    pub(super) async fn rendered(
        &self,
        record: &ScimRecord,
        mut resource: Resource,
        projection: &Projection,
    ) -> Result<Value, Failed> {
        match record.kind {
            RecordKind::Group if projection.wants_members() => {
                let members = self.members(&record.id).await?;
                resource.set_members(&self.base, members);
            }
            RecordKind::User if projection.wants_groups() => {
                let groups = self.groups_shown(&record.id).await?;
                resource.set_groups(&self.base, groups);
            }
            RecordKind::Group | RecordKind::User => {}
        }
        Ok(resource.into_json(projection))
    }

    /// Who is in a group, as SCIM shows it.
    pub(super) async fn members(&self, group: &str) -> Result<Vec<Member>, Failed> {
        let members = self.store.scim_members(self.directory.as_str(), group).await?;
        let members = members.into_iter().map(|member| Member {
            kind: Some(shown(member.kind)),
            id: member.id,
            display: None,
        });
        Ok(members.collect())
    }

    /// In which groups somebody is, as SCIM shows it.
    pub(super) async fn groups_shown(&self, member: &str) -> Result<Vec<GroupOf>, Failed> {
        let ids = self.groups_of(member).await?;
        let groups = self.records(RecordKind::Group, ids).await?;
        let mut all = Vec::with_capacity(groups.len());
        for (id, record) in groups {
            let resource = Resource::from_stored(ResourceKind::Group, &record.body)?;
            let display = resource.display_name().map(str::to_owned);
            all.push(GroupOf { id, display });
        }
        Ok(all)
    }
}
