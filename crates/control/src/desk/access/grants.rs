//! Temporary grants for admins: giving, listing, revoking, and the glass that is broken.

use super::answers::{Emergency, TemporaryView};
use super::{
    Desk, Refused, admitted, denied, end, lasting, new_id, no_person, no_such, now, team_of, text,
    ticket,
};
use crate::desk::{Caller, Listed, Page, Right, SignedIn};
use crate::plane::Plane;
use crate::ports::{Actor, AuditEntry, AuditEvent};
use ::access::ids::{PersonId, TeamKey, TemporaryId};
use ::access::reason::ReasonCode;
use ::access::temporary::{AfterNote, Ending, TemporaryGrant, TemporaryKind};
use jiff::{SignedDuration, Timestamp};
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// What an admin gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantOrder {
    /// To whom.
    pub person: PersonId,
    /// Which team.
    pub team: TeamKey,
    /// From when on; absent: now.
    pub from: Option<Timestamp>,
    /// For how long.
    pub lasts: SignedDuration,
    /// Why.
    pub reason: String,
    /// A ticket.
    pub ticket: Option<String>,
    /// Only look whether it could be given.
    pub dry_run: bool,
}

impl Desk {
    /// Gives a person a team for a time.
    ///
    /// # Errors
    /// The caller may not; the person or the team is not known; it lasts too long; something cannot
    /// be read or written. Nothing was given then.
    pub async fn grant(
        &self,
        caller: &Caller,
        order: &GrantOrder,
    ) -> Result<TemporaryView, Refused> {
        caller.require(Right::Act)?;
        if caller.actor() == &Actor::Person(order.person.clone()) {
            return Err(denied(
                ReasonCode::OwnRequest,
                "Nobody gives access to themselves.",
                "Another administrator has to; or ask for it, for somebody else to decide on.",
            ));
        }
        let plane = self.plane();
        let now = now(&plane);
        team_of(&plane, &order.team)?;
        let lasts = lasting(order.lasts, plane.map.temporary_access.longest())?;
        let reason = text(&order.reason)?;
        let snapshot = self.people_now(&plane, None, [&order.person]).await?;
        let person = admitted(&snapshot, &order.person, &order.team)?;
        self.has_room(&order.person).await?;
        let from = order.from.unwrap_or(now).max(now);
        let grant = TemporaryGrant {
            id: new_id(&plane)?,
            person: order.person.clone(),
            user_name: Some(person.user_name.clone()),
            team: order.team.clone(),
            from,
            until: end(from, lasts),
            kind: TemporaryKind::Grant,
            reason,
            ticket: ticket(order.ticket.as_deref())?,
            by: caller.name().to_owned(),
            approved_by: None,
            made: now,
            ended: None,
            note: None,
        };
        if !order.dry_run {
            self.give(&plane, caller.actor(), &grant).await?;
        }
        Ok(TemporaryView::of(&grant, now))
    }

    /// The temporary grants of everybody, or of one person: those that give something or are to
    /// begin, and with `all` those that ended in the last 30 days too. The newest come first.
    ///
    /// # Errors
    /// The caller may not; the store cannot be read.
    pub async fn temporary_grants(
        &self,
        caller: &Caller,
        person: Option<&PersonId>,
        all: bool,
        page: &Page,
    ) -> Result<Listed<TemporaryView>, Refused> {
        caller.require(Right::See)?;
        let now = self.plane().clock.now();
        let people = person.map(|person| BTreeSet::from([person.clone()]));
        let mut grants = self.store().temporary_grants(people.as_ref()).await?;
        grants.retain(|grant| all || !grant.is_over(now));
        grants.sort_by_key(|grant| Reverse(key(grant)));
        let listed = page.of_descending(grants, key)?;
        Ok(listed.map(|grant| TemporaryView::of(&grant, now)))
    }

    /// Revokes a temporary grant. Others of the same person and team go on.
    ///
    /// # Errors
    /// The caller may not; there is none of this id; the store cannot be written. It may be repeated:
    /// what was done and could not be written down is written down then.
    pub async fn revoke(
        &self,
        caller: &Caller,
        id: &TemporaryId,
        why: Option<&str>,
        dry_run: bool,
    ) -> Result<TemporaryView, Refused> {
        caller.require(Right::Act)?;
        let plane = self.plane();
        let now = now(&plane);
        let why = why.map(str::trim).filter(|why| !why.is_empty()).map(text).transpose()?;
        let known = self.temporary_grant(id).await?;
        // One that was revoked is gone through again: it may not be in the audit log yet.
        if dry_run || (known.ended.is_none() && known.is_over(now)) {
            return Ok(TemporaryView::of(&known, now));
        }
        let ending = Ending { at: now, by: caller.name().to_owned(), why };
        let revoked = self.store().revoke(&known.person, id, &ending).await?;
        let revoked = revoked.ok_or_else(|| no_such(id))?;
        wake(&plane, &revoked.person).await;
        if let Some(ending) = &revoked.ended {
            written(&plane, revoked_entry(&revoked, ending, caller.actor())).await?;
        }
        Ok(TemporaryView::of(&revoked, now))
    }

