//! `--as-of TIME` of `stagedoor why` and `stagedoor who-can`: what the audit log tells of a time.

use super::audit::existing;
use super::leaving::person_json;
use crate::cli::{Common, OutputFormat, WhoCanArgs, WhyArgs};
use crate::codes;
use crate::exit::{BadConfiguration, Outcome};
use crate::output::{self, Paint, counted, visible};
use crate::people::{self, Named};
use crate::progress::Progress;
use crate::system::SystemClock;
use crate::{compose, mapfile};
use access::entitlement::WantedGroups;
use access::explain::{Meant, Since};
use access::ids::{PersonId, TeamKey};
use access::map::near_match;
use access::reason::ReasonCode;
use anyhow::Result;
use aws::Aws;
use control::audit::{AsOf, Held, Unknown, everybody_at, person_at, tells_of_team};
use control::plane::Plane;
use control::ports::Clock;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Write;

pub(super) async fn why(args: &WhyArgs, at: Timestamp, common: &Common) -> Result<Outcome> {
    is_past(at)?;
    let team = args.team.as_deref().map(team_of).transpose()?;
    let map = mapfile::load(&args.map.map)?;
    let aws = Aws::connect().await;
    let store = existing(&args.store, &aws).await?;
    let plane = compose::plane(map, aws, store.clone()).await?;
    let named = if let Ok(named) = people::find(&plane, &args.person).await {
        named
    } else {
        let id = people::find_or_id(&plane, &args.person).await?;
        Named { id, user_name: None, display_name: None }
    };
    let mut told = person_at(&*store, &named.id, at).await?;
    told.keep_team(team.as_ref().map(TeamKey::as_str));
    if let Some(team) = team.as_ref().filter(|_| told.held.is_empty()) {
        was_there(&plane, team.as_str()).await?;
    }
    match common.output {
        OutputFormat::Json => {
            output::data(&document(json!({ "person": person_json(&named) }), &told)?);
        }
        OutputFormat::Table => {
            let shown = people::shown(&named);
            output::data(&person_text(&shown, team.as_ref(), &told, Paint::stdout(common)));
        }
    }
    let could_open = told.held.iter().any(|held| held.could_open);
    Ok(if could_open { Outcome::Done } else { Outcome::Denied })
}

pub(super) async fn who_can(args: &WhoCanArgs, at: Timestamp, common: &Common) -> Result<Outcome> {
    is_past(at)?;
    let map = mapfile::load(&args.map.map)?;
    let aws = Aws::connect().await;
    let store = existing(&args.store, &aws).await?;
    let plane = compose::plane(map, aws, store.clone()).await?;
    let mut told = {
        let progress = Progress::spinner("reading the audit log");
        let all = store.chains().await?.iter().map(|head| head.seq).sum();
        everybody_at(&*store, at, None, &|done| progress.at(done, all)).await?
    };
    told.keep_held_by(&args.team_or_role);
    if told.held.is_empty() {
        was_there(&plane, &args.team_or_role).await?;
    }
    name(&plane, &mut told.held).await;
    match common.output {
        OutputFormat::Json => {
            output::data(&document(json!({ "asked": args.team_or_role }), &told)?);
        }
        OutputFormat::Table => {
            output::data(&holders_text(&args.team_or_role, &told, Paint::stdout(common)));
        }
    }
    Ok(Outcome::Done)
}

fn is_past(at: Timestamp) -> Result<(), BadConfiguration> {
    if at <= SystemClock.now() {
        return Ok(());
    }
    let message = format!("{at} is still to come: name a time that is over with --as-of");
    Err(BadConfiguration::new(codes::USAGE, message))
}

/// A team of that time. The map of today need not have it.
fn team_of(text: &str) -> Result<TeamKey, BadConfiguration> {
    TeamKey::parse(text)
        .map_err(|error| BadConfiguration::new(ReasonCode::TeamUnknown, error.to_string()))
}

/// Refuses a team or role that neither the map nor the log knows: that nobody had it would look like an
/// answer.
async fn was_there(plane: &Plane, team_or_role: &str) -> Result<()> {
    let is_known = Meant::of(&plane.map, team_or_role).is_some();
    if is_known || tells_of_team(&*plane.audit, team_or_role).await? {
        return Ok(());
    }
    let teams = plane.map.teams.keys().map(TeamKey::as_str);
    let hint = near_match(team_or_role, teams).map(|near| format!(". Did you mean `{near}`?"));
    let message = format!(
        "neither the map nor the log knows a team `{}`, and nobody had an execution role of that name \
         then{}",
        visible(team_or_role),
        hint.unwrap_or_default()
    );
    Err(BadConfiguration::new(ReasonCode::TeamUnknown, message).into())
}

