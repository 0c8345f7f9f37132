//! *Events and drift*: what arrived, what full passes found, what drifts, and how to heal it.

use super::address;
use super::lanes::{self, Lanes};
use crate::admin::frame::{Frame, Screen};
use crate::admin::parts::{Face, Stamp, command, moment};
use crate::admin::{Entered, enter, enter_to_act, go_to};
use crate::form::Fields;
use crate::pages;
use crate::refused::Refused;
use crate::routes::Portal;
use crate::strings::code as filters;
use crate::strings::rooms as say;
use crate::strings::{Admin, Language, Rooms};
use crate::visit::Visit;
use crate::{assets, strings};
use access::reason::ReasonCode;
use askama::Template;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use control::desk::{
    DriftLine, EventFilter, EventLine, Events, FamilyCount, FoundLine, Named, Page, Right,
};
use control::event::Family;
use jiff::Timestamp;

/// Events on one page: some 500 bytes each.
const EVENTS: u32 = 25;

/// Items of drift on one page: with the form that heals it some 900 bytes each.
const ITEMS: u32 = 30;

/// What was found without an event, shown here; more say nothing new.
const MOST_FOUND: usize = 25;

const HEAL: &str = "admin:heal";
const REPLAY: &str = "admin:replay";

/// The page. No `Debug`: it holds form keys.
#[derive(Template)]
#[template(path = "admin/rooms/events.html")]
struct EventsPage {
    t: &'static Admin,
    r: &'static Rooms,
    frame: Frame,
    numbers: [NumberText; 4],
    lanes: Option<Lanes>,
    lane_names: [(f64, f64, &'static str); 3],
    lanes_say: String,
    lanes_from: String,
    lanes_until: String,
    families: Vec<FamilyText>,
    family: String,
    events: Vec<EventText>,
    events_next: Option<String>,
    found: Vec<FoundText>,
    kinds: Vec<KindText>,
    kind: Option<String>,
    drift: Vec<DriftText>,
    drift_next: Option<String>,
    keys: Option<Keys>,
    replay_from: String,
    replay_until: String,
}

struct NumberText {
    name: &'static str,
    value: String,
    under: String,
    kind: &'static str,
}

struct FamilyText {
    family: String,
    href: String,
    current: bool,
    events: String,
    last: Option<Stamp>,
    slowest: String,
    outcomes: String,
}

struct EventText {
    at: Stamp,
    way: String,
    family: String,
    name: String,
    event_id: Option<String>,
    outcome: &'static str,
    people: Vec<Face>,
    more: Option<String>,
    everybody: bool,
}

struct FoundText {
    at: Stamp,
    face: Face,
    team: String,
    domain: String,
    gives: bool,
    meaning: String,
    code: String,
    later: Option<Stamp>,
}

struct KindText {
    code: String,
    meaning: String,
    items: String,
    href: String,
    current: bool,
}

struct DriftText {
    code: String,
    meaning: String,
    domain: String,
    profile: Option<String>,
    face: Option<Face>,
    /// Whom to read again to heal it.
    heals: Option<String>,
    team: Option<String>,
    text: Option<String>,
    corrected: bool,
    remedy: Option<&'static str>,
}

/// Keys of the forms, for whoever may change something.
struct Keys {
    heal: String,
    replay: String,
}

/// `GET /admin/events?family=&drift=&cursor=&items=`.
pub(super) async fn show(
    State(portal): State<Portal>,
    visit: Visit,
    language: Language,
    RawQuery(query): RawQuery,
) -> Result<Response, Refused> {
    let entered = enter(&portal, &visit, Right::See).await?;
    let fields = Fields::of_query(&portal, query.as_deref())?;
    let cursor = |name: &str| fields.get(name).map(str::to_owned);
    let family = |name: &str| Family::ALL.into_iter().find(|family| family.as_str() == name);
    let filter = EventFilter {
        family: fields.get("family").and_then(family),
        drift: fields.get("drift").and_then(ReasonCode::parse),
        events: Page { cursor: cursor("cursor"), limit: EVENTS },
        items: Page { cursor: cursor("items"), limit: ITEMS },
    };
    let told = portal.desk.events(&entered.caller, &filter).await;
    let told = told.map_err(|refused| Refused::by_desk(&portal, refused))?;
    let commands = vec![
        command(&["drift"]),
        command(&["sync", "--person", "PERSON"]),
        command(&["events", "replay", "FOLDER", "--since", "TIME", "--until", "TIME"]),
    ];
    let frame = Frame::new(&portal, &entered, language, Screen::Events, commands).await?;
    let r = language.rooms();
    let said = match fields.get("said") {
        Some("healed") => Some(r.said_healed),
        Some("replayed") => Some(r.said_replayed),
        _ => None,
    };
    let keys = keys(&portal, &entered);
    Ok(pages::answer(&EventsPage::new(r, frame.saying(said), &filter, told, keys)))
}

fn keys(portal: &Portal, entered: &Entered) -> Option<Keys> {
    let key = |purpose| portal.door.form_key(&entered.session, purpose);
    entered.caller.may(Right::Act).then(|| Keys { heal: key(HEAL), replay: key(REPLAY) })
}

/// `POST /admin/events/heal` with a person.
pub(super) async fn heal(
    State(portal): State<Portal>,
    visit: Visit,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Refused> {
    let (entered, fields) = enter_to_act(&portal, &visit, &headers, body, HEAL).await?;
    let person = fields.get("person").unwrap_or_default();
    let done = portal.desk.sync(&entered.caller, Some(person)).await;
    done.map_err(|refused| Refused::by_desk(&portal, refused))?;
    go_to(&portal, "/admin/events?said=healed")
}

/// `POST /admin/events/replay` with the ends of a window.
pub(super) async fn replay(
    State(portal): State<Portal>,
    visit: Visit,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Refused> {
    let (entered, fields) = enter_to_act(&portal, &visit, &headers, body, REPLAY).await?;
    let end = |name: &str| fields.get(name).and_then(moment);
    let window = end("from").zip(end("until"));
    let (from, until) = window.ok_or_else(|| Refused::by_desk(&portal, no_window()))?;
    let done = portal.desk.replay_window(&entered.caller, from, until).await;
    done.map_err(|refused| Refused::by_desk(&portal, refused))?;
    go_to(&portal, "/admin/events?said=replayed")
}

fn no_window() -> control::desk::Refused {
    let (why, remedy) =
        ("The window has no beginning or no end.", "Write both like 2026-11-21T09:00, in UTC.");
    control::desk::Refused::invalid(why, remedy)
}

/// A moment for the value of a field, in UTC.
fn field(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M").to_string()
}

impl EventsPage {
    fn new(
        r: &'static Rooms,
        frame: Frame,
        filter: &EventFilter,
        told: Events,
        keys: Option<Keys>,
    ) -> Self {
        let family = filter.family.map(Family::as_str).unwrap_or_default();
        let kind = filter.drift.map(ReasonCode::as_str).unwrap_or_default();
        let here = |family: &str, drift: &str, name: &str, cursor: &str| {
            address("/admin/events", &[("family", family), ("drift", drift), (name, cursor)])
        };
        let lanes = lanes::lay_out(&told.drawn);
        let heard: u64 = told.families.iter().map(|count| count.events).sum();
        let found = u64::try_from(told.found.len()).unwrap_or(u64::MAX);
        let kinds = told.kinds.iter().map(|count| KindText {
            href: here(family, count.code.as_str(), "", "") + "#drift",
            current: count.code.as_str() == kind,
            code: count.code.to_string(),
            meaning: count.meaning.clone(),
            items: strings::admin::grouped(count.items),
        });
        Self {
            t: frame.t,
            r,
            numbers: numbers(r, &told, heard, found),
            lane_names: [
                (lanes::DIRECTORY, lanes::DIRECTORY + 5.0, r.lane_directory),
                (lanes::EVENTS, lanes::EVENTS + 5.0, r.lane_events),
                (lanes::PASSES, lanes::PASSES + 5.0, r.lane_passes),
            ],
            lanes_say: say::lanes(heard, found),
            lanes_from: lanes.as_ref().map_or_else(String::new, |l| strings::admin::moment(l.from)),
            lanes_until: lanes
                .as_ref()
                .map_or_else(String::new, |l| strings::admin::moment(l.until)),
            replay_from: told.since.map_or_else(String::new, field),
            replay_until: field(told.at),
            kinds: kinds.collect(),
            kind: (!kind.is_empty()).then(|| here(family, "", "", "") + "#drift"),
            families: told
                .families
                .iter()
                .map(|count| {
                    FamilyText::new(count, family, here(count.family.as_str(), kind, "", ""))
                })
                .collect(),
            events: told.events.items.into_iter().map(EventText::new).collect(),
            events_next: told.events.next.map(|next| here(family, kind, "cursor", &next)),
            found: told.found.into_iter().take(MOST_FOUND).map(FoundText::new).collect(),
            drift: told.drift.items.into_iter().map(DriftText::new).collect(),
            drift_next: told.drift.next.map(|next| here(family, kind, "items", &next) + "#drift"),
            family: family.to_owned(),
            lanes,
            keys,
            frame,
        }
    }
}

fn numbers(r: &'static Rooms, told: &Events, heard: u64, found: u64) -> [NumberText; 4] {
    let number = strings::admin::grouped;
    let drift = told.kinds.iter().map(|kind| kind.items).sum();
    let last = told.last_full_sync;
    [
        NumberText {
            name: r.events_number,
            value: number(heard),
            under: r.events_under.to_owned(),
            kind: "",
        },
        NumberText {
            name: r.found_number,
            value: number(found),
            under: last.map_or_else(
                || r.never.to_owned(),
                |at| format!("{}: {}", r.last_full, strings::admin::moment(at)),
            ),
            kind: if found > 0 { "warn" } else { "good" },
        },
        NumberText {
            name: r.drift_number,
            value: number(drift),
            under: String::new(),
            kind: if drift > 0 { "warn" } else { "good" },
        },
        NumberText {
            name: r.waiting,
            value: number(told.waiting),
            under: told
                .waiting_since
                .map_or_else(|| r.waiting_none.to_owned(), strings::admin::moment),
            kind: "",
        },
    ]
}

impl FamilyText {
    fn new(count: &FamilyCount, current: &str, href: String) -> Self {
        let outcomes = count.outcomes.iter();
        let outcomes: Vec<String> = outcomes
            .map(|(name, events)| format!("{name} {}", strings::admin::grouped(*events)))
            .collect();
        Self {
            family: count.family.to_string(),
            current: count.family.as_str() == current,
            href,
            events: strings::admin::grouped(count.events),
            last: count.last.map(Stamp::at),
            slowest: count.slowest_seconds.map_or_else(|| "–".to_owned(), strings::admin::spell),
            outcomes: outcomes.join(", "),
        }
    }
}

fn face(named: &Named) -> Face {
    Face::new(&named.name, named.id.as_str())
}

impl EventText {
    fn new(line: EventLine) -> Self {
        Self {
            at: Stamp::at(line.at),
            way: line.way_seconds.map_or_else(|| "–".to_owned(), strings::admin::spell),
            family: line.family.to_string(),
            name: line.name.unwrap_or_else(|| "–".to_owned()),
            event_id: line.event_id,
            outcome: line.outcome,
            people: line.named.iter().map(face).collect(),
            more: line.people.and_then(|people| say::and_more(line.named.len(), people)),
            everybody: line.people.is_none(),
        }
    }
}

impl FoundText {
    fn new(line: FoundLine) -> Self {
        Self {
            at: Stamp::at(line.at),
            face: face(&line.person),
            team: line.team.to_string(),
            domain: line.domain.to_string(),
            gives: line.gives,
            meaning: line.meaning,
            code: line.code.to_string(),
            later: line.told_later.map(Stamp::at),
        }
    }
}

impl DriftText {
    fn new(line: DriftLine) -> Self {
        Self {
            code: line.code.to_string(),
            meaning: line.meaning,
            domain: line.domain.map_or_else(|| "–".to_owned(), |domain| domain.to_string()),
            profile: line.profile,
            face: line.person.as_ref().map(face),
            heals: line.person.filter(|_| line.corrected).map(|named| named.id.to_string()),
            team: line.team.map(|team| team.to_string()),
            text: line.text,
            corrected: line.corrected,
            remedy: line.remedy,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_moment_of_a_form_is_in_utc() {
        let nine: Timestamp = "2026-11-21T09:00:00Z".parse().unwrap();
        assert_eq!(moment("2026-11-21T09:00"), Some(nine));
        assert_eq!(moment("2026-11-21T09:00:00"), Some(nine));
        assert_eq!(field(nine), "2026-11-21T09:00");
        assert_eq!((moment("yesterday"), moment("")), (None, None));
    }
}
