//! Asking for access: what somebody may ask for, and their own requests.

use super::answers::{Askable, MyRequests, RequestForm, RequestView, TemporaryView, WayToDecide};
use super::decide::may_decide;
use super::{
    Desk, Refused, admitted, askable, conflict, denied, end, lasting, new_id, no_person, no_such,
    now, team_of, text, ticket,
};
use crate::desk::{Role, SignedIn};
use crate::plane::Plane;
use crate::ports::{AccessRequest, Actor, AuditEntry, AuditEvent, Decision, RequestVerdict};
use ::access::entitlement::{Entitlement, entitlements};
use ::access::ids::{PersonId, TeamKey, TemporaryId};
use ::access::reason::ReasonCode;
use ::access::snapshot::Snapshot;
use jiff::{SignedDuration, Timestamp};
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// So long somebody may take over a decision.
pub(super) const DECIDED_WITHIN: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What somebody asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskOrder {
    /// The team.
    pub team: TeamKey,
    /// For how long from the approval on.
    pub lasts: SignedDuration,
    /// Why.
    pub reason: String,
    /// A ticket.
    pub ticket: Option<String>,
}

impl Desk {
    /// What the person may ask for of this team, who decides, and how things stand.
    ///
    /// # Errors
    /// The team or the person is not known; the session is another team's; something cannot be
    /// read.
    pub async fn request_form(
        &self,
        who: &SignedIn,
        team: &TeamKey,
    ) -> Result<RequestForm, Refused> {
        who.require_team(team)?;
        let (plane, person) = (self.plane(), &who.person);
        let now = plane.clock.now();
        let about = &team_of(&plane, team)?.about;
        let snapshot = self.people_now(&plane, Some(person), [person]).await?;
        let known = admitted(&snapshot, person, team)?.clone();
        let rules = plane.map.temporary_rules(&snapshot);
        let request = rules.request_rule(person, team).map(|rule| {
            let groups: BTreeSet<&str> = rules.approver_groups(person, team).collect();
            WayToDecide {
                groups: groups.into_iter().map(str::to_owned).collect(),
                longest_seconds: rule.longest_seconds,
            }
        });
        let break_glass = rules.break_glass_rule(person, team);
        let rights = entitlements(&plane.map, &snapshot, now);
        let of_person = snapshot.temporary.get(person).map_or(&[][..], Vec::as_slice);
        let one = BTreeSet::from([person.clone()]);
        let requests = self.store().requests(Some(&one)).await?;
        let of_team = requests.iter().rev().filter(|request| &request.team == team);
        Ok(RequestForm {
            team: team.clone(),
            title: about.title.clone().unwrap_or_else(|| team.to_string()),
            purpose: about.purpose.clone(),
            has_until: rights.get(person, team).map(Entitlement::until),
            request,
            break_glass: break_glass.map(|rule| (rule.needs, rule.longest_seconds)),
            grants: snapshot
                .temporary_of(person, team)
                .map(|grant| TemporaryView::of(grant, now))
                .rev()
                .collect(),
            requests: of_team.map(|request| RequestView::of(request, now, false)).collect(),
            owed: of_person
                .iter()
                .filter(|grant| grant.owes_note(now) && who.reaches(&grant.team))
                .map(|grant| TemporaryView::of(grant, now))
                .collect(),
            person: known,
            administers: administers(&plane, &snapshot, who),
            now,
        })
    }

