//! *Now*, and its switch.

use super::enter;
use super::flow::{self, Flow, Link, Node, Unnamed};
use super::frame::{Frame, Screen};
use super::parts::{Stamp, command};
use crate::assets;
use crate::form::Fields;
use crate::pages;
use crate::refused::Refused;
use crate::routes::Portal;
use crate::strings::{self, Admin, Language};
use crate::visit::Visit;
use access::ids::DomainKey;
use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use control::desk::{Frozen, Now, Right, Way};

/// Names shown in each column of the picture.
const MOST_NAMED: usize = 8;

/// Rows of the table beside it.
const MOST_ROWS: usize = 100;

/// A full pass comes every half hour; after two of them something is wrong.
const LATE_MINUTES: u64 = 61;

/// Characters of a name in the picture.
const MOST_CHARACTERS: usize = 26;

/// Purposes of the keys of this screen's forms.
pub(super) const FREEZE: &str = "admin:freeze";
pub(super) const THAW: &str = "admin:thaw";
pub(super) const SYNC: &str = "admin:sync";

/// The page. No `Debug`: it holds form keys.
#[derive(Template)]
#[template(path = "admin/now.html")]
struct NowPage {
    t: &'static Admin,
    frame: Frame,
    numbers: [Number; 4],
    flow: Flow,
    heads: Vec<(f64, bool, &'static str)>,
    flow_says: String,
    drifting: u64,
    flow_drift: String,
    read_ago: String,
    rows: Vec<Row>,
    more: Option<String>,
    unreadable: String,
    frozen: Option<FrozenText>,
    observe_only: bool,
    keys: Option<Keys>,
}

/// A figure that one looks at first.
struct Number {
    name: &'static str,
    value: String,
    under: String,
    href: Option<&'static str>,
    kind: &'static str,
}

/// A way, as a row of the table.
struct Row {
    group: String,
    title: String,
    team: String,
    persona: String,
    domain: String,
    people: String,
    drifting: String,
    grant: String,
}

struct FrozenText {
    by: String,
    since: Stamp,
    reason: String,
}

/// Keys of the forms, for whoever may change something.
struct Keys {
    freeze: String,
    thaw: String,
    sync: String,
}

/// `GET /admin`.
pub(super) async fn show(
    State(portal): State<Portal>,
    visit: Visit,
    language: Language,
    RawQuery(query): RawQuery,
) -> Result<Response, Refused> {
    let entered = enter(&portal, &visit, Right::See).await?;
    let fields = Fields::of_query(&portal, query.as_deref())?;
    let now = portal.desk.now(&entered.caller).await;
    let now = now.map_err(|refused| Refused::by_desk(&portal, refused))?;
    let switch = match now.frozen {
        Some(_) => command(&["thaw"]),
        None => command(&["freeze", "--reason", "WHY"]),
    };
    let commands = vec![command(&["drift"]), command(&["sync"]), switch];
    let frame = Frame::new(&portal, &entered, language, Screen::Now, commands).await?;
    let t = frame.t;
    let said = match fields.get("said") {
        Some("frozen") => Some(t.said_frozen),
        Some("thawed") => Some(t.said_thawed),
        Some("synced") => Some(t.said_synced),
        _ => None,
    };
    let key = |purpose| portal.door.form_key(&entered.session, purpose);
    let keys = entered.caller.may(Right::Act).then(|| Keys {
        freeze: key(FREEZE),
        thaw: key(THAW),
        sync: key(SYNC),
    });
    Ok(pages::answer(&NowPage::new(t, frame.saying(said), now, keys)))
}

impl NowPage {
    fn new(t: &'static Admin, frame: Frame, now: Now, keys: Option<Keys>) -> Self {
        let words = Unnamed {
            others: strings::admin::others,
            no_group: t.temporary,
            no_persona: t.no_persona,
            no_domain: t.no_domain,
        };
        let flow = flow::lay_out(&now.ways, MOST_NAMED, words);
        let names = [t.group, t.team, t.persona, t.domain];
        let heads = flow.heads.iter().zip(names);
        let heads = heads.map(|((x, ends), name)| (*x, *ends, name)).collect();
        let drifting = now.ways.iter().map(|way| way.drifting).sum();
        let beyond = now.ways.len().saturating_sub(MOST_ROWS);
        let unreadable: Vec<&str> = now.unreadable.iter().map(DomainKey::as_str).collect();
        Self {
            t,
            frame,
            numbers: numbers(t, &now),
            heads,
            flow_says: flow_says(&flow),
            drifting,
            flow_drift: strings::admin::drifting(drifting),
            read_ago: strings::admin::read_ago(now.at, now.told_at),
            rows: now.ways.iter().take(MOST_ROWS).map(|way| Row::new(t, way)).collect(),
            more: (beyond > 0).then(|| strings::admin::more(strings::admin::count(beyond))),
            unreadable: unreadable.join(", "),
            frozen: now.frozen.map(FrozenText::from),
            observe_only: now.observe_only,
            flow,
            keys,
        }
    }
}

fn numbers(t: &'static Admin, now: &Now) -> [Number; 4] {
    let told = &now.numbers;
    let leaving = told.pending_removals > 0;
    let minutes = told.minutes_since_full_sync;
    let late = minutes.is_none_or(|minutes| minutes >= LATE_MINUTES);
    let slowest = told.slowest_revocation_seconds;
    [
        Number {
            name: t.people,
            value: strings::admin::grouped(told.people),
            under: t.people_under.to_owned(),
            href: Some("/admin/people"),
            kind: "",
        },
        Number {
            name: t.removals,
            value: strings::admin::grouped(told.pending_removals),
            under: if leaving { t.removals_under } else { t.removals_none }.to_owned(),
            href: Some("/admin/offboarding"),
            kind: if leaving { "warn" } else { "good" },
        },
        Number {
            name: t.full_sync,
            value: minutes.map_or_else(|| "–".to_owned(), strings::admin::grouped),
            under: told
                .last_full_sync
                .map_or_else(|| t.full_sync_never.to_owned(), strings::admin::moment),
            href: Some("/admin/events"),
            kind: if late { "stop" } else { "good" },
        },
        Number {
            name: t.slowest,
            value: slowest.map_or_else(|| "–".to_owned(), strings::admin::spell),
            under: if slowest.is_some() { t.slowest_under } else { t.slowest_none }.to_owned(),
            href: None,
            kind: "",
        },
    ]
}

/// The picture in words, for whoever does not see it: the widest bands.
fn flow_says(flow: &Flow) -> String {
    let mut links: Vec<&Link> = flow.links.iter().collect();
    links.sort_by_key(|link| std::cmp::Reverse(link.people));
    let told: Vec<String> = links.into_iter().take(12).map(Link::says).collect();
    told.join("; ")
}

impl Link {
    fn says(&self) -> String {
        strings::admin::band(&self.from, &self.to, self.people, self.drifting)
    }
}

impl Node {
    /// The name as far as there is room.
    fn shown(&self) -> String {
        if self.label.chars().count() <= MOST_CHARACTERS {
            return self.label.clone();
        }
        self.label.chars().take(MOST_CHARACTERS - 1).chain(['…']).collect()
    }

    fn count(&self) -> String {
        strings::admin::counted(self.people, "person", "people")
    }

    /// The base line of the name: both lines are in the middle of the node, or begin with it.
    fn name_y(&self) -> f64 {
        self.y + (self.height / 2.0 - 4.0).max(11.0)
    }

    fn count_y(&self) -> f64 {
        self.name_y() + 17.0
    }
}

impl Row {
    fn new(t: &'static Admin, way: &Way) -> Self {
        let group = Some(way.group.clone()).filter(|group| !group.is_empty());
        Self {
            group: group.unwrap_or_else(|| t.temporary.to_owned()),
            title: way.title.clone(),
            team: way.team.to_string(),
            persona: way
                .persona
                .as_ref()
                .map_or_else(|| t.no_persona.to_owned(), ToString::to_string),
            domain: way.domain.as_ref().map_or_else(|| t.no_domain.to_owned(), ToString::to_string),
            people: strings::admin::grouped(way.people),
            drifting: strings::admin::grouped(way.drifting),
            grant: way.grant.clone(),
        }
    }
}

impl From<Frozen> for FrozenText {
    fn from(frozen: Frozen) -> Self {
        Self { by: frozen.by, since: Stamp::at(frozen.since), reason: frozen.reason }
    }
}
