//! Before signing in, on the way to an identity provider, and after signing out.

use crate::assets;
use crate::strings::{self, Entry, Language};
use access::ids::{IdpKey, TeamKey};
use askama::Template;

/// Before signing in.
#[derive(Debug, Template)]
#[template(path = "welcome.html")]
pub(crate) struct WelcomePage {
    language: Language,
    texts: &'static Entry,
    sign_ins: Vec<SignIn>,
}

impl WelcomePage {
    pub(crate) fn new(language: Language, idps: &[IdpKey]) -> Self {
        let texts = language.entry();
        Self { language, texts, sign_ins: sign_ins(language, idps, None) }
    }
}

/// On the way to an identity provider that takes requests by HTTP-POST. No `Debug`: a field shows the
/// id of the request.
#[derive(Template)]
#[template(path = "departure.html")]
pub(crate) struct DeparturePage {
    pub(crate) language: Language,
    pub(crate) texts: &'static Entry,
    pub(crate) action: String,
    pub(crate) fields: Vec<(&'static str, String)>,
}

/// After signing out.
#[derive(Debug, Template)]
#[template(path = "signed_out.html")]
pub(crate) struct SignedOutPage {
    pub(crate) language: Language,
    pub(crate) texts: &'static Entry,
}

/// A sign-in button.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SignIn {
    pub(crate) label: String,
    pub(crate) href: String,
}

/// A button for each identity provider. With a team, signing in leads there.
pub(crate) fn sign_ins(language: Language, idps: &[IdpKey], team: Option<&TeamKey>) -> Vec<SignIn> {
    idps.iter()
        .map(|idp| {
            // Both keys are slugs: nothing in them needs encoding.
            let query = team.map(|team| format!("?team={team}")).unwrap_or_default();
            let name = spoken(idp.as_str());
            SignIn {
                label: strings::fill(language.entry().sign_in_with, &[("name", &name)]),
                href: format!("/login/{idp}{query}"),
            }
        })
        .collect()
}

/// A key as people would say it at the end of a label: `entra-id` is *Entra id*.
fn spoken(key: &str) -> String {
    let mut letters = key.chars().map(|c| if c == '-' { ' ' } else { c });
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
