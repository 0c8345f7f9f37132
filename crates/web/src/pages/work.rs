//! *My work*.

use super::{Here, Moment, Who};
use crate::strings::{Language, Work, fill};
use crate::{assets, provenance, strings};
use askama::Template;
use control::door::{LastOpened, MyWork, OwnApp, Running, TeamCard, Tool};
use jiff::{SignedDuration, Timestamp};

/// Access that ends within so long is said to end soon.
const SOON: SignedDuration = SignedDuration::from_hours(7 * 24);

/// *My work*.
#[derive(Template)]
#[template(path = "my_work.html")]
pub(crate) struct MyWorkPage {
    pub(crate) language: Language,
    pub(crate) texts: &'static Work,
    pub(crate) who: Who,
    pub(crate) stopped: bool,
    pub(crate) summary: String,
    pub(crate) cards: Vec<Card>,
    pub(crate) may_ask: bool,
}

/// A team's card. No `Debug`: it holds a form key.
pub(crate) struct Card {
    pub(crate) team: String,
    pub(crate) title: String,
    pub(crate) purpose: Option<String>,
    pub(crate) owner: Option<Owner>,
    pub(crate) data_class: Option<String>,
    pub(crate) persona: Option<String>,
    pub(crate) region: String,
    pub(crate) opened: Opened,
    pub(crate) until: Option<Moment>,
    pub(crate) ends_soon: bool,
    /// `None`: not read.
    pub(crate) apps: Option<Vec<App>>,
    pub(crate) can_stop: bool,
    pub(crate) state: CardState,
}

/// When it was opened last, or why that is not said.
pub(crate) enum Opened {
    At(Moment),
    Otherwise(&'static str),
}

/// Whether the button works.
pub(crate) enum CardState {
    /// It does.
    Open(Ways),
    /// It does not, for this reason.
    Blocked(String),
}

/// The ways into Studio.
pub(crate) struct Ways {
    /// The form's key.
    pub(crate) key: String,
    /// Name of the tool in the form, and its label.
    pub(crate) tools: Vec<(&'static str, &'static str)>,
}

/// An app that runs.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct App {
    pub(crate) name: String,
    pub(crate) detail: String,
    pub(crate) stopping: bool,
}

/// Whom to ask; with an address where the name is one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) name: String,
    pub(crate) mailto: Option<String>,
}

impl MyWorkPage {
    /// `form_key` makes the key of a form with a purpose.
    pub(crate) fn new(
        language: Language,
        work: &MyWork,
        now: Timestamp,
        stopped: bool,
        form_key: impl Fn(&str) -> String,
    ) -> Self {
        let texts = language.work();
        let blocked = work.teams.iter().filter(|team| team.blocked.is_some()).count();
        let cards = work.teams.iter().map(|team| Card::new(language, team, now, &form_key));
        Self {
            language,
            texts,
            who: Who::new(&work.person, language, Here::Work, &form_key)
                .who_administers(work.administers),
            stopped,
            summary: team_count(texts, work.teams.len() - blocked, blocked),
            cards: cards.collect(),
            may_ask: work.may_ask,
        }
    }
}

/// What stands under *My work*.
fn team_count(texts: &Work, open: usize, blocked: usize) -> String {
    let (all, open_text) = ((open + blocked).to_string(), open.to_string());
    let text = match (open, blocked) {
        (1, 0) => texts.one_open,
        (_, 0) => texts.all_open,
        (0, 1) => texts.one_blocked,
        (0, _) => texts.none_open,
        _ => texts.some_open,
    };
    fill(text, &[("all", &all), ("open", &open_text)])
}

