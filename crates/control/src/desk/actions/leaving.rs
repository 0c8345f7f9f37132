//! Offboarding somebody, and taking it back.

use super::in_words;
use crate::departure::{scope_of, scope_with_heirs};
use crate::desk::{Caller, Desk, Refused, RefusedKind, Right};
use crate::pass::{Brake, Deadline};
use crate::people::{self, HOW_TO_NAME, NotFound};
use crate::plane::Plane;
use crate::ports::{Acted, Departure};
use crate::survey::{Scope, Survey};
use access::check::Removals;
use access::ids::TeamKey;
use access::observed::Ownership;
use access::plan::Plan;
use access::reason::ReasonCode;
use access::snapshot::Hold;
use jiff::Timestamp;
use serde::Serialize;
use std::time::Duration;
use tokio::time::Instant;

/// What is done where the log does not tell of it.
const OFFBOARDED: &str = "The person is offboarded";

/// How long a request may take over the first pass. The loop does the rest.
const FIRST_PASS: Duration = Duration::from_secs(15);

/// Somebody is to be offboarded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leave {
    /// Who: a user name or an id of the directory.
    pub person: String,
    /// The one team that is taken; `None`: every team, and signing in.
    pub team: Option<TeamKey>,
    /// Whether profiles are deleted at once, whatever the map's hold.
    pub skip_hold: bool,
    /// Why, in words; may be empty.
    pub why: String,
}

/// An offboarding that has begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OffboardingBegun {
    /// The directory's id of the person.
    pub person: String,
    /// The one team that is taken; absent: every team, and signing in.
    pub team: Option<String>,
    /// Since when.
    pub since: Timestamp,
    /// Whether profiles are deleted without the map's hold.
    pub hold_skipped: bool,
    /// How many sessions of the door it ended.
    pub sessions_ended: u64,
    /// How many profiles are taken away by it.
    pub profiles: usize,
    /// Why nothing more was done, as a code: the loop goes on as soon as it may.
    pub halted: Option<String>,
}

/// Somebody is to come back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Return {
    /// Who: a user name or an id of the directory.
    pub person: String,
    /// The one team that is given back; `None`: all.
    pub team: Option<TeamKey>,
}

/// What was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct RestorationBegun {
    /// The directory's id of the person.
    pub person: String,
    /// How many offboardings by command were ended.
    pub ended: usize,
    /// The teams that the person's groups give.
    pub teams: Vec<String>,
    /// Why nothing more was done, as a code: the loop goes on as soon as it may.
    pub halted: Option<String>,
}

impl From<NotFound> for Refused {
    fn from(error: NotFound) -> Self {
        match error {
            NotFound::Call(error) => error.into(),
            NotFound::Store(error) => error.into(),
            NotFound::Unknown { .. } => Self::new(
                RefusedKind::NotFound,
                ReasonCode::PersonUnknown,
                "The directory knows nobody of this name or id, and the store remembers nobody.",
                HOW_TO_NAME,
            ),
            NotFound::Ambiguous { .. } => Self::new(
                RefusedKind::Conflict,
                ReasonCode::PersonAmbiguous,
                "More than one person is called so.",
                HOW_TO_NAME,
            ),
        }
    }
}

impl Desk {
    /// Takes from a person one team or everything, now and until it is taken back.
    ///
    /// Signing in is denied first, then the person's profiles are marked and their apps stopped; the
    /// loop does the rest. That it is more than the guard allows does not matter: somebody decided
    /// it of this one person.
    ///
    /// # Errors
    /// The caller may not; there is no such person or team; the store cannot be written.
    pub async fn offboard(
        &self,
        caller: &Caller,
        leave: &Leave,
    ) -> Result<OffboardingBegun, Refused> {
        caller.require(Right::Act)?;
        let why = in_words(&leave.why)?;
        let plane = self.plane();
        let named = people::find(&plane, &leave.person).await?;
        let team = leave.team.as_ref();
        let departure = Departure {
            person: named.id.clone(),
            user_name: named.user_name.clone(),
            team: leave.team.clone(),
            since: plane.clock.now(),
            by: caller.actor().to_string(),
            why: Some(why).filter(|why| !why.is_empty()),
            hold: if leave.skip_hold { Hold::Skipped } else { Hold::AsMapped },
        };
        if let Some(team) = team {
            self.known_team(&plane, team).await?;
        }
        let Acted { done: departed, unwritten } = plane.depart(&departure).await?;
        let scope = match (scope_with_heirs(&plane, &named.id).await, &unwritten) {
            (Ok(scope), _) => scope,
            (Err(_), Some(error)) => return Err(Refused::unwritten(OFFBOARDED, error)),
            (Err(error), None) => return Err(error.into()),
        };
        let (profiles, halted) = first_pass(&plane, &scope, |plan, it: &Survey| {
            plane.only(plan, &it.observed, &named.id, team)
        })
        .await;
        if let Some(error) = unwritten {
            return Err(Refused::unwritten(OFFBOARDED, &error));
        }
        Ok(OffboardingBegun {
            person: named.id.to_string(),
            team: leave.team.as_ref().map(ToString::to_string),
            since: departed.departure.since,
            hold_skipped: departed.departure.hold == Hold::Skipped,
            sessions_ended: departed.sessions_ended,
            profiles,
            halted,
        })
    }

