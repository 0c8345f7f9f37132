//! Break-glass: a team in an emergency, by a rule of the map, loud and for a short time.

use super::answers::{RequestView, TemporaryView};
use super::{Desk, Refused, admitted, conflict, denied, end, new_id, now, team_of, text, ticket};
use crate::desk::{Caller, Right, Role, SignedIn};
use crate::plane::Plane;
use crate::ports::{AccessRequest, Actor};
use ::access::ids::{PersonId, TeamKey};
use ::access::map::{BreakGlassNeeds, BreakGlassRule};
use ::access::reason::ReasonCode;
use ::access::snapshot::Snapshot;
use ::access::temporary::{TemporaryGrant, TemporaryKind};
use jiff::{SignedDuration, Timestamp};

/// So long a second person may take: an emergency does not wait for a week.
const AGREED_WITHIN: SignedDuration = SignedDuration::from_hours(1);

/// Who breaks glass, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreakGlassOrder {
    /// Which team.
    pub team: TeamKey,
    /// Why.
    pub reason: String,
    /// A ticket.
    pub ticket: Option<String>,
    /// Who agrees to it, where the map asks for two people and this is known already.
    pub second: Option<PersonId>,
    /// Only look whether it could be done.
    pub dry_run: bool,
}

/// What came of breaking glass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BrokenGlass {
    /// The team is open, until the end of the grant.
    Open(TemporaryView),
    /// A second person has to agree within an hour.
    Waits(RequestView),
}

impl Desk {
    /// Breaks glass for whoever asks, who is signed in. Where the map asks for two people it waits
    /// for the second one.
    ///
    /// # Errors
    /// The map does not let the person, or the session is another team's; a note on earlier
    /// break-glass is owed; something cannot be read or written.
    pub async fn break_glass(
        &self,
        who: &SignedIn,
        order: &BreakGlassOrder,
    ) -> Result<BrokenGlass, Refused> {
        who.require_team(&order.team)?;
        let (plane, person) = (self.plane(), &who.person);
        let actor = Actor::Person(person.clone());
        let snapshot = self.people_now(&plane, Some(person), [person]).await?;
        let case = Case::of(&plane, &snapshot, person, order)?;
        if case.rule.needs == BreakGlassNeeds::Reason {
            let grant = case.grant(case.user_name.clone(), None);
            if !order.dry_run {
                self.has_room(person).await?;
                self.give(&plane, &actor, &grant).await?;
            }
            return Ok(BrokenGlass::Open(TemporaryView::of(&grant, case.now)));
        }
        let request = AccessRequest {
            id: case.id.clone(),
            person: person.clone(),
            user_name: case.user_name.clone(),
            team: order.team.clone(),
            seconds: case.rule.longest_seconds,
            reason: case.reason.clone(),
            ticket: case.ticket.clone(),
            at: case.now,
            lapses: end(case.now, AGREED_WITHIN),
            break_glass: true,
            decision: None,
        };
        if order.dry_run {
            return Ok(BrokenGlass::Waits(RequestView::of(&request, case.now, false)));
        }
        tracing::error!(person = %request.person, team = %request.team, request = %request.id, "glass is about to be broken; a second person has to agree");
        self.file(&request).await.map(BrokenGlass::Waits)
    }

    /// Breaks glass for somebody by command. Where the map asks for two people, the order names the
    /// second one.
    ///
    /// # Errors
    /// As [`Self::break_glass`]; the caller may not; the second person is missing, the same, or may
    /// not agree to it.
    pub async fn break_glass_by_command(
        &self,
        caller: &Caller,
        person: &PersonId,
        order: &BreakGlassOrder,
    ) -> Result<TemporaryView, Refused> {
        caller.require(Right::Act)?;
        let plane = self.plane();
        let people = std::iter::once(person).chain(&order.second);
        let snapshot = self.people_now(&plane, None, people).await?;
        let case = Case::of(&plane, &snapshot, person, order)?;
        let second = match (&order.second, case.rule.needs) {
            (None, BreakGlassNeeds::Reason) => None,
            (None, BreakGlassNeeds::TwoPeople) => {
                return Err(denied(
                    ReasonCode::SecondPersonNeeded,
                    "The access map asks for a second person to agree to break-glass.",
                    "Name them with `--with`; or let it be asked for in the portal, where the \
                     second person agrees themselves.",
                ));
            }
            (Some(second), _) => Some(agrees(&plane, &snapshot, &case, second)?),
        };
        let grant = case.grant(caller.name().to_owned(), second);
        if !order.dry_run {
            self.has_room(person).await?;
            self.give(&plane, caller.actor(), &grant).await?;
        }
        Ok(TemporaryView::of(&grant, case.now))
    }
}

