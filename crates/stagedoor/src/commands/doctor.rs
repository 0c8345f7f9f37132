//! `stagedoor doctor`.

use crate::cli::{Common, DoctorArgs, OutputFormat};
use crate::exit::Outcome;
use crate::output::{self, Paint};
use crate::{compose, doctor, mapfile};
use anyhow::Result;
use aws::Aws;

pub(super) async fn run(args: &DoctorArgs, common: &Common) -> Result<Outcome> {
    let map = mapfile::load(&args.map.map)?;
    let parts = compose::parts(map, Aws::connect().await, compose::forgetful_store()?);
    let facts = doctor::gather(&parts.plane, &parts.aws.studio(), args.quick).await;
    let checks = doctor::judge(&parts.plane.map, &facts);
    match common.output {
        OutputFormat::Json => output::data(&doctor::json(&checks).to_string()),
        OutputFormat::Table => output::data(&doctor::text(&checks, Paint::stdout(common))),
    }
    Ok(if doctor::any_failed(&checks) { Outcome::NotVerified } else { Outcome::Done })
}
