//! `stagedoor offboard`: takes everything from one person, now and until it is taken back.

use super::super::apply;
use super::{departure_json, known_team, person_json, receipt, receipt_of};
use crate::cli::{Common, OffboardArgs, OutputFormat};
use crate::codes;
use crate::exit::{BadConfiguration, NotDone, Outcome};
use crate::leaver::{loss_text, receipt_text, stages_text, still_granted_text};
use crate::output::{self, Paint, counted};
use crate::people::{self, Named};
use crate::{audit_keys, compose, mapfile};
use access::check::Removals;
use access::map::Rollout;
use access::plan::{Kept, Plan};
use access::reason::ReasonCode;
use access::snapshot::Hold;
use access::standing::standings;
use anyhow::Result;
use aws::Aws;
use control::departure::scope_with_heirs;
use control::loss::{Loss, StillGranted, losses, still_granted};
use control::plane::Plane;
use control::ports::{Acted, Departure};
use control::progress::progress;
use control::survey::Survey;
use serde_json::json;
use std::fmt::Write;
use std::io::{BufRead, IsTerminal};

/// What is done where the log does not tell who has left.
const DENIED: &str = "it is denied at the door";

/// What to do then.
const AGAIN: &str = "Run the same command again when the log can be written: it writes down who has left, and goes on \
     with the profiles, nothing of which is begun unwritten.";

pub(in crate::commands) async fn run(args: &OffboardArgs, common: &Common) -> Result<Outcome> {
    let map = mapfile::load(&args.map.map)?;
    let aws = Aws::connect().await;
    let store = if args.look.dry_run {
        compose::readable_store(&args.store.store, &aws).await?
    } else {
        compose::existing_store(&args.store.store, &aws).await?
    };
    let plane = compose::plane(map, aws, store).await?;
    let named = people::find(&plane, &args.person.person).await?;
    if args.look.receipt {
        return receipt::print(&plane, &named, common).await;
    }
    let survey = plane.survey(&scope_with_heirs(&plane, &named.id).await?).await?;
    if args.look.status {
        return status(&plane, &named, survey, common).await;
    }
    if let Some(team) = &args.team {
        known_team(&plane.map, &survey, &named.id, team)?;
    }
    let case = Case { args, named: &named, plane: &plane, common };
    let (survey, plan, loses) = case.look_ahead(survey);
    if args.look.dry_run {
        return Ok(case.dry_run(&survey, &plan, &loses));
    }
    case.ask(&loses)?;
    case.carry_out(&survey, &plan, &loses).await
}

/// How far it is, by AWS and the audit log.
async fn status(plane: &Plane, named: &Named, survey: Survey, common: &Common) -> Result<Outcome> {
    let plan = plane.plan(&survey);
    let standings = standings(&plane.map, &survey.snapshot, &survey.observed, &plan, &named.id);
    let receipt = receipt_of(plane, &named.id).await?;
    let in_force = plane.departures_of(&named.id).await?;
    let stages = progress(standings, &receipt, survey.now);
    match common.output {
        OutputFormat::Json => {
            let document = json!({
                "apiVersion": output::API_VERSION,
                "kind": "OffboardingStatus",
                "person": person_json(named),
                "departures": in_force.iter().map(departure_json).collect::<Vec<_>>(),
                "profiles": stages,
                "unreadable": survey.observed.unreadable,
            });
            output::data(&document.to_string());
        }
        OutputFormat::Table => {
            let command = match in_force.first() {
                Some(Departure { team: None, since, .. }) => format!("offboarded since {since}"),
                Some(Departure { team: Some(_), .. }) => {
                    let teams: Vec<String> = in_force
                        .iter()
                        .filter_map(|d| d.team.as_ref().map(|t| format!("{t} since {}", d.since)))
                        .collect();
                    format!("offboarded from {}", teams.join(", "))
                }
                None => "not offboarded by command".to_owned(),
            };
            let profiles = if stages.is_empty() {
                "  no profile in any domain that was read\n".to_owned()
            } else {
                stages_text(&stages)
            };
            output::data(&format!("{}: {command}\n{}", people::shown(named), profiles.trim_end()));
        }
    }
    Ok(super::super::plan::outcome(&Plan { actions: Vec::new(), ..plan }, &survey, &every_team()))
}

