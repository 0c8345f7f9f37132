//! `stagedoor why`.

use crate::cli::{Common, OutputFormat, WhyArgs};
use crate::exit::Outcome;
use crate::output::{self, Paint, visible};
use crate::{compose, mapfile, people};
use access::entitlement::groups_giving;
use access::explain::{Explanation, Rung, Since, TeamExplanation, Verdict, explain};
use access::ids::{PersonId, TeamKey};
use access::map::AccessMap;
use access::reason::ReasonCode;
use access::snapshot::Group;
use anyhow::Result;
use aws::Aws;
use control::audit::person_at;
use control::plane::Plane;
use control::survey::{Scope, Survey};
use std::collections::BTreeSet;
use std::fmt::Write;

pub(super) async fn run(args: &WhyArgs, common: &Common) -> Result<Outcome> {
    if let Some(at) = args.then.as_of {
        return super::as_of::why(args, at, common).await;
    }
    let map = mapfile::load(&args.map.map)?;
    let asked = args.team.as_deref().map(|team| team_of(&map, team)).transpose()?;
    let aws = Aws::connect().await;
    let store = compose::readable_store(&args.store.store, &aws).await?;
    let plane = compose::plane(map, aws, store.clone()).await?;
    let person = people::find_or_id(&plane, &args.person).await?;
    let mut survey = plane.survey(&Scope::People(BTreeSet::from([person.clone()]))).await?;
    let teams = match &asked {
        Some(team) => BTreeSet::from([team.clone()]),
        None => plane.map.teams.keys().cloned().collect(),
    };
    look_up_groups(&plane, &mut survey, &teams).await?;
    let mut explained = told(&plane, &survey, &person, &teams);
    match person_at(&*store, &person, survey.now).await {
        Ok(log) => log.date(&mut explained.directory, &mut explained.teams),
        Err(error) => output::talk(&format!("note: the ladder is not dated: {error}")),
    }
    match common.output {
        OutputFormat::Json => output::data(&json(&explained)?),
        OutputFormat::Table => {
            output::data(&text(&explained, asked.is_some(), Paint::stdout(common)));
        }
    }
    super::plan::tell_failures(&survey);
    let comes_in = |team: &TeamExplanation| team.granted && team.in_the_way().is_none();
    Ok(if explained.teams.iter().any(comes_in) { Outcome::Done } else { Outcome::Denied })
}

fn told(
    plane: &Plane,
    survey: &Survey,
    person: &PersonId,
    teams: &BTreeSet<TeamKey>,
) -> Explanation {
    explain(&plane.map, &survey.snapshot, &survey.observed, survey.now, person, teams)
}

fn team_of(map: &AccessMap, team: &str) -> Result<TeamKey> {
    let known = TeamKey::parse(team).ok().filter(|key| map.teams.contains_key(key));
    Ok(known.ok_or_else(|| mapfile::unknown_team(map, team))?)
}

/// A reading of one person holds only the groups they are in. Whether the others of the grants exist
/// tells a wrong name from a missing membership.
pub(super) async fn look_up_groups(
    plane: &Plane,
    survey: &mut Survey,
    teams: &BTreeSet<TeamKey>,
) -> Result<()> {
    let known: BTreeSet<String> =
        survey.snapshot.groups.values().map(|group| group.display_name.clone()).collect();
    let giving = groups_giving(&plane.map, teams);
    let mut unknown = Vec::new();
    for name in giving.names.difference(&known) {
        let id = plane.directory.find_group(name).await?;
        unknown.extend(id.map(|id| (id, name.clone())));
    }
    for id in giving.ids.iter().filter(|id| !survey.snapshot.groups.contains_key(id)) {
        let name = plane.directory.group_name(id).await?;
        unknown.extend(name.map(|name| (id.clone(), name)));
    }
    for (id, display_name) in unknown {
        let group = Group { id: id.clone(), display_name, members: BTreeSet::new() };
        survey.snapshot.groups.insert(id, group);
    }
    Ok(())
}

fn json(explained: &Explanation) -> Result<String> {
    let mut document = serde_json::json!({
        "apiVersion": output::API_VERSION,
        "kind": "Explanation",
    });
    let (Some(document_fields), serde_json::Value::Object(fields)) =
        (document.as_object_mut(), serde_json::to_value(explained)?)
    else {
        return Ok(document.to_string());
    };
    document_fields.extend(fields);
    Ok(document.to_string())
}

