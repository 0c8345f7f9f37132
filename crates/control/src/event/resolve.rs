//! From what an event says to the people to read again.

use super::{Concern, Family, Outcome, Reading, Verdict, Wake, read};
use crate::plane::Plane;
use crate::ports::{CallError, StoreError};
use crate::reconciler::MOST_PEOPLE;
use access::entitlement::wanted_groups;
use access::ids::{GroupId, MembershipId};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Why nobody can say whom an event concerns.
#[derive(Debug, thiserror::Error)]
enum Unresolved {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Directory(#[from] CallError),
    #[error("membership {0} is not known")]
    Membership(MembershipId),
    #[error("group {0} is not known as it was")]
    Group(GroupId),
    #[error("the group is large")]
    Large,
}

impl Plane {
    /// Reads an event, counts it, and says what to read again; `None`: nothing.
    pub async fn hear(&self, body: &str) -> Option<Wake> {
        let reading = match read(body) {
            Ok(reading) => reading,
            Err(error) => {
                tracing::warn!(%error, "event not understood");
                self.events.count(Family::Other, Outcome::Malformed);
                self.note_event(None, Outcome::Malformed, &Wake::Everything).await;
                return Some(Wake::Everything);
            }
        };
        self.learn(&reading).await;
        let wake = match &reading.verdict {
            Verdict::Concerns(concern) => self.resolve(concern).await,
            Verdict::Nobody | Verdict::Failed(_) => Wake::People(BTreeSet::new()),
            Verdict::Unknown => Wake::Everything,
        };
        let outcome = reading.outcome(&wake);
        self.events.count(reading.family, outcome);
        self.note_event(Some(&reading), outcome, &wake).await;
        let lag = reading.at.map(|at| self.clock.now().duration_since(at));
        // An event from the future tells of clocks that differ, nothing of a way.
        if let Some(lag) = lag.and_then(|lag| Duration::try_from(lag).ok()) {
            self.meter.count(|counts| counts.event_lag.observe(lag));
        }
        let Reading { family, event_id, name, .. } = reading;
        let (family, outcome) = (family.as_str(), outcome.as_str());
        tracing::info!(family, event_id, name, outcome, %wake, "event read");
        (!wake.is_nobody()).then_some(wake)
    }

    /// What many events come to, and `heard` is told what each does, by its number. Hundreds of them
    /// may concern one group; it is read once.
    pub async fn retell(
        &self,
        readings: &[Reading],
        mut heard: impl FnMut(usize, &Wake) + Send,
    ) -> Wake {
        for reading in readings {
            self.learn(reading).await;
        }
        let mut resolved: BTreeMap<&Concern, Wake> = BTreeMap::new();
        let mut whole = Wake::People(BTreeSet::new());
        for (number, reading) in readings.iter().enumerate() {
            let wake = match &reading.verdict {
                Verdict::Nobody | Verdict::Failed(_) => Wake::People(BTreeSet::new()),
                Verdict::Unknown => Wake::Everything,
                Verdict::Concerns(concern) => {
                    if let Some(wake) = resolved.get(concern) {
                        wake.clone()
                    } else {
                        let wake = self.resolve(concern).await;
                        resolved.insert(concern, wake.clone());
                        wake
                    }
                }
            };
            heard(number, &wake);
            whole = whole.and(wake);
        }
        whole
    }

    /// Remembers the membership that an event tells of, if it tells of one.
    pub async fn learn(&self, reading: &Reading) {
        let Some(membership) = &reading.learnt else { return };
        if let Err(error) = self.memberships.learn(membership).await {
            tracing::warn!(%error, "a membership is not remembered; its end will have more read");
        }
    }

    /// Whom to read again. Where that cannot be said, everybody.
    pub async fn resolve(&self, concern: &Concern) -> Wake {
        let resolved = match concern {
            Concern::People(people) => Ok(Wake::People(people.clone())),
            Concern::Everybody => Ok(Wake::Everything),
            Concern::Membership(id) => self.person_of(id).await,
            Concern::Group(group) => self.people_of(group).await,
        };
        resolved.unwrap_or_else(|why| {
            tracing::debug!(%why, "everything is read");
            Wake::Everything
        })
    }

    async fn person_of(&self, id: &MembershipId) -> Result<Wake, Unresolved> {
        let known = self.memberships.membership(id).await?;
        let person = known.ok_or_else(|| Unresolved::Membership(id.clone()))?.person;
        Ok(Wake::People(BTreeSet::from([person])))
    }

    /// Whoever is in a group and whoever was. Both are needed: an event of a group tells neither
    /// who came nor who went, nor under which name it gave rights before.
    async fn people_of(&self, group: &GroupId) -> Result<Wake, Unresolved> {
        let wanted = wanted_groups(&self.map);
        let former = self.memberships.group(group).await?;
        let former = former.ok_or_else(|| Unresolved::Group(group.clone()))?;
        let was_wanted = wanted.want(group, &former.display_name);
        if was_wanted && !former.was_read {
            return Err(Unresolved::Group(group.clone()));
        }
        // Everything will be read anyway; its members need not be listed first.
        if former.members.len() > MOST_PEOPLE {
            return Err(Unresolved::Large);
        }
        let name = self.directory.group_name(group).await?;
        let is_wanted = name.is_some_and(|name| wanted.want(group, &name));
        let mut people = former.members;
        if was_wanted || is_wanted || !people.is_empty() {
            let members = self.directory.members(group).await?;
            people.extend(members.into_iter().flatten().map(|(_, person)| person));
        }
        if people.len() > MOST_PEOPLE {
            return Err(Unresolved::Large);
        }
        Ok(Wake::People(people))
    }
}

impl Reading {
    /// What came of the event, where `wake` is what it had read again.
    pub fn outcome(&self, wake: &Wake) -> Outcome {
        match (&self.verdict, wake) {
            (Verdict::Failed(_), _) => Outcome::FailedCall,
            (Verdict::Unknown, _) => Outcome::Unknown,
            (Verdict::Nobody, _) => Outcome::Ignored,
            (Verdict::Concerns(_), wake) if wake.is_nobody() => Outcome::Ignored,
            (Verdict::Concerns(_), Wake::Everything) => Outcome::Everything,
            (Verdict::Concerns(Concern::Group(_)), Wake::People(_)) => Outcome::Group,
            (Verdict::Concerns(_), Wake::People(_)) => Outcome::Person,
        }
    }
}

impl Wake {
    /// Whether nobody need be read.
    pub fn is_nobody(&self) -> bool {
        matches!(self, Self::People(people) if people.is_empty())
    }
}
