//! What people may know of their own access, and ending their own sessions.

use super::doorway::Doorway;
use super::mine::{EndedSessions, MyAccess, OwnSession};
use super::{No, Refusal, RefusalKind, SessionToken, digest};
use crate::ports::{Actor, AuditEntry, AuditEvent, Session, SessionId, StoreError};
use access::entitlement::Entitlement;
use access::explain::{Stage, explain};
use access::ids::{PersonId, TeamKey};
use access::network::Origin;
use access::observed::Observed;
use access::reason::ReasonCode;
use std::collections::{BTreeMap, BTreeSet};

/// So many entries of the audit log are looked at.
const HISTORY: u32 = 200;

/// So many of them are told.
const TOLD: usize = 50;

/// Entries that tell of a person at the door.
const AT_THE_DOOR: [AuditEvent; 5] = [
    AuditEvent::SignIn,
    AuditEvent::Refused,
    AuditEvent::OpenStudio,
    AuditEvent::StoppingOwnApp,
    AuditEvent::SessionsEnded,
];

/// Letters of a handle: enough that no two sessions of a person share one.
const HANDLE: usize = 24;

impl Doorway {
    /// Why the person has what is theirs, what they did at the door, and where they are signed in.
    /// Reads the directory and the store, and nothing of AWS besides.
    pub(super) async fn my_access(
        &self,
        token: &SessionToken,
        origin: &Origin,
    ) -> Result<MyAccess, Refusal> {
        let session = self.session(token).await?;
        let (person, snapshot) = self.present(&session).await?;
        let rights = self.rights_of(&person, &snapshot);
        let teams: BTreeSet<TeamKey> = open_to(&session, &rights).cloned().collect();
        let now = self.plane.clock.now();
        let nothing = Observed::default();
        let mut why = explain(&self.plane.map, &snapshot, &nothing, now, &person.id, &teams);
        for team in &mut why.teams {
            // Studio was not read, so nothing is said of it.
            let unread = |stage| matches!(stage, Stage::Placement | Stage::Role | Stage::Profile);
            team.rungs.retain(|rung| !unread(rung.stage));
        }
        let from_here = teams.into_iter().filter(|team| self.admits(team, origin)).collect();
        let history = self.history(&person.id).await;
        let sessions = self.own_sessions(&session, history.as_deref().unwrap_or_default()).await;
        let told = |entry: &AuditEntry| {
            let team = entry.team.as_deref();
            AT_THE_DOOR.iter().any(|event| entry.event == *event)
                && session.team.as_ref().is_none_or(|only| team.is_none_or(|t| t == only.as_str()))
        };
        let history = history.map(|entries| entries.into_iter().filter(told).take(TOLD).collect());
        let administers = self.administers(&session, &snapshot);
        Ok(MyAccess { person, why, administers, from_here, history, sessions })
    }

    /// When the person last opened Studio for each team, as far back as the audit log is looked at.
    pub(super) async fn last_opened(
        &self,
        person: &PersonId,
    ) -> Option<BTreeMap<String, jiff::Timestamp>> {
        let mut opened = BTreeMap::new();
        for entry in self.history(person).await? {
            if entry.event == AuditEvent::OpenStudio
                && let Some(team) = entry.team
            {
                opened.entry(team).or_insert(entry.at);
            }
        }
        Some(opened)
    }

    /// The newest entries of a person, newest first.
    async fn history(&self, person: &PersonId) -> Option<Vec<AuditEntry>> {
        match self.plane.audit.of_person(person, HISTORY).await {
            Ok(mut entries) => {
                entries.reverse();
                Some(entries)
            }
            Err(error) => {
                tracing::warn!(%error, "somebody's own history cannot be shown");
                None
            }
        }
    }

    async fn own_sessions(
        &self,
        this: &Session,
        history: &[AuditEntry],
    ) -> Option<Vec<OwnSession>> {
        let now = self.plane.clock.now();
        let sessions = match self.plane.sessions.sessions_of(&this.person, now).await {
            Ok(sessions) => sessions,
            Err(error) => {
                tracing::warn!(%error, "somebody's own sessions cannot be shown");
                return None;
            }
        };
        let own = sessions.into_iter().filter(|other| is_within(this, other)).map(|session| {
            // A sign-in and its session have the same time, but for what a store leaves of it.
            let signed_in = history.iter().find(|entry| {
                entry.event == AuditEvent::SignIn
                    && entry.at.as_microsecond() == session.begun.as_microsecond()
            });
            OwnSession {
                handle: handle(&session.id),
                begun: session.begun,
                expires: session.expires,
                from: signed_in.and_then(|entry| entry.details.get("from").cloned()),
                is_this: session.id == this.id,
                team: session.team,
            }
        });
        Some(own.collect())
    }

    /// Ends one session of the person's own: the one with this handle, or all if there is none. A
    /// handle of nobody, or of somebody else, ends nothing.
    pub(super) async fn end_sessions_of_mine(
        &self,
        token: &SessionToken,
        meant: Option<&str>,
    ) -> Result<EndedSessions, Refusal> {
        let this = self.session(token).await?;
        let now = self.plane.clock.now();
        let ended = match (meant, &this.team) {
            (None, None) => self
                .plane
                .sessions
                .close_all(&this.person)
                .await
                .map(|number| EndedSessions { number, this_too: true }),
            _ => self.end_those_within(&this, meant).await,
        };
        let ended = match ended {
            Ok(none) if none.number == 0 => return Ok(none),
            Ok(ended) => ended,
            Err(error) => {
                let no = No::unavailable(&error).of(&this.person);
                return Err(self.refuse(RefusalKind::Unavailable, no).await);
            }
        };
        // What has ended has ended, written down or not.
        let entry =
            AuditEntry::new(now, AuditEvent::SessionsEnded, ReasonCode::OwnSessions.as_str())
                .by(Actor::Person(this.person.clone()))
                .about(&this.person)
                .with("sessions", ended.number);
        self.plane.record(entry).await;
        Ok(ended)
    }

    /// Ends the sessions that this one may know of: the one with the handle, or all.
    async fn end_those_within(
        &self,
        this: &Session,
        meant: Option<&str>,
    ) -> Result<EndedSessions, StoreError> {
        let mut ended = EndedSessions { number: 0, this_too: false };
        for other in self.plane.sessions.sessions_of(&this.person, self.plane.clock.now()).await? {
            let is_meant = meant.is_none_or(|meant| handle(&other.id) == meant);
            if is_meant && is_within(this, &other) {
                self.plane.sessions.close(&other.id).await?;
                ended.number += 1;
                ended.this_too |= other.id == this.id;
            }
        }
        Ok(ended)
    }
}

/// Whether a session may know of the other: one of one team knows of that team's alone.
fn is_within(this: &Session, other: &Session) -> bool {
    this.team.is_none() || this.team == other.team
}

/// The teams of the person that a session opens.
pub(super) fn open_to<'a>(
    session: &'a Session,
    rights: &'a [Entitlement<'a>],
) -> impl Iterator<Item = &'a TeamKey> {
    rights
        .iter()
        .map(|right| right.team)
        .filter(|team| session.team.as_ref().is_none_or(|only| &only == team))
}

/// What a page names a session by. The session's id itself stays in the store.
fn handle(id: &SessionId) -> String {
    digest(&["stagedoor session handle", &id.0]).chars().take(HANDLE).collect()
}
