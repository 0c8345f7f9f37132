//! *My access*.

use super::work::app_name;
use super::{Here, Moment, Who};
use crate::strings::code as filters;
use crate::strings::{Access, Language, fill};
use crate::{assets, provenance, strings};
use access::explain::{Rung, Stage, Verdict};
use askama::Template;
use control::door::{MyAccess, OwnSession};
use control::ports::AuditEntry;
use jiff::Timestamp;

/// *My access*. No `Debug`: it holds form keys.
#[derive(Template)]
#[template(path = "my_access.html")]
pub(crate) struct MyAccessPage {
    language: Language,
    texts: &'static Access,
    who: Who,
    ended: bool,
    teams: Vec<Reasons>,
    sessions: Option<Vec<SessionRow>>,
    end_key: String,
    history: Option<Vec<Happening>>,
}

/// The page that confirms the end of all sessions. No `Debug`: it holds a form key.
#[derive(Template)]
#[template(path = "end_sessions.html")]
pub(crate) struct EndAllPage {
    pub(crate) language: Language,
    pub(crate) texts: &'static Access,
    pub(crate) key: String,
}

/// Why a person has a team.
struct Reasons {
    title: String,
    from_here: bool,
    rungs: Vec<Reason>,
}

/// One rung.
struct Reason {
    stage: &'static str,
    class: &'static str,
    verdict: &'static str,
    text: String,
    at: Option<String>,
}

/// A session, as a row of the table.
struct SessionRow {
    since: Moment,
    until: Moment,
    from: String,
    opens: String,
    is_this: bool,
    handle: String,
}

/// Something that happened at the door.
struct Happening {
    at: Moment,
    class: &'static str,
    what: String,
    details: Vec<String>,
    code: Option<String>,
}

impl MyAccessPage {
    /// `title` makes a team's key its title, `form_key` makes the key of a form with a purpose.
    pub(crate) fn new(
        language: Language,
        own: &MyAccess,
        now: Timestamp,
        ended: bool,
        title: impl Fn(&str) -> String,
        form_key: impl Fn(&str) -> String,
    ) -> Self {
        let texts = language.access();
        let teams = own.why.teams.iter().filter(|team| team.granted).map(|team| {
            let directory = std::iter::once(&own.why.directory);
            let rungs = directory.chain(&team.rungs);
            Reasons {
                title: title(team.team.as_str()),
                from_here: own.from_here.contains(&team.team),
                rungs: rungs.map(|rung| Reason::new(texts, rung)).collect(),
            }
        });
        let sessions = own.sessions.as_ref().map(|sessions| {
            let row = |session: &OwnSession| SessionRow::new(language, session, now, &title);
            sessions.iter().map(row).collect()
        });
        let history = own.history.as_ref().map(|entries| {
            let tell = |entry: &AuditEntry| Happening::new(language, entry, now, &title);
            entries.iter().filter_map(tell).collect()
        });
        Self {
            language,
            texts,
            teams: teams.collect(),
            sessions,
            history,
            ended,
            end_key: form_key(provenance::END_SESSION),
            who: Who::new(&own.person, language, Here::Access, form_key)
                .who_administers(own.administers),
        }
    }
}

impl Reason {
    fn new(texts: &'static Access, rung: &Rung) -> Self {
        let (class, verdict) = match rung.verdict {
            Verdict::Holds => ("done", texts.holds),
            Verdict::Breaks => ("failed", texts.breaks),
            Verdict::Depends => ("next", texts.depends),
        };
        let stage = match rung.stage {
            Stage::Directory => texts.directory,
            Stage::Group => texts.group,
            Stage::Grant => texts.grant,
            Stage::Placement => texts.placement,
            Stage::Role => texts.role,
            Stage::Profile => texts.profile,
            Stage::Policy => texts.policy,
            Stage::Network => texts.network,
        };
        let at = rung.at.as_ref().map(ToString::to_string);
        Self { stage, class, verdict, text: rung.text.clone(), at }
    }
}

impl SessionRow {
    fn new(
        language: Language,
        session: &OwnSession,
        now: Timestamp,
        title: impl Fn(&str) -> String,
    ) -> Self {
        let texts = language.access();
        let team = session.team.as_ref().map(|team| title(team.as_str()));
        Self {
            since: Moment::ago(session.begun, now, language),
            until: Moment::at(session.expires, language),
            from: session.from.clone().unwrap_or_else(|| texts.unknown.to_owned()),
            opens: team.unwrap_or_else(|| texts.opens_all.to_owned()),
            is_this: session.is_this,
            handle: session.handle.clone(),
        }
    }
}

impl Happening {
    fn new(
        language: Language,
        entry: &AuditEntry,
        now: Timestamp,
        title: impl Fn(&str) -> String,
    ) -> Option<Self> {
        let texts = language.access();
        let detail = |name: &str| entry.details.get(name).map(String::as_str);
        let team = entry.team.as_deref().map(title);
        let team = team.as_deref();
        let app = detail("app_type").map(|app_type| app_name(language.work(), app_type));
        let (class, what) = match (entry.event.as_str(), team, app) {
            ("sign-in", ..) => ("good", texts.signed_in.to_owned()),
            ("open-studio", Some(team), Some(tool)) => {
                ("good", fill(texts.opened_tool, &[("team", team), ("tool", tool)]))
            }
            ("open-studio", Some(team), None) => ("good", fill(texts.opened, &[("team", team)])),
            ("refused", Some(team), _) => ("stop", fill(texts.refused_team, &[("team", team)])),
            ("refused", None, _) => ("stop", texts.refused.to_owned()),
            ("stopping-own-app", Some(team), Some(app)) => {
                ("info", fill(texts.stopped_app, &[("app", app), ("team", team)]))
            }
            ("sessions-ended", ..) => ("info", texts.ended_sessions.to_owned()),
            _ => return None,
        };
        let from = detail("from").map(|from| fill(texts.from_address, &[("address", from)]));
        let reference =
            detail("reference").map(|number| fill(texts.reference, &[("reference", number)]));
        Some(Self {
            at: Moment::ago(entry.at, now, language),
            class,
            what,
            details: from.into_iter().chain(reference).collect(),
            code: (entry.event == "refused").then(|| entry.code.clone()),
        })
    }
}
