//! Words in backticks, as remedies and reasons have them, shown as code.

#![expect(
    unreachable_pub,
    clippy::inline_always,
    clippy::unused_self,
    reason = "the macro of filters writes them so"
)]

use askama::filters::{Html, Safe, escape};
use std::fmt::Display;

/// `{{ text|words }}`: what stands between two backticks becomes `<code>`. Everything is escaped as
/// elsewhere; a backtick without another stays as it is.
#[askama::filter_fn]
pub(crate) fn words(text: impl Display, _: &dyn askama::Values) -> askama::Result<Safe<String>> {
    let text = escape(text.to_string(), Html)?.to_string();
    let mut shown = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once('`') {
        let Some((code, after)) = after.split_once('`') else { break };
        shown.push_str(before);
        shown.push_str("<code>");
        shown.push_str(code);
        shown.push_str("</code>");
        rest = after;
    }
    shown.push_str(rest);
    Ok(Safe(shown))
}

#[cfg(test)]
mod tests {
    use crate::strings::code as filters;
    use askama::Template;

    #[derive(Template)]
    #[template(source = "{{ text|words }}", ext = "html")]
    struct Shown<'a> {
        text: &'a str,
    }

    #[test]
    fn words_in_backticks_are_code_and_nothing_is_markup() {
        let shown = |text| Shown { text }.render().unwrap();
        assert_eq!(shown("Run `stagedoor sync`."), "Run <code>stagedoor sync</code>.");
        assert_eq!(shown("`a` & `<b>`"), "<code>a</code> &#38; <code>&#60;b&#62;</code>");
        assert_eq!(shown("one ` only"), "one ` only");
        assert_eq!(shown("plain"), "plain");
    }
}
