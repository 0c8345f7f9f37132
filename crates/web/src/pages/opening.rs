//! The page that waits for a profile.

use crate::strings::{Language, Opening, Work, fill};
use crate::{assets, strings};
use askama::Template;
use control::door::Preparing;

/// The page that waits for a profile. No `Debug`: its addresses hold a form key.
#[derive(Template)]
#[template(path = "opening.html")]
pub(crate) struct OpeningPage {
    language: Language,
    texts: &'static Opening,
    work: &'static Work,
    title: String,
    what: String,
    steps: [Step; 4],
    onward: Onward,
}

/// A step of an opening.
#[derive(Debug, Clone, Copy)]
struct Step {
    name: &'static str,
    detail: Option<&'static str>,
    state: &'static str,
    class: &'static str,
}

/// How the page goes on. No `Debug`: the addresses hold a form key.
pub(crate) struct Onward {
    /// The address to look at next.
    pub(crate) again: String,
    /// The address that tells how far it is.
    pub(crate) progress: String,
    /// Where the script goes when it has been going on for long; `None`: it has.
    pub(crate) late: Option<String>,
    /// After how many seconds to look.
    pub(crate) seconds: u32,
}

impl OpeningPage {
    pub(crate) fn new(
        language: Language,
        team: &str,
        preparing: Preparing,
        onward: Onward,
    ) -> Self {
        let texts = language.opening();
        let step = |name, detail, state, class| Step { name, detail, state, class };
        let what = if onward.late.is_none() { texts.long } else { texts.what };
        Self {
            language,
            texts,
            work: language.work(),
            title: fill(texts.title, &[("team", team)]),
            what: fill(what, &[("team", team)]),
            steps: [
                step(texts.identity, None, texts.done, "done"),
                step(texts.rule, None, texts.done, "done"),
                step(texts.profile, Some(waits_for(language, preparing)), texts.now, "now"),
                step(texts.link, None, texts.next, "next"),
            ],
            onward,
        }
    }
}

/// What the step that is under way waits for.
pub(crate) fn waits_for(language: Language, preparing: Preparing) -> &'static str {
    let texts = language.opening();
    if preparing.profile_requested { texts.requested } else { texts.awaited }
}
