//! Access for a time: giving and revoking it, asking for it and deciding, break-glass.
//!
//! Who may ask, decide or break glass is worked out from a fresh reading of the directory at each
//! request, by the rules of the map (`temporary_access`). Whatever gives something is written down
//! before it takes effect.

mod answers;
mod break_glass;
mod decide;
mod grants;
mod requests;

pub use answers::{
    Askable, Emergency, MyRequests, NoteView, RequestForm, RequestState, RequestView,
    TemporaryState, TemporaryView, WayToDecide,
};
pub use break_glass::{BreakGlassOrder, BrokenGlass};
pub use grants::GrantOrder;
pub use requests::AskOrder;

use super::caller::must_speak_for;
use super::{Desk, Refused, RefusedKind, SignedIn};
use crate::event::Wake;
use crate::plane::Plane;
use crate::ports::{Actor, AuditEntry, AuditEvent, MOST_TEMPORARY, StoreError, TemporaryRecord};
use ::access::entitlement::Entitlement;
use ::access::ids::{PersonId, TeamKey, TemporaryId};
use ::access::map::{AccessMap, Team};
use ::access::reason::ReasonCode;
use ::access::snapshot::{Person, Snapshot};
use ::access::temporary::{MAX_TEXT, TemporaryGrant, TemporaryKind};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

/// The shortest access: anything shorter is over before a profile is made.
const SHORTEST: SignedDuration = SignedDuration::from_mins(1);

impl Desk {
    /// Some people as the directory and the store have them now, for one of them or for whoever
    /// else asks.
    async fn people_now<'a>(
        &self,
        plane: &Plane,
        asker: Option<&PersonId>,
        people: impl IntoIterator<Item = &'a PersonId>,
    ) -> Result<Snapshot, Refused> {
        let people: BTreeSet<PersonId> = people.into_iter().cloned().collect();
        let _turn = match asker {
            Some(asker) => Some(plane.askers.turn(asker).await?),
            None => None,
        };
        let snapshot = plane.read_people(&people).await?;
        if let Some(asker) = asker {
            must_speak_for(&snapshot, asker)?;
        }
        Ok(snapshot)
    }

    /// Refuses whoever has so much already that no store keeps more. What is old is forgotten when
    /// something new is written, and counts no more.
    async fn has_room(&self, person: &PersonId) -> Result<(), Refused> {
        let one = BTreeSet::from([person.clone()]);
        let mut kept = TemporaryRecord {
            grants: self.store().temporary_grants(Some(&one)).await?,
            requests: self.store().requests(Some(&one)).await?,
        };
        kept.forget(self.plane().clock.now());
        if kept.number() < MOST_TEMPORARY {
            return Ok(());
        }
        Err(denied(
            ReasonCode::TooManyRequests,
            format!("There are {MOST_TEMPORARY} temporary grants and requests of this person."),
            "Wait until the oldest are forgotten, 30 days after their end; or give access by a \
             group.",
        ))
    }

    /// Gives a temporary grant. It is written down before; where it does not come to be, that too.
    async fn give(
        &self,
        plane: &Plane,
        actor: &Actor,
        grant: &TemporaryGrant,
    ) -> Result<(), Refused> {
        let (desk, plane) = (self.clone(), plane.clone());
        let (actor, grant) = (actor.clone(), grant.clone());
        self.to_its_end(async move { desk.given(&plane, &actor, &grant).await }).await
    }

    async fn given(
        &self,
        plane: &Plane,
        actor: &Actor,
        grant: &TemporaryGrant,
    ) -> Result<(), Refused> {
        plane.audit.append(&granted_entry(grant, actor)).await?;
        if let Err(error) = self.store().give(grant).await {
            let entry = AuditEntry::new(
                plane.clock.now(),
                AuditEvent::TemporaryRevoked,
                ReasonCode::Unavailable.as_str(),
            );
            plane.record(entry.about(&grant.person).on(&grant.team).with("grant", &grant.id)).await;
            return Err(error.into());
        }
        announce(plane, grant).await;
        Ok(())
    }
}

/// Tells whoever has to know of a grant that is in the store.
async fn announce(plane: &Plane, grant: &TemporaryGrant) {
    if grant.kind == TemporaryKind::BreakGlass {
        let TemporaryGrant { person, team, until, id, .. } = grant;
        tracing::error!(code = %ReasonCode::BreakGlass, %person, %team, %until, grant = %id, "glass is broken");
        plane.meter.count(|counts| counts.break_glass += 1);
    }
    plane.readings.changed(plane.clock.now());
    let wake = Wake::People(BTreeSet::from([grant.person.clone()]));
    if let Err(error) = plane.wake(&wake).await {
        tracing::warn!(%error, "the loop is not woken; its next full pass does the work");
    }
}

