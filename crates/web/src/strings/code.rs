//! Words in backticks, as remedies and reasons have them, shown as code, and times in them as people write
//! times.

#![expect(
    unreachable_pub,
    clippy::inline_always,
    clippy::unused_self,
    reason = "the macro of filters writes them so"
)]

use super::admin::moment;
use askama::filters::{Html, Safe, escape};
use jiff::Timestamp;
use std::fmt::{Display, Write};

/// `{{ text|words }}`: what stands between two backticks becomes `<code>`, and a time `<time>`. Everything
/// is escaped as elsewhere; a backtick without another stays as it is.
#[askama::filter_fn]
pub(crate) fn words(text: impl Display, _: &dyn askama::Values) -> askama::Result<Safe<String>> {
    let text = escape(text.to_string(), Html)?.to_string();
    let mut shown = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once('`') {
        let Some((code, after)) = after.split_once('`') else { break };
        push(&mut shown, before);
        shown.push_str("<code>");
        shown.push_str(code);
        shown.push_str("</code>");
        rest = after;
    }
    push(&mut shown, rest);
    Ok(Safe(shown))
}

/// Adds a text whose times are written for programs.
fn push(shown: &mut String, text: &str) {
    for word in text.split_inclusive(' ') {
        let bare = word.trim_end_matches([' ', '.', ',', ';', ')']);
        let at = bare.ends_with('Z').then(|| bare.parse::<Timestamp>().ok()).flatten();
        match (at, word.strip_prefix(bare)) {
            (Some(at), Some(rest)) => {
                let _ = write!(shown, "<time datetime=\"{at}\">{}</time>{rest}", moment(at));
            }
            _ => shown.push_str(word),
        }
    }
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

    #[test]
    fn times_are_written_for_people() {
        let shown = |text| Shown { text }.render().unwrap();
        assert_eq!(
            shown("ends by itself at 2026-11-22T15:09:52Z, and `2026-11-22T15:09:52Z` is code"),
            "ends by itself at <time datetime=\"2026-11-22T15:09:52Z\">22 Nov 2026, 15:09 UTC</time>, and \
             <code>2026-11-22T15:09:52Z</code> is code"
        );
        for plain in ["Zoë Z", "2026-11-22Z", "change 20261122T110841Z-9e5f"] {
            assert_eq!(shown(plain), plain);
        }
    }
}
