//! *Offboarding*: the conveyor, with who is in each stage and how to take it back.

use super::frame::{Frame, Screen};
use super::parts::{CommandLine, Face, Stamp};
use super::person::restore_purpose;
use super::person_parts::stop_name;
use super::{enter, page_of};
use crate::assets;
use crate::form::Fields;
use crate::pages;
use crate::refused::Refused;
use crate::routes::Portal;
use crate::strings::{self, Admin, Language};
use crate::visit::Visit;
use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use control::desk::{Gone, Leaver, Offboardings, Restore, Right, Stop, StopView};
use control::receipt::Hours;
use std::collections::BTreeMap;

/// Profiles in each of the six stages: about 1,200 bytes each.
const LEAVERS: u32 = 12;

/// The page. No `Debug`: it holds form keys.
#[derive(Template)]
#[template(path = "admin/offboarding.html")]
struct OffboardingPage {
    t: &'static Admin,
    frame: Frame,
    lead: String,
    read_ago: String,
    stops: Vec<StopText>,
    /// Why some of them have no button that restores them, each reason once.
    notes: Vec<&'static str>,
    saved: Vec<(String, String)>,
    gone: Vec<GoneText>,
}

/// A stage, and who is in it.
struct StopText {
    id: &'static str,
    name: &'static str,
    count: String,
    is_empty: bool,
    attention: bool,
    /// What the guard says against beginning.
    guard: Option<String>,
    leavers: Vec<LeaverText>,
    next: Option<String>,
}

/// A profile on its way out.
struct LeaverText {
    face: Face,
    team: String,
    place: String,
    since: Option<Stamp>,
    left: Option<String>,
    until: Option<Stamp>,
    /// How much of the hold is over, per cent.
    held: Option<u64>,
    why: Option<(String, String)>,
    detail: Option<String>,
    deleting: Option<String>,
    stuck: bool,
    command: Option<String>,
    saved: Option<String>,
    restore: Option<RestoreForm>,
}

/// What takes a profile back that was taken away by command.
struct RestoreForm {
    action: String,
    key: String,
    /// The one team that it is about.
    team: Option<String>,
}

/// A profile that is gone.
struct GoneText {
    face: Option<Face>,
    name: String,
    team: String,
    profile: String,
    at: Stamp,
    reason: String,
}

/// `GET /admin/offboarding?stage=&cursor=`.
pub(super) async fn show(
    State(portal): State<Portal>,
    visit: Visit,
    language: Language,
    RawQuery(query): RawQuery,
) -> Result<Response, Refused> {
    let entered = enter(&portal, &visit, Right::See).await?;
    let fields = Fields::of_query(&portal, query.as_deref())?;
    let stop = fields.get("stage").and_then(Stop::parse);
    let told = portal.desk.offboardings(&entered.caller, stop, &page_of(&fields, LEAVERS)).await;
    let told = told.map_err(|refused| Refused::by_desk(&portal, refused))?;
    let leavers = told.stops.iter().flat_map(|stop| &stop.leavers.items);
    let first = leavers.map(|leaver| leaver.key.as_str()).next().unwrap_or("PERSON");
    let commands = vec![
        CommandLine::of(&["offboard"]).about(first).flag("--status").to_string(),
        CommandLine::of(&["receipt"]).about(first).to_string(),
        CommandLine::of(&["restore"]).about(first).to_string(),
    ];
    let frame = Frame::new(&portal, &entered, language, Screen::Offboarding, commands).await?;
    let may_act = entered.caller.may(Right::Act);
    let key = |leaver: &Leaver| {
        may_act.then(|| portal.door.form_key(&entered.session, &restore_purpose(&leaver.person)))
    };
    Ok(pages::answer(&OffboardingPage::new(frame, told, key)))
}