/// What the audit log says of a grant.
fn granted_entry(grant: &TemporaryGrant, actor: &Actor) -> AuditEntry {
    let (event, code) = match grant.kind {
        TemporaryKind::Grant => (AuditEvent::TemporaryGranted, ReasonCode::TemporaryGranted),
        TemporaryKind::Request => (AuditEvent::TemporaryGranted, ReasonCode::RequestApproved),
        TemporaryKind::BreakGlass => (AuditEvent::BreakGlassOpened, ReasonCode::BreakGlass),
    };
    AuditEntry::new(grant.made, event, code.as_str())
        .by(actor.clone())
        .about(&grant.person)
        .on(&grant.team)
        .with("grant", &grant.id)
        .with("kind", grant.kind)
        .changing("until", None, Some(grant.until))
        .with("from", grant.from)
        .with("until", grant.until)
        .with("by", &grant.by)
        .with_opt("approved_by", grant.approved_by.as_ref())
        .with("reason", &grant.reason)
        .with_opt("ticket", grant.ticket.as_ref())
}

/// The teams that whoever is signed in may ask for, or break glass for, and whether the former. What they have
/// without an end is none of them, nor what they were offboarded from. `rights`: what they have.
pub(crate) fn askable<'m>(
    map: &'m AccessMap,
    snapshot: &Snapshot,
    who: &SignedIn,
    rights: &[Entitlement<'_>],
) -> impl Iterator<Item = (&'m TeamKey, bool)> {
    let rules = map.temporary_rules(snapshot);
    let is_endless =
        |team: &TeamKey| rights.iter().any(|right| right.team == team && right.until().is_none());
    let is_theirs =
        move |team: &TeamKey| who.reaches(team) && snapshot.admits_to(&who.person, team);
    let teams = map.teams.keys().filter(move |team| is_theirs(team) && !is_endless(team));
    teams.filter_map(move |team| {
        let by_request = rules.request_rule(&who.person, team).is_some();
        let is_open = by_request || rules.break_glass_rule(&who.person, team).is_some();
        is_open.then_some((team, by_request))
    })
}

/// A team of the map.
fn team_of<'m>(plane: &'m Plane, team: &TeamKey) -> Result<&'m Team, Refused> {
    plane.map.teams.get(team).ok_or_else(|| {
        let why = format!("There is no team `{team}`.");
        let remedy = "Take a team of the access map.";
        Refused::new(RefusedKind::NotFound, ReasonCode::TeamUnknown, why, remedy)
    })
}

/// A person who may have the team if somebody gives it.
fn admitted<'s>(
    snapshot: &'s Snapshot,
    id: &PersonId,
    team: &TeamKey,
) -> Result<&'s Person, Refused> {
    must_speak_for(snapshot, id)?;
    let person = snapshot.people.get(id).ok_or_else(|| no_person(id))?;
    let user = &person.user_name;
    if !person.enabled {
        let why = format!("The directory has disabled {user}.");
        return Err(denied(ReasonCode::PersonDisabled, why, "Enable the person there first."));
    }
    if snapshot.offboarded_from(id, team).is_some() || snapshot.offboarded.contains_key(id) {
        let why = format!("An administrator has offboarded {user}.");
        let remedy = "An administrator can take that back: `stagedoor restore`.";
        return Err(denied(ReasonCode::Offboarded, why, remedy));
    }
    Ok(person)
}

fn no_person(id: &PersonId) -> Refused {
    let why = format!("The directory does not know {id}, or has disabled them.");
    denied(ReasonCode::PersonUnknown, why, "Look the person up in the directory.")
}

/// A reason, a refusal's reason or an after-note: something, and not too much of it.
fn text(given: &str) -> Result<String, Refused> {
    let given = given.trim();
    let refused = |why: &str, remedy: String| {
        Err(Refused::new(RefusedKind::Invalid, ReasonCode::ReasonMissing, why, remedy))
    };
    match given.chars().count() {
        0 => refused("A reason is missing.", "Say in a few words what it is for.".to_owned()),
        1..=MAX_TEXT => Ok(given.chars().filter(|c| !c.is_control() || *c == '\n').collect()),
        _ => refused("The reason is too long.", format!("Use at most {MAX_TEXT} characters.")),
    }
}

