//! `stagedoor doctor`.

use crate::cli::{Common, DoctorArgs, OutputFormat};
use crate::doctor::{self, About, Around};
use crate::exit::{BadConfiguration, Outcome};
use crate::output::{self, Paint};
use crate::{compose, mapfile};
use access::map::AccessMap;
use anyhow::Result;
use aws::Aws;
use control::ports::Clock;
use std::collections::BTreeSet;

pub(super) async fn run(args: &DoctorArgs, common: &Common) -> Result<Outcome> {
    let only = only(&args.only)?;
    let map = mapfile::load(&args.map.map)?;
    let parts = compose::parts(map, Aws::connect().await, compose::forgetful_store()?);
    let wanted = |about: &About| only.as_ref().is_none_or(|only| only.contains(about));
    let of_people = [About::Directory, About::Grant, About::Quota];
    let quick = args.quick || !of_people.iter().any(wanted);
    let map = parts.plane.map.clone();
    let around = async { Some(around(args, &map, &parts.aws, &*parts.plane.clock).await) };
    let studio = parts.aws.studio();
    let facts = Box::pin(doctor::gather(&parts.plane, &studio, around, quick)).await;
    let mut checks = doctor::judge(&map, &facts);
    checks.retain(|check| wanted(&check.about));
    match common.output {
        OutputFormat::Json => output::data(&doctor::json(&checks).to_string()),
        OutputFormat::Table => output::data(&doctor::text(&checks, Paint::stdout(common))),
    }
    Ok(if doctor::any_failed(&checks) { Outcome::NotVerified } else { Outcome::Done })
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
            return Err(BadConfiguration::new("check-unknown", message).into());
        }
        only.extend(found);
    }
    Ok(Some(only))
}

/// Clock, store, queue and map.
async fn around(args: &DoctorArgs, map: &AccessMap, aws: &Aws, clock: &dyn Clock) -> Around {
    let location = &args.store.store;
    let store = match compose::readable_store(location, aws).await {
        Ok(store) => store.frozen().await.map(|_| ()).map_err(|error| error.to_string()),
        Err(error) => Err(format!("{error:#}")),
    };
    let queue = async {
        let arn = map.hub.as_ref()?.queue.as_deref()?;
        let name = arn.rsplit(':').next().unwrap_or(arn).to_owned();
        let policy = aws.queue(compose::directory_region(map), &name).policy().await;
        Some((name, policy))
    };
    let queue = queue.await;
    let invariants = (!map.invariants.is_empty()).then(|| {
        let proved = mapfile::prove_invariants(map, &args.map.map);
        proved.err().map(|error| error.to_string()).into_iter().collect()
    });
    Around {
        ahead_seconds: aws.date().and_then(|(date, ago)| {
            let then = jiff::fmt::rfc2822::parse(&date).ok()?.timestamp();
            let ago = i64::try_from(ago.as_secs()).ok()?;
            Some(then.as_second() + ago - clock.now().as_second())
        }),
        store: (location.to_string(), store),
        queue,
        invariants,
        cautions: map.cautions().iter().map(ToString::to_string).collect(),
    }
}
