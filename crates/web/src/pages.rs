//! The pages: what each template needs, and how the door's words become it.

mod who;

pub(crate) use who::Who;

use crate::strings::Language;
use crate::{assets, provenance, strings};
use access::ids::{IdpKey, TeamKey};
use access::snapshot::Person;
use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use control::door::{Preparing, TeamCard};

/// Renders a page. Templates cannot fail but by a defect; the frame makes its page then.
pub(crate) fn answer(page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => {
            let kind = HeaderValue::from_static("text/html; charset=utf-8");
            ([(header::CONTENT_TYPE, kind)], html).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Before signing in.
#[derive(Debug, Template)]
#[template(path = "welcome.html")]
pub(crate) struct WelcomePage {
    pub(crate) sign_ins: Vec<SignIn>,
}

/// On the way to an identity provider that takes requests by HTTP-POST. No `Debug`: a field shows the
/// id of the request.
#[derive(Template)]
#[template(path = "departure.html")]
pub(crate) struct DeparturePage {
    pub(crate) action: String,
    pub(crate) fields: Vec<(&'static str, String)>,
}

/// After signing out.
#[derive(Debug, Template)]
#[template(path = "signed_out.html")]
pub(crate) struct SignedOutPage;

/// *My work*.
#[derive(Template)]
#[template(path = "my_work.html")]
pub(crate) struct MyWorkPage {
    pub(crate) language: Language,
    pub(crate) who: Who,
    pub(crate) summary: String,
    pub(crate) cards: Vec<Card>,
}

/// The page that waits for a profile.
#[derive(Debug, Template)]
#[template(path = "opening.html")]
pub(crate) struct OpeningPage {
    pub(crate) title: String,
    pub(crate) what: String,
    pub(crate) steps: [Step; 4],
    pub(crate) long: bool,
    pub(crate) again: String,
}

/// A refusal.
#[derive(Debug, Template)]
#[template(path = "refused.html")]
pub(crate) struct RefusedPage<'a> {
    pub(crate) headline: &'a str,
    pub(crate) why: &'a str,
    pub(crate) remedy: &'a str,
    pub(crate) reference: &'a str,
    pub(crate) code: &'a str,
    pub(crate) whereabouts: Option<Whereabouts>,
    /// Label of the way out, for whom signing in would not help.
    pub(crate) back: &'a str,
    pub(crate) sign_ins: Vec<SignIn>,
}

/// Where a person was seen, and how.
#[derive(Debug)]
pub(crate) struct Whereabouts {
    pub(crate) address: Option<String>,
    pub(crate) vpce: Option<String>,
    pub(crate) how: String,
}

/// A sign-in button.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SignIn {
    pub(crate) label: String,
    pub(crate) href: String,
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
    pub(crate) until: Option<Until>,
    pub(crate) state: CardState,
}

/// Whether the button works.
pub(crate) enum CardState {
    /// It does, with this form key.
    Open(String),
    /// It does not, for this reason.
    Blocked(String),
}

/// Whom to ask; with an address where the name is one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) name: String,
    pub(crate) mailto: Option<String>,
}

/// A moment, for machines and for people.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Until {
    pub(crate) machine: String,
    pub(crate) people: String,
}

/// A step of an opening.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) detail: Option<&'static str>,
    pub(crate) state: &'static str,
    pub(crate) class: &'static str,
}

/// A button for each identity provider. With a team, signing in leads there.
pub(crate) fn sign_ins(idps: &[IdpKey], team: Option<&TeamKey>) -> Vec<SignIn> {
    idps.iter()
        .map(|idp| {
            // Both keys are slugs: nothing in them needs encoding.
            let query = team.map(|team| format!("?team={team}")).unwrap_or_default();
            SignIn {
                label: strings::sign_in_with(&spoken(idp.as_str())),
                href: format!("/login/{idp}{query}"),
            }
        })
        .collect()
}

impl MyWorkPage {
    /// `form_key` makes the key of a form with a purpose.
    pub(crate) fn new(
        language: Language,
        person: &Person,
        teams: &[TeamCard],
        form_key: impl Fn(&str) -> String,
    ) -> Self {
        let blocked = teams.iter().filter(|team| team.blocked.is_some()).count();
        Self {
            language,
            who: Who::new(person, language, &form_key),
            summary: strings::team_count(teams.len() - blocked, blocked),
            cards: teams.iter().map(|team| Card::new(team, &form_key)).collect(),
        }
    }
}

impl Card {
    fn new(card: &TeamCard, form_key: impl Fn(&str) -> String) -> Self {
        let team = card.team.to_string();
        let state = match &card.blocked {
            Some(why) => CardState::Blocked(why.clone()),
            None => CardState::Open(form_key(&provenance::open_purpose(&team))),
        };
        Self {
            title: card.about.title.clone().unwrap_or_else(|| team.clone()),
            purpose: card.about.purpose.clone(),
            owner: card.about.owner.clone().map(Owner::new),
            data_class: card.about.data_class.clone(),
            persona: card.persona.as_deref().map(|persona| persona.replace('-', " ")),
            region: card.region.clone(),
            until: card.until.map(|until| Until {
                machine: until.to_string(),
                people: until.strftime("%-d %B %Y, %H:%M UTC").to_string(),
            }),
            state,
            team,
        }
    }
}

impl Owner {
    fn new(name: String) -> Self {
        let parts = name.split_once('@');
        let plain = |part: &str| {
            !part.is_empty()
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-+".contains(&b))
        };
        let is_address = parts.is_some_and(|(local, host)| plain(local) && plain(host));
        Self { mailto: is_address.then(|| format!("mailto:{name}")), name }
    }
}

impl OpeningPage {
    /// `again` is the address to look at next, `long` whether it has been going on for long.
    pub(crate) fn new(team: &str, preparing: Preparing, again: String, long: bool) -> Self {
        let step = |name, detail, state, class| Step { name, detail, state, class };
        let detail = if preparing.profile_requested {
            strings::STEP_PROFILE_REQUESTED
        } else {
            strings::STEP_PROFILE_AWAITED
        };
        Self {
            title: strings::opening_team(team),
            what: strings::opening_what(team),
            steps: [
                step(strings::STEP_IDENTITY, None, strings::DONE, "done"),
                step(strings::STEP_RULE, None, strings::DONE, "done"),
                step(strings::STEP_PROFILE, Some(detail), strings::NOW, "now"),
                step(strings::STEP_LINK, None, strings::NEXT, "next"),
            ],
            long,
            again,
        }
    }
}

/// A key as people would say it at the end of a label: `entra-id` is *Entra id*.
fn spoken(key: &str) -> String {
    let mut letters = key.chars().map(|c| if c == '-' { ' ' } else { c });
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
