//! `stagedoor notifications`.

use crate::cli::{Common, NotificationsCommand, NotificationsTestArgs, OutputFormat};
use crate::exit::Outcome;
use crate::notifications::ways;
use crate::output::{self, Paint};
use crate::{compose, mapfile};
use anyhow::Result;
use aws::Aws;
use control::notify::Message;
use std::path::Path;

pub(super) async fn run(command: NotificationsCommand, common: &Common) -> Result<Outcome> {
    match command {
        NotificationsCommand::Test(args) => test(&args, common).await,
    }
}

/// Tells every recipient of the map that messages arrive.
async fn test(args: &NotificationsTestArgs, common: &Common) -> Result<Outcome> {
    let map = mapfile::load(&args.map.map)?;
    let parts = compose::parts(map, Aws::connect().await, compose::forgetful_store()?).await?;
    let map = &parts.plane.map;
    let folder =
        if args.map.map.is_dir() { Some(args.map.map.as_path()) } else { args.map.map.parent() };
    let ways = ways(&parts, map, folder.unwrap_or(Path::new("."))).await;
    let message = Message::test(&map.instance, parts.plane.clock.now());
    let mut told: Vec<(String, Option<String>)> = ways
        .unusable
        .iter()
        .map(|(name, (error, _))| (name.clone(), Some(format!("{error:#}"))))
        .collect();
    for (name, (channel, _)) in &ways.channels {
        let failed = channel.tell(&message).await.err().map(|error| error.to_string());
        told.push((name.clone(), failed));
    }
    told.sort();
    show(&told, common);
    let arrived = told.iter().all(|(_, failed)| failed.is_none());
    Ok(if arrived { Outcome::Done } else { Outcome::Failed })
}

fn show(told: &[(String, Option<String>)], common: &Common) {
    if common.output == OutputFormat::Json {
        let recipients: Vec<_> = told
            .iter()
            .map(|(name, failed)| {
                serde_json::json!({ "recipient": name, "told": failed.is_none(), "error": failed })
            })
            .collect();
        let document = serde_json::json!({
            "apiVersion": output::API_VERSION,
            "kind": "NotificationTest",
            "recipients": recipients,
        });
        output::data(&document.to_string());
        return;
    }
    let paint = Paint::stdout(common);
    if told.is_empty() {
        output::data("The map names nobody to tell: it has no `notifications`.");
    }
    for (name, failed) in told {
        match failed {
            None => output::data(&format!("{} {name}: told", paint.green("✓"))),
            Some(why) => {
                output::data(&format!("{} {name}: {}", paint.red("✗"), output::visible(why)));
            }
        }
    }
}