    /// Takes an offboarding back, as far as there is something left.
    ///
    /// # Errors
    /// The caller may not; there is no such person; one team of somebody who was offboarded from all
    /// is asked for; the store cannot be written.
    pub async fn restore(
        &self,
        caller: &Caller,
        back: &Return,
    ) -> Result<RestorationBegun, Refused> {
        caller.require(Right::Act)?;
        let plane = self.plane();
        let named = people::find(&plane, &back.person).await?;
        let team = back.team.as_ref();
        let departures = plane.departures_of(&named.id).await?;
        if team.is_some() && departures.iter().any(|departure| departure.team.is_none()) {
            return Err(Refused::new(
                RefusedKind::Conflict,
                ReasonCode::Offboarded,
                "The person was offboarded from all teams; a single one cannot come back before.",
                "Restore the person without naming a team.",
            ));
        }
        let by = caller.actor().to_string();
        let order = {
            let (plane, id, team) = (plane.clone(), named.id.clone(), back.team.clone());
            async move { Ok(plane.rejoin(&id, team.as_ref(), &by).await?) }
        };
        let Acted { done: ended, unwritten } = self.to_its_end(order).await?;
        let scope = scope_of(&named.id);
        let narrow = |plan, it: &Survey| plane.returning(plan, &it.observed, &named.id, team);
        let (_, halted) = first_pass(&plane, &scope, narrow).await;
        if let Some(error) = unwritten {
            return Err(Refused::unwritten("The offboarding is ended", &error));
        }
        let snapshot = plane.read_people(&[named.id.clone()].into()).await?;
        let rights = access::entitlement::entitlements(&plane.map, &snapshot, plane.clock.now());
        let rights = rights.teams_of(&named.id).iter().map(|right| right.team.to_string());
        Ok(RestorationBegun {
            person: named.id.to_string(),
            ended: ended.len(),
            teams: rights.collect(),
            halted,
        })
    }

    /// Refuses a team that neither the map nor any profile knows.
    async fn known_team(&self, plane: &Plane, team: &TeamKey) -> Result<(), Refused> {
        if plane.map.teams.contains_key(team) {
            return Ok(());
        }
        let reading = self.reading().await?;
        let profiles = reading.survey.observed.domains.values().flat_map(|d| d.profiles.values());
        let is_of_it = |profile: &access::observed::ObservedProfile| {
            matches!(
                profile.ownership(&plane.map.instance),
                Ownership::Ours { team: of, .. } if of == team
            )
        };
        if profiles.into_iter().any(is_of_it) {
            return Ok(());
        }
        let (why, remedy) =
            ("The map has no such team.", "Look the team's key up in the list of teams.");
        Err(Refused::new(RefusedKind::NotFound, ReasonCode::TeamUnknown, why, remedy))
    }
}

/// One pass over what was decided of one person, and how many profiles it is the first to take away.
/// Whatever it cannot do the loop does, which was woken.
async fn first_pass(
    plane: &Plane,
    scope: &Scope,
    narrow: impl Fn(Plan, &Survey) -> Plan,
) -> (usize, Option<String>) {
    let end = Deadline::at(Instant::now() + FIRST_PASS);
    let survey = tokio::select! {
        biased;
        survey = plane.survey(scope) => survey,
        () = end.passed() => return (0, Some(ReasonCode::TimeUp.as_str().to_owned())),
    };
    let survey = match survey {
        Ok(survey) => survey,
        Err(error) => {
            tracing::warn!(%error, "the first pass reads nothing; the loop tries again");
            return (0, Some(ReasonCode::Unavailable.as_str().to_owned()));
        }
    };
    let plan = narrow(plane.plan(&survey), &survey);
    let number = plan.new_removals();
    let allowed = Removals::Allowed(u32::try_from(number).unwrap_or(u32::MAX));
    let checked = match plane.check(plan, &survey, allowed) {
        Ok(checked) => checked,
        Err(violations) => {
            let code = violations.first().map(|violation| violation.code);
            return (number, code.map(|code| code.as_str().to_owned()));
        }
    };
    let watcher = |_: &access::plan::Action, _: &crate::pass::Outcome| {};
    let report = plane.carry_out_until(&checked, &survey, &watcher, end, &Brake::default()).await;
    plane.readings.changed(plane.clock.now());
    (number, report.halted.map(|halt| halt.code().as_str().to_owned()))
}
