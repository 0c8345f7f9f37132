//! What the pages about requests show.

use super::purpose;
use crate::pages::{Here, Moment, Who};
use crate::strings::{Language, Requests};
use crate::{assets, strings};
use access::ids::PersonId;
use access::map::BreakGlassNeeds;
use access::temporary::TemporaryKind;
use askama::Template;
use control::desk::{
    Askable, MyRequests, RequestForm, RequestState, RequestView, TemporaryState, TemporaryView,
};
use jiff::SignedDuration;
use std::collections::BTreeMap;

/// Lengths that can be asked for, in minutes, as far as the map lets them.
const LENGTHS: [i64; 10] = [15, 30, 60, 120, 240, 480, 1_440, 4_320, 10_080, 43_200];

/// The most teams that are listed to be asked for: about 300 bytes each.
const MOST_ASKABLE: usize = 100;

/// `GET /request/{team}`. No `Debug`: it holds form keys.
#[derive(Template)]
#[template(path = "request.html")]
pub(crate) struct RequestPage {
    language: Language,
    texts: &'static Requests,
    who: Who,
    team: String,
    heading: String,
    purpose: Option<String>,
    has: Has,
    ask: Option<Ask>,
    /// Whether it is to be said that the map does not let the person ask.
    may_not: bool,
    open: Vec<Row>,
    glass: Option<Glass>,
    grants: Vec<Row>,
    requests: Vec<Row>,
    owed: Vec<Row>,
}

/// Whether the person has the team.
enum Has {
    Not,
    Until(Moment),
    WithoutEnd,
}

/// What can be asked for.
struct Ask {
    key: String,
    deciders: String,
    lengths: Vec<(i64, String)>,
}

/// What breaking glass takes.
struct Glass {
    key: String,
    what: &'static str,
    lasts: String,
}

/// A request or a grant, as a row.
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) who: String,
    pub(crate) team: String,
    pub(crate) length: String,
    pub(crate) reason: String,
    pub(crate) ticket: Option<String>,
    pub(crate) when: Moment,
    pub(crate) until: Moment,
    pub(crate) state: &'static str,
    pub(crate) class: &'static str,
    pub(crate) by: Option<String>,
    pub(crate) why: Option<String>,
    pub(crate) is_glass: bool,
    pub(crate) owes_note: bool,
    /// Key of the form that changes it: decide, withdraw or note.
    pub(crate) key: String,
}

/// `GET /requests`. No `Debug`: it holds form keys.
#[derive(Template)]
#[template(path = "requests.html")]
pub(crate) struct RequestsPage {
    language: Language,
    texts: &'static Requests,
    who: Who,
    to_decide: Vec<Row>,
    own: Vec<Row>,
    grants: Vec<Row>,
    askable: Vec<AskableText>,
    more_askable: bool,
}

/// A team that can be asked for.
struct AskableText {
    team: String,
    title: String,
    purpose: Option<String>,
    emergency_only: bool,
}

impl RequestPage {
    pub(crate) fn new(
        form: &RequestForm,
        language: Language,
        form_key: impl Fn(&str) -> String,
    ) -> Self {
        let texts = language.requests();
        let has = match form.has_until {
            None => Has::Not,
            Some(None) => Has::WithoutEnd,
            Some(Some(until)) => Has::Until(Moment::at(until, language)),
        };
        let withdraw = |id: &str| form_key(&purpose("withdraw", id));
        let requests: Vec<Row> =
            form.requests.iter().map(|one| Row::of_request(one, language, withdraw)).collect();
        let is_open = |one: &&RequestView| one.state == RequestState::Open;
        let waits =
            |glass| form.requests.iter().filter(is_open).any(|one| one.break_glass == glass);
        let is_endless = matches!(has, Has::WithoutEnd);
        let ask = form.request.as_ref().filter(|_| !is_endless && !waits(false)).map(|way| Ask {
            key: form_key(&purpose("ask", form.team.as_str())),
            deciders: deciders(&way.groups, texts),
            lengths: lengths(way.longest_seconds, language),
        });
        // What the desk would refuse is not offered.
        let is_whole = form.owed.is_empty() && !waits(true) && !form.grants.iter().any(is_broken);
        let glass = form.break_glass.filter(|_| !is_endless && is_whole);
        let glass = glass.map(|(needs, seconds)| Glass {
            key: form_key(&purpose("break-glass", form.team.as_str())),
            what: match needs {
                BreakGlassNeeds::Reason => texts.emergency_what,
                BreakGlassNeeds::TwoPeople => texts.emergency_two,
            },
            lasts: language.length(SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(0))),
        });
        let verb = match has {
            Has::Not => texts.ask_for,
            Has::Until(_) => texts.extend,
            Has::WithoutEnd => texts.your_access,
        };
        let open = form.requests.iter().filter(is_open);
        let open = open.map(|one| Row::of_request(one, language, withdraw)).collect();
        let note = |id: &str| form_key(&purpose("note", id));
        Self {
            language,
            texts,
            who: Who::new(&form.person, language, Here::Requests, &form_key)
                .who_administers(form.administers),
            team: form.team.to_string(),
            heading: format!("{verb} {}", form.title),
            purpose: form.purpose.clone(),
            has,
            ask,
            may_not: form.request.is_none() && !is_endless,
            open,
            glass,
            grants: form.grants.iter().map(|one| Row::of_grant(one, language, note)).collect(),
            requests,
            owed: form.owed.iter().map(|one| Row::of_grant(one, language, note)).collect(),
        }
    }
}