    /// Asks for a team for a time.
    ///
    /// # Errors
    /// The map does not let the person ask for it, or the session is another team's; a request
    /// waits already; it lasts too long; something cannot be read or written.
    pub async fn ask(&self, who: &SignedIn, order: &AskOrder) -> Result<RequestView, Refused> {
        who.require_team(&order.team)?;
        let (plane, person) = (self.plane(), &who.person);
        let now = now(&plane);
        team_of(&plane, &order.team)?;
        let snapshot = self.people_now(&plane, Some(person), [person]).await?;
        let known = admitted(&snapshot, person, &order.team)?;
        let rules = plane.map.temporary_rules(&snapshot);
        let rule = rules.request_rule(person, &order.team).ok_or_else(|| {
            denied(
                ReasonCode::RequestNotAllowed,
                "The access map does not let you ask for this team.",
                "Ask the team's owner to add you to its group.",
            )
        })?;
        let lasts = lasting(order.lasts, rule.longest())?;
        let request = AccessRequest {
            id: new_id(&plane)?,
            person: person.clone(),
            user_name: known.user_name.clone(),
            team: order.team.clone(),
            seconds: lasts.as_secs().unsigned_abs(),
            reason: text(&order.reason)?,
            ticket: ticket(order.ticket.as_deref())?,
            at: now,
            lapses: end(now, DECIDED_WITHIN),
            break_glass: false,
            decision: None,
        };
        self.file(&request).await
    }

    /// Writes a request down, unless one for the same waits already.
    pub(super) async fn file(&self, request: &AccessRequest) -> Result<RequestView, Refused> {
        let plane = self.plane();
        let one = BTreeSet::from([request.person.clone()]);
        let waits = self.store().requests(Some(&one)).await?;
        let is_same = |known: &AccessRequest| {
            known.is_open(request.at)
                && known.team == request.team
                && known.break_glass == request.break_glass
        };
        if waits.iter().any(is_same) {
            return Err(conflict(
                ReasonCode::RequestOpen,
                "A request of yours for this team waits already.",
                "Wait for the decision, or take that request back first.",
            ));
        }
        self.has_room(&request.person).await?;
        plane.audit.append(&asked_entry(request)).await?;
        self.store().ask(request).await?;
        tracing::info!(person = %request.person, team = %request.team, request = %request.id, "access is asked for");
        Ok(RequestView::of(request, request.at, false))
    }

    /// What the person has to do with requests: their own, those that wait for them, and what they
    /// have for a time. By a session of one team, their own for that team alone.
    ///
    /// # Errors
    /// The directory does not know the person; something cannot be read.
    pub async fn my_requests(&self, who: &SignedIn) -> Result<MyRequests, Refused> {
        let (plane, person) = (self.plane(), &who.person);
        let now = plane.clock.now();
        let all = self.store().requests(None).await?;
        let mut snapshot = self.people_now(&plane, Some(person), [person]).await?;
        let known = snapshot.people.get(person).filter(|known| known.enabled);
        let known = known.ok_or_else(|| no_person(person))?.clone();
        let asking = asking(&plane, &snapshot, who, &all, now);
        if !asking.is_empty() {
            // Of whom the directory shows nothing, nobody sees anything here.
            let people = asking.iter().chain([person]);
            snapshot = self.people_now(&plane, Some(person), people).await?;
        }
        let (mut own, mut others): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|request| &request.person == person);
        own.retain(|one| who.reaches(&one.team));
        let decides = |one: &AccessRequest| may_decide(&plane, &snapshot, person, one);
        others.retain(|one| who.only.is_none() && one.is_open(now) && decides(one));
        others.sort_by_key(|request| Reverse((request.at, request.id.clone())));
        let grants = snapshot.temporary.get(person).map_or(&[][..], Vec::as_slice);
        let rights = entitlements(&plane.map, &snapshot, now);
        let open = askable(&plane.map, &snapshot, who, rights.teams_of(person));
        Ok(MyRequests {
            person: known,
            own: own.iter().rev().map(|one| RequestView::of(one, now, false)).collect(),
            to_decide: others.iter().map(|one| RequestView::of(one, now, true)).collect(),
            grants: grants
                .iter()
                .rev()
                .filter(|one| who.reaches(&one.team))
                .map(|one| TemporaryView::of(one, now))
                .collect(),
            askable: open
                .filter_map(|(team, by_request)| named(&plane, team, by_request))
                .collect(),
            administers: administers(&plane, &snapshot, who),
        })
    }

    /// Takes a request of the person's own back.
    ///
    /// # Errors
    /// There is none of this id that waits; the session is another team's; the store cannot be
    /// written.
    pub async fn withdraw(&self, who: &SignedIn, id: &TemporaryId) -> Result<RequestView, Refused> {
        let (plane, person) = (self.plane(), &who.person);
        let now = now(&plane);
        let one = BTreeSet::from([person.clone()]);
        let requests = self.store().requests(Some(&one)).await?;
        let request = requests.iter().find(|request| &request.id == id);
        let request = request.ok_or_else(|| no_such(id))?;
        who.require_team(&request.team)?;
        if !request.is_open(now) {
            return Err(already_decided(request, now));
        }
        let (verdict, by) = (RequestVerdict::Withdrawn, request.user_name.clone());
        let decision = Decision { verdict, at: now, by, why: None };
        let settled = self.settle(&plane, request, &decision, None, person).await?;
        Ok(RequestView::of(&settled, now, false))
    }
}

