//! The pages: what each template needs, and how the door's words become it.

mod apps;
mod entry;
mod my_access;
mod opening;
mod refused;
mod who;
mod work;

pub(crate) use apps::StopAppsPage;
pub(crate) use entry::{DeparturePage, SignIn, SignedOutPage, WelcomePage, sign_ins};
pub(crate) use my_access::{EndAllPage, MyAccessPage};
pub(crate) use opening::{Onward, OpeningPage, waits_for};
pub(crate) use refused::{RefusedPage, Whereabouts};
pub(crate) use who::{Here, Who, initials};
pub(crate) use work::MyWorkPage;

use crate::strings::Language;
use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;

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

/// A page in a language that the browser asked for: another one may get another page.
pub(crate) fn answer_in(page: &impl Template) -> Response {
    let mut answer = answer(page);
    answer.headers_mut().insert(header::VARY, HeaderValue::from_static("accept-language"));
    answer
}

/// A moment, for machines and for people.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) machine: String,
    pub(crate) people: String,
}

impl Moment {
    pub(crate) fn at(at: Timestamp, language: Language) -> Self {
        Self { machine: at.to_string(), people: language.moment(at) }
    }

    pub(crate) fn ago(at: Timestamp, now: Timestamp, language: Language) -> Self {
        Self { machine: at.to_string(), people: language.ago(at, now) }
    }
}

#[cfg(test)]
mod tests;