fn text(explained: &Explanation, one: bool, paint: Paint) -> String {
    let who =
        explained.person_name.clone().unwrap_or_else(|| format!("person {}", explained.person));
    let who = visible(&who);
    let mut out = String::new();
    if one {
        for team in &explained.teams {
            ladder(&mut out, &who, team, &explained.directory, paint);
        }
        undated(&mut out, explained, |_| true, paint);
        return out.trim_end().to_owned();
    }
    let (has, has_not): (Vec<_>, Vec<_>) = explained.teams.iter().partition(|team| team.granted);
    for team in &has {
        ladder(&mut out, &who, team, &explained.directory, paint);
        out.push('\n');
    }
    if has.is_empty() {
        let _ = writeln!(out, "{who} has no team of the map.");
        rung(&mut out, &explained.directory, paint);
        out.push('\n');
    }
    if !has_not.is_empty() {
        let _ = writeln!(out, "{}", paint.bold("NOT"));
        for team in has_not {
            let _ = writeln!(out, "  {} {}  {}", paint.dim("-"), team.team, nearest(team));
        }
    }
    undated(&mut out, explained, |team| team.granted, paint);
    out.trim_end().to_owned()
}

/// Says once what it means that some of the steps shown have no time, where others have one.
fn undated(
    out: &mut String,
    explained: &Explanation,
    is_shown: impl Fn(&TeamExplanation) -> bool,
    paint: Paint,
) {
    let teams = explained.teams.iter().filter(|team| is_shown(team));
    let all = std::iter::once(&explained.directory).chain(teams.flat_map(|team| &team.rungs));
    let (without, with): (Vec<&Rung>, Vec<&Rung>) =
        all.partition(|rung| rung.since == Since::Unknown);
    if !with.is_empty() && !without.is_empty() {
        let note = "Of a step without a time nobody wrote down since when it holds.";
        let _ = writeln!(out, "{}", paint.dim(note));
    }
}

/// What comes nearest to a right, in one line.
fn nearest(team: &TeamExplanation) -> String {
    team.breaking().map_or_else(
        || with_code(team.code.meaning(), team.code),
        |rung| with_code(&line(rung), rung.code),
    )
}

fn ladder(out: &mut String, who: &str, team: &TeamExplanation, directory: &Rung, paint: Paint) {
    let named = with_code(team.team.as_str(), team.code);
    let _ = match (team.granted, team.in_the_way()) {
        (false, _) => writeln!(out, "{}: {who} has not {named}", paint.red("no")),
        (true, None) => writeln!(out, "{}: {who} has {named}", paint.green("yes")),
        (true, Some(rung)) => {
            let head = paint.yellow("not now");
            writeln!(out, "{head}: {who} has {named}, and cannot use it ({})", rung.code)
        }
    };
    for each in std::iter::once(directory).chain(&team.rungs) {
        rung(out, each, paint);
    }
    if !team.ways_in.is_empty() {
        let _ = writeln!(out, "{}", paint.bold("WHAT WOULD GIVE IT, the fewest changes first"));
    }
    for (number, way) in team.ways_in.iter().enumerate() {
        let _ = writeln!(out, "  {}. {}", number + 1, visible(&way.changes.join(" Then: ")));
        for paste in way.grant.iter().chain(&way.command) {
            let _ = writeln!(out, "       {}", visible(paste));
        }
    }
}

fn rung(out: &mut String, rung: &Rung, paint: Paint) {
    let sign = match rung.verdict {
        Verdict::Holds => paint.green("✓"),
        Verdict::Breaks => paint.red("✗"),
        Verdict::Depends => paint.yellow("·"),
    };
    let since = match rung.since {
        Since::Unknown => String::new(),
        since => format!(", {}", paint.dim(&since.to_string())),
    };
    let _ = writeln!(out, "  {sign} {}{since}", with_code(&line(rung), rung.code));
    if let Some(remedy) = &rung.remedy {
        let _ = writeln!(out, "      {}", paint.dim(&visible(remedy)));
    }
}

fn line(rung: &Rung) -> String {
    let text =
        rung.at.as_ref().map_or_else(|| rung.text.clone(), |at| format!("{}, {at}", rung.text));
    visible(&text)
}

fn with_code(text: &str, code: ReasonCode) -> String {
    format!("{text} ({code})")
}