impl Card {
    fn new(
        language: Language,
        card: &TeamCard,
        now: Timestamp,
        form_key: impl Fn(&str) -> String,
    ) -> Self {
        let texts = language.work();
        let team = card.team.to_string();
        let state = match &card.blocked {
            Some(why) => CardState::Blocked(why.clone()),
            None => CardState::Open(Ways {
                key: form_key(&provenance::open_purpose(&team)),
                tools: card.tools.iter().filter_map(|&tool| straight(texts, tool)).collect(),
            }),
        };
        let apps = match &card.running {
            Running::Unread => None,
            Running::Apps(apps, _) => {
                Some(apps.iter().map(|app| App::new(language, app, now)).collect::<Vec<_>>())
            }
        };
        Self {
            title: card.about.title.clone().unwrap_or_else(|| team.clone()),
            purpose: card.about.purpose.clone(),
            owner: card.about.owner.clone().map(Owner::new),
            data_class: card.about.data_class.clone(),
            persona: card.persona.as_deref().map(|persona| persona.replace('-', " ")),
            region: card.region.clone(),
            opened: match card.opened {
                LastOpened::At(at) => Opened::At(Moment::ago(at, now, language)),
                LastOpened::NotLately => Opened::Otherwise(texts.opened_not_lately),
                LastOpened::Unread => Opened::Otherwise(texts.unread),
            },
            until: card.until.map(|until| Moment::at(until, language)),
            ends_soon: card.until.is_some_and(|until| until.duration_since(now) < SOON),
            can_stop: apps.as_ref().is_some_and(|apps| apps.iter().any(|app| !app.stopping)),
            apps,
            state,
            team,
        }
    }
}

impl App {
    pub(crate) fn new(language: Language, app: &OwnApp, now: Timestamp) -> Self {
        let texts = language.work();
        let since =
            app.since.map(|since| fill(texts.since, &[("time", &Language::lasting(since, now))]));
        let details = [
            app.space.clone(),
            app.instance_type.clone(),
            since.filter(|_| !app.stopping),
            app.stopping.then(|| texts.stopping.to_owned()),
        ];
        Self {
            name: app_name(texts, &app.app_type).to_owned(),
            detail: details.into_iter().flatten().collect::<Vec<_>>().join(" · "),
            stopping: app.stopping,
        }
    }
}

/// An app type as people know it.
pub(crate) fn app_name<'t>(texts: &'t Work, app_type: &'t str) -> &'t str {
    match app_type {
        "CodeEditor" => texts.code_editor,
        other => other,
    }
}

fn straight(texts: &'static Work, tool: Tool) -> Option<(&'static str, &'static str)> {
    let label = match tool {
        Tool::Studio => return None,
        Tool::JupyterLab => texts.jupyter_lab,
        Tool::CodeEditor => texts.code_editor,
    };
    Some((crate::handlers::opening::name_of(tool), label))
}

impl Owner {
    pub(crate) fn new(name: String) -> Self {
        let parts = name.split_once('@');
        let plain = |part: &str| {
            !part.is_empty()
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-+".contains(&b))
        };
        let is_address = parts.is_some_and(|(local, host)| plain(local) && plain(host));
        Self { mailto: is_address.then(|| format!("mailto:{name}")), name }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn teams_are_counted_in_plain_words() {
        let english = |open, blocked| team_count(&Work::ENGLISH, open, blocked);
        assert_eq!(english(1, 0), "One team is open to you.");
        assert_eq!(english(3, 0), "3 teams are open to you.");
        assert_eq!(english(0, 1), "Your team cannot be opened from here.");
        assert_eq!(english(0, 2), "None of your teams can be opened from here.");
        assert_eq!(english(2, 1), "2 of your 3 teams can be opened from here.");
        let german = team_count(Language::German.work(), 2, 1);
        assert_eq!(german, "2 Ihrer 3 Teams lassen sich von hier öffnen.");
    }

    #[test]
    fn an_owner_is_a_link_only_where_the_name_is_a_plain_address() {
        assert_eq!(Owner::new("a.b@example.com".into()).mailto.unwrap(), "mailto:a.b@example.com");
        for name in ["Ana", "#fraud", "a@b?cc=c@d", "a b@example.com", "@x", "x@", "a@b@c"] {
            assert_eq!(Owner::new(name.into()).mailto, None, "{name}");
        }
    }
}
