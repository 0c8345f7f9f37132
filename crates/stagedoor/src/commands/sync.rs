//! `stagedoor sync`.

use super::{apply, plan};
use crate::cli::{Common, SyncArgs};
use crate::exit::Outcome;
use crate::progress::Progress;
use crate::report::Next;
use crate::{compose, mapfile, people};
use access::check::Removals;
use anyhow::Result;
use aws::Aws;
use control::plane::Plane;
use control::survey::Scope;
use std::collections::BTreeSet;

pub(super) async fn run(args: &SyncArgs, common: &Common) -> Result<Outcome> {
    let map = mapfile::load(&args.map.map)?;
    mapfile::prove_invariants(&map, &args.map.map)?;
    let aws = Aws::connect().await;
    let store = compose::acting_store(&args.store.store, &aws, &map, args.dry_run).await?;
    let plane = compose::plane(map, aws, store).await?;
    let scope = scope(&plane, &args.person).await?;
    if args.dry_run {
        let survey = {
            let _reading = Progress::spinner(plan::reading(&plane.map));
            plane.survey(&scope).await?
        };
        let planned = plane.plan(&survey);
        let next = Next::sync(&plane, &args.person).await;
        plan::show(&planned, &survey, &plane.map, common, &next);
        return Ok(plan::outcome(&planned, &survey, &plane.map.rollout));
    }
    apply::converge(&plane, &scope, Removals::Guarded, args.wait, None, common).await
}

/// Whom to read: these people, or everybody.
async fn scope(plane: &Plane, words: &[String]) -> Result<Scope> {
    let mut found = BTreeSet::new();
    for word in words {
        found.insert(people::find_or_id(plane, word).await?);
    }
    Ok(if found.is_empty() { Scope::Everything } else { Scope::People(found) })
}
