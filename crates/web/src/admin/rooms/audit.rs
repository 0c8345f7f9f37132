//! *Audit*: what happened, filtered, with what changed, the chain, and a way out for all of it.

use super::address;
use crate::admin::frame::{Frame, Screen};
use crate::admin::parts::{CommandLine, Stamp, command, in_path, moment};
use crate::admin::{enter, page_of};
use crate::form::Fields;
use crate::pages;
use crate::refused::Refused;
use crate::routes::Portal;
use crate::strings::rooms as say;
use crate::strings::{Admin, Language, Rooms};
use crate::visit::Visit;
use crate::{assets, strings};
use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use control::desk::{Audit, AuditLine, Caller, ChainState, Right};
use control::ports::{Actor, AuditEvent, AuditFilter, reference};
use control::reasons::codes;
use std::collections::BTreeMap;

/// Entries on one page: up to 2 kB each, beside some 50 kB of what every page loads.
const PAGE: u32 = 24;

/// The page. No `Debug`: its frame holds a form key.
#[derive(Template)]
#[template(path = "admin/rooms/audit.html")]
struct AuditPage {
    t: &'static Admin,
    r: &'static Rooms,
    frame: Frame,
    chain: (&'static str, String),
    chosen: Chosen,
    rows: Vec<EntryText>,
    next: Option<String>,
    clear: bool,
    /// Where the export is, in each form, and whether it is a file.
    exports: [(&'static str, String); 2],
    is_file: bool,
    /// Every event and every team that there is, to choose from.
    events: Vec<&'static str>,
    teams: Vec<String>,
}

/// What stands in the address.
#[derive(Debug, Default)]
pub(super) struct Chosen {
    event: String,
    code: String,
    person: String,
    team: String,
    actor: String,
    change: String,
    reference: String,
    from: String,
    until: String,
}

struct EntryText {
    number: String,
    at: Stamp,
    event: String,
    code: String,
    meaning: String,
    actor: String,
    actor_href: String,
    person: Option<(String, String)>,
    team: Option<(String, String)>,
    change: Option<(String, String)>,
    diff: Vec<DiffText>,
    /// What of the details tells most.
    brief: Option<String>,
    details: Vec<(String, String)>,
    hash: String,
}

struct DiffText {
    name: String,
    before: Option<String>,
    after: Option<String>,
}

/// `GET /admin/audit?event=&code=&person=&team=&actor=&change=&reference=&from=&until=&cursor=`.
pub(super) async fn show(
    State(portal): State<Portal>,
    visit: Visit,
    language: Language,
    RawQuery(query): RawQuery,
) -> Result<Response, Refused> {
    let entered = enter(&portal, &visit, Right::Audit).await?;
    let fields = Fields::of_query(&portal, query.as_deref())?;
    let by_desk = |refused| Refused::by_desk(&portal, refused);
    let mut chosen = Chosen::of(&fields);
    let filter = chosen.meant(&portal, &entered.caller).await.map_err(by_desk)?;
    let told = portal.desk.audit(&entered.caller, &filter, &page_of(&fields, PAGE)).await;
    let told = told.map_err(by_desk)?;
    let commands = vec![
        chosen.command(&["audit", "list"]),
        command(&["audit", "verify"]),
        chosen.command(&["audit", "export"]),
    ];
    let frame = Frame::new(&portal, &entered, language, Screen::Audit, commands).await?;
    let teams = portal.desk.plane().map.teams.keys().map(ToString::to_string).collect();
    let is_file = !portal.config.answers_are_short();
    Ok(pages::answer(&AuditPage::new(language.rooms(), frame, chosen, told, teams, is_file)))
}

pub(super) fn no_filter() -> control::desk::Refused {
    let why = "The event, the code, the actor, a time or the form of the filter is none.";
    let remedy =
        "Write an actor like system, person:ID, token:NAME or cli:USER, a time like 2026-11-21.";
    control::desk::Refused::invalid(why, remedy)
}

impl Chosen {
    pub(super) fn of(fields: &Fields) -> Self {
        let field = |name: &str| fields.get(name).unwrap_or_default().trim().to_owned();
        Self {
            event: field("event"),
            code: field("code"),
            person: field("person"),
            team: field("team"),
            actor: field("actor"),
            change: field("change"),
            reference: reference(&field("reference")),
            from: field("from"),
            until: field("until"),
        }
    }

    /// The filter, in which whoever is named stands by the directory's id: here too, so that exports and
    /// commands say the same.
    ///
    /// # Errors
    /// As [`Desk::meant`](control::desk::Desk::meant); something that stands in the address is none.
    pub(super) async fn meant(
        &mut self,
        portal: &Portal,
        caller: &Caller,
    ) -> Result<AuditFilter, control::desk::Refused> {
        let filter = self.filter().ok_or_else(no_filter)?;
        let filter = portal.desk.meant(caller, &filter).await?;
        self.person = filter.person.clone().unwrap_or_default();
        Ok(filter)
    }

    /// The filter; `None` where an event, a code, an actor or a time is none.
    fn filter(&self) -> Option<AuditFilter> {
        let text = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        let time = |text: &String| match text.as_str() {
            "" => Some(None),
            text => moment(text).map(Some),
        };
        let actor = match self.actor.as_str() {
            "" => None,
            actor => Some(actor.parse::<Actor>().ok()?),
        };
        // What nothing was written with would look like nothing happened.
        let is_known = |code: &String| codes().any(|known| known == code);
        let event = match self.event.as_str() {
            "" => None,
            event => Some(String::from(AuditEvent::parse(event)?)),
        };
        if !self.code.is_empty() && !is_known(&self.code) {
            return None;
        }
        Some(AuditFilter {
            from: time(&self.from)?,
            until: time(&self.until)?,
            event,
            code: text(&self.code),
            person: text(&self.person),
            team: text(&self.team),
            actor,
            change: text(&self.change),
            reference: text(&self.reference),
        })
    }

    fn pairs(&self) -> [(&'static str, &str); 9] {
        [
            ("event", &self.event),
            ("code", &self.code),
            ("person", &self.person),
            ("team", &self.team),
            ("actor", &self.actor),
            ("change", &self.change),
            ("reference", &self.reference),
            ("from", &self.from),
            ("until", &self.until),
        ]
    }

    /// An address with what is chosen, and more.
    pub(super) fn with(&self, path: &str, more: &[(&str, &str)]) -> String {
        let chosen: Vec<(&str, &str)> =
            self.pairs().into_iter().chain(more.iter().copied()).collect();
        address(path, &chosen)
    }

    /// The command that has the same filter.
    pub(super) fn command(&self, words: &[&str]) -> String {
        let chosen = self.pairs().map(|(name, value)| (format!("--{name}"), value));
        let given = chosen.iter().filter(|(_, value)| !value.is_empty());
        given.fold(CommandLine::of(words), |line, (name, value)| line.with(name, value)).to_string()
    }

    fn is_empty(&self) -> bool {
        self.pairs().iter().all(|(_, value)| value.is_empty())
    }
}

const fn chain_kind(state: ChainState) -> &'static str {
    match state {
        ChainState::Whole => "good",
        ChainState::Broken => "stop",
        ChainState::NotYet => "none",
    }
}

impl AuditPage {
    fn new(
        r: &'static Rooms,
        frame: Frame,
        chosen: Chosen,
        told: Audit,
        teams: Vec<String>,
        is_file: bool,
    ) -> Self {
        let path = if is_file { "/admin/audit/export" } else { "/admin/audit/export/parts" };
        Self {
            t: frame.t,
            r,
            frame,
            chain: (chain_kind(told.chain.state), say::chain(&told.chain)),
            rows: told.entries.items.into_iter().map(|line| EntryText::new(r, line)).collect(),
            next: told.entries.next.map(|next| chosen.with("/admin/audit", &[("cursor", &next)])),
            clear: !chosen.is_empty(),
            exports: [
                (r.export_lines, chosen.with(path, &[])),
                (r.export_ocsf, chosen.with(path, &[("format", "ocsf")])),
            ],
            is_file,
            events: AuditEvent::ALL.iter().map(|event| event.as_str()).collect(),
            teams,
            chosen,
        }
    }
}

impl EntryText {
    fn new(r: &'static Rooms, line: AuditLine) -> Self {
        let only = |name: &str, value: &str| address("/admin/audit", &[(name, value)]);
        let actor = match line.actor.as_str() {
            "system" => r.system.to_owned(),
            "anonymous" => r.anonymous.to_owned(),
            actor => line.actor_name.clone().unwrap_or_else(|| actor.to_owned()),
        };
        let person = line.person.as_ref().map(|id| {
            let name = line.person_name.clone().unwrap_or_else(|| id.clone());
            (name, format!("/admin/people/{}", in_path(id)))
        });
        Self {
            number: line.number,
            at: Stamp::at(line.at),
            event: line.event,
            code: line.code,
            meaning: line.meaning,
            actor,
            actor_href: only("actor", &line.actor),
            person,
            team: line.team.map(|team| (team.clone(), only("team", &team))),
            change: line.change.map(|change| (change.clone(), only("change", &change))),
            diff: line
                .diff
                .into_iter()
                .map(|it| DiffText { name: it.name, before: it.before, after: it.after })
                .collect(),
            brief: brief(&line.details),
            details: line.details.into_iter().collect(),
            hash: line.hash,
        }
    }
}

/// What of the details tells most: what was asked of AWS and as which request, what was said, or how much
/// came of it.
fn brief(details: &BTreeMap<String, String>) -> Option<String> {
    let detail = |name: &str| details.get(name).map(String::as_str);
    if let Some(operation) = detail("operation") {
        let of = ["profile", "request_id"].into_iter().filter_map(detail);
        return Some(std::iter::once(operation).chain(of).collect::<Vec<_>>().join(" · "));
    }
    let said = ["what", "message", "detail", "reason", "why", "note"].into_iter().find_map(detail);
    let done = || Some(say::carried_out(detail("changed")?, detail("failed")?));
    said.map(str::to_owned).or_else(done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_tells_in_brief_what_its_details_tell_most() {
        let told = |pairs: &[(&str, &str)]| {
            let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
            brief(&pairs.iter().map(owned).collect())
        };
        let answered = [
            ("domain", "research"),
            ("operation", "sagemaker:CreateUserProfile"),
            ("profile", "ana--fraud"),
            ("request_id", "d2d0813f"),
        ];
        assert_eq!(
            told(&answered).as_deref(),
            Some("sagemaker:CreateUserProfile · ana--fraud · d2d0813f")
        );
        let app = [("app_name", "default"), ("what", "stopping app JupyterLab/default")];
        assert_eq!(told(&app).as_deref(), Some("stopping app JupyterLab/default"));
        let applied = [("changed", "3"), ("digest", "c160"), ("failed", "0")];
        assert_eq!(told(&applied).as_deref(), Some("3 changed, 0 failed"));
        assert_eq!(told(&[("domain", "research")]), None);
    }

    #[test]
    fn a_filter_is_read_from_the_address_and_written_into_the_command() {
        let chosen = Chosen {
            event: "sign-in".into(),
            actor: "cli:root".into(),
            from: "2026-11-21".into(),
            until: "2026-11-21T09:30".into(),
            ..Chosen::default()
        };
        let filter = chosen.filter().unwrap();
        assert_eq!(filter.event.as_deref(), Some("sign-in"));
        assert_eq!(filter.actor, Some(Actor::CommandLine("root".into())));
        assert_eq!(filter.from, "2026-11-21T00:00:00Z".parse().ok());
        assert_eq!(filter.until, "2026-11-21T09:30:00Z".parse().ok());
        assert_eq!((filter.person, filter.team), (None, None));
        assert_eq!(
            chosen.command(&["audit", "list"]),
            "stagedoor audit list --event sign-in --actor cli:root --from 2026-11-21 --until \
             2026-11-21T09:30"
        );
        let wrong = |chosen: Chosen| chosen.filter().is_none();
        assert!(wrong(Chosen { actor: "root".into(), ..Chosen::default() }));
        assert!(wrong(Chosen { event: "nope".into(), ..Chosen::default() }));
        assert!(wrong(Chosen { code: "nope".into(), ..Chosen::default() }));
        assert!(wrong(Chosen { from: "yesterday".into(), ..Chosen::default() }));
    }
}
