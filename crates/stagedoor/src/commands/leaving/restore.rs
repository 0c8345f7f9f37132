//! `stagedoor restore`: takes an offboarding back, as far as there is something left.

use super::super::apply;
use super::{departure_json, known_team, person_json, receipt_of};
use crate::cli::{Common, OutputFormat, RestoreArgs};
use crate::exit::{BadConfiguration, Outcome};
use crate::leaver::standing_text;
use crate::output;
use crate::people::{self, Named};
use crate::{audit_keys, compose, mapfile};
use access::check::Removals;
use access::ids::{PersonId, TeamKey};
use access::observed::{Observed, ObservedProfile, Ownership};
use access::plan::{Plan, Step};
use access::reason::ReasonCode;
use access::standing::{Standing, standings};
use anyhow::Result;
use aws::Aws;
use control::departure::scope_of;
use control::loss::{StillGranted, still_granted};
use control::plane::Plane;
use control::ports::Departure;
use control::receipt::Receipt;
use control::survey::Survey;
use serde::Serialize;
use serde_json::json;

/// What is done where the log does not tell that somebody came back.
const ENDED: &str = "the offboarding is ended";

/// What to do then.
const NOTE_IT: &str = "Note who ended it, when and why, and see that the log can be written again: by the log alone the \
     person still looks offboarded.";

pub(in crate::commands) async fn run(args: &RestoreArgs, common: &Common) -> Result<Outcome> {
    let map = mapfile::load(&args.map.map)?;
    let aws = Aws::connect().await;
    let store = compose::existing_store(&args.store.store, &aws).await?;
    let plane = compose::plane(map, aws, store.clone()).await?;
    let named = people::find(&plane, &args.person.person).await?;
    let survey = plane.survey(&scope_of(&named.id)).await?;
    if let Some(team) = &args.team {
        known_team(&plane.map, &survey, &named.id, team)?;
    }
    let departures = plane.departures_of(&named.id).await?;
    let ends = to_end(&departures, args.team.as_ref(), &named)?;
    let case = Case { args, named: &named, plane: &plane, common };
    if args.dry_run {
        return Ok(case.dry_run(survey, &ends));
    }
    if !ends.is_empty() {
        audit_keys::must_fit(&*store).await?;
    }
    case.carry_out(&ends).await
}

/// The departures that the command ends.
fn to_end(
    departures: &[Departure],
    team: Option<&TeamKey>,
    named: &Named,
) -> Result<Vec<Departure>, BadConfiguration> {
    let Some(team) = team else { return Ok(departures.to_vec()) };
    if departures.iter().any(|departure| departure.team.is_none()) {
        let message = format!(
            "{} was offboarded from all teams; a single one cannot come back before. Restore \
             without --team.",
            people::shown(named)
        );
        return Err(BadConfiguration::new(ReasonCode::Offboarded, message));
    }
    Ok(departures.iter().filter(|d| d.team.as_ref() == Some(team)).cloned().collect())
}

/// What becomes of one profile that was on its way out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Restored {
    domain: String,
    profile: String,
    /// Whether it is in use again, as the one of before with all that stood on it.
    as_it_was: bool,
    /// How it stands now; absent: there is none.
    standing: Option<Standing>,
    /// What keeps it on its way out.
    #[serde(skip)]
    kept_by: Option<String>,
    /// POSIX uid of the home directory of before.
    former_home_uid: Option<String>,
    /// The file system of that directory.
    former_home_file_system: Option<String>,
    /// POSIX uid of the home directory that the profile has now; absent: there is none yet.
    home_uid: Option<String>,
}

struct Case<'a> {
    args: &'a RestoreArgs,
    named: &'a Named,
    plane: &'a Plane,
    common: &'a Common,
}