/// One person to offboard.
struct Case<'a> {
    args: &'a OffboardArgs,
    named: &'a Named,
    plane: &'a Plane,
    common: &'a Common,
}

impl Case<'_> {
    fn departure(&self) -> Departure {
        Departure {
            person: self.named.id.clone(),
            user_name: self.named.user_name.clone(),
            team: self.args.team.clone(),
            since: self.plane.clock.now(),
            by: self.args.by.by.clone(),
            why: self.args.reason.clone(),
            hold: if self.args.now { Hold::Skipped } else { Hold::AsMapped },
        }
    }

    /// The survey as it will be, what then is planned, and what the person loses.
    fn look_ahead(&self, mut survey: Survey) -> (Survey, Plan, Vec<Loss>) {
        let Departure { person, team, hold, .. } = self.departure();
        let held = match &team {
            None => survey.snapshot.offboarded.entry(person.clone()).or_insert(hold),
            Some(team) => survey
                .snapshot
                .barred
                .entry(person.clone())
                .or_default()
                .entry(team.clone())
                .or_insert(hold),
        };
        *held = hold.max(*held);
        let plan = self.plane.plan(&survey);
        let plan = self.plane.only(plan, &survey.observed, &person, team.as_ref());
        let map = &self.plane.map;
        let loses = losses(map, &survey.observed, &person, team.as_ref(), survey.now);
        let loses = loses.into_iter().map(|loss| loss.by_plan(&plan)).collect();
        (survey, plan, loses)
    }

    fn granted(&self, survey: &Survey) -> Vec<StillGranted> {
        still_granted(&self.plane.map, &survey.snapshot, &self.named.id, survey.now)
    }

    fn hold_seconds(&self) -> u64 {
        if self.args.now { 0 } else { self.plane.map.offboarding.hold_seconds }
    }

    fn loses_text(&self, loses: &[Loss], paint: Paint) -> String {
        let what = match &self.args.team {
            Some(team) => format!("team {team}"),
            None => "all teams and may not sign in".to_owned(),
        };
        let mut text = format!("{} loses {what}:", people::shown(self.named));
        if loses.is_empty() {
            text.push_str("\n  there is no profile to take away in any domain that was read");
        }
        for loss in loses {
            let lines = loss_text(loss, self.hold_seconds(), paint);
            let _ = write!(text, "\n  {}", lines.replace('\n', "\n  "));
        }
        text
    }

    fn warn(&self, survey: &Survey) {
        let granted = self.granted(survey);
        let (team, key) = (self.args.team.as_ref(), self.named.key());
        if let Some(text) = still_granted_text(&granted, team, key) {
            output::talk(&text);
        }
    }

    fn dry_run(&self, survey: &Survey, plan: &Plan, loses: &[Loss]) -> Outcome {
        match self.common.output {
            OutputFormat::Json => {
                let document = json!({
                    "apiVersion": output::API_VERSION,
                    "kind": "OffboardingPlan",
                    "person": person_json(self.named),
                    "team": self.args.team,
                    "loses": loses,
                    "stillGranted": self.granted(survey),
                    "actions": plan.actions,
                    "kept": plan.kept,
                });
                output::data(&document.to_string());
            }
            OutputFormat::Table => {
                output::data(&self.loses_text(loses, Paint::stdout(self.common)));
                self.warn(survey);
            }
        }
        let outcome = super::super::plan::outcome(plan, survey, &every_team());
        unless_something_stays(outcome, plan, loses)
    }

    /// Shows what is lost and asks, unless the answer was given.
    fn ask(&self, loses: &[Loss]) -> Result<()> {
        if self.args.yes {
            return Ok(());
        }
        if !std::io::stdin().is_terminal() {
            let message = "nothing was changed: nobody is there to be asked; say --yes to go on, \
                           or --dry-run to see what would be lost";
            return Err(BadConfiguration::new(codes::CONFIRMATION_NEEDED, message).into());
        }
        output::talk(&self.loses_text(loses, Paint::plain()));
        let key = self.named.key();
        output::talk(&format!("Type {} to go on:", output::visible(key)));
        if agrees(std::io::stdin().lock(), key) {
            return Ok(());
        }
        Err(NotDone {
            outcome: Outcome::Failed,
            code: codes::NOT_CONFIRMED.as_str(),
            message: "nothing was changed: it was not confirmed (not-confirmed)".to_owned(),
            remedy: format!("Type `{}` when asked, or say --yes.", output::visible(key)),
        }
        .into())
    }

    async fn carry_out(&self, survey: &Survey, plan: &Plan, loses: &[Loss]) -> Result<Outcome> {
        let Acted { done: departed, unwritten } = self.plane.depart(&self.departure()).await?;
        let ended = usize::try_from(departed.sessions_ended).unwrap_or(usize::MAX);
        output::talk(&match &departed.departure.team {
            None => format!("Signing in is denied; {} ended.", counted(ended, "session")),
            Some(team) => format!("Opening team {team} is denied."),
        });
        // Somebody has just seen what goes, one by one.
        let number = u32::try_from(plan.new_removals()).unwrap_or(u32::MAX);
        let (id, team) = (&self.named.id, self.args.team.as_ref());
        let settling = async {
            apply::settle(
                self.plane,
                &scope_with_heirs(self.plane, id).await?,
                Removals::Allowed(number),
                self.args.wait,
                None,
                &|plan, survey| self.plane.only(plan, &survey.observed, id, team),
            )
            .await
        };
        let settled = settling.await;
        let settled = audit_keys::if_written(settled, unwritten.as_ref(), DENIED, AGAIN)?;
        let receipt = receipt_of(self.plane, id).await?;
        let left = staying(&settled.plan, loses);
        let blocked: Vec<_> = settled.plan.blocked().chain(left).collect();
        match self.common.output {
            OutputFormat::Json => {
                let after = &settled.survey;
                let standings =
                    standings(&self.plane.map, &after.snapshot, &after.observed, &settled.plan, id);
                let document = json!({
                    "apiVersion": output::API_VERSION,
                    "kind": "Offboarding",
                    "person": person_json(self.named),
                    "departure": departure_json(&departed.departure),
                    "sessionsEnded": departed.sessions_ended,
                    "lost": loses,
                    "stillGranted": self.granted(survey),
                    "profiles": progress(standings, &receipt, after.now),
                    "blocked": blocked,
                    "receipt": receipt,
                });
                output::data(&document.to_string());
            }
            OutputFormat::Table => {
                let paint = Paint::stdout(self.common);
                output::data(&receipt_text(&receipt, &people::shown(self.named), paint));
                self.warn(survey);
            }
        }
        let outcome = apply::ended(&settled, &every_team());
        Ok(unless_something_stays(outcome, &settled.plan, loses))
    }
}