impl RequestsPage {
    pub(crate) fn new(
        mine: &MyRequests,
        names: &BTreeMap<PersonId, String>,
        language: Language,
        form_key: impl Fn(&str) -> String,
    ) -> Self {
        let texts = language.requests();
        let key = |what: &'static str| {
            let form_key = &form_key;
            move |id: &str| form_key(&purpose(what, id))
        };
        let of = |all: &[RequestView], what| {
            let row = |one| Row::of_request(one, language, key(what));
            all.iter().map(|one| row(one).named(names.get(&one.person))).collect()
        };
        Self {
            language,
            texts,
            who: Who::new(&mine.person, language, Here::Requests, &form_key)
                .who_administers(mine.administers),
            to_decide: of(&mine.to_decide, "decide"),
            own: of(&mine.own, "withdraw"),
            grants: mine
                .grants
                .iter()
                .map(|one| Row::of_grant(one, language, key("note")))
                .collect(),
            askable: mine.askable.iter().take(MOST_ASKABLE).map(AskableText::new).collect(),
            more_askable: mine.askable.len() > MOST_ASKABLE,
        }
    }
}

impl AskableText {
    fn new(one: &Askable) -> Self {
        Self {
            team: one.team.to_string(),
            title: one.title.clone(),
            purpose: one.purpose.clone(),
            emergency_only: !one.by_request,
        }
    }
}

/// Whether glass is broken by this grant, and not over.
fn is_broken(grant: &TemporaryView) -> bool {
    grant.kind == TemporaryKind::BreakGlass
        && matches!(grant.state, TemporaryState::InForce | TemporaryState::ToBegin)
}

impl Row {
    /// With the name that the directory has for the person, if it has one.
    #[must_use]
    pub(crate) fn named(self, name: Option<&String>) -> Self {
        Self { who: name.cloned().unwrap_or(self.who), ..self }
    }

    pub(crate) fn of_request(
        view: &RequestView,
        language: Language,
        key: impl Fn(&str) -> String,
    ) -> Self {
        let texts = language.requests();
        let (state, class) = match view.state {
            RequestState::Open => (texts.open, "warn"),
            RequestState::Approved => (texts.approved, "good"),
            RequestState::Refused => (texts.refused, "stop"),
            RequestState::Withdrawn => (texts.withdrawn, ""),
            RequestState::Lapsed => (texts.lapsed, ""),
        };
        let seconds = i64::try_from(view.seconds).unwrap_or(i64::MAX);
        Self {
            id: view.id.to_string(),
            who: view.person_name.clone(),
            team: view.team.to_string(),
            length: language.length(SignedDuration::from_secs(seconds)),
            reason: view.reason.clone(),
            ticket: view.ticket.clone(),
            when: Moment::at(view.at, language),
            until: Moment::at(view.lapses, language),
            state,
            class,
            by: view.decided_by.clone(),
            why: view.why.clone(),
            is_glass: view.break_glass,
            owes_note: false,
            key: key(view.id.as_str()),
        }
    }

    pub(crate) fn of_grant(
        view: &TemporaryView,
        language: Language,
        key: impl Fn(&str) -> String,
    ) -> Self {
        let texts = language.requests();
        let (state, class) = match view.state {
            TemporaryState::ToBegin => (texts.to_begin, "info"),
            TemporaryState::InForce => (texts.in_force, "good"),
            TemporaryState::Ended => (texts.ended, ""),
            TemporaryState::Revoked => (texts.revoked, "stop"),
        };
        Self {
            id: view.id.to_string(),
            who: view.person_name.clone(),
            team: view.team.to_string(),
            length: language.length(view.ends.duration_since(view.from)),
            reason: view.reason.clone(),
            ticket: view.ticket.clone(),
            when: Moment::at(view.from, language),
            until: Moment::at(view.ends, language),
            state,
            class,
            by: view.approved_by.clone().or_else(|| Some(view.by.clone())),
            why: view.note.as_ref().map(|note| note.text.clone()),
            is_glass: view.kind == TemporaryKind::BreakGlass,
            owes_note: view.owes_note,
            key: key(view.id.as_str()),
        }
    }
}

/// The lengths that can be asked for: some round ones, and the longest.
fn lengths(longest_seconds: u64, language: Language) -> Vec<(i64, String)> {
    let longest = i64::try_from(longest_seconds / 60).unwrap_or(0);
    let round = LENGTHS.into_iter().filter(|minutes| *minutes < longest);
    let all = round.chain([longest]).filter(|minutes| *minutes > 0);
    all.map(|minutes| (minutes, language.length(SignedDuration::from_mins(minutes)))).collect()
}

fn deciders(groups: &[String], texts: &Requests) -> String {
    let mut all: Vec<&str> = groups.iter().map(String::as_str).collect();
    all.push(texts.administrators);
    all.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_end_with_the_longest_that_the_map_lets_them() {
        let minutes = |seconds| {
            let lengths = lengths(seconds, Language::English).into_iter();
            lengths.map(|(minutes, _)| minutes).collect::<Vec<_>>()
        };
        assert_eq!(minutes(4 * 3600), [15, 30, 60, 120, 240]);
        assert_eq!(minutes(45 * 60), [15, 30, 45]);
        assert_eq!(minutes(60), [1]);
    }
}
