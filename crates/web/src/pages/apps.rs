//! The page that confirms stopping one's apps.

use super::work::App;
use crate::strings::{Language, Work, fill};
use crate::{assets, strings};
use askama::Template;
use control::door::OwnApp;
use jiff::Timestamp;

/// Which apps would stop. No `Debug`: it holds a form key.
#[derive(Template)]
#[template(path = "stop_apps.html")]
pub(crate) struct StopAppsPage {
    language: Language,
    texts: &'static Work,
    team: String,
    what: String,
    apps: Vec<App>,
    label: String,
    key: String,
}

impl StopAppsPage {
    pub(crate) fn new(
        language: Language,
        (team, title): (&str, &str),
        apps: &[OwnApp],
        now: Timestamp,
        key: String,
    ) -> Self {
        let texts = language.work();
        let apps: Vec<&OwnApp> = apps.iter().filter(|app| !app.stopping).collect();
        let number = apps.len().to_string();
        let (what, label) = match apps.len() {
            0 => (texts.stop_none, ""),
            1 => (texts.stop_team, texts.stop_one),
            _ => (texts.stop_team, texts.stop_many),
        };
        Self {
            language,
            texts,
            team: team.to_owned(),
            what: fill(what, &[("team", title)]),
            label: fill(label, &[("n", &number)]),
            apps: apps.into_iter().map(|app| App::new(language, app, now)).collect(),
            key,
        }
    }
}
