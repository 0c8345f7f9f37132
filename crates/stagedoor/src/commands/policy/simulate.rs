//! `stagedoor policy simulate`: what would happen if somebody asked for a team from somewhere.

use super::super::why::look_up_groups;
use super::file;
use crate::cli::{Common, OutputFormat, SimulateArgs};
use crate::codes::{self, Code};
use crate::exit::{BadConfiguration, Outcome};
use crate::output::{self, Paint, visible};
use crate::system::SystemClock;
use crate::{compose, mapfile, people};
use access::authorisation::authorisation;
use access::entitlement::groups_giving;
use access::ids::{DomainKey, GroupId, PersonId, TeamKey};
use access::map::AccessMap;
use access::network::Origin;
use access::observed::Observed;
use access::reason::ReasonCode;
use access::snapshot::{Coverage, Group, Person, Snapshot};
use access::what_if::{self, Deed, Documents, Question, Step, WhatIfError, what_if};
use anyhow::{Context as _, Result};
use aws::Aws;
use control::ports::Clock as _;
use control::survey::Scope;
use iam_policy::bundle::NamedPolicy;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;

pub(super) async fn run(args: &SimulateArgs, common: &Common) -> Result<Outcome> {
    let map = mapfile::load(&args.map.map)?;
    if !map.teams.contains_key(&args.team) {
        return Err(mapfile::unknown_team(&map, args.team.as_str()).into());
    }
    let bundle = authorisation(&map).map_err(|found| {
        let told: Vec<String> = found.iter().map(ToString::to_string).collect();
        let message = format!("no policies can be made of the map\n\n{}", told.join("\n"));
        BadConfiguration::new(codes::MAP_INVALID, message)
    })?;
    mapfile::caution_of_size(&map, &bundle);
    let context = context(&args.context)?;
    let documents = Documents { identity: read(&args.policies)?, scps: read(&args.scps)? };
    let known = match &args.groups {
        Some(groups) => told(&map, args, groups)?,
        None => asked(&map, args).await?,
    };
    let domain = domain(&map, args, &known)?;
    let from = Origin {
        address: args.from,
        vpce: args.vpce.clone(),
        vpc: args.vpc.clone(),
        ..Origin::default()
    };
    let deed = args.action.as_deref().zip(args.resource.as_deref());
    let question = Question {
        map: &map,
        bundle: &bundle,
        snapshot: &known.snapshot,
        observed: &known.observed,
        now: SystemClock.now(),
        person: &known.person,
        explained: None,
        team: &args.team,
        domain: &domain,
        from: &from,
        principal: args.principal.as_deref(),
        deed: deed.map(|(action, resource)| Deed { action, resource }),
        context: &context,
        documents: &documents,
    };
    let outcome = what_if(&question).map_err(|error| bad(&error))?;
    if !known.observed.domains.contains_key(&domain) && args.principal.is_none() {
        output::talk(&format!(
            "note: domain {domain} was not read, and is taken to be in IAM mode"
        ));
    }
    match common.output {
        OutputFormat::Json => output::data(&json(args, &domain, &from, &outcome).to_string()),
        OutputFormat::Table => {
            output::data(&text(args, &domain, &outcome, Paint::stdout(common)));
        }
    }
    Ok(if outcome.allowed { Outcome::Done } else { Outcome::Denied })
}

fn bad(error: &WhatIfError) -> anyhow::Error {
    let remedy = match error {
        WhatIfError::NoHub(_) => {
            ". Say in the map what Stagedoor runs as (`hub`), or give the policies it has (--policy)"
        }
        WhatIfError::NoPersona(_) => {
            ". Give the team a persona, or the policies that its role has (--policy)"
        }
        _ => "",
    };
    let code: Code = match error {
        WhatIfError::NotPlaced { .. } => ReasonCode::DomainUnknown.into(),
        WhatIfError::NobodyRead(_) => ReasonCode::PersonUnknown.into(),
        WhatIfError::Policy { .. } => codes::POLICY_INVALID,
        WhatIfError::NoHub(_) | WhatIfError::NoPersona(_) => codes::MAP_SILENT,
    };
    let mut message = error.to_string();
    if let WhatIfError::Policy { error, .. } = error {
        let _ = write!(message, ": {error}");
    }
    BadConfiguration::new(code, message + remedy).into()
}

/// What is known of the person.
struct Known {
    person: PersonId,
    snapshot: Snapshot,
    observed: Observed,
}

/// Reads the person and their profiles, as `why` does.
async fn asked(map: &AccessMap, args: &SimulateArgs) -> Result<Known> {
    let aws = Aws::connect().await;
    let store = compose::readable_store(&args.store.store, &aws).await?;
    let plane = compose::plane(map.clone(), aws, store).await?;
    let hint = "the directory was asked for the person; with --groups nothing is asked";
    let person = people::find_or_id(&plane, &args.person).await.context(hint)?;
    let scope = Scope::People(BTreeSet::from([person.clone()]));
    let mut survey = plane.survey(&scope).await.context(hint)?;
    look_up_groups(&plane, &mut survey, &BTreeSet::from([args.team.clone()])).await?;
    super::super::plan::tell_failures(&survey);
    Ok(Known { person, snapshot: survey.snapshot, observed: survey.observed })
}

