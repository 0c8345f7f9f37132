//! Deciding on requests. Nobody decides on their own.

use super::answers::RequestView;
use super::break_glass::is_whole;
use super::requests::{already_decided, decided_entry};
use super::{
    Desk, Refused, admitted, announce, denied, end, granted_entry, no_such, now, take_back, text,
};
use crate::desk::{Caller, Listed, Page, Right, Role, SignedIn};
use crate::plane::Plane;
use crate::ports::{AccessRequest, Actor, Decision, RequestVerdict};
use ::access::ids::{PersonId, TemporaryId};
use ::access::reason::ReasonCode;
use ::access::snapshot::Snapshot;
use ::access::temporary::{TemporaryGrant, TemporaryKind};
use jiff::{SignedDuration, Timestamp};
use std::cmp::Reverse;

impl Desk {
    /// Everybody's requests for admins, those that wait first, then the newest.
    ///
    /// # Errors
    /// The caller may not; something cannot be read.
    pub async fn requests(
        &self,
        caller: &Caller,
        page: &Page,
    ) -> Result<Listed<RequestView>, Refused> {
        caller.require(Right::See)?;
        let now = self.plane().clock.now();
        let mut all = self.store().requests(None).await?;
        let key = |request: &AccessRequest| {
            let waits = u8::from(request.is_open(now));
            format!("{waits}{:020} {}", request.at.as_second(), request.id)
        };
        all.sort_by_key(|request| Reverse(key(request)));
        let own =
            |request: &AccessRequest| *caller.actor() == Actor::Person(request.person.clone());
        let is_person = matches!(caller.actor(), Actor::Person(_));
        let may = is_person && caller.may(Right::Act);
        let listed = page.of_descending(all, key)?;
        Ok(listed.map(|request| RequestView::of(&request, now, may && !own(&request))))
    }

    /// Approves or refuses a request. What was approved begins at once and ends by itself.
    ///
    /// # Errors
    /// The request is the person's own, or not for them to decide, or was decided before; the
    /// session is one team's; the one who asked may not have it any more; something cannot be read
    /// or written.
    pub async fn decide(
        &self,
        who: &SignedIn,
        id: &TemporaryId,
        approve: bool,
        why: Option<&str>,
    ) -> Result<RequestView, Refused> {
        who.require_all()?;
        let (plane, decider) = (self.plane(), &who.person);
        let now = now(&plane);
        let all = self.store().requests(None).await?;
        let request = all.iter().find(|request| &request.id == id).ok_or_else(|| no_such(id))?;
        if &request.person == decider {
            return Err(denied(
                ReasonCode::OwnRequest,
                "Nobody decides on their own request.",
                "Somebody else who may decide on it has to.",
            ));
        }
        let snapshot = self.people_now(&plane, Some(decider), [decider, &request.person]).await?;
        if !may_decide(&plane, &snapshot, decider, request) {
            return Err(denied(
                ReasonCode::NotAnApprover,
                "The access map does not let you decide on requests for this team.",
                "Ask one of those who may; the page of the request says who they are.",
            ));
        }
        let by = snapshot.people.get(decider).map_or(decider.as_str(), |p| &p.user_name);
        let why = why.map(str::trim).filter(|why| !why.is_empty()).map(text).transpose()?;
        if !request.is_open(now) {
            return Err(already_decided(request, now));
        }
        let verdict = if approve { RequestVerdict::Approved } else { RequestVerdict::Refused };
        let decision = Decision { verdict, at: now, by: by.to_owned(), why };
        let grant = if approve {
            admitted(&snapshot, &request.person, &request.team)?;
            still_allowed(&plane, &snapshot, request)?;
            if request.break_glass {
                is_whole(&snapshot, &request.person, &request.team, now)?;
            }
            Some(granted(request, &decision))
        } else {
            None
        };
        let settled = self.settle(&plane, request, &decision, grant.as_ref(), decider).await?;
        Ok(RequestView::of(&settled, now, false))
    }

