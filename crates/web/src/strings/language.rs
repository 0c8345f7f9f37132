//! Which language a browser reads.

use super::Frame;
use super::german;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use std::convert::Infallible;

/// A language that pages can be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Language {
    #[default]
    English,
    German,
}

impl Language {
    /// As the `lang` attribute says it.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    /// What stands round every page.
    pub(crate) const fn frame(self) -> &'static Frame {
        match self {
            Self::English => &Frame::ENGLISH,
            Self::German => &german::FRAME,
        }
    }

    /// The language that `Accept-Language` likes best of those there are (RFC 9110, 12.5.4); English
    /// for whoever names neither.
    pub(crate) fn preferred(headers: &HeaderMap) -> Self {
        let ranges = headers
            .get_all(header::ACCEPT_LANGUAGE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','));
        let mut best = (Self::English, 0);
        for range in ranges {
            let mut parts = range.split(';').map(str::trim);
            let tag = parts.next().unwrap_or_default();
            let weight = parts
                .filter_map(|part| part.strip_prefix("q="))
                .next()
                .map_or(1000, crate::negotiate::thousandths);
            let primary = tag.split('-').next().unwrap_or_default();
            let language = match primary.to_ascii_lowercase().as_str() {
                "en" | "*" => Self::English,
                "de" => Self::German,
                _ => continue,
            };
            if weight > best.1 {
                best = (language, weight);
            }
        }
        best.0
    }
}

impl<S: Sync> FromRequestParts<S> for Language {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::preferred(&parts.headers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preferred(accept: &'static str) -> Language {
        Language::preferred(&HeaderMap::from_iter([(
            header::ACCEPT_LANGUAGE,
            accept.parse().unwrap(),
        )]))
    }

    #[test]
    fn the_language_with_the_greatest_weight_wins_and_english_is_the_default() {
        assert_eq!(preferred("de"), Language::German);
        assert_eq!(preferred("de-AT, en;q=0.8"), Language::German);
        assert_eq!(preferred("fr, DE;q=0.7, en;q=0.5"), Language::German);
        assert_eq!(preferred("en-GB, de;q=0.9"), Language::English);
        assert_eq!(preferred("en;q=0.3, de;q=0.3"), Language::English);
        assert_eq!(preferred("*, de;q=0.5"), Language::English);
        assert_eq!(preferred("fr"), Language::English);
        assert_eq!(preferred("de;q=0"), Language::English);
        assert_eq!(preferred("deu, "), Language::English);
        assert_eq!(Language::preferred(&HeaderMap::new()), Language::English);
    }
}