/// The number of a ticket, if one was given.
fn ticket(given: Option<&str>) -> Result<Option<String>, Refused> {
    given.map(str::trim).filter(|given| !given.is_empty()).map(text).transpose()
}

/// Refuses what is too short to be of use or longer than the map allows.
fn lasting(asked: SignedDuration, longest: SignedDuration) -> Result<SignedDuration, Refused> {
    if (SHORTEST..=longest).contains(&asked) {
        return Ok(asked);
    }
    let why = format!("Access can last from one minute to {}.", spoken(longest));
    let remedy = "Ask for less, or write a longer `longest` under `temporary_access` in the map.";
    Err(Refused::new(RefusedKind::Invalid, ReasonCode::TooLong, why, remedy))
}

/// A length of time for people, in the two greatest units that it has.
pub fn spoken(length: SignedDuration) -> String {
    let seconds = length.as_secs();
    let units = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let mut rest = seconds;
    let mut parts = Vec::new();
    for (size, name) in units {
        let number = rest / size;
        rest %= size;
        if number > 0 && parts.len() < 2 {
            parts.push(format!("{number} {name}{}", if number == 1 { "" } else { "s" }));
        }
    }
    if parts.is_empty() { "no time".to_owned() } else { parts.join(" ") }
}

fn end(from: Timestamp, lasts: SignedDuration) -> Timestamp {
    from.checked_add(lasts).unwrap_or(Timestamp::MAX)
}

/// Now, as exact as stores and queues keep times.
fn now(plane: &Plane) -> Timestamp {
    let now = plane.clock.now();
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}

fn new_id(plane: &Plane) -> Result<TemporaryId, Refused> {
    let bytes = plane.entropy.bytes();
    let text: String = hex::encode(bytes).chars().take(12).collect();
    TemporaryId::parse(text).map_err(|error| Refused::unavailable(&error))
}

fn no_such(id: &TemporaryId) -> Refused {
    let why = format!("There is no temporary grant or request `{id}`.");
    let remedy =
        "Look it up: `stagedoor grant list`. What ended 30 days ago stands in the audit log.";
    Refused::new(RefusedKind::NotFound, ReasonCode::NoSuchGrant, why, remedy)
}

fn denied(code: ReasonCode, why: impl Into<String>, remedy: impl Into<String>) -> Refused {
    Refused::new(RefusedKind::Denied, code, why, remedy)
}

fn conflict(code: ReasonCode, why: impl Into<String>, remedy: impl Into<String>) -> Refused {
    Refused::new(RefusedKind::Conflict, code, why, remedy)
}

/// Revokes what was given and could not be written down.
async fn take_back(
    desk: &Desk,
    plane: &Plane,
    grant: &TemporaryGrant,
    error: StoreError,
) -> Refused {
    let ending = ::access::temporary::Ending {
        at: plane.clock.now(),
        by: Actor::System.to_string(),
        why: Some("it could not be written down".to_owned()),
    };
    if let Err(error) = desk.store().revoke(&grant.person, &grant.id, &ending).await {
        tracing::error!(grant = %grant.id, %error, "a grant that is not in the audit log stays");
    }
    error.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_spoken_in_two_units() {
        let spoken = |seconds| spoken(SignedDuration::from_secs(seconds));
        assert_eq!(spoken(3_600), "1 hour");
        assert_eq!(spoken(2 * 86_400 + 3 * 3_600 + 60), "2 days 3 hours");
        assert_eq!(spoken(90), "1 minute 30 seconds");
        assert_eq!(spoken(0), "no time");
    }

    #[test]
    fn a_reason_is_something_and_not_too_much() {
        assert_eq!(text("  month-end \u{7}close ").unwrap(), "month-end close");
        for bad in ["", " \t", &"x".repeat(MAX_TEXT + 1)] {
            assert_eq!(text(bad).unwrap_err().code, ReasonCode::ReasonMissing);
        }
        assert_eq!(ticket(Some(" ")).unwrap(), None);
        assert_eq!(ticket(Some("OPS-1")).unwrap().as_deref(), Some("OPS-1"));
    }

    #[test]
    fn access_lasts_a_minute_at_least_and_as_long_as_the_map_says_at_most() {
        let hour = SignedDuration::from_hours(1);
        assert_eq!(lasting(hour, hour), Ok(hour));
        for bad in [SignedDuration::from_secs(59), SignedDuration::from_secs(3_601)] {
            assert_eq!(lasting(bad, hour).unwrap_err().code, ReasonCode::TooLong);
        }
    }
}