impl OffboardingPage {
    fn new(frame: Frame, told: Offboardings, key: impl Fn(&Leaver) -> Option<String>) -> Self {
        let t = frame.t;
        let all: u64 = told.stops.iter().map(|stop| stop.count).sum();
        let lead = if all == 0 {
            t.conveyor_none.to_owned()
        } else {
            let held = strings::admin::hold(told.hold_hours);
            strings::admin::leaving(all, &held)
        };
        Self {
            t,
            lead,
            read_ago: strings::admin::read_ago(told.at, told.told_at),
            notes: notes(t, &told.stops),
            stops: told
                .stops
                .into_iter()
                .map(|stop| {
                    let guard = told.guard.clone().filter(|_| stop.stop == Stop::ToBegin);
                    StopText::new(t, stop, (told.hold_hours, guard), &key)
                })
                .collect(),
            saved: saved(&told.saved),
            gone: told.gone.into_iter().map(GoneText::from).collect(),
            frame,
        }
    }
}

fn notes(t: &'static Admin, stops: &[StopView]) -> Vec<&'static str> {
    let all = || stops.iter().flat_map(|stop| &stop.leavers.items);
    let ways = [(Restore::InDirectory, t.in_directory), (Restore::TooLate, t.too_late)];
    let there = ways.into_iter().filter(|(way, _)| all().any(|leaver| leaver.restore == *way));
    there.map(|(_, note)| note).collect()
}

fn saved(saved: &BTreeMap<String, Hours>) -> Vec<(String, String)> {
    saved.iter().map(|(kind, hours)| (kind.clone(), hours.to_string())).collect()
}

impl StopText {
    fn new(
        t: &'static Admin,
        view: StopView,
        (hold_hours, guard): (u64, Option<String>),
        key: impl Fn(&Leaver) -> Option<String>,
    ) -> Self {
        let id = view.stop.as_str();
        let next = view.leavers.next;
        let leavers = view.leavers.items.into_iter().map(|leaver| {
            let key = key(&leaver);
            LeaverText::new(leaver, hold_hours, key)
        });
        Self {
            id,
            name: stop_name(t, view.stop),
            count: strings::admin::grouped(view.count),
            is_empty: view.count == 0,
            attention: (view.stop == Stop::Waits || guard.is_some()) && view.count > 0,
            guard,
            leavers: leavers.collect(),
            next: next.map(|next| format!("?stage={id}&cursor={next}#{id}")),
        }
    }
}

impl LeaverText {
    fn new(leaver: Leaver, hold_hours: u64, key: Option<String>) -> Self {
        let face = Face::new(&leaver.name, leaver.person.as_str());
        let team = leaver.command.as_ref().and_then(|command| command.team.as_ref());
        let key = key.filter(|_| leaver.restore == Restore::ByCommand);
        let restore = key.map(|key| RestoreForm {
            action: format!("{}/restore", face.href),
            key,
            team: team.map(ToString::to_string),
        });
        let left = leaver.hours_left;
        let saved = saved(&leaver.saved);
        let saved: Vec<String> =
            saved.into_iter().map(|(kind, hours)| format!("{hours} {kind}")).collect();
        Self {
            team: leaver.team.to_string(),
            place: format!("{} / {}", leaver.domain, leaver.profile),
            since: leaver.since.map(Stamp::at),
            left: left.map(strings::admin::hours_left),
            until: leaver.until.map(Stamp::at),
            held: left
                .and_then(|left| (hold_hours.saturating_sub(left) * 100).checked_div(hold_hours)),
            why: leaver.reason.map(|code| (code.meaning().to_owned(), code.to_string())),
            detail: leaver.detail,
            deleting: (!leaver.deleting.is_empty()).then(|| leaver.deleting.join(", ")),
            stuck: leaver.stuck,
            command: leaver.command.as_ref().map(strings::admin::taken_by_command),
            saved: (!saved.is_empty()).then(|| saved.join(", ")),
            restore,
            face,
        }
    }
}

impl From<Gone> for GoneText {
    fn from(gone: Gone) -> Self {
        Self {
            face: gone.person.as_deref().map(|id| Face::new(&gone.name, id)),
            name: gone.name,
            team: gone.team.unwrap_or_default(),
            profile: gone.profile.unwrap_or_default(),
            at: Stamp::at(gone.at),
            reason: gone.reason,
        }
    }
}
