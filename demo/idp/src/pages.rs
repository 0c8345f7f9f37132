//! The pages, plain HTML which works without JavaScript.

use crate::canonical::{attribute, text};
use crate::idp::{DemoPerson, DemoTile};

const STYLE: &str = include_str!("style.css");

/// What a login page must hand on.
#[derive(Debug)]
pub(crate) struct LoginState<'a> {
    pub(crate) service_provider: &'a str,
    pub(crate) request_id: Option<&'a str>,
    pub(crate) relay_state: Option<&'a str>,
    pub(crate) team: Option<&'a str>,
}

/// One button for each person.
pub(crate) fn login(people: &[DemoPerson], state: &LoginState<'_>) -> String {
    let hidden = [
        hidden("service_provider", Some(state.service_provider)),
        hidden("request_id", state.request_id),
        hidden("relay_state", state.relay_state),
        hidden("team", state.team),
    ]
    .concat();
    let buttons: Vec<_> = people.iter().map(person_button).collect();
    let purpose = match state.team {
        Some(team) => format!("to open team <b>{}</b>", text(team)),
        None => format!("to continue to <b>{}</b>", text(state.service_provider)),
    };
    layout(
        "Who are you today?",
        &format!(
            "<p class=\"lead\">Pick somebody {purpose}. There are no passwords here.</p>\
             <form method=\"post\" action=\"/login\">{hidden}<ul class=\"people\">{}</ul></form>",
            buttons.concat()
        ),
    )
}

fn person_button(person: &DemoPerson) -> String {
    let initials: String = person
        .display_name
        .split_whitespace()
        .filter_map(|word| word.chars().next())
        .take(2)
        .collect();
    format!(
        "<li><button name=\"person\" value=\"{}\"><span class=\"face\" aria-hidden=\"true\">{}\
         </span><span><b>{}</b><small>{}</small></span></button></li>",
        attribute(&person.user_name),
        text(&initials),
        text(&person.display_name),
        text(&person.about),
    )
}

/// A form which posts the response to the service provider: by itself where scripts run, by a
/// click where they do not.
pub(crate) fn forward(
    person: &DemoPerson,
    acs_url: &str,
    saml_response: &str,
    relay_state: Option<&str>,
) -> String {
    layout(
        &format!("Hello, {}", person.display_name),
        &format!(
            "<p class=\"lead\">Your signed answer is ready. If nothing happens, press the button.</p>\
             <form method=\"post\" action=\"{}\" id=\"forward\">{}{}\
             <button class=\"go\">Continue</button></form>\
             <script>document.getElementById('forward').submit()</script>",
            attribute(acs_url),
            hidden("SAMLResponse", Some(saml_response)),
            hidden("RelayState", relay_state),
        ),
    )
}

/// The tiles of sign-ins that start here.
pub(crate) fn index(tiles: &[DemoTile]) -> String {
    let links: Vec<_> = tiles
        .iter()
        .map(|tile| {
            // A form and no link: the browser escapes the team's name.
            format!(
                "<li><form method=\"get\" action=\"/start\">{}<button><span><b>{}</b>\
                 <small>team {}</small></span></button></form></li>",
                hidden("team", Some(&tile.team)),
                text(&tile.title),
                text(&tile.team),
            )
        })
        .collect();
    let tiles = if links.is_empty() {
        "<p>No tiles are set up. Start at the service provider.</p>".to_owned()
    } else {
        format!("<ul class=\"people\">{}</ul>", links.concat())
    };
    layout(
        "Your applications",
        &format!(
            "<p class=\"lead\">Each tile starts a sign-in here, without a request.</p>{tiles}"
        ),
    )
}

/// Why a request was not served.
pub(crate) fn problem(sentence: &str) -> String {
    layout("That did not work", &format!("<p class=\"lead\">{}</p>", text(sentence)))
}

fn hidden(name: &str, value: Option<&str>) -> String {
    value
        .map(|value| {
            format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">", attribute(value))
        })
        .unwrap_or_default()
}

fn layout(title: &str, body: &str) -> String {
    let title = text(title);
    format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <link rel=\"icon\" href=\"data:,\">\
         <title>{title} · DEMO identity provider</title><style>{STYLE}</style></head><body>\
         <p class=\"demo\" role=\"note\"><b>DEMO</b> This is not a real identity provider. \
         Anyone can be anyone. Never use it in production.</p>\
         <main><h1>{title}</h1>{body}</main></body></html>"
    )
}
