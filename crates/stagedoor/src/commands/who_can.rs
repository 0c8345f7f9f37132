//! `stagedoor who-can`.

use crate::cli::{Common, OutputFormat, WhoCanArgs};
use crate::exit::{BadConfiguration, Outcome};
use crate::output::{self, Paint, counted, visible};
use crate::{compose, mapfile};
use access::explain::{Holder, Holders, Meant, ProfileState, Stray, holders};
use access::ids::TeamKey;
use access::map::{AccessMap, near_match};
use access::reason::ReasonCode;
use anyhow::Result;
use aws::Aws;
use control::survey::Scope;
use std::fmt::Write;

pub(super) async fn run(args: &WhoCanArgs, common: &Common) -> Result<Outcome> {
    if let Some(at) = args.then.as_of {
        return super::as_of::who_can(args, at, common).await;
    }
    let map = mapfile::load(&args.map.map)?;
    let Meant { teams, roles } = asked(&map, &args.team_or_role)?;
    let aws = Aws::connect().await;
    let store = compose::readable_store(&args.store.store, &aws).await?;
    let plane = compose::plane(map, aws, store).await?;
    let survey = plane.survey(&Scope::Everything).await?;
    let (snapshot, observed) = (&survey.snapshot, &survey.observed);
    let found = holders(&plane.map, snapshot, observed, survey.now, &teams, &roles);
    match common.output {
        OutputFormat::Json => {
            let document = serde_json::json!({
                "apiVersion": output::API_VERSION,
                "kind": "Holders",
                "teams": found.teams,
                "roles": roles,
                "entitled": found.entitled,
                "withoutRight": found.without_right,
            });
            output::data(&document.to_string());
        }
        OutputFormat::Table => {
            output::data(&text(&args.team_or_role, &found, Paint::stdout(common)));
        }
    }
    super::plan::tell_failures(&survey);
    Ok(if survey.failures.is_empty() { Outcome::Done } else { Outcome::Failed })
}

fn asked(map: &AccessMap, word: &str) -> Result<Meant> {
    Ok(Meant::of(map, word).ok_or_else(|| {
        let teams: Vec<&str> = map.teams.keys().map(TeamKey::as_str).collect();
        let hint = match near_match(word, teams.iter().copied()) {
            Some(near) => format!("Did you mean `{near}`?"),
            None => format!("Its teams are {}.", teams.join(", ")),
        };
        let word = visible(word);
        let message = format!("the map has no team and no execution role `{word}`. {hint}");
        BadConfiguration::new(ReasonCode::TeamUnknown, message)
    })?)
}

fn text(word: &str, found: &Holders, paint: Paint) -> String {
    let mut out = String::new();
    if !found.entitled.is_empty() {
        let _ = writeln!(out, "{}", paint.bold("ENTITLED"));
        for holder in &found.entitled {
            let _ = writeln!(out, "  {}", line(holder, paint));
        }
        out.push('\n');
    }
    if !found.without_right.is_empty() {
        let _ = writeln!(out, "{}", paint.bold("A PROFILE AND NO RIGHT"));
        for stray in &found.without_right {
            let _ = writeln!(out, "  {} {}", paint.yellow("!"), stray_line(stray));
        }
        out.push('\n');
    }
    let present =
        found.entitled.iter().filter(|h| matches!(h.profile, ProfileState::Present { .. }));
    let _ = write!(
        out,
        "{word}: {} entitled, {} of them with a profile, {} without a right.",
        found.entitled.len(),
        present.count(),
        counted(found.without_right.len(), "profile"),
    );
    out
}

fn line(holder: &Holder, paint: Paint) -> String {
    let (sign, profile) = match &holder.profile {
        ProfileState::Present { domain, name } => {
            (paint.green("✓"), format!("profile {name} in {domain}"))
        }
        ProfileState::Absent => (paint.yellow("·"), "no profile yet".to_owned()),
        ProfileState::Unknown => (paint.yellow("?"), "the domain could not be read".to_owned()),
    };
    let until = holder.until.map_or(String::new(), |until| format!(", until {until}"));
    format!(
        "{sign} {} → {}  {profile}\n    because {}{until}",
        visible(&holder.person_name),
        holder.team,
        visible(&holder.because.to_string())
    )
}

fn stray_line(stray: &Stray) -> String {
    let who = match (&stray.person_name, &stray.person) {
        (Some(name), _) => visible(name),
        (None, Some(id)) => format!("person {id}"),
        (None, None) => "nobody known".to_owned(),
    };
    let team = stray.team.as_ref().map_or(String::new(), |team| format!(" · {team}"));
    let apps = match stray.live_apps {
        0 => String::new(),
        number => format!(", {} running", counted(number, "app")),
    };
    format!(
        "{who}{team} · profile {} in {}{apps}  {}: {}",
        stray.profile,
        stray.domain,
        stray.code,
        stray.code.meaning()
    )
}