/// What stays as it is, because the map does not enforce the team that it is for, or would go on for.
fn staying<'p>(plan: &'p Plan, loses: &'p [Loss]) -> impl Iterator<Item = &'p Kept> {
    plan.kept.iter().filter(|kept| {
        kept.reason == ReasonCode::NotEnforced && loses.iter().any(|loss| loss.is_of(kept))
    })
}

/// The outcome, or that something stays which was to be taken; if so, tells.
fn unless_something_stays(outcome: Outcome, plan: &Plan, loses: &[Loss]) -> Outcome {
    let mut outcome = outcome;
    for kept in staying(plan, loses) {
        let profile = kept.profile.as_ref().map(ToString::to_string).unwrap_or_default();
        let team = kept.team.as_ref().map(ToString::to_string).unwrap_or_default();
        output::talk(&format!(
            "error: profile {profile} in {} stays as it is: the map does not enforce {team} ({})",
            kept.domain, kept.reason
        ));
        outcome = Outcome::Failed;
    }
    outcome
}

/// Whatever is left to somebody who is offboarded counts, also of a team that is not enforced yet.
fn every_team() -> Rollout {
    Rollout::default()
}

/// Whether the next line is the text that was asked for.
fn agrees(mut input: impl BufRead, key: &str) -> bool {
    let mut line = String::new();
    // A line that is longer than any name is no name.
    let read = std::io::Read::take(&mut input, 4_096).read_line(&mut line);
    read.is_ok() && line.trim() == key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_name_itself_agrees() {
        assert!(agrees(&b"ana\n"[..], "ana"));
        assert!(agrees(&b"  ana"[..], "ana"));
        for no in [&b""[..], b"\n", b"y\n", b"Ana\n", b"anab\n", b"\nana\n", b"\xff\n"] {
            assert!(!agrees(no, "ana"), "{no:?}");
        }
    }
}
