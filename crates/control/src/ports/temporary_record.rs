//! What is kept of the temporary access of one person, and how it changes: the same for every store.

use super::{AccessRequest, Decision, RequestVerdict, TEMPORARY_KEPT};
use access::ids::{PersonId, TemporaryId};
use access::temporary::{AfterNote, Ending, TemporaryGrant};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The temporary grants and the requests of one person. A store keeps one for each person and
/// changes it in one atomic step.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TemporaryRecord {
    /// Grants, by beginning and id.
    pub grants: Vec<TemporaryGrant>,
    /// Requests, by time and id.
    pub requests: Vec<AccessRequest>,
}

impl TemporaryRecord {
    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.grants.is_empty() && self.requests.is_empty()
    }

    /// Whose it is; `None`: nothing is kept.
    pub fn person(&self) -> Option<&PersonId> {
        let of_grant = self.grants.first().map(|grant| &grant.person);
        of_grant.or_else(|| self.requests.first().map(|request| &request.person))
    }

    /// How many grants and requests there are.
    pub fn number(&self) -> usize {
        self.grants.len().saturating_add(self.requests.len())
    }

    /// Adds a grant, unless one of its id is there: `false`.
    pub fn give(&mut self, grant: &TemporaryGrant) -> bool {
        self.forget(grant.made);
        if self.grants.iter().any(|known| known.id == grant.id) {
            return false;
        }
        self.grants.push(grant.clone());
        self.grants.sort_by(|a, b| (a.from, &a.id).cmp(&(b.from, &b.id)));
        true
    }

    /// Revokes a grant; the first revocation stays. What it is then, and whether that is new.
    pub fn revoke(&mut self, id: &TemporaryId, ending: &Ending) -> Option<(TemporaryGrant, bool)> {
        let grant = self.grants.iter_mut().find(|grant| &grant.id == id)?;
        let is_new = grant.ended.is_none() && !grant.is_over(ending.at);
        if is_new {
            grant.ended = Some(ending.clone());
        }
        Some((grant.clone(), is_new))
    }

    /// Adds what was done under a grant; the first note stays. What it is then, and whether that is
    /// new.
    pub fn note(&mut self, id: &TemporaryId, note: &AfterNote) -> Option<(TemporaryGrant, bool)> {
        let grant = self.grants.iter_mut().find(|grant| &grant.id == id)?;
        let is_new = grant.note.is_none();
        if is_new {
            grant.note = Some(note.clone());
        }
        Some((grant.clone(), is_new))
    }

    /// Adds a request, unless one of its id is there: `false`.
    pub fn ask(&mut self, request: &AccessRequest) -> bool {
        self.forget(request.at);
        if self.requests.iter().any(|known| known.id == request.id) {
            return false;
        }
        self.requests.push(request.clone());
        self.requests.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
        true
    }

    /// Decides on a request that is open, and gives what comes of it. What the request is then, and
    /// whether that is new.
    pub fn decide(
        &mut self,
        id: &TemporaryId,
        decision: &Decision,
        grant: Option<&TemporaryGrant>,
    ) -> Option<(AccessRequest, bool)> {
        let request = self.requests.iter_mut().find(|request| &request.id == id)?;
        let is_new = request.is_open(decision.at);
        if is_new {
            request.decision = Some(decision.clone());
        }
        let request = request.clone();
        if let (true, RequestVerdict::Approved, Some(grant)) = (is_new, decision.verdict, grant) {
            self.give(grant);
        }
        Some((request, is_new))
    }

    /// Forgets what is over for long ([`TEMPORARY_KEPT`]), and says whether there was any.
    pub fn forget(&mut self, now: Timestamp) -> bool {
        let before = self.number();
        let is_old = |since: Timestamp| now.duration_since(since) > TEMPORARY_KEPT;
        self.grants.retain(|grant| !is_old(grant.end()) || grant.owes_note(now));
        self.requests.retain(|request| {
            let since = request.decision.as_ref().map_or(request.lapses, |decision| decision.at);
            !is_old(since)
        });
        self.number() < before
    }

    /// Of these, whose record has something to forget.
    pub fn who_forgets(
        records: impl IntoIterator<Item = Self>,
        now: Timestamp,
    ) -> impl Iterator<Item = PersonId> {
        let whose = move |mut record: Self| {
            // Asked first: whoever has forgotten all is nobody's.
            let person = record.person().cloned();
            person.filter(|_| record.forget(now))
        };
        records.into_iter().filter_map(whose)
    }
}
