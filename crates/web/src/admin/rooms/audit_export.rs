//! The export of the audit log: as one file, or in parts where an answer can only be so long.

use super::audit::{Chosen, no_filter};
use crate::admin::frame::{Frame, Screen};
use crate::admin::{enter, go_to};
use crate::form::Fields;
use crate::pages;
use crate::refused::Refused;
use crate::routes::Portal;
use crate::strings::{Language, Rooms};
use crate::visit::Visit;
use crate::{assets, strings};
use askama::Template;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use control::audit::{ExportCursor, ExportForm, ExportPart};
use control::desk::{Caller, Desk, MOST_EXPORTED, Right};
use control::ports::AuditFilter;
use futures::StreamExt as _;
use futures::stream;
use std::future::ready;
use std::sync::Arc;

/// The page of the parts.
const PARTS: &str = "/admin/audit/export/parts";

/// The file, or a part of it.
const FILE: &str = "/admin/audit/export";

/// A part with the ways to it and on. No `Debug`: its frame holds a form key.
#[derive(Template)]
#[template(path = "admin/rooms/audit_parts.html")]
struct PartsPage {
    r: &'static Rooms,
    frame: Frame,
    number: u32,
    entries: u32,
    file_href: String,
    next: Option<String>,
}

/// What is asked for.
struct Asked {
    taking: Taking,
    chosen: Chosen,
    /// Where the part before ended.
    after: Option<String>,
    /// The number of the part, from 1; absent: all of them.
    part: Option<u32>,
}

impl Asked {
    async fn of(
        portal: &Portal,
        fields: &Fields,
        caller: Caller,
    ) -> Result<Self, control::desk::Refused> {
        let mut chosen = Chosen::of(fields);
        let filter = chosen.meant(portal, &caller).await?;
        let form = ExportForm::parse(fields.get("format").unwrap_or("jsonl"));
        let form = form.ok_or_else(no_filter)?;
        let part = fields.get("part").map(|text| text.parse::<u32>().ok().filter(|part| *part > 0));
        let part = part.map(|part| part.ok_or_else(no_filter)).transpose()?;
        let after = fields.get("after").map(str::to_owned);
        let taking = Taking { desk: portal.desk.clone(), caller, filter, form };
        Ok(Self { taking, chosen, after, part })
    }

    /// The address of a part.
    fn address(&self, path: &str, part: u32, after: Option<&str>) -> String {
        let number = part.to_string();
        let format = match self.taking.form {
            ExportForm::JsonLines => "",
            ExportForm::Ocsf => self.taking.form.as_str(),
        };
        let more = [("format", format), ("part", &number), ("after", after.unwrap_or_default())];
        self.chosen.with(path, &more)
    }
}

/// `GET /admin/audit/export?event=&…&format=`: what the filter admits, as a file. Without a filter it
/// is what `stagedoor audit verify --export` takes. With `part` and `after` that part of it alone.
pub(super) async fn file(
    State(portal): State<Portal>,
    visit: Visit,
    RawQuery(query): RawQuery,
) -> Result<Response, Refused> {
    let entered = enter(&portal, &visit, Right::Audit).await?;
    let fields = Fields::of_query(&portal, query.as_deref())?;
    let by_desk = |refused| Refused::by_desk(&portal, refused);
    let asked = Asked::of(&portal, &fields, entered.caller).await.map_err(by_desk)?;
    // What is refused is refused before anything is sent.
    let first = asked.taking.part(asked.after.as_deref()).await.map_err(by_desk)?;
    let Some(part) = asked.part else {
        if first.next.is_some() && portal.config.answers_are_short() {
            return go_to(&portal, &asked.address(PARTS, 1, None));
        }
        return Ok(attached("stagedoor-audit.jsonl", asked.taking.body(first)));
    };
    Ok(attached(&format!("stagedoor-audit-{part:04}.jsonl"), Body::from(first.lines)))
}

/// `GET /admin/audit/export/parts?event=&…&format=&part=&after=`: one part after the other, each a
/// page with its file. The files one after the other are the export.
pub(super) async fn parts(
    State(portal): State<Portal>,
    visit: Visit,
    language: Language,
    RawQuery(query): RawQuery,
) -> Result<Response, Refused> {
    let entered = enter(&portal, &visit, Right::Audit).await?;
    let fields = Fields::of_query(&portal, query.as_deref())?;
    let by_desk = |refused| Refused::by_desk(&portal, refused);
    let asked = Asked::of(&portal, &fields, entered.caller.clone()).await.map_err(by_desk)?;
    let (number, after) = (asked.part.unwrap_or(1), asked.after.as_deref());
    let part = asked.taking.part(after).await.map_err(by_desk)?;
    let on = |next: &ExportCursor| {
        asked.address(PARTS, number.saturating_add(1), Some(&next.to_string()))
    };
    let commands = vec![asked.chosen.command(&["audit", "export"])];
    let frame = Frame::new(&portal, &entered, language, Screen::Audit, commands).await?;
    Ok(pages::answer(&PartsPage {
        r: language.rooms(),
        frame,
        number,
        entries: part.entries,
        file_href: asked.address(FILE, number, after),
        next: part.next.as_ref().map(on),
    }))
}

fn attached(name: &str, body: Body) -> Response {
    let disposition = HeaderValue::try_from(format!("attachment; filename=\"{name}\""));
    let disposition = disposition.unwrap_or(HeaderValue::from_static("attachment"));
    let kind = HeaderValue::from_static("application/x-ndjson");
    ([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, disposition)], body)
        .into_response()
}

/// An export under way: of the log, a part at a time is in memory.
struct Taking {
    desk: Arc<Desk>,
    caller: Caller,
    filter: AuditFilter,
    form: ExportForm,
}

impl Taking {
    async fn part(&self, after: Option<&str>) -> Result<ExportPart, control::desk::Refused> {
        let Self { desk, caller, filter, form } = self;
        desk.export_audit(caller, filter, *form, after, MOST_EXPORTED).await
    }

    /// This part and all that follow. Where one cannot be read the answer breaks off, which the
    /// browser sees.
    fn body(self, first: ExportPart) -> Body {
        let taking = Arc::new(self);
        let rest = stream::try_unfold(first.next, move |next| {
            let taking = Arc::clone(&taking);
            async move {
                let Some(next) = next else { return Ok(None) };
                let part = taking.part(Some(&next.to_string())).await?;
                Ok::<_, control::desk::Refused>(Some((part.lines, part.next)))
            }
        });
        Body::from_stream(stream::once(ready(Ok(first.lines))).chain(rest))
    }
}
