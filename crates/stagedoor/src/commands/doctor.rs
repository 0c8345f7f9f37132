//! `stagedoor doctor`.

use crate::cli::{Common, DoctorArgs, OutputFormat};
use crate::codes;
use crate::exit::{BadConfiguration, Outcome};
use crate::output::{self, Paint};
use crate::surroundings::Machine;
use crate::{compose, doctor, mapfile};
use anyhow::Result;
use aws::Aws;
use control::doctor::{About, Seen, any_failed, gather, judge};
use control::grants::with_grants;
use control::plane::Plane;
use control::ports::Store;
use control::survey::Scope;
use std::collections::BTreeSet;
use std::sync::Arc;

pub(super) async fn run(args: &DoctorArgs, common: &Common) -> Result<Outcome> {
    let only = only(&args.only)?;
    let map = mapfile::load(&args.map.map)?;
    let aws = Aws::connect().await;
    let location = &args.store.store;
    let is_there = !location.is_missing_file();
    let store = if is_there {
        compose::open_store(location, &aws).await.map_err(|error| format!("{error:#}"))
    } else {
        Ok(compose::forgetful_store()?)
    };
    // Rows that cannot be taken are a finding; the rest is looked at without them.
    let map = match &store {
        Ok(store) => with_grants(map.clone(), &**store).await.unwrap_or(map),
        Err(_) => map,
    };
    let own = compose::forgetful_store()?;
    let mut parts = compose::parts(map, aws, store.clone().unwrap_or_else(|_| own.clone())).await?;
    leave_nothing_behind(&mut parts.plane, &own);
    let wanted = |about: &About| only.as_ref().is_none_or(|only| only.contains(about));
    let of_people = [About::Directory, About::Grant, About::Quota];
    let quick = args.quick || !of_people.iter().any(wanted);
    let plane = &parts.plane;
    let seen = if quick { None } else { Some(plane.survey(&Scope::Everything).await) };
    let seen = seen.map(|survey| survey.map(|survey| (plane.plan(&survey), survey)));
    let machine = Machine {
        aws: Arc::clone(&parts.aws),
        clock: Arc::clone(&plane.clock),
        store: (location.to_string(), store),
        is_there,
        map: Some(args.map.map.clone()),
    };
    let facts = Box::pin(gather(plane, &parts.aws.studio(), Some(&machine))).await;
    let seen = seen.as_ref().map(|seen| seen.as_ref().map(|(plan, survey)| Seen { survey, plan }));
    let mut checks = judge(&plane.map, &facts, seen);
    checks.retain(|check| wanted(&check.about));
    match common.output {
        OutputFormat::Json => output::data(&doctor::json(&checks).to_string()),
        OutputFormat::Table => output::data(&doctor::text(&checks, Paint::stdout(common))),
    }
    Ok(if any_failed(&checks) { Outcome::NotVerified } else { Outcome::Done })
}

/// What a survey leaves in the store, such as indexes, is forgotten: doctor changes nothing. What it
/// reads there stays: people who were pushed, who was offboarded, who has access for a time, what came
/// of mirroring.
fn leave_nothing_behind(plane: &mut Plane, own: &Arc<dyn Store>) {
    plane.sessions = Arc::clone(own) as _;
    plane.queue = Arc::clone(own) as _;
    plane.claims = Arc::clone(own) as _;
    plane.index = Arc::clone(own) as _;
    plane.memberships = Arc::clone(own) as _;
    plane.chronicle = Arc::clone(own) as _;
    plane.audit = Arc::clone(own) as _;
}

/// The checks that `--only` names; `None`: all.
fn only(named: &[String]) -> Result<Option<BTreeSet<About>>> {
    if named.is_empty() {
        return Ok(None);
    }
    let mut only = BTreeSet::new();
    for text in named {
        let found = About::named(text.trim());
        if found.is_empty() {
            let codes: Vec<&str> = About::ALL.iter().map(|about| about.code()).collect();
            let message = format!("there is no check `{text}`; there are {}", codes.join(", "));
            return Err(BadConfiguration::new(codes::CHECK_UNKNOWN, message).into());
        }
        only.extend(found);
    }
    Ok(Some(only))
}