/// Takes the groups from the command line. Nothing is asked of anybody.
fn told(map: &AccessMap, args: &SimulateArgs, groups: &[String]) -> Result<Known> {
    let bad = |problem: &dyn std::fmt::Display| {
        let message = format!("`{}`: {problem}", visible(&args.person));
        BadConfiguration::new(ReasonCode::PersonUnknown, message)
    };
    let id = PersonId::parse(&args.person).map_err(|error| bad(&error))?;
    let person = Person {
        id: id.clone(),
        user_name: args.person.clone(),
        display_name: args.person.clone(),
        enabled: true,
    };
    let known = groups_giving(map, &BTreeSet::from([args.team.clone()]));
    let mut snapshot = Snapshot {
        people: BTreeMap::from([(id.clone(), person)]),
        groups: BTreeMap::new(),
        coverage: Coverage::People(BTreeSet::from([id.clone()])),
        offboarded: BTreeMap::new(),
        barred: BTreeMap::new(),
        temporary: BTreeMap::new(),
    };
    let told = groups.iter().filter(|name| !name.is_empty()).cloned();
    let names: BTreeSet<String> = known.names.into_iter().chain(told).collect();
    let mut all: Vec<(GroupId, String)> =
        known.ids.into_iter().map(|id| (id.clone(), id.to_string())).collect();
    for (number, name) in names.into_iter().enumerate() {
        let id = GroupId::parse(format!("group-{number}")).map_err(|error| bad(&error))?;
        all.push((id, name));
    }
    for (group, display_name) in all {
        let is_member = groups.contains(&display_name);
        let members = is_member.then(|| id.clone()).into_iter().collect();
        snapshot.groups.insert(group.clone(), Group { id: group, display_name, members });
    }
    Ok(Known { person: id, snapshot, observed: Observed::default() })
}

/// The domain that is meant: the one that was named, the one where the person's profile is, or the
/// first of the team.
fn domain(map: &AccessMap, args: &SimulateArgs, known: &Known) -> Result<DomainKey> {
    let placements = map.teams.get(&args.team).map(|team| team.placements.as_slice());
    let mut keys = placements.unwrap_or_default().iter().map(|placement| &placement.domain);
    if let Some(named) = &args.domain {
        let found = keys.clone().find(|key| key.as_str() == named);
        return found.cloned().ok_or_else(|| {
            let placed: Vec<&str> = keys.map(DomainKey::as_str).collect();
            let placed = placed.join(", ");
            let message =
                format!("team {} is placed in {placed}, not in `{}`", args.team, visible(named));
            BadConfiguration::new(ReasonCode::DomainUnknown, message).into()
        });
    }
    let has_profile = |key: &&DomainKey| {
        let there = known.observed.domains.get(*key);
        let theirs = access::observed::Ownership::Ours { person: &known.person, team: &args.team };
        there.is_some_and(|domain| {
            domain.profiles.values().any(|p| p.ownership(&map.instance) == theirs)
        })
    };
    let found = keys.clone().find(has_profile).or_else(|| keys.next());
    let nowhere = || BadConfiguration::new(ReasonCode::DomainUnknown, "the team is placed nowhere");
    Ok(found.cloned().ok_or_else(nowhere)?)
}

/// `KEY=VALUE`, each key as often as it has values.
fn context(given: &[String]) -> Result<BTreeMap<String, Vec<String>>> {
    let mut context: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for text in given {
        let Some((key, value)) = text.split_once('=').filter(|(key, _)| !key.is_empty()) else {
            let message = format!("--context `{}`: write KEY=VALUE", visible(text));
            return Err(BadConfiguration::new(codes::USAGE, message).into());
        };
        context.entry(key.to_owned()).or_default().push(value.to_owned());
    }
    Ok(context)
}

/// The documents of files; nothing, if none are named.
fn read(files: &[PathBuf]) -> Result<Option<Vec<NamedPolicy>>> {
    let read = files.iter().map(|path| {
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        let document = file::read(path)?.document().clone();
        Ok(NamedPolicy { name, description: String::new(), document })
    });
    let read: Vec<NamedPolicy> = read.collect::<Result<_>>()?;
    Ok((!files.is_empty()).then_some(read))
}

fn json(
    args: &SimulateArgs,
    domain: &DomainKey,
    from: &Origin,
    outcome: &what_if::Outcome,
) -> serde_json::Value {
    json!({
        "apiVersion": output::API_VERSION,
        "kind": "Simulation",
        "person": args.person,
        "team": args.team,
        "domain": domain,
        "from": { "address": from.address, "vpce": from.vpce, "vpc": from.vpc },
        "principal": args.principal,
        "action": args.action.as_deref().unwrap_or(what_if::LINK),
        "allowed": outcome.allowed,
        "steps": outcome.steps,
    })
}

fn text(
    args: &SimulateArgs,
    domain: &DomainKey,
    outcome: &what_if::Outcome,
    paint: Paint,
) -> String {
    let head = if outcome.allowed { paint.green("allowed") } else { paint.red("denied") };
    let team: &TeamKey = &args.team;
    let what = match (&args.action, &args.principal) {
        (Some(action), _) => format!("{action} in {team}"),
        (None, Some(_)) => format!("a link to the profile of {}, {team}", visible(&args.person)),
        (None, None) => team.to_string(),
    };
    let who = args.principal.as_deref().unwrap_or(&args.person);
    let mut out = format!("{head}: {} → {what}, domain {domain}\n", visible(who));
    for step in &outcome.steps {
        told_step(&mut out, step, paint);
    }
    out.trim_end().to_owned()
}

fn told_step(out: &mut String, step: &Step, paint: Paint) {
    let sign = if step.allowed { paint.green("✓") } else { paint.red("✗") };
    let code = step.code.map_or(String::new(), |code| format!(" ({code})"));
    let _ = writeln!(out, "  {sign} {}{code}", visible(&step.text));
    for reason in &step.because {
        let policy = reason.policy.as_ref().map_or(String::new(), |name| format!("{name}, "));
        let statement = reason.statement.as_ref().map_or(String::new(), |sid| format!("{sid} "));
        let line = format!("{}: {policy}{statement}{}", reason.layer, reason.text);
        let _ = writeln!(out, "      {}", paint.dim(&visible(&line)));
    }
}
