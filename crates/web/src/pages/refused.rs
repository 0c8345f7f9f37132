//! A refusal as a page.

use super::SignIn;
use crate::strings::code as filters;
use crate::strings::{Language, Refusal};
use crate::{assets, strings};
use askama::Template;

/// A refusal.
#[derive(Debug, Template)]
#[template(path = "refused.html")]
pub(crate) struct RefusedPage<'a> {
    pub(crate) language: Language,
    pub(crate) texts: &'static Refusal,
    pub(crate) headline: &'a str,
    /// Why, and the language it is in, if that is another than the page's.
    pub(crate) why: &'a str,
    pub(crate) why_in: Option<Language>,
    pub(crate) remedy: &'a str,
    pub(crate) reference: &'a str,
    pub(crate) code: &'a str,
    pub(crate) whereabouts: Option<Whereabouts>,
    /// Where the team that was refused can be asked for.
    pub(crate) request: Option<String>,
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
