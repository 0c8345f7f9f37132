//! Who had what at a time, by the audit log.

use super::{Caller, Desk, Listed, Page, Refused, RefusedKind, Right};
use crate::audit::{AsOf, Held, HistoryError, Unknown, everybody_at, person_at, tells_of_team};
use access::explain::Meant;
use access::ids::{PersonId, TeamKey};
use access::reason::ReasonCode;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// The most entries that are read while somebody waits: some seconds.
const MOST_READ: u64 = 200_000;

/// Who had a team, or an execution role, at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HoldersThen {
    /// At this time.
    pub at: Timestamp,
    /// When the log begins, if that was before; absent: it knows nothing of that time.
    pub known_since: Option<Timestamp>,
    /// Their profiles, by person.
    pub held: Listed<Held>,
    /// What this answer does not know.
    pub unknown: Vec<Unknown>,
}

impl AsOf {
    /// Keeps only profiles of this team, or with this execution role, by name or ARN.
    pub fn keep_held_by(&mut self, team_or_role: &str) {
        let has_role =
            |role: &str| role == team_or_role || role.rsplit('/').next() == Some(team_or_role);
        self.held
            .retain(|held| held.team == team_or_role || held.role.as_deref().is_some_and(has_role));
    }
}

impl Desk {
    /// What a person had at a time: of one team, or of each.
    ///
    /// # Errors
    /// Whoever asks may not see the audit log; `request-invalid` for a time to come; neither map nor log
    /// knows the team; the store cannot be read.
    pub async fn person_as_of(
        &self,
        caller: &Caller,
        person: &PersonId,
        team: Option<&TeamKey>,
        at: Timestamp,
    ) -> Result<AsOf, Refused> {
        caller.require(Right::Audit)?;
        self.is_past(at)?;
        let mut told = person_at(&**self.store(), person, at).await.map_err(too_long)?;
        told.keep_team(team.map(TeamKey::as_str));
        if let Some(team) = team.filter(|_| told.held.is_empty()) {
            self.was_there(team.as_str()).await?;
        }
        self.name(&mut told.held);
        Ok(told)
    }

    /// Who had a team, or an execution role, at a time.
    ///
    /// # Errors
    /// As [`Self::person_as_of`]; `request-invalid` for a cursor that is none; `unavailable` where the
    /// log is too long to be read while somebody waits.
    pub async fn holders_as_of(
        &self,
        caller: &Caller,
        team_or_role: &str,
        at: Timestamp,
        page: &Page,
    ) -> Result<HoldersThen, Refused> {
        caller.require(Right::Audit)?;
        self.is_past(at)?;
        let read = everybody_at(&**self.store(), at, Some(MOST_READ), &|_| {}).await;
        let mut told = read.map_err(too_long)?;
        told.keep_held_by(team_or_role);
        if told.held.is_empty() {
            self.was_there(team_or_role).await?;
        }
        self.name(&mut told.held);
        let key = |held: &Held| format!("{}\n{}\n{}", held.person, held.domain, held.profile);
        told.held.sort_by_key(key);
        let AsOf { at, known_since, held, unknown, .. } = told;
        Ok(HoldersThen { at, known_since, held: page.of(held, key)?, unknown })
    }

    /// Refuses a team or role that neither the map nor the log knows: that nobody had it would look like an
    /// answer.
    async fn was_there(&self, team_or_role: &str) -> Result<(), Refused> {
        let is_known = Meant::of(&self.plane().map, team_or_role).is_some();
        if is_known || tells_of_team(&**self.store(), team_or_role).await? {
            return Ok(());
        }
        let why = "Neither the map nor the log knows a team that is called so, and nobody had an \
                   execution role of that name then.";
        Err(Refused::not_found(why))
    }

    /// The log of a time to come is not written.
    fn is_past(&self, at: Timestamp) -> Result<(), Refused> {
        if at <= self.time() {
            return Ok(());
        }
        Err(Refused::invalid("That time is still to come.", "Name a time that is over."))
    }

    /// Adds the names of those whom the directory knew when everything was read last.
    fn name(&self, held: &mut [Held]) {
        let Some(reading) = self.plane().readings.last() else { return };
        for held in held {
            let id = PersonId::parse(&held.person).ok();
            let person = id.and_then(|id| reading.survey.snapshot.people.get(&id));
            let names = person.map(|person| [person.display_name.trim(), &person.user_name]);
            let name = names.into_iter().flatten().find(|name| !name.is_empty());
            held.person_name = name.map(str::to_owned);
        }
    }
}

fn too_long(error: HistoryError) -> Refused {
    match error {
        HistoryError::Store(error) => error.into(),
        HistoryError::TooLong { most } => Refused::new(
            RefusedKind::Unavailable,
            ReasonCode::Unavailable,
            format!("The audit log has more than {most} entries up to that time."),
            "Ask at the command line, which reads all of it: --as-of with `why` or `who-can`.",
        ),
    }
}