    /// Carries a decision out: written down, then in one step with what it gives.
    pub(super) async fn settle(
        &self,
        plane: &Plane,
        request: &AccessRequest,
        decision: &Decision,
        grant: Option<&TemporaryGrant>,
        decider: &PersonId,
    ) -> Result<AccessRequest, Refused> {
        let (desk, plane, request) = (self.clone(), plane.clone(), request.clone());
        let (decision, grant) = (decision.clone(), grant.cloned());
        let actor = Actor::Person(decider.clone());
        let order =
            async move { desk.settled(&plane, &request, &decision, grant.as_ref(), actor).await };
        self.to_its_end(order).await
    }

    async fn settled(
        &self,
        plane: &Plane,
        request: &AccessRequest,
        decision: &Decision,
        grant: Option<&TemporaryGrant>,
        actor: Actor,
    ) -> Result<AccessRequest, Refused> {
        plane.audit.append(&decided_entry(request, decision, &actor)).await?;
        let settled = self.store().decide(&request.person, &request.id, decision, grant).await?;
        let (settled, is_new) = settled.ok_or_else(|| no_such(&request.id))?;
        if !is_new {
            // The entry of this decision stays; that of the other one came before or comes after.
            return Err(already_decided(&settled, decision.at));
        }
        if let Some(grant) = grant {
            if let Err(error) = plane.audit.append(&granted_entry(grant, &actor)).await {
                return Err(take_back(self, plane, grant, error).await);
            }
            announce(plane, grant).await;
        }
        Ok(settled)
    }
}

/// Whether the person may decide on the request, by the map and the directory as they are now.
pub(super) fn may_decide(
    plane: &Plane,
    snapshot: &Snapshot,
    person: &PersonId,
    request: &AccessRequest,
) -> bool {
    let rules = plane.map.temporary_rules(snapshot);
    let by_rule = if request.break_glass {
        rules.break_glass_rule(person, &request.team).is_some()
    } else {
        rules.may_approve(person, (&request.person, &request.team, request.seconds))
    };
    person != &request.person
        && (by_rule || plane.map.role_in(snapshot, person) == Some(Role::Admin))
}

/// Whether the one who asked may still ask for it.
fn still_allowed(
    plane: &Plane,
    snapshot: &Snapshot,
    request: &AccessRequest,
) -> Result<(), Refused> {
    let rules = plane.map.temporary_rules(snapshot);
    let (person, team) = (&request.person, &request.team);
    let (longest, code) = if request.break_glass {
        let rule = rules.break_glass_rule(person, team);
        (rule.map(|rule| rule.longest_seconds), ReasonCode::BreakGlassNotAllowed)
    } else {
        let rule = rules.request_rule(person, team);
        (rule.map(|rule| rule.longest_seconds), ReasonCode::RequestNotAllowed)
    };
    let user = &request.user_name;
    match longest {
        Some(longest) if request.seconds <= longest => Ok(()),
        Some(_) => Err(denied(
            ReasonCode::TooLong,
            format!("{user} asked for longer than the access map allows now."),
            format!("Refuse it; {user} can ask again for less."),
        )),
        None => Err(denied(
            code,
            format!("The access map does not let {user} have this team any more."),
            "Refuse it, or change the map first.",
        )),
    }
}

/// What comes of an approved request.
fn granted(request: &AccessRequest, decision: &Decision) -> TemporaryGrant {
    let seconds = i64::try_from(request.seconds).unwrap_or(i64::MAX);
    let from: Timestamp = decision.at;
    TemporaryGrant {
        id: request.id.clone(),
        person: request.person.clone(),
        user_name: Some(request.user_name.clone()),
        team: request.team.clone(),
        from,
        until: end(from, SignedDuration::from_secs(seconds)),
        kind: if request.break_glass { TemporaryKind::BreakGlass } else { TemporaryKind::Request },
        reason: request.reason.clone(),
        ticket: request.ticket.clone(),
        by: request.user_name.clone(),
        approved_by: Some(decision.by.clone()),
        made: from,
        ended: None,
        note: None,
    }
}
