//! Keys whose values other patterns are made of: `${aws:PrincipalTag/team}`.
//!
//! Their values are tried one by one, so they must be chosen such that no other value behaves
//! differently. Two cases are understood:
//!
//! - The variable is the whole value of a condition. Then it only says *equal*, and two values are alike
//!   if they match the same of all the patterns that stand in conditions of keys it is compared with.
//!   As many values of each kind are tried as there are such variables, for they may differ or be equal
//!   among each other.
//! - The variable is a whole segment of a pattern, between `/` or `:`. If its values hold neither, two
//!   values are alike if besides they match the same segments of all the patterns of that key, or of the
//!   resource, that can be read at the same place: whatever text one value stands in at such places,
//!   with the other in its stead, and the other way round, matches the same.

use super::automaton::{Glob, Step, classes, literal};
use super::budget::Budget;
use super::choices::Names;
use super::rules::Test;
use super::unknown::Unknown;
use super::values::{any_arn, booleans, text_glob};
use crate::condition::Kind;
use crate::pattern::{Part, Pattern};
use crate::request::Request;
use std::collections::BTreeSet;

/// Letters that values of variables inside of a pattern are taken not to have.
pub(super) const BARRED: [char; 5] = ['/', ':', '*', '?', '$'];
/// Where segments end.
const ENDS: [char; 2] = ['/', ':'];

/// The patterns that something is held against, and what it is.
pub(super) struct Patterns<'a> {
    /// A key in lower case, or none: the resource.
    pub(super) of: Option<&'a str>,
    pub(super) kind: Kind,
    pub(super) list: Vec<&'a Pattern>,
}

/// A key that occurs in variables.
pub(super) struct Variable<'a> {
    pub(super) names: &'a Names,
    pub(super) tests: Vec<&'a Test>,
}

/// Single values for keys that occur in variables and are connected with each other.
#[derive(Debug, Default)]
pub(super) struct Texts {
    plain: Vec<String>,
    /// Without [`BARRED`] letters, for variables inside of patterns.
    inside: Vec<String>,
    /// The first names of the keys that stand inside of patterns.
    pub(super) barred: BTreeSet<String>,
}

impl Texts {
    /// The values for one of the keys.
    pub(super) fn of(&self, names: &Names) -> Vec<String> {
        let barred = names.first().is_some_and(|name| self.barred.contains(name));
        let plain = self.plain.iter().filter(|_| !barred);
        let all: BTreeSet<&String> = self.inside.iter().chain(plain).collect();
        all.into_iter().cloned().collect()
    }
}

