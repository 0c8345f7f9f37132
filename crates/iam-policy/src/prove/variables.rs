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
//!   values are alike if besides they match the same segments of all the other patterns of that key,
//!   or of the resource: whatever text one value stands in, with the other in its place, and the other
//!   way round, matches the same.

use super::automaton::{Glob, Step, classes, literal};
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
/// `together` are the patterns of everything that they are connected with, their own tests among them.
/// The request has what is known beforehand.
pub(super) fn texts(
    variables: &[Variable<'_>],
    together: &[Patterns<'_>],
    request: &Request,
) -> Result<Texts, Unknown> {
    let mut barred = BTreeSet::new();
    let mut globs = vec![Vec::new()];
    for group in together {
        globs.extend(whole(group, request)?);
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
    globs.sort();
    globs.dedup();
    let of = |without: &[char]| -> Result<Vec<String>, Unknown> {
        Ok(classes(&globs, variables.len(), without)?.into_values().flatten().collect())
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
    let key = group.of.unwrap_or("the resource");
    for pattern in &group.list {
        if known(pattern, request).iter().any(|part| matches!(part, Part::Variable(_))) {
            if group.kind == Kind::FoldedText {
                let why = format!("`{key}` is compared with a variable without regard to case");
                return Err(Unknown::because(why));
            }
            let defaults = pattern.variables().filter_map(|variable| variable.default.as_deref());
            globs.extend(defaults.map(literal));
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

/// What a segment can be held against, whatever the rest: every piece of the patterns between `/`, `:`
/// and `*`.
fn segments(group: &Patterns<'_>, request: &Request) -> Result<Vec<Glob>, Unknown> {
    let mut globs = Vec::new();
    let of = group.of.unwrap_or("the resource");
    for pattern in &group.list {
        for segment in split(&known(pattern, request)) {
            if segment.iter().any(|part| matches!(part, Part::Variable(_) | Part::Malformed(_))) {
                if segment.len() > 1 {
                    return Err(Unknown::because(format!(
                        "a variable is no whole segment of a pattern of {of}"
                    )));
                }
                continue;
            }
            let stars: Vec<usize> = (0..segment.len())
                .filter(|index| segment.get(*index) == Some(&Part::Star))
                .collect();
            let begins = stars.iter().copied().chain([0]);
            for begin in begins {
                let ends = stars.iter().map(|star| star + 1).chain([segment.len()]);
                for end in ends.filter(|end| *end > begin) {
                    globs.extend(segment.get(begin..end).map(pieces));
                }
            }
        }
    }
    Ok(globs)
}

fn pieces(parts: &[Part]) -> Glob {
    let mut steps = Vec::new();
    for part in parts {
        match part {
            Part::Text(text) => steps.extend(text.chars().map(Step::One)),
            Part::Star => steps.push(Step::Many),
            Part::One => steps.push(Step::Any),
            Part::Variable(_) | Part::Malformed(_) => {}
        }
    }
    steps
}

/// The pattern's segments.
fn split(parts: &[Part]) -> Vec<Vec<Part>> {
    let mut segments = vec![Vec::new()];
    for part in parts {
        let Part::Text(text) = part else {
            segments.extend(segments.is_empty().then(Vec::new));
            if let Some(last) = segments.last_mut() {
                last.push(part.clone());
            }
            continue;
        };
        for (index, piece) in text.split(ENDS).enumerate() {
            if index > 0 {
                segments.push(Vec::new());
            }
            if let Some(last) = segments.last_mut().filter(|_| !piece.is_empty()) {
                last.push(Part::Text(piece.to_owned()));
            }
        }
    }
    segments
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
