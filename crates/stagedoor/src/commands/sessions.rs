//! `stagedoor sessions`: sessions of the door.

use crate::audit_keys::unwritten;
use crate::cli::{Common, EndSessionsArgs, OutputFormat, SessionsCommand, WhoseArgs};
use crate::exit::Outcome;
use crate::output::{self, counted};
use crate::system::SystemClock;
use crate::{compose, mapfile, people};
use access::ids::IdpKey;
use anyhow::Result;
use aws::Aws;
use control::desk::{SessionsOf, end_sessions};
use control::ports::{Actor, Clock, Store};
use serde_json::json;
use std::path::Path;
use std::sync::Arc;

/// What to do where the log does not tell that sessions were ended.
const NOTE_IT: &str =
    "Note who ended them, when and why, and see that the log can be written again.";

pub(super) async fn run(command: SessionsCommand, common: &Common) -> Result<Outcome> {
    let SessionsCommand::End(args) = command;
    let aws = Aws::connect().await;
    let store = compose::existing_store(&args.desk.store.store, &aws).await?;
    let whose = whose(&args, aws, &store).await?;
    let called = &args.desk.by.by;
    let acted =
        end_sessions(&*store, &Actor::named(called), called, &whose, SystemClock.now()).await?;
    let number = counted(usize::try_from(acted.done).unwrap_or(usize::MAX), "session");
    if let Some(error) = &acted.unwritten {
        return Err(unwritten(&format!("{number} ended"), error, NOTE_IT).into());
    }
    match common.output {
        OutputFormat::Json => {
            let document = json!({
                "apiVersion": output::API_VERSION,
                "kind": "SessionsEnded",
                "ended": acted.done,
            });
            output::data(&document.to_string());
        }
        OutputFormat::Table => {
            output::data(&format!("Ended {number}. Whoever may sign in does so again."));
        }
    }
    Ok(Outcome::Done)
}

/// Says where the map has no such identity provider: it may have had one, or the key is mistyped.
fn tell_unknown(idp: &IdpKey, map: &Path) {
    // Sessions are ended without a map, too.
    let Ok(map) = mapfile::load(map) else { return };
    if map.identity_providers.contains_key(idp) {
        return;
    }
    let has = output::quoted(map.identity_providers.keys());
    let has = has.as_deref().unwrap_or("none");
    output::talk(&format!("note: the map has no identity provider `{idp}`; it has {has}"));
}

/// The map is needed only to find a person.
async fn whose(args: &EndSessionsArgs, aws: Aws, store: &Arc<dyn Store>) -> Result<SessionsOf> {
    Ok(match &args.whose {
        WhoseArgs { person: Some(person), .. } => {
            let map = mapfile::load(&args.desk.map.map)?;
            let plane = compose::plane(map, aws, Arc::clone(store)).await?;
            SessionsOf::Person(people::find_or_id(&plane, person).await?)
        }
        WhoseArgs { idp: Some(idp), .. } => {
            tell_unknown(idp, &args.desk.map.map);
            SessionsOf::IdentityProvider(idp.clone())
        }
        WhoseArgs { person: None, idp: None, .. } => SessionsOf::Everybody,
    })
}
