//! Whom a change concerns, and waking the loop for them.

use super::Tenant;
use crate::event::Wake;
use crate::ports::{RecordKind, RecordMember, StoreError};
use crate::reconciler::MOST_PEOPLE;
use access::ids::PersonId;
use std::collections::BTreeSet;

/// Whom a change concerns.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) enum Touched {
    /// Nobody.
    #[default]
    Nobody,
    /// These people, by the ids of their records.
    People(BTreeSet<String>),
    /// More than are worth naming.
    Everybody,
}

impl Touched {
    /// One person.
    pub(super) fn one(id: &str) -> Self {
        Self::People(BTreeSet::from([id.to_owned()]))
    }
}

impl Tenant {
    /// The people among these and in the groups among these, however deep. Groups that are in each
    /// other are opened once, and no group is read beyond what is worth naming.
    pub(super) async fn people_in(
        &self,
        members: BTreeSet<RecordMember>,
    ) -> Result<Touched, StoreError> {
        let most = u32::try_from(MOST_PEOPLE).unwrap_or(u32::MAX).saturating_add(1);
        let (mut people, mut opened) = (BTreeSet::new(), BTreeSet::new());
        let mut left: Vec<RecordMember> = members.into_iter().collect();
        while let Some(RecordMember { id, kind }) = left.pop() {
            match kind {
                RecordKind::User => drop(people.insert(id)),
                RecordKind::Group if opened.insert(id.clone()) => {
                    let directory = self.directory.as_str();
                    let inside = self.store.scim_members(directory, &id, most).await?;
                    if inside.len() > MOST_PEOPLE {
                        return Ok(Touched::Everybody);
                    }
                    left.extend(inside);
                }
                RecordKind::Group => {}
            }
            if people.len() > MOST_PEOPLE {
                return Ok(Touched::Everybody);
            }
        }
        Ok(if people.is_empty() { Touched::Nobody } else { Touched::People(people) })
    }

    /// Who these are to the plane. Where a map has several directories, that hangs on what is written
    /// in them: it is asked before a change and after it.
    pub(super) async fn known_as(&self, touched: &Touched) -> Wake {
        let ids = match touched {
            Touched::Nobody => return Wake::People(BTreeSet::new()),
            Touched::Everybody => return Wake::Everything,
            Touched::People(ids) => ids,
        };
        let people = ids.iter().filter_map(|id| PersonId::parse(id).ok()).collect();
        match self.plane.directory.known_as(&self.directory, &people).await {
            Ok(Some(people)) => Wake::People(people),
            Ok(None) => Wake::Everything,
            Err(error) => {
                tracing::warn!(%error, "nobody can say whom a push concerns; everything is read");
                Wake::Everything
            }
        }
    }

    /// Has the loop look at these again. What is pushed stays pushed if that fails: the next full
    /// pass sees it.
    pub(super) async fn wake(&self, touched: &Touched, before: Wake) {
        let wake = match (before, self.known_as(touched).await) {
            (Wake::People(mut people), Wake::People(more)) => {
                people.extend(more);
                Wake::People(people)
            }
            _ => Wake::Everything,
        };
        if wake == Wake::People(BTreeSet::new()) {
            return;
        }
        if let Err(error) = self.plane.wake(&wake).await {
            tracing::warn!(%error, "the loop is not woken; its next full pass does the work");
        }
        self.plane.readings.changed(self.plane.clock.now());
    }
}