/// Adds the names that the directory has today. Where it cannot be read, ids have to do.
async fn name(plane: &Plane, held: &mut [Held]) {
    let ids: BTreeSet<PersonId> =
        held.iter().filter_map(|held| PersonId::parse(&held.person).ok()).collect();
    let known = match plane.directory.people(&ids, &WantedGroups::default()).await {
        Ok(known) => known.snapshot.people,
        Err(error) => return output::talk(&format!("note: names are not known: {error}")),
    };
    for held in held {
        let person = PersonId::parse(&held.person).ok().and_then(|id| known.get(&id));
        held.person_name = person.map(|person| person.user_name.clone());
    }
}

fn document(head: Value, told: &AsOf) -> Result<String> {
    let mut document = json!({ "apiVersion": output::API_VERSION, "kind": "AsOf" });
    if let (Some(document), Value::Object(head), Value::Object(told)) =
        (document.as_object_mut(), head, serde_json::to_value(told)?)
    {
        document.extend(head);
        document.extend(told);
    }
    Ok(document.to_string())
}

fn person_text(who: &str, team: Option<&TeamKey>, told: &AsOf, paint: Paint) -> String {
    let mut out = format!("At {}, by the audit log:\n", told.at);
    for held in &told.held {
        let (answer, what) = if held.could_open {
            (paint.green("yes"), "had")
        } else {
            (paint.red("no"), "could not open")
        };
        let _ = writeln!(out, "{answer}: {who} {what} {}", visible(&held.team));
        profile(&mut out, held, paint);
    }
    if told.held.is_empty() {
        let what = team.map_or("no team".to_owned(), |team| format!("no profile of {team}"));
        let _ = writeln!(out, "{}: {who} had {what} that the log knows of.", paint.red("no"));
    }
    for barred in &told.barred {
        let what = barred.team.as_deref().unwrap_or("everything");
        let _ = writeln!(
            out,
            "  {} offboarded by command from {} since {}",
            paint.red("✗"),
            visible(what),
            barred.since
        );
    }
    not_known(&mut out, &told.unknown, paint);
    out.trim_end().to_owned()
}

fn holders_text(asked: &str, told: &AsOf, paint: Paint) -> String {
    let mut out = format!("At {}, by the audit log:\n", told.at);
    let (could, leaving): (Vec<&Held>, Vec<&Held>) =
        told.held.iter().partition(|held| held.could_open);
    for (title, all) in [("COULD OPEN", &could), ("A PROFILE AND NO WAY IN", &leaving)] {
        if !all.is_empty() {
            let _ = writeln!(out, "{}", paint.bold(title));
        }
        for held in all {
            let who = held.person_name.as_ref().unwrap_or(&held.person);
            let _ = writeln!(out, "  {} → {}", visible(who), visible(&held.team));
            profile(&mut out, held, paint);
        }
    }
    let _ = writeln!(
        out,
        "{}: {} could open it, {} without a way in.",
        visible(asked),
        could.len(),
        counted(leaving.len(), "profile"),
    );
    not_known(&mut out, &told.unknown, paint);
    out.trim_end().to_owned()
}

/// The profile, and what the log tells of how it came about.
fn profile(out: &mut String, held: &Held, paint: Paint) {
    let sign = if held.could_open { paint.green("✓") } else { paint.red("✗") };
    let since =
        held.since.map_or("since before the log tells".to_owned(), |at| format!("since {at}"));
    let change =
        held.change.as_ref().map_or(String::new(), |id| format!(", change {}", visible(id)));
    let _ = writeln!(
        out,
        "  {sign} profile {} in {} {since}{change}",
        visible(&held.profile),
        visible(&held.domain)
    );
    let facts = [
        held.grant
            .as_ref()
            .map(|grant| format!("by {} {}", visible(grant), Since::exactly(held.grant_since))),
        held.role
            .as_ref()
            .map(|role| format!("as {} {}", visible(role), Since::exactly(held.role_since))),
        held.last_opened.map(|at| format!("last opened {at}")),
        held.leaving.map(|at| {
            let code = held.leaving_because.as_deref().unwrap_or_default();
            format!("leaving since {at} ({})", visible(code))
        }),
    ];
    let facts: Vec<String> = facts.into_iter().flatten().collect();
    if !facts.is_empty() {
        let _ = writeln!(out, "      {}", paint.dim(&facts.join(", ")));
    }
}

fn not_known(out: &mut String, unknown: &[Unknown], paint: Paint) {
    let _ = writeln!(out, "{}", paint.bold("NOT KNOWN"));
    for unknown in unknown {
        let _ = writeln!(out, "  {} {}", paint.dim("-"), unknown.text);
    }
}
