//! Why somebody has a team or has not, and who has one.

use super::{Caller, Desk, Listed, Page, Refused, Right};
use crate::audit::person_at;
use access::explain::{Explanation, Holder, Meant, Stray, explain, holders};
use access::ids::{PersonId, TeamKey};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// Who has a team, or an execution role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WhoCan {
    /// When the facts were read.
    pub at: Timestamp,
    /// The teams that are meant.
    #[schema(value_type = Vec<String>)]
    pub teams: BTreeSet<TeamKey>,
    /// ARNs of the execution roles, where one is meant.
    pub roles: BTreeSet<String>,
    /// People with a right, by team and name.
    pub entitled: Listed<Holder>,
    /// How many there are.
    pub entitled_count: u64,
    /// Profiles whose owner has no right.
    pub without_right: Listed<Stray>,
    /// How many there are.
    pub without_right_count: u64,
}

impl Desk {
    /// Why a person has one team, or each, or has not, with what would give it.
    ///
    /// # Errors
    /// Whoever asks may not see it; nothing was read yet; the map has no such team.
    pub async fn why(
        &self,
        caller: &Caller,
        person: &PersonId,
        team: Option<&TeamKey>,
    ) -> Result<Explanation, Refused> {
        caller.require(Right::See)?;
        let reading = self.reading().await?;
        let (map, survey) = (&reading.map, &reading.survey);
        let teams: BTreeSet<TeamKey> = match team {
            Some(team) if !map.teams.contains_key(team) => {
                return Err(Refused::not_found(format!("The map has no team {team}.")));
            }
            Some(team) => BTreeSet::from([team.clone()]),
            None => map.teams.keys().cloned().collect(),
        };
        let (snapshot, observed) = (&survey.snapshot, &survey.observed);
        let mut told = explain(map, snapshot, observed, survey.now, person, &teams);
        self.date(person, &mut told).await;
        Ok(told)
    }

    /// Dates the rungs by the audit log, of which only times are told. Where it cannot be read, what
    /// it would have told stays unknown.
    pub(super) async fn date(&self, person: &PersonId, told: &mut Explanation) {
        match person_at(&**self.store(), person, self.plane().clock.now()).await {
            Ok(log) => log.date(&mut told.directory, &mut told.teams),
            Err(error) => tracing::warn!(%error, "the ladder of a person is not dated"),
        }
    }

    /// Who has a team, by its key, or an execution role, by its name or ARN; `strays` is the page of
    /// those without a right.
    ///
    /// # Errors
    /// Whoever asks may not see it; nothing was read yet; the map has no such team and no such role;
    /// `request-invalid` for a cursor that is none.
    pub async fn who_can(
        &self,
        caller: &Caller,
        team_or_role: &str,
        page: &Page,
        strays: &Page,
    ) -> Result<WhoCan, Refused> {
        caller.require(Right::See)?;
        let reading = self.reading().await?;
        let (map, survey) = (&reading.map, &reading.survey);
        let meant = Meant::of(map, team_or_role).ok_or_else(|| {
            Refused::not_found("The map has no team and no execution role that is called so.")
        })?;
        let Meant { teams, roles } = meant;
        let (snapshot, observed) = (&survey.snapshot, &survey.observed);
        let found = holders(map, snapshot, observed, survey.now, &teams, &roles);
        let (entitled, without_right) = (found.entitled, found.without_right);
        let key = |it: &Holder| format!("{}\n{}\n{}", it.team, it.person_name, it.person);
        let stray_key = |it: &Stray| format!("{}\n{}", it.domain, it.profile);
        Ok(WhoCan {
            at: reading.at,
            teams,
            roles,
            entitled_count: count(&entitled),
            entitled: page.of(entitled, key)?,
            without_right_count: count(&without_right),
            without_right: strays.of(without_right, stray_key)?,
        })
    }
}

fn count<T>(all: &[T]) -> u64 {
    u64::try_from(all.len()).unwrap_or(u64::MAX)
}