/// Values for connected variables: enough of each kind that all variables can be different.
///
/// `together` are the patterns of everything that they are connected with, their own tests among them,
/// and `values` are what keys have for certain with which they are compared.
/// The request has what is known beforehand.
pub(super) fn texts(
    variables: &[Variable<'_>],
    together: &[Patterns<'_>],
    values: &BTreeSet<&str>,
    request: &Request,
    budget: &Budget,
) -> Result<Texts, Unknown> {
    let mut barred = BTreeSet::new();
    let mut globs = vec![Vec::new()];
    globs.extend(values.iter().map(|value| literal(value)));
    for group in together {
        // A resource is nowhere compared with a variable as a whole: `inside` refuses that.
        if group.of.is_some() {
            globs.extend(whole(group, request)?);
        }
        for variable in variables {
            if inside(variable.names, group, request)? {
                barred.extend(variable.names.first().cloned());
                refuse_barred(variable, request)?;
                globs.extend(segments(group, request)?);
            }
        }
    }
    for variable in variables {
        check(variable, request)?;
    }
    // What stands in for one variable can be the value of another.
    let patterns = together.iter().flat_map(|group| &group.list);
    let defaults = patterns.flat_map(|p| p.variables()).filter_map(|v| v.default.as_deref());
    globs.extend(defaults.map(literal));
    globs.sort();
    globs.dedup();
    let of = |without: &[char]| -> Result<Vec<String>, Unknown> {
        let classes = classes(&globs, variables.len(), without, budget)?;
        Ok(classes.into_values().flatten().collect())
    };
    let inside = if barred.is_empty() { Vec::new() } else { of(&BARRED)? };
    Ok(Texts { plain: of(&[])?, inside, barred })
}

/// The name of a key, for people.
fn name(names: &Names) -> &str {
    names.first().map_or("", String::as_str)
}

/// Refuses what is not understood of a variable's own tests.
fn check(variable: &Variable<'_>, request: &Request) -> Result<(), Unknown> {
    let name = name(variable.names);
    for test in &variable.tests {
        let kind = test.operator.base.kind;
        if matches!(kind, Kind::Number | Kind::Date | Kind::Ip | Kind::Binary) {
            return Err(Unknown::because(format!("`${{{name}}}` is used, but its key is no text")));
        }
        for pattern in &test.patterns {
            let parts = known(pattern, request);
            if parts.len() > 1 && parts.iter().any(|part| matches!(part, Part::Variable(_))) {
                return Err(Unknown::because(format!(
                    "`${{{name}}}` is used, and its key is compared with a pattern made of variables"
                )));
            }
        }
    }
    Ok(())
}

/// The patterns of a group that have no variable left, and the defaults of those that have.
fn whole(group: &Patterns<'_>, request: &Request) -> Result<Vec<Glob>, Unknown> {
    let mut globs = Vec::new();
    if group.kind == Kind::Bool {
        globs.extend(booleans());
    }
    let key = group.of.unwrap_or_default();
    for pattern in &group.list {
        if known(pattern, request).iter().any(|part| matches!(part, Part::Variable(_))) {
            if group.kind == Kind::FoldedText {
                let why = format!("`{key}` is compared with a variable without regard to case");
                return Err(Unknown::because(why));
            }
            if group.kind == Kind::Arn {
                globs.push(any_arn());
            }
        } else if let Some(resolved) = pattern.resolve(|key| request.variable(key)) {
            globs.extend(text_glob(key, group.kind, &resolved)?);
        }
    }
    Ok(globs)
}

/// Whether the variable stands inside of a pattern of the group, and in a way that is understood.
fn inside(names: &Names, group: &Patterns<'_>, request: &Request) -> Result<bool, Unknown> {
    let mut found = false;
    let key = name(names);
    for pattern in &group.list {
        let parts = known(pattern, request);
        let whole = parts.len() == 1 && group.of.is_some();
        let mut before: Option<&Part> = None;
        let mut parts = parts.iter().peekable();
        while let Some(part) = parts.next() {
            if let Part::Variable(variable) = part
                && names.contains(&variable.key)
                && !whole
            {
                found = true;
                let begins = match before {
                    None => true,
                    Some(Part::Text(text)) => text.ends_with(ENDS),
                    Some(_) => false,
                };
                let ends = match parts.peek() {
                    None => true,
                    Some(Part::Text(text)) => text.starts_with(ENDS),
                    Some(_) => false,
                };
                let alone = before.is_none() && parts.peek().is_none();
                if !begins || !ends || alone {
                    return Err(Unknown::because(format!(
                        "`${{{key}}}` is no whole segment of a pattern of {}",
                        group.of.map_or("the resource".to_owned(), |of| format!("`{of}`")),
                    )));
                }
            }
            before = Some(part);
        }
    }
    if found && group.list.iter().any(|pattern| pattern.parts().contains(&Part::One)) {
        let why = format!("`?` and `${{{key}}}` stand in patterns of the same thing");
        return Err(Unknown::because(why));
    }
    Ok(found)
}

/// What the text in a variable's place can be held against by any pattern of the group.
///
/// Only what can be read at the same place matters: two patterns are read side by side, and where one is
/// at a variable, the other holds from there to the end of the segment.
fn segments(group: &Patterns<'_>, request: &Request) -> Result<BTreeSet<Glob>, Unknown> {
    let all: Vec<Vec<Piece>> = group
        .list
        .iter()
        .map(|pattern| pieces(&known(pattern, request)))
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    let mut globs = BTreeSet::new();
    for one in all.iter().filter(|pieces| pieces.contains(&Piece::Slot)) {
        for other in &all {
            for at in beside(one, other) {
                rest(other.get(at..).unwrap_or_default(), group, &mut globs)?;
            }
        }
    }
    Ok(globs)
}

/// A pattern, letter by letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Piece {
    Letter(char),
    Many,
    /// A variable.
    Slot,
}

fn pieces(parts: &[Part]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for part in parts {
        match part {
            Part::Text(text) => pieces.extend(text.chars().map(Piece::Letter)),
            // `inside` refuses `?` where it matters.
            Part::Star | Part::One | Part::Malformed(_) => pieces.push(Piece::Many),
            Part::Variable(_) => pieces.push(Piece::Slot),
        }
    }
    pieces
}

/// Where the other pattern can be when the one comes to a variable.
fn beside(one: &[Piece], other: &[Piece]) -> BTreeSet<usize> {
    // Two places, and whether the first was entered just now.
    let mut seen = BTreeSet::from([(0, 0, true)]);
    let mut next = vec![(0, 0, true)];
    while let Some((p, q, fresh)) = next.pop() {
        let (here, there) = (one.get(p).copied(), other.get(q).copied());
        let skips = |piece: Option<Piece>| matches!(piece, Some(Piece::Many | Piece::Slot));
        let mut reach = |place: (usize, usize, bool)| {
            if seen.insert(place) {
                next.push(place);
            }
        };
        if skips(here) {
            reach((p + 1, q, true));
        }
        if skips(there) {
            reach((p, q + 1, fresh));
        }
        // What both read next.
        let stays = |piece: Piece, letter: char| {
            piece == Piece::Many || piece == Piece::Slot && !ENDS.contains(&letter)
        };
        match (here, there) {
            (Some(Piece::Letter(a)), Some(Piece::Letter(b))) if a == b => {
                reach((p + 1, q + 1, true));
            }
            (Some(Piece::Letter(a)), Some(piece)) if stays(piece, a) => reach((p + 1, q, true)),
            (Some(piece), Some(Piece::Letter(b))) if stays(piece, b) => reach((p, q + 1, false)),
            _ => {}
        }
    }
    let comes = |(p, _, fresh): &(usize, usize, bool)| *fresh && one.get(*p) == Some(&Piece::Slot);
    seen.into_iter().filter(comes).map(|(_, q, _)| q).collect()
}

/// The texts that take a pattern from here to the end of the segment: to its delimiter, to the end, or
/// to a star that reads on.
fn rest(pieces: &[Piece], group: &Patterns<'_>, globs: &mut BTreeSet<Glob>) -> Result<(), Unknown> {
    let mut glob = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Letter(letter) if ENDS.contains(letter) => {
                globs.insert(glob);
                return Ok(());
            }
            Piece::Letter(letter) => glob.push(Step::One(*letter)),
            Piece::Many => {
                glob.push(Step::Many);
                globs.insert(glob.clone());
            }
            // Whether the same text stands in both places is told by trying equal and different ones.
            Piece::Slot if glob.is_empty() => return Ok(()),
            Piece::Slot if glob.iter().all(|step| *step == Step::Many) => return Ok(()),
            Piece::Slot => {
                return Err(Unknown::because(format!(
                    "a variable is no whole segment of a pattern of {}",
                    group.of.unwrap_or("the resource")
                )));
            }
        }
    }
    globs.insert(glob);
    Ok(())
}

/// The parts with what is known put in. Variables that the request has no value for stay.
fn known(pattern: &Pattern, request: &Request) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for part in pattern.parts() {
        let part = match part {
            Part::Variable(variable) => match request.variable(&variable.key) {
                Some(value) => Part::Text(value.to_owned()),
                None => part.clone(),
            },
            other => other.clone(),
        };
        match (parts.last_mut(), part) {
            (Some(Part::Text(before)), Part::Text(text)) => before.push_str(&text),
            (_, part) => parts.push(part),
        }
    }
    parts
}

/// A key whose values are taken to be without some letters must not be compared with a text that has
/// them: then somebody thinks otherwise.
fn refuse_barred(variable: &Variable<'_>, request: &Request) -> Result<(), Unknown> {
    let own = variable.tests.iter().flat_map(|test| &test.patterns);
    let bad = |part: &Part| matches!(part, Part::Text(text) if text.contains(BARRED));
    if own.flat_map(|pattern| known(pattern, request)).any(|part| bad(&part)) {
        return Err(Unknown::because(format!(
            "`${{{}}}` stands inside of a pattern, and its key is compared with a text that has one of \
             / : * ? $",
            name(variable.names)
        )));
    }
    Ok(())
}