impl Case<'_> {
    fn narrowed(&self, plan: Plan, survey: &Survey) -> Plan {
        let (person, team) = (&self.named.id, self.args.team.as_ref());
        self.plane.returning(plan, &survey.observed, person, team)
    }

    fn dry_run(&self, mut survey: Survey, ends: &[Departure]) -> Outcome {
        for departure in ends {
            match &departure.team {
                None => drop(survey.snapshot.offboarded.remove(&self.named.id)),
                Some(team) => {
                    if let Some(teams) = survey.snapshot.barred.get_mut(&self.named.id) {
                        teams.remove(team);
                    }
                }
            }
        }
        let plan = self.narrowed(self.plane.plan(&survey), &survey);
        self.print(ends, &survey, &plan, &[], true);
        let outcome = super::super::plan::outcome(&plan, &survey, &self.plane.map.rollout);
        if outcome == Outcome::Done && !ends.is_empty() {
            return Outcome::ChangesPending;
        }
        outcome
    }

    async fn carry_out(&self, ends: &[Departure]) -> Result<Outcome> {
        let before = receipt_of(self.plane, &self.named.id).await?;
        let by = &self.args.by.by;
        let unwritten = if ends.is_empty() {
            None
        } else {
            self.plane.rejoin(&self.named.id, self.args.team.as_ref(), by).await?.unwritten
        };
        let settled = apply::settle(
            self.plane,
            &scope_of(&self.named.id),
            Removals::Allowed(0),
            self.args.wait,
            None,
            &|plan, survey| self.narrowed(plan, survey),
        )
        .await;
        let settled = audit_keys::if_written(settled, unwritten.as_ref(), ENDED, NOTE_IT)?;
        let restored = self.restored(&before, &settled.survey);
        self.print(ends, &settled.survey, &settled.plan, &restored, false);
        Ok(apply::ended(&settled, &self.plane.map.rollout))
    }

    fn print(
        &self,
        ends: &[Departure],
        survey: &Survey,
        plan: &Plan,
        restored: &[Restored],
        dry_run: bool,
    ) {
        let mut rights =
            still_granted(&self.plane.map, &survey.snapshot, &self.named.id, survey.now);
        rights.retain(|right| self.args.team.as_ref().is_none_or(|team| team == &right.team));
        match self.common.output {
            OutputFormat::Json => {
                let document = json!({
                    "apiVersion": output::API_VERSION,
                    "kind": if dry_run { "RestorationPlan" } else { "Restoration" },
                    "person": person_json(self.named),
                    "ended": ends.iter().map(departure_json).collect::<Vec<_>>(),
                    "granted": rights,
                    "actions": plan.actions,
                    "profiles": restored,
                });
                output::data(&document.to_string());
            }
            OutputFormat::Table => {
                output::data(&self.text(ends, plan, &rights, restored, dry_run));
            }
        }
    }

    fn text(
        &self,
        ends: &[Departure],
        plan: &Plan,
        rights: &[StillGranted],
        restored: &[Restored],
        dry_run: bool,
    ) -> String {
        let who = people::shown(self.named);
        let mut lines = Vec::new();
        if ends.is_empty() {
            lines.push(format!("{who} is not offboarded by command; the directory decides."));
        }
        for departure in ends {
            let what = match &departure.team {
                None => "all teams".to_owned(),
                Some(team) => format!("team {team}"),
            };
            let verb = if dry_run { "would end" } else { "ended" };
            lines.push(format!("{who}: offboarding from {what} since {} {verb}.", departure.since));
        }
        if rights.is_empty() {
            let what = match &self.args.team {
                None => "a team".to_owned(),
                Some(team) => format!("team {team}"),
            };
            lines.push(format!(
                "No group gives this person {what}. Add them to one in the directory."
            ));
        }
        for action in &plan.actions {
            let what = match action.step {
                Step::Create { .. } => "would be made anew",
                _ => "would come back as it was",
            };
            lines.push(format!("  {} in {}: {what}", action.profile, action.domain));
        }
        lines.extend(restored.iter().map(restored_text));
        lines.join("\n")
    }

    /// What became of the profiles that the receipt of before tells to have been on their way out, of
    /// the team that was asked for.
    fn restored(&self, before: &Receipt, survey: &Survey) -> Vec<Restored> {
        let (plane, person) = (self.plane, &self.named.id);
        let (map, plan) = (&plane.map, plane.plan(survey));
        let standings = standings(map, &survey.snapshot, &survey.observed, &plan, person);
        let asked = self.args.team.as_ref().map(TeamKey::as_str);
        before
            .profiles
            .iter()
            .filter(|profile| profile.returned.is_none())
            .filter(|profile| asked.is_none_or(|team| profile.team.as_deref() == Some(team)))
            .map(|profile| {
                let (domain, name) = (&profile.domain, &profile.profile);
                let now = current(&survey.observed, plane, person, domain, name);
                let standing = standings.iter().find(|standing| {
                    standing.domain.as_str() == domain
                        && standing.profile.as_str().eq_ignore_ascii_case(name)
                });
                let home = profile.home.as_ref();
                let leaves = now.is_some_and(|profile| profile.leaving_since().is_some());
                Restored {
                    domain: domain.clone(),
                    profile: name.clone(),
                    as_it_was: now.is_some() && !leaves && profile.deleted.is_none(),
                    standing: standing.map(|standing| standing.standing.clone()),
                    kept_by: standing
                        .filter(|_| leaves)
                        .map(|standing| self.kept_by(survey, &standing.team)),
                    former_home_uid: home.map(|home| home.uid.clone()),
                    former_home_file_system: home.and_then(|home| home.file_system.clone()),
                    home_uid: now
                        .and_then(|profile| profile.home_efs_uid.as_ref().map(ToString::to_string)),
                }
            })
            .collect()
    }

    /// What keeps a profile of this team on its way out, for people.
    fn kept_by(&self, survey: &Survey, team: &TeamKey) -> String {
        let person = &self.named.id;
        let barred = survey.snapshot.barred.get(person);
        if barred.is_some_and(|teams| teams.contains_key(team)) {
            return format!("the person is offboarded from team {team} by command");
        }
        let rights = still_granted(&self.plane.map, &survey.snapshot, person, survey.now);
        if rights.iter().any(|right| &right.team == team) {
            return "it is yet to be taken back".to_owned();
        }
        format!("no group gives this person team {team}")
    }
}

