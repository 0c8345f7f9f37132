//! `stagedoor drift`.

use super::plan;
use crate::cli::{Common, DriftArgs, OutputFormat};
use crate::exit::Outcome;
use crate::output::{self, Paint, counted};
use crate::progress::Progress;
use crate::{compose, mapfile, report};
use access::drift::{Drift, drift};
use access::ids::DomainKey;
use access::reason::ReasonCode;
use anyhow::Result;
use aws::Aws;
use control::survey::Scope;
use std::collections::BTreeMap;
use std::fmt::Write;

pub(super) async fn run(args: &DriftArgs, common: &Common) -> Result<Outcome> {
    let map = mapfile::load(&args.map.map)?;
    let aws = Aws::connect().await;
    let store = compose::readable_store(&args.store.store, &aws).await?;
    let plane = compose::plane(map, aws, store).await?;
    let survey = {
        let _reading = Progress::spinner(plan::reading(&plane.map));
        plane.survey(&Scope::Everything).await?
    };
    let plan = plane.plan(&survey);
    let found = drift(&plane.map, &survey.observed, &plan);
    match common.output {
        OutputFormat::Json => {
            let document = serde_json::json!({
                "apiVersion": output::API_VERSION,
                "kind": "Drift",
                "summary": counts(&found),
                "items": found,
                "unreadable": survey.observed.unreadable,
                "signIn": report::sign_in(&survey.observed),
            });
            output::data(&document.to_string());
        }
        OutputFormat::Table => {
            let mut out = text(&found, Paint::stdout(common));
            out.push_str(&report::held_text(&plan, &plane.map));
            out.push_str(&report::sign_in_text(&survey.observed, Paint::stdout(common)));
            output::data(out.trim_end());
        }
    }
    plan::tell_failures(&survey);
    Ok(match (survey.failures.is_empty(), found.is_empty()) {
        (false, _) => Outcome::Failed,
        (true, true) => Outcome::Done,
        (true, false) => Outcome::ChangesPending,
    })
}

fn counts(found: &[Drift]) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for item in found {
        *counts.entry(item.code.as_str()).or_default() += 1;
    }
    counts
}

fn text(found: &[Drift], paint: Paint) -> String {
    let mut out = String::new();
    let mut last: Option<(Option<&DomainKey>, ReasonCode)> = None;
    for item in found {
        let place = item.domain.as_ref();
        if last != Some((place, item.code)) {
            let place_told = place.map_or(String::new(), |domain| format!(" in {domain}"));
            let head = paint.bold(&format!("{}{place_told}", item.code));
            let _ = writeln!(out, "{head}  {}", item.code.meaning());
            last = Some((place, item.code));
        }
        let sign = if item.corrected { paint.yellow("~") } else { paint.yellow("!") };
        let _ = writeln!(out, "  {sign} {}", line(item));
    }
    if found.is_empty() {
        out.push_str("No drift.\n\n");
        return out;
    }
    let is_later =
        |item: &&Drift| matches!(item.code, ReasonCode::AppsRunning | ReasonCode::CanaryFirst);
    let (all, later) = (found.len(), found.iter().filter(is_later).count());
    let corrected = found.iter().filter(|item| item.corrected).count();
    let waits = match later {
        0 => String::new(),
        1 => "1 waits for apps to stop or for the canary team, ".to_owned(),
        later => format!("{later} wait for apps to stop or for the canary team, "),
    };
    let _ = writeln!(
        out,
        "\n{}: `stagedoor apply` corrects {}, {waits}{} for you to look at.\n",
        counted(all, "difference"),
        corrected.saturating_sub(later),
        all - corrected
    );
    out
}

fn line(item: &Drift) -> String {
    let mut parts = Vec::new();
    parts.extend(
        item.person_name.clone().or_else(|| item.person.as_ref().map(|id| format!("person {id}"))),
    );
    parts.extend(item.team.as_ref().map(ToString::to_string));
    parts.extend(item.profile.as_ref().map(|name| format!("profile {name}")));
    parts.extend(item.text.clone());
    parts.join(" · ")
}
