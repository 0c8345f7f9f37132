//! A response that somebody captured: from a file or standard input, in whatever form it was found.

use crate::codes;
use crate::exit::BadConfiguration;
use anyhow::Result;
use saml_sp::{Rejection, UnverifiedResponse};
use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use url::form_urlencoded;

/// More than the largest accepted response takes with every character of its base64 written as
/// `%XX`. What is longer is read so far, and refused for its size.
const MAX_BYTES: u64 = 1024 * 1024;

/// A response in one of the forms in which it travels.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Captured {
    /// The document.
    Xml(Vec<u8>),
    /// The value of the form field `SAMLResponse`.
    Form(String),
}

impl Captured {
    /// Reads a file, or standard input for `-`.
    ///
    /// # Errors
    /// [`BadConfiguration`] if it cannot be read, or is a form without a response.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let unreadable = |error: &dyn std::fmt::Display| {
            let message = format!("response {}: {error}", path.display());
            BadConfiguration::new(codes::RESPONSE_UNREADABLE, message)
        };
        let mut bytes = Vec::new();
        let source: Box<dyn Read> = if path == Path::new("-") {
            Box::new(io::stdin().lock())
        } else {
            Box::new(File::open(path).map_err(|error| unreadable(&error))?)
        };
        source.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
        Ok(Self::detect(bytes).map_err(|error| unreadable(&error))?)
    }

    fn detect(bytes: Vec<u8>) -> Result<Self, &'static str> {
        let start = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes).trim_ascii_start();
        let text = match std::str::from_utf8(&bytes) {
            Ok(text) if !start.starts_with(b"<") => text.trim(),
            _ => return Ok(Self::Xml(bytes)),
        };
        if text.split('&').any(|field| field.trim_start().starts_with("SAMLResponse=")) {
            let mut values = form_urlencoded::parse(text.as_bytes())
                .filter(|(name, _)| name.trim() == "SAMLResponse")
                .map(|(_, value)| value.into_owned());
            return match (values.next(), values.next()) {
                (Some(value), None) => Ok(Self::Form(value)),
                _ => Err("the form holds SAMLResponse more than once"),
            };
        }
        if text.contains('%') {
            // A `+` stands for itself here: in base64 it is a digit, and a blank is none.
            let escaped = text.replace('+', "%2B");
            let decoded = form_urlencoded::parse(escaped.as_bytes()).next();
            return Ok(Self::Form(
                decoded.map_or(Cow::Borrowed(text), |(name, _)| name).into_owned(),
            ));
        }
        Ok(Self::Form(text.to_owned()))
    }

    /// What it says about itself.
    pub(super) fn peek(&self) -> Result<UnverifiedResponse, Rejection> {
        match self {
            Self::Xml(xml) => UnverifiedResponse::peek_xml(xml),
            Self::Form(value) => UnverifiedResponse::peek_form(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detect(text: &str) -> Result<Captured, &'static str> {
        Captured::detect(text.as_bytes().to_vec())
    }

    #[test]
    fn every_form_in_which_a_response_is_found_is_known() {
        for xml in ["<a/>", "\u{feff}\n <a/>\n"] {
            assert_eq!(detect(xml), Ok(Captured::Xml(xml.as_bytes().to_vec())));
        }
        let utf16 = vec![0xff, 0xfe, b'<'];
        assert_eq!(Captured::detect(utf16.clone()), Ok(Captured::Xml(utf16)));
        for (found, value) in [
            ("PGEv+g==\n", "PGEv+g=="),
            ("PGEv%2Bg%3D%3D", "PGEv+g=="),
            ("PGEv+g%3D%3D", "PGEv+g=="),
            ("SAMLResponse=PGEv%2Bg%3D%3D&RelayState=fraud\n", "PGEv+g=="),
            ("RelayState=a%26b&SAMLResponse=PGEv", "PGEv"),
            ("junk", "junk"),
            ("", ""),
        ] {
            assert_eq!(detect(found), Ok(Captured::Form(value.to_owned())), "{found}");
        }
    }

    #[test]
    fn two_responses_in_one_form_are_not_chosen_from() {
        assert!(detect("SAMLResponse=YQ&SAMLResponse=Yg").is_err());
    }
}
