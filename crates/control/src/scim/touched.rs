//! Whom a change concerns, and waking the loop for them.

use super::Tenant;
use crate::event::Wake;
use crate::ports::{RecordKind, RecordMember, StoreError};
use crate::reconciler::MOST_PEOPLE;
use access::ids::PersonId;
use std::collections::BTreeSet;
use std::time::Duration;

/// So long a push waits for other directories to say who somebody is. It is not theirs: an outage of one
/// must not stop what is pushed to another.
const KNOWN_WITHIN: Duration = Duration::from_secs(2);

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
        let asked = self.plane.directory.known_as(&self.directory, &people);
        match tokio::time::timeout(KNOWN_WITHIN, asked).await {
            Ok(Ok(Some(people))) => return Wake::People(people),
            Ok(Ok(None)) => {}
            Ok(Err(error)) => {
                tracing::warn!(%error, "nobody can say whom a push concerns; everything is read");
            }
            Err(_) => tracing::warn!(
                "another directory does not say in time whom a push concerns; everything is read"
            ),
        }
        Wake::Everything
    }

    /// Has the loop look at these again. What is pushed stays pushed if that fails: the next full
    /// pass sees it.
    pub(super) async fn wake(&self, touched: &Touched, before: Wake) {
        let wake = match before {
            // It may be that another directory keeps whoever asks it waiting: once is enough.
            Wake::Everything => Wake::Everything,
            Wake::People(_) => before.and(self.known_as(touched).await),
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