fn current<'a>(
    observed: &'a Observed,
    plane: &Plane,
    person: &PersonId,
    domain: &str,
    name: &str,
) -> Option<&'a ObservedProfile> {
    let (_, domain) = observed.domains.iter().find(|(key, _)| key.as_str() == domain)?;
    domain.profiles.values().find(|profile| {
        let is_theirs = matches!(
            profile.ownership(&plane.map.instance),
            Ownership::Ours { person: owner, .. } if owner == person
        );
        is_theirs && profile.name.as_str().eq_ignore_ascii_case(name)
    })
}

fn restored_text(restored: &Restored) -> String {
    let Restored { domain, profile, .. } = restored;
    if restored.as_it_was {
        return format!("  {profile} in {domain}: back as it was, with its home directory");
    }
    if let (Some(standing), Some(kept_by)) = (&restored.standing, &restored.kept_by) {
        return format!("  {profile} in {domain}: {}; {kept_by}", standing_text(standing));
    }
    let text = format!("  {profile} in {domain}: it is gone");
    let place = restored.former_home_file_system.as_deref();
    let place = place.map_or(String::new(), |place| format!(" on file system {place}"));
    text + &match (&restored.former_home_uid, &restored.home_uid) {
        (Some(old), Some(new)) => format!(
            " and was made anew. Its home directory is a new one (uid {new}); copy the work from \
             the one of before, uid {old}{place}."
        ),
        (Some(old), None) => format!(". Its home directory is kept: uid {old}{place}."),
        (None, Some(new)) => format!(
            " and was made anew, with uid {new}; the audit log does not tell the home directory of \
             before."
        ),
        (None, None) => ".".to_owned(),
    }
}
