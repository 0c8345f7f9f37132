//! Every sentence of the pages, in one place: a file an area.
//!
//! `texts!` makes a struct of an area's names and English words. Another language is a constant of that
//! struct (`german/`), so that one which lacks a text does not compile; [`Language`] chooses. A page
//! holds the texts it was made with. Names, reasons of the map and codes are data and stay as they are.

/// Declares the texts of an area: a struct, and its English.
macro_rules! texts {
    ($(#[$meta:meta])* $area:ident { $($name:ident: $english:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug)]
        pub(crate) struct $area {
            $(pub(crate) $name: &'static str,)+
        }

        impl $area {
            pub(crate) const ENGLISH: Self = Self { $($name: $english,)+ };
        }
    };
}

mod access;
pub(crate) mod admin;
pub(crate) mod code;
mod entry;
mod frame;
mod german;
mod language;
mod refusal;
mod requests;
pub(crate) mod rooms;
mod work;

pub(crate) use access::Access;
pub(crate) use admin::Admin;
pub(crate) use entry::Entry;
pub(crate) use frame::Frame;
pub(crate) use language::Language;
pub(crate) use refusal::{InOtherWords, Refusal};
pub(crate) use requests::Requests;
pub(crate) use rooms::Rooms;
pub(crate) use work::{Opening, Work};

pub(crate) const PRODUCT: &str = "Stagedoor";

/// The frame of pages that are in English only.
pub(crate) const FRAME: Frame = Frame::ENGLISH;

/// The text with `{name}` replaced by the value of that name.
pub(crate) fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            filled.push('{');
            rest = after;
            continue;
        };
        if let Some((_, value)) = values.iter().find(|(known, _)| *known == name) {
            filled.push_str(value);
        } else {
            filled.push('{');
            filled.push_str(name);
            filled.push('}');
        }
        rest = after;
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_filled_in_once_and_by_name() {
        let filled = fill("{n} of {all}, {n}", &[("n", "{all}"), ("all", "3")]);
        assert_eq!(filled, "{all} of 3, {all}");
        assert_eq!(fill("{unknown} {", &[("n", "1")]), "{unknown} {");
    }
}
