//! *People*: to find somebody.

use super::frame::{Frame, Screen};
use super::parts::{CommandLine, Face, in_path};
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
use control::desk::{Listed, PersonRow, Right};

/// People on a page: about 500 bytes each.
const PEOPLE: u32 = 50;

/// The page. No `Debug`: its frame holds a form key.
#[derive(Template)]
#[template(path = "admin/people.html")]
struct PeoplePage {
    t: &'static Admin,
    frame: Frame,
    text: String,
    rows: Vec<Row>,
    next: Option<String>,
}

struct Row {
    face: Face,
    user_name: String,
    teams: Vec<String>,
    enabled: bool,
    offboarded: bool,
}

/// `GET /admin/people?q=&cursor=`.
pub(super) async fn show(
    State(portal): State<Portal>,
    visit: Visit,
    language: Language,
    RawQuery(query): RawQuery,
) -> Result<Response, Refused> {
    let entered = enter(&portal, &visit, Right::See).await?;
    let fields = Fields::of_query(&portal, query.as_deref())?;
    let text = fields.get("q").unwrap_or_default().to_owned();
    let found = portal.desk.people(&entered.caller, &text, &page_of(&fields, PEOPLE)).await;
    let found = found.map_err(|refused| Refused::by_desk(&portal, refused))?;
    let who = if text.is_empty() { "PERSON" } else { text.as_str() };
    let commands = vec![CommandLine::of(&["why"]).about(who).to_string()];
    let frame = Frame::new(&portal, &entered, language, Screen::People, commands).await?;
    Ok(pages::answer(&PeoplePage::new(frame, text, found)))
}

impl PeoplePage {
    fn new(frame: Frame, text: String, found: Listed<PersonRow>) -> Self {
        let next = found.next.map(|next| format!("?q={}&cursor={next}", in_path(&text)));
        let rows = found.items.into_iter().map(|person| Row {
            face: Face::new(&person.name, person.person.as_str()),
            user_name: person.user_name,
            teams: person.teams.iter().map(ToString::to_string).collect(),
            enabled: person.enabled,
            offboarded: person.offboarded,
        });
        Self { t: frame.t, rows: rows.collect(), text, next, frame }
    }
}
