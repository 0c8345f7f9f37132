//! `stagedoor saml setup`: what to enter at an identity provider, screen by screen.

mod guide;
mod screens;

use crate::cli::{Common, OutputFormat, SetupArgs};
use crate::codes;
use crate::exit::{BadConfiguration, Outcome};
use crate::mapfile;
use crate::output::{self, Paint};
use access::ids::TeamKey;
use access::map::{AccessMap, GrantTeam};
use access::reason::ReasonCode;
use anyhow::Result;
pub(super) use guide::Site;
use guide::{Guide, TeamSite};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

/// The map that is taken where none is named, if it is there.
const DEFAULT_MAP: &str = "access.yaml";

pub(super) fn run(args: &SetupArgs, common: &Common) -> Result<Outcome> {
    let map = match &args.map {
        Some(path) => Some(mapfile::load(path)?),
        None if Path::new(DEFAULT_MAP).exists() => Some(mapfile::load(Path::new(DEFAULT_MAP))?),
        None => None,
    };
    let site = Site::new(&args.public_url, teams(map.as_ref(), args.team.as_deref())?).ok_or_else(
        || {
            let message = format!(
                "public URL `{}` must be https, or http on a loopback address, without path or \
                 query",
                args.public_url
            );
            BadConfiguration::new(codes::DOOR_INVALID, message)
        },
    )?;
    let guide = screens::guide(args.provider, &site)?;
    match common.output {
        OutputFormat::Json => output::data(&document(args, &site, &guide).to_string()),
        OutputFormat::Table => output::data(&text(&site, &guide, Paint::stdout(common))),
    }
    Ok(Outcome::Done)
}

/// The teams to speak of: the one asked for, or all of the map.
fn teams(map: Option<&AccessMap>, asked: Option<&str>) -> Result<Vec<TeamSite>> {
    let bad = |message: String| BadConfiguration::new(ReasonCode::TeamUnknown, message);
    let Some(asked) = asked else {
        let all = map.into_iter().flat_map(|map| map.teams.keys().map(|key| team(map, key)));
        return Ok(all.collect());
    };
    let key = TeamKey::parse(asked).map_err(|error| bad(error.to_string()))?;
    Ok(vec![match map {
        Some(map) if map.teams.contains_key(&key) => team(map, &key),
        Some(_) => return Err(bad(format!("the map has no team `{key}`")).into()),
        None => TeamSite { title: key.to_string(), key, groups: BTreeSet::new() },
    }])
}

fn team(map: &AccessMap, key: &TeamKey) -> TeamSite {
    let settings = map.teams.get(key);
    let persona = settings.and_then(|team| team.persona.as_ref()).map(ToString::to_string);
    let groups = map.grants.iter().filter_map(|grant| match &grant.team {
        GrantTeam::Named(named) => (named == key).then(|| grant.group.clone()),
        GrantTeam::Captured => Some(grant.group.replace("{team}", key.as_str())),
    });
    let groups = groups
        .filter_map(|group| match &persona {
            Some(persona) => Some(group.replace("{persona}", persona)),
            None => (!group.contains("{persona}")).then_some(group),
        })
        .collect();
    let title = settings.and_then(|team| team.about.title.clone());
    TeamSite { title: title.unwrap_or_else(|| key.to_string()), key: key.clone(), groups }
}

fn document(args: &SetupArgs, site: &Site, guide: &Guide) -> Value {
    let applications: Vec<Value> = guide
        .applications
        .iter()
        .map(|application| {
            let attributes: Vec<Value> = application
                .attributes
                .iter()
                .map(|a| json!({ "name": a.name, "value": a.value, "format": a.format }))
                .collect();
            json!({
                "name": application.name,
                "team": application.team.as_ref().map(ToString::to_string),
                "startUrl": application.start_url,
                "attributes": attributes,
                "groups": application.groups,
                "metadata": application.metadata,
            })
        })
        .collect();
    json!({
        "apiVersion": output::API_VERSION,
        "kind": "SamlSetup",
        "provider": args.provider.as_str(),
        "entityId": site.entity_id(),
        "acsUrl": site.acs_url(),
        "metadataUrl": site.metadata_url(),
        "nameIdFormat": guide.name_id_format,
        "applications": applications,
        "steps": guide.steps,
        "notes": guide.notes,
        "map": guide.snippet,
    })
}

fn text(site: &Site, guide: &Guide, paint: Paint) -> String {
    let mut out = String::new();
    let heading = |out: &mut String, title: &str| {
        let _ = writeln!(out, "{}", paint.bold(title));
    };
    heading(&mut out, guide.title);
    for (name, value) in [
        ("ACS URL (reply URL)", site.acs_url()),
        ("Audience (entity id)", site.entity_id()),
        ("Our metadata", site.metadata_url()),
        ("NameID format", guide.name_id_format.to_owned()),
    ] {
        let _ = writeln!(out, "  {name:<22}{value}");
    }
    out.push('\n');
    heading(&mut out, "Steps");
    for (number, step) in guide.steps.iter().enumerate() {
        let _ = writeln!(out, "  {:>2}. {}", number + 1, step.replace('\n', "\n      "));
    }
    for application in &guide.applications {
        out.push('\n');
        heading(&mut out, &format!("Application `{}`", application.name));
        let _ = writeln!(out, "  start URL   {}", application.start_url);
        for a in &application.attributes {
            let _ = writeln!(out, "  attribute   {:<13} {:<21} {}", a.name, a.value, a.format);
        }
        let groups: Vec<&str> = application.groups.iter().map(String::as_str).collect();
        let groups = match groups.as_slice() {
            [] => "the groups of the map's grants (none is known here)".to_owned(),
            groups => groups.join(", "),
        };
        let _ = writeln!(out, "  assign to   {groups}");
        let _ = writeln!(out, "  metadata    {}", application.metadata);
    }
    out.push('\n');
    heading(&mut out, "For the access map");
    // Not indented: it is pasted as it is.
    let _ = writeln!(out, "{}", guide.snippet);
    if !guide.notes.is_empty() {
        out.push('\n');
        heading(&mut out, "Good to know");
        for note in &guide.notes {
            let _ = writeln!(out, "  - {}", note.replace('\n', "\n    "));
        }
    }
    out.truncate(out.trim_end().len());
    out
}