/// Those whose groups say whether the person decides on what they ask for. Admins decide on everything, and who
/// breaks glass with somebody by a rule of their own.
fn asking(
    plane: &Plane,
    snapshot: &Snapshot,
    who: &SignedIn,
    all: &[AccessRequest],
    now: Timestamp,
) -> BTreeSet<PersonId> {
    if who.only.is_some() || plane.map.role_in(snapshot, &who.person) == Some(Role::Admin) {
        return BTreeSet::new();
    }
    let rules = plane.map.temporary_rules(snapshot);
    let waiting = all.iter().filter(|one| one.is_open(now) && !one.break_glass);
    let hangs = waiting.filter(|one| rules.may_approve_some(&who.person, &one.team));
    hangs.map(|one| one.person.clone()).collect()
}

/// A team that can be asked for, as people call it.
fn named(plane: &Plane, team: &TeamKey, by_request: bool) -> Option<Askable> {
    let about = &plane.map.teams.get(team)?.about;
    let title = about.title.clone().unwrap_or_else(|| team.to_string());
    Some(Askable { team: team.clone(), title, purpose: about.purpose.clone(), by_request })
}

/// Whether the session leads into the administration.
fn administers(plane: &Plane, snapshot: &Snapshot, who: &SignedIn) -> bool {
    who.only.is_none() && plane.map.role_in(snapshot, &who.person).is_some()
}

pub(super) fn already_decided(request: &AccessRequest, now: Timestamp) -> Refused {
    let why = match &request.decision {
        Some(decision) => format!("{} decided on this request before.", decision.by),
        None if !request.is_open(now) => "The request has lapsed.".to_owned(),
        None => "Somebody is deciding on this request.".to_owned(),
    };
    conflict(ReasonCode::RequestDecided, why, "Look at the list again.")
}

fn asked_entry(request: &AccessRequest) -> AuditEntry {
    AuditEntry::new(request.at, AuditEvent::AccessRequested, ReasonCode::AccessRequested.as_str())
        .by(Actor::Person(request.person.clone()))
        .about(&request.person)
        .on(&request.team)
        .with("request", &request.id)
        .with("kind", if request.break_glass { "break-glass" } else { "request" })
        .with("seconds", request.seconds)
        .with("reason", &request.reason)
        .with_opt("ticket", request.ticket.as_ref())
}

pub(super) fn decided_entry(
    request: &AccessRequest,
    decision: &Decision,
    actor: &Actor,
) -> AuditEntry {
    let (code, state) = match decision.verdict {
        RequestVerdict::Approved => (ReasonCode::RequestApproved, "approved"),
        RequestVerdict::Refused => (ReasonCode::RequestRefused, "refused"),
        RequestVerdict::Withdrawn => (ReasonCode::RequestWithdrawn, "withdrawn"),
    };
    AuditEntry::new(decision.at, AuditEvent::AccessDecided, code.as_str())
        .by(actor.clone())
        .about(&request.person)
        .on(&request.team)
        .with("request", &request.id)
        .changing("state", Some("open"), Some(state))
        .with("by", &decision.by)
        .with_opt("why", decision.why.as_ref())
}