    /// Glass that is broken now, and glass of which it is still to be told what was done: for a
    /// banner on every admin screen. What ends first comes first.
    ///
    /// # Errors
    /// The caller may not; the store cannot be read.
    pub async fn emergencies(&self, caller: &Caller) -> Result<Vec<Emergency>, Refused> {
        caller.require(Right::See)?;
        let now = self.plane().clock.now();
        let grants = self.store().temporary_grants(None).await?;
        let is_emergency = |grant: &TemporaryGrant| {
            grant.kind == TemporaryKind::BreakGlass
                && (grant.is_in_force(now) || grant.owes_note(now))
        };
        let mut found: Vec<Emergency> = grants
            .iter()
            .filter(|grant| is_emergency(grant))
            .map(|grant| Emergency {
                grant: TemporaryView::of(grant, now),
                seconds_left: u64::try_from(grant.end().duration_since(now).as_secs()).unwrap_or(0),
            })
            .collect();
        found.sort_by_key(|one| (one.seconds_left == 0, one.grant.ends, one.grant.id.clone()));
        Ok(found)
    }

    /// Writes down what was done under a break-glass grant: once, by whoever had it or an admin.
    ///
    /// # Errors
    /// There is none of this id, or it is somebody else's and the writer no admin; the note is empty;
    /// the store cannot be written.
    pub async fn after_note(
        &self,
        writer: &Caller,
        id: &TemporaryId,
        note: &str,
    ) -> Result<TemporaryView, Refused> {
        let plane = self.plane();
        let now = now(&plane);
        let known = self.temporary_grant(id).await?;
        let is_own = *writer.actor() == Actor::Person(known.person.clone());
        // Who may not know of it is told nothing of it.
        if known.kind != TemporaryKind::BreakGlass || !(is_own || writer.may(Right::Act)) {
            return Err(no_such(id));
        }
        let note = AfterNote { at: now, by: writer.name().to_owned(), text: text(note)? };
        let noted = self.store().note(&known.person, id, &note).await?;
        let noted = noted.ok_or_else(|| no_such(id))?;
        if let Some(note) = &noted.note {
            written(&plane, noted_entry(&noted, note, writer.actor())).await?;
        }
        Ok(TemporaryView::of(&noted, now))
    }

    /// Writes down what was done under a break-glass grant, by whoever is signed in.
    ///
    /// # Errors
    /// As [`Self::after_note`]; the grant is of another team than the session.
    pub async fn after_note_of(
        &self,
        who: &SignedIn,
        id: &TemporaryId,
        note: &str,
    ) -> Result<TemporaryView, Refused> {
        if !who.reaches(&self.temporary_grant(id).await?.team) {
            return Err(no_such(id));
        }
        self.after_note(&self.writer(who).await?, id, note).await
    }

    /// Who writes a note: somebody with a role, or whoever had the access.
    async fn writer(&self, who: &SignedIn) -> Result<Caller, Refused> {
        if let Ok(caller) = self.caller(who).await {
            return Ok(caller);
        }
        let snapshot = self.people_now(&self.plane(), Some(&who.person), [&who.person]).await?;
        let known = snapshot.people.get(&who.person).filter(|known| known.enabled);
        known.map(Caller::without_role).ok_or_else(|| no_person(&who.person))
    }

    async fn temporary_grant(&self, id: &TemporaryId) -> Result<TemporaryGrant, Refused> {
        let grants = self.store().temporary_grants(None).await?;
        grants.into_iter().find(|grant| &grant.id == id).ok_or_else(|| no_such(id))
    }
}

/// So many of the newest entries of a person are looked at.
const HISTORY: u32 = 200;

/// Writes down what was done, unless it was written down before: the log may have failed when it was
/// done.
async fn written(plane: &Plane, entry: AuditEntry) -> Result<(), Refused> {
    if let Some(person) = &entry.person
        && let Ok(person) = PersonId::parse(person)
    {
        let is_it = |past: &AuditEntry| {
            past.event == entry.event && past.details.get("grant") == entry.details.get("grant")
        };
        if plane.audit.of_person(&person, HISTORY).await?.iter().any(is_it) {
            return Ok(());
        }
    }
    Ok(plane.audit.append(&entry).await?)
}

/// By whom it was revoked stands in `by`; whoever writes it down is mostly the same.
fn revoked_entry(grant: &TemporaryGrant, ending: &Ending, actor: &Actor) -> AuditEntry {
    let code = ReasonCode::TemporaryRevoked.as_str();
    AuditEntry::new(ending.at, AuditEvent::TemporaryRevoked, code)
        .by(actor.clone())
        .about(&grant.person)
        .on(&grant.team)
        .with("grant", &grant.id)
        .with("kind", grant.kind)
        .with("by", &ending.by)
        .with_opt("why", ending.why.as_ref())
        .changing("until", Some(grant.until), Some(ending.at))
}

fn noted_entry(grant: &TemporaryGrant, note: &AfterNote, actor: &Actor) -> AuditEntry {
    AuditEntry::new(note.at, AuditEvent::AfterNote, ReasonCode::AfterNoteWritten.as_str())
        .by(actor.clone())
        .about(&grant.person)
        .on(&grant.team)
        .with("grant", &grant.id)
        .with("by", &note.by)
        .with("note", &note.text)
}

/// What a list of grants is sorted by.
fn key(grant: &TemporaryGrant) -> String {
    format!("{:020} {}", grant.made.as_second(), grant.id)
}

async fn wake(plane: &Plane, person: &PersonId) {
    plane.readings.changed(plane.clock.now());
    let wake = crate::event::Wake::People(BTreeSet::from([person.clone()]));
    if let Err(error) = plane.wake(&wake).await {
        tracing::warn!(%error, "the loop is not woken; its next full pass does the work");
    }
}