/// The name of the second person, if they may agree.
fn agrees(
    plane: &Plane,
    snapshot: &Snapshot,
    case: &Case<'_>,
    second: &PersonId,
) -> Result<String, Refused> {
    if second == case.person {
        return Err(denied(
            ReasonCode::OwnRequest,
            "Nobody agrees to their own break-glass.",
            "Name somebody else.",
        ));
    }
    let known = admitted(snapshot, second, &case.order.team)?;
    let rules = plane.map.temporary_rules(snapshot);
    let by_rule = rules.break_glass_rule(second, &case.order.team).is_some();
    if !by_rule && plane.map.role_in(snapshot, second) != Some(Role::Admin) {
        return Err(denied(
            ReasonCode::NotAnApprover,
            format!("The access map does not let {} agree to it.", known.user_name),
            "Name a member of a group that may break glass for this team, or an administrator.",
        ));
    }
    Ok(known.user_name.clone())
}

/// Refuses whoever owes an after-note, and whoever has broken this glass already: it would be prolonged
/// and never be over, so that no note was owed.
pub(super) fn is_whole(
    snapshot: &Snapshot,
    person: &PersonId,
    team: &TeamKey,
    now: Timestamp,
) -> Result<(), Refused> {
    let of_person = snapshot.temporary.get(person).map_or(&[][..], Vec::as_slice);
    if let Some(owed) = of_person.iter().find(|grant| grant.owes_note(now)) {
        return Err(denied(
            ReasonCode::AfterNoteMissing,
            format!(
                "It was not told yet what was done under the break-glass `{}` for {}.",
                owed.id, owed.team
            ),
            "Write that after-note first.",
        ));
    }
    let is_broken = |grant: &&TemporaryGrant| {
        grant.kind == TemporaryKind::BreakGlass && &grant.team == team && !grant.is_over(now)
    };
    if let Some(broken) = of_person.iter().find(is_broken) {
        return Err(conflict(
            ReasonCode::TemporaryInForce,
            format!("The glass is broken already, until {}: `{}`.", broken.end(), broken.id),
            "Once it is over, tell what was done; then it can be broken again.",
        ));
    }
    Ok(())
}

/// Break-glass that the map allows.
struct Case<'a> {
    person: &'a PersonId,
    order: &'a BreakGlassOrder,
    rule: &'a BreakGlassRule,
    id: ::access::ids::TemporaryId,
    user_name: String,
    reason: String,
    ticket: Option<String>,
    now: Timestamp,
}

impl<'a> Case<'a> {
    fn of(
        plane: &'a Plane,
        snapshot: &Snapshot,
        person: &'a PersonId,
        order: &'a BreakGlassOrder,
    ) -> Result<Self, Refused> {
        team_of(plane, &order.team)?;
        let known = admitted(snapshot, person, &order.team)?;
        let rules = plane.map.temporary_rules(snapshot);
        let rule = rules.break_glass_rule(person, &order.team).ok_or_else(|| {
            denied(
                ReasonCode::BreakGlassNotAllowed,
                "The access map lets nobody of your groups break glass for this team.",
                "Ask an administrator for access, or for a rule under `temporary_access`.",
            )
        })?;
        let now = now(plane);
        is_whole(snapshot, person, &order.team, now)?;
        Ok(Self {
            person,
            order,
            rule,
            id: new_id(plane)?,
            user_name: known.user_name.clone(),
            reason: text(&order.reason)?,
            ticket: ticket(order.ticket.as_deref())?,
            now,
        })
    }

    fn grant(&self, by: String, approved_by: Option<String>) -> TemporaryGrant {
        TemporaryGrant {
            id: self.id.clone(),
            person: self.person.clone(),
            user_name: Some(self.user_name.clone()),
            team: self.order.team.clone(),
            from: self.now,
            until: end(self.now, self.rule.longest()),
            kind: TemporaryKind::BreakGlass,
            reason: self.reason.clone(),
            ticket: self.ticket.clone(),
            by,
            approved_by,
            made: self.now,
            ended: None,
            note: None,
        }
    }
}
