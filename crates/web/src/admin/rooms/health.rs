//! *Health*: coded checks with what to do.

use crate::admin::enter;
use crate::admin::frame::{Frame, Screen};
use crate::admin::parts::{Stamp, command};
use crate::form::Fields;
use crate::pages;
use crate::refused::Refused;
use crate::routes::Portal;
use crate::strings::code as filters;
use crate::strings::{Language, Rooms};
use crate::visit::Visit;
use crate::{assets, strings};
use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use control::desk::{Health, HealthCheck, HealthGroup, HealthState, Right};

/// The page. No `Debug`: its frame holds a form key.
#[derive(Template)]
#[template(path = "admin/rooms/health.html")]
struct HealthPage {
    r: &'static Rooms,
    frame: Frame,
    at: Option<Stamp>,
    under_way: bool,
    ok: String,
    warnings: String,
    failed: String,
    any_warning: bool,
    any_failed: bool,
    groups: Vec<GroupText>,
}

struct GroupText {
    name: &'static str,
    badge: (&'static str, &'static str),
    /// What somebody has to look at.
    wrong: Vec<CheckText>,
    /// The rest.
    right: Vec<CheckText>,
}

struct CheckText {
    about: &'static str,
    title: &'static str,
    why: &'static str,
    subject: Option<String>,
    badge: (&'static str, &'static str),
    code: &'static str,
    text: String,
    remedy: Vec<String>,
}

/// `GET /admin/health?again=yes`.
pub(super) async fn show(
    State(portal): State<Portal>,
    visit: Visit,
    language: Language,
    RawQuery(query): RawQuery,
) -> Result<Response, Refused> {
    let entered = enter(&portal, &visit, Right::See).await?;
    let fields = Fields::of_query(&portal, query.as_deref())?;
    let told = portal.desk.health(&entered.caller, fields.get("again").is_some()).await;
    let told = told.map_err(|refused| Refused::by_desk(&portal, refused))?;
    let frame =
        Frame::new(&portal, &entered, language, Screen::Health, vec![command(&["doctor"])]).await?;
    Ok(pages::answer(&HealthPage::new(language.rooms(), frame, told)))
}

impl HealthPage {
    fn new(r: &'static Rooms, frame: Frame, told: Health) -> Self {
        Self {
            r,
            frame,
            at: told.at.map(Stamp::at),
            under_way: told.under_way,
            ok: strings::admin::grouped(told.ok),
            warnings: strings::admin::grouped(told.warnings),
            failed: strings::admin::grouped(told.failed),
            any_warning: told.warnings > 0,
            any_failed: told.failed > 0,
            groups: told.groups.into_iter().map(|group| GroupText::new(r, group)).collect(),
        }
    }
}

fn badge(r: &'static Rooms, state: HealthState) -> (&'static str, &'static str) {
    match state {
        HealthState::Ok => ("good", r.ok),
        HealthState::Warning => ("warn", r.warning),
        HealthState::Failed => ("stop", r.failed),
    }
}

impl GroupText {
    fn new(r: &'static Rooms, group: HealthGroup) -> Self {
        let badge = badge(r, group.state);
        let (right, wrong): (Vec<HealthCheck>, Vec<HealthCheck>) =
            group.checks.into_iter().partition(|check| check.state == HealthState::Ok);
        let text = |checks: Vec<HealthCheck>| {
            checks.into_iter().map(|check| CheckText::new(r, check)).collect()
        };
        Self { name: group.name, badge, wrong: text(wrong), right: text(right) }
    }

    fn right_ones(&self) -> String {
        strings::rooms::checks_right(self.right.len())
    }
}

impl CheckText {
    fn new(r: &'static Rooms, check: HealthCheck) -> Self {
        Self {
            about: check.about,
            title: check.title,
            why: check.why,
            subject: check.subject,
            badge: badge(r, check.state),
            code: check.code,
            text: check.text,
            remedy: check.remedy,
        }
    }
}
