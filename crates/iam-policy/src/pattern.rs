//! Texts of a policy in which `*`, `?` and `${…}` may mean more than themselves.
//!
//! Whether they do depends on where the text stands and on the document's version: see [`Syntax`].
//! What a policy variable brings in is text and nothing else. A tag with the value `*` equals `*`; it
//! never matches everything.

/// What is special in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Syntax {
    /// `*` stands for any text, `?` for any one character.
    pub wildcards: bool,
    /// `${key}`, `${key, 'default'}` and the escapes `${*}`, `${?}`, `${$}` are replaced: version
    /// `2012-10-17` of the policy language. Before, they are the characters they are written with.
    pub variables: bool,
}

impl Syntax {
    /// Every character means itself.
    pub const LITERAL: Self = Self { wildcards: false, variables: false };
    /// `*` and `?` only: actions.
    pub const WILDCARDS: Self = Self { wildcards: true, variables: false };
}

/// A piece of a pattern.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// These characters; never empty, and never next to another text.
    Text(String),
    /// `*`: any text, also none. Never next to another one.
    Star,
    /// `?`: any one character.
    One,
    /// The value that a context key has in the request.
    Variable(Variable),
    /// A `${` that begins no variable. Nothing matches.
    Malformed(String),
}

/// `${key}` or `${key, 'default'}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Variable {
    /// The context key in lower case: names of keys are not case-sensitive.
    pub key: String,
    /// What stands in if the request has no value for it, or several.
    pub default: Option<String>,
}

/// How a pattern can be matched without looking at its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// No wildcard and no variable.
    Exact,
    /// A text and then `*`.
    Prefix,
    /// Only `*`.
    Any,
    /// Anything without variables.
    Wild,
    /// Has variables.
    Variables,
}

/// What stands for one character, any one where none is given, or for any text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cell {
    One(Option<char>),
    Star,
}

/// A parsed text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    parts: Vec<Part>,
    shape: Shape,
}

impl Pattern {
    /// Reads a text. Every text is a pattern; a `${` that begins no variable is a
    /// [`Part::Malformed`].
    pub fn parse(text: &str, syntax: Syntax) -> Self {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(symbol) = rest.chars().next() {
            let after = rest.get(symbol.len_utf8()..).unwrap_or_default();
            let (part, left) = match symbol {
                '*' if syntax.wildcards => (Part::Star, after),
                '?' if syntax.wildcards => (Part::One, after),
                '$' if syntax.variables && after.starts_with('{') => variable(rest),
                _ => (Part::Text(symbol.to_string()), after),
            };
            push(&mut parts, part);
            rest = left;
        }
        Self::of(parts)
    }

    fn of(parts: Vec<Part>) -> Self {
        let varies = |part: &Part| matches!(part, Part::Variable(_) | Part::Malformed(_));
        let shape = match parts.as_slice() {
            [] | [Part::Text(_)] => Shape::Exact,
            [Part::Star] => Shape::Any,
            [Part::Text(_), Part::Star] => Shape::Prefix,
            parts if parts.iter().any(varies) => Shape::Variables,
            _ => Shape::Wild,
        };
        Self { parts, shape }
    }

    /// Its pieces in order; none for the empty text.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The only text that it matches, if it has neither wildcards nor variables.
    pub fn literal(&self) -> Option<&str> {
        match (self.shape, self.parts.first()) {
            (Shape::Exact, Some(Part::Text(text))) => Some(text),
            (Shape::Exact, _) => Some(""),
            _ => None,
        }
    }

    /// Whether it is `*`.
    pub fn is_any(&self) -> bool {
        self.shape == Shape::Any
    }

    /// Whether it holds variables, or what looks like one and is none.
    pub fn has_variables(&self) -> bool {
        self.shape == Shape::Variables
    }

    /// The variables in it.
    pub fn variables(&self) -> impl Iterator<Item = &Variable> {
        self.parts.iter().filter_map(|part| match part {
            Part::Variable(variable) => Some(variable),
            _ => None,
        })
    }

    /// Whether it matches the text. `lookup` has the values of variables, by keys in lower case;
    /// with one that has neither value nor default, nothing matches.
    pub fn matches<'a>(&self, text: &str, lookup: impl Fn(&str) -> Option<&'a str> + Copy) -> bool {
        match (self.shape, self.parts.first()) {
            (Shape::Any, _) => true,
            (Shape::Exact, Some(Part::Text(exact))) => exact == text,
            (Shape::Exact, _) => text.is_empty(),
            (Shape::Prefix, Some(Part::Text(prefix))) => text.starts_with(prefix.as_str()),
            (Shape::Variables, _) if !self.resolves(lookup) => false,
            _ => glob(&self.parts, text, lookup),
        }
    }

    /// [`Self::matches`] where there is nothing to look up.
    pub fn matches_text(&self, text: &str) -> bool {
        self.matches(text, |_| None)
    }

    /// Whether some text is matched by both, with whatever values of variables.
    pub fn meets(&self, other: &Self) -> bool {
        if let (Some(one), Some(other)) = (self.literal(), other.literal()) {
            return one == other;
        }
        let (Some(left), Some(right)) = (self.cells(), other.cells()) else { return false };
        // Most patterns differ before their first wildcard or behind their last: then no table is needed.
        let meet = |(a, b): (&Cell, &Cell)| match (a, b) {
            (Cell::One(a), Cell::One(b)) => a.is_none() || b.is_none() || a == b,
            _ => true,
        };
        let fixed = |pair: &(&Cell, &Cell)| matches!(pair, (Cell::One(_), Cell::One(_)));
        let heads = left.iter().zip(&right).take_while(fixed).all(meet);
        let tails = left.iter().rev().zip(right.iter().rev()).take_while(fixed).all(meet);
        if !heads || !tails {
            return false;
        }
        // Whether what is left of both meets, from the end to the start: a row for each place in this one.
        let mut below: Vec<bool> = Vec::new();
        for at in (0..=left.len()).rev() {
            let mut row: Vec<bool> = Vec::with_capacity(right.len() + 1);
            for beside in (0..=right.len()).rev() {
                let known = |row: &[bool], place: Option<usize>| {
                    place.and_then(|place| row.get(place)).is_some_and(|meets| *meets)
                };
                let before = row.len().checked_sub(1);
                row.push(match (left.get(at), right.get(beside)) {
                    (None, None) => true,
                    (Some(Cell::Star), _) | (_, Some(Cell::Star)) => {
                        known(&row, before) || known(&below, Some(row.len()))
                    }
                    (Some(Cell::One(a)), Some(Cell::One(b))) => {
                        (a.is_none() || b.is_none() || a == b) && known(&below, before)
                    }
                    (None, Some(_)) | (Some(_), None) => false,
                });
            }
            below = row;
        }
        below.last().is_some_and(|meets| *meets)
    }

    /// Its pieces one by one; `None` if nothing matches it.
    fn cells(&self) -> Option<Vec<Cell>> {
        let mut cells = Vec::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => cells.extend(text.chars().map(|c| Cell::One(Some(c)))),
                Part::One => cells.push(Cell::One(None)),
                Part::Star | Part::Variable(_) => cells.push(Cell::Star),
                Part::Malformed(_) => return None,
            }
        }
        Some(cells)
    }

    /// Whether every variable has a value or a default.
    pub fn resolves<'a>(&self, lookup: impl Fn(&str) -> Option<&'a str>) -> bool {
        self.shape != Shape::Variables
            || self.parts.iter().all(|part| match part {
                Part::Variable(variable) => variable.value(&lookup).is_some(),
                Part::Malformed(_) => false,
                _ => true,
            })
    }

    /// The pattern with the values of its variables in place, as text. `None` if one has neither
    /// value nor default.
    #[must_use]
    pub fn resolve<'a>(&self, lookup: impl Fn(&str) -> Option<&'a str>) -> Option<Self> {
        let mut parts = Vec::with_capacity(self.parts.len());
        for part in &self.parts {
            let part = match part {
                Part::Variable(variable) => Part::Text(variable.value(&lookup)?.to_owned()),
                Part::Malformed(_) => return None,
                other => other.clone(),
            };
            push(&mut parts, part);
        }
        Some(Self::of(parts))
    }

    /// The pattern cut at its colons into at most so many pieces; later colons stay in the last.
    #[must_use]
    pub fn split_at_colons(&self, most: usize) -> Vec<Self> {
        let mut pieces = vec![Vec::new()];
        for part in &self.parts {
            let Part::Text(text) = part else {
                if let Some(piece) = pieces.last_mut() {
                    piece.push(part.clone());
                }
                continue;
            };
            let left = most.saturating_sub(pieces.len()) + 1;
            for (index, piece) in text.splitn(left, ':').enumerate() {
                if index > 0 {
                    pieces.push(Vec::new());
                }
                if let Some(last) = pieces.last_mut() {
                    push(last, Part::Text(piece.to_owned()));
                }
            }
        }
        pieces.into_iter().map(Self::of).collect()
    }
}

impl Variable {
    /// What it is replaced with.
    fn value<'v, 'a: 'v>(&'v self, lookup: impl Fn(&str) -> Option<&'a str>) -> Option<&'v str> {
        let found: Option<&'v str> = lookup(&self.key);
        found.or(self.default.as_deref())
    }
}

/// Appends a part, so that texts and stars are never next to each other and no text is empty.
fn push(parts: &mut Vec<Part>, part: Part) {
    match (parts.last_mut(), part) {
        (_, Part::Text(text)) if text.is_empty() => {}
        (Some(Part::Text(before)), Part::Text(text)) => before.push_str(&text),
        (Some(Part::Star), Part::Star) => {}
        (_, part) => parts.push(part),
    }
}

/// Reads the variable or escape that the text begins with, and returns what follows.
fn variable(text: &str) -> (Part, &str) {
    let inside = text.get(2..).unwrap_or_default();
    for escape in ["*", "?", "$"] {
        if let Some(rest) = inside.strip_prefix(escape).and_then(|rest| rest.strip_prefix('}')) {
            return (Part::Text(escape.to_owned()), rest);
        }
    }
    named(inside).unwrap_or_else(|| {
        // Up to its brace, if there is one: what follows may be read as usual.
        let end = text.find('}').map_or(text.len(), |at| at + 1);
        let (broken, rest) = text.split_at(end);
        (Part::Malformed(broken.to_owned()), rest)
    })
}

/// Reads `key}` or `key, 'default'}`.
fn named(inside: &str) -> Option<(Part, &str)> {
    let end = inside.find([',', '}'])?;
    let (key, rest) = inside.split_at(end);
    let key = key.trim();
    if key.is_empty() || key.contains(['$', '{', '*', '?', '\'']) {
        return None;
    }
    let key = key.to_lowercase();
    if let Some(rest) = rest.strip_prefix('}') {
        return Some((Part::Variable(Variable { key, default: None }), rest));
    }
    let quoted = rest.strip_prefix(',')?.trim_start().strip_prefix('\'')?;
    let (default, rest) = quoted.split_once('\'')?;
    let rest = rest.trim_start().strip_prefix('}')?;
    Some((Part::Variable(Variable { key, default: Some(default.to_owned()) }), rest))
}

/// Whether the parts match the whole text. Variables must resolve.
///
/// Only the last `*` is ever tried again, so this takes at most the product of both lengths.
fn glob<'a>(parts: &[Part], text: &str, lookup: impl Fn(&str) -> Option<&'a str> + Copy) -> bool {
    let bytes = text.as_bytes();
    let (mut index, mut at) = (0, 0);
    // The part after the last `*`, and where that was tried last.
    let mut retry: Option<(usize, usize)> = None;
    loop {
        let step = match parts.get(index) {
            None if at == bytes.len() => return true,
            None | Some(Part::Malformed(_)) => None,
            Some(Part::Star) => {
                retry = Some((index + 1, at));
                Some(at)
            }
            Some(Part::One) => one(bytes, at),
            Some(Part::Text(text)) => after(bytes, at, text),
            Some(Part::Variable(variable)) => {
                variable.value(lookup).and_then(|value| after(bytes, at, value))
            }
        };
        if let Some(next) = step {
            (index, at) = (index + 1, next);
            continue;
        }
        match retry {
            Some((after_star, tried)) if tried < bytes.len() => {
                retry = Some((after_star, tried + 1));
                (index, at) = (after_star, tried + 1);
            }
            _ => return false,
        }
    }
}

/// Where the text ends that stands at this place, if it does.
fn after(bytes: &[u8], at: usize, text: &str) -> Option<usize> {
    bytes.get(at..)?.starts_with(text.as_bytes()).then(|| at + text.len())
}

/// Where the character at this place ends. From within a character: where that one ends, which adds
/// no match, since `*` may as well have ended before it.
fn one(bytes: &[u8], at: usize) -> Option<usize> {
    bytes.get(at)?;
    let continued =
        bytes.iter().skip(at + 1).take_while(|byte| (**byte & 0b1100_0000) == 0b1000_0000);
    Some(at + 1 + continued.count())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: Syntax = Syntax { wildcards: true, variables: true };
    const TEXT: Syntax = Syntax { wildcards: false, variables: true };

    #[test]
    fn patterns_meet_where_some_text_is_of_both() {
        let meet = |one: &str, other: &str| {
            let [one, other] = [one, other].map(|text| Pattern::parse(text, FULL));
            assert_eq!(one.meets(&other), other.meets(&one));
            one.meets(&other)
        };
        for (one, other) in [
            ("fraud-*", "*-archive"),
            ("a*b*c", "*xb?c"),
            ("a?c", "*b*"),
            ("*", ""),
            ("a", "a"),
            ("ab", "?b"),
            ("${aws:username}-x", "team-?"),
        ] {
            assert!(meet(one, other), "{one} {other}");
        }
        for (one, other) in [
            ("fraud-*", "ops-*"),
            ("*-a", "*-b"),
            ("a?", "a"),
            ("?", "*ab*"),
            ("a", "b"),
            ("", "?*"),
            ("${", "*"),
        ] {
            assert!(!meet(one, other), "{one} {other}");
        }
    }

    fn values(key: &str) -> Option<&'static str> {
        match key {
            "aws:username" => Some("ana"),
            "aws:principaltag/team" => Some("*"),
            _ => None,
        }
    }

    #[track_caller]
    fn check(pattern: &str, syntax: Syntax, matching: &[&str], others: &[&str]) {
        let parsed = Pattern::parse(pattern, syntax);
        for text in matching {
            assert!(parsed.matches(text, values), "`{pattern}` should match `{text}`");
        }
        for text in others {
            assert!(!parsed.matches(text, values), "`{pattern}` should not match `{text}`");
        }
    }

    #[test]
    fn stars_stand_for_any_text_and_question_marks_for_one_character() {
        check("", FULL, &[""], &["a"]);
        check("*", FULL, &["", "a", "é"], &[]);
        check("**", FULL, &["", "a"], &[]);
        check("a*", FULL, &["a", "ab"], &["", "ba"]);
        check("*a", FULL, &["a", "ba", "aa"], &["ab", ""]);
        check("a*a", FULL, &["aa", "aba", "abaa"], &["a", "ab"]);
        check("*ab*ab", FULL, &["abab", "xababab"], &["ab", "ababx"]);
        check("?", FULL, &["a", "é", "*", "😀"], &["", "ab"]);
        check("??", FULL, &["éa", "😀😀"], &["é", "abc"]);
        check("*??", FULL, &["éa", "aéa"], &["é", "a", ""]);
        check("a?c*", FULL, &["abc", "aéc!"], &["ac", "abbc"]);
    }

    #[test]
    fn a_long_text_against_many_stars_ends() {
        let pattern = Pattern::parse(&"a*".repeat(200), FULL);
        assert!(!pattern.matches_text(&format!("{}b", "c".repeat(5_000))));
        assert!(pattern.matches_text(&"a".repeat(5_000)));
    }

    #[test]
    fn variables_bring_in_text_and_never_wildcards() {
        check("home/${aws:UserName}/*", FULL, &["home/ana/x"], &["home/bo/x", "home//x"]);
        check("${aws:PrincipalTag/team}", FULL, &["*"], &["a", "", "**"]);
        check("x${aws:PrincipalTag/team}*", FULL, &["x*", "x*y"], &["xy"]);
        check("${ aws:username }", TEXT, &["ana"], &["bo"]);
    }

    #[test]
    fn nothing_matches_what_does_not_resolve() {
        for pattern in ["${aws:userid}", "*${aws:userid}*", "${aws:username", "${}", "${a${b}"] {
            check(pattern, FULL, &[], &["", "a", pattern]);
            assert!(!Pattern::parse(pattern, FULL).resolves(values), "{pattern}");
        }
        assert_eq!(Pattern::parse("${x}", FULL).resolve(values), None);
    }

    #[test]
    fn a_default_stands_in_for_a_missing_key_only() {
        check("${aws:userid, 'nobody'}", TEXT, &["nobody"], &["", "'nobody'"]);
        check("${aws:userid,'no}body' }!", TEXT, &["no}body!"], &["nobody"]);
        check("${aws:username, 'nobody'}", TEXT, &["ana"], &["nobody"]);
        check("${aws:userid, '*'}", FULL, &["*"], &["a"]);
        check("${aws:userid, ''}", FULL, &[""], &["a"]);
        for broken in ["${a, nobody}", "${a, 'nobody}", "${a, 'x'y}", "${, 'x'}"] {
            check(broken, TEXT, &[], &["nobody", "x", broken]);
        }
    }

    #[test]
    fn escapes_are_the_characters_themselves() {
        check("a${*}b", FULL, &["a*b"], &["axb", "a${*}b"]);
        check("${?}*", FULL, &["?", "?a"], &["a"]);
        check("${$}{aws:username}", FULL, &["${aws:username}"], &["ana", "$ana"]);
        check("${*}", TEXT, &["*"], &["a", "${*}"]);
    }

    #[test]
    fn without_variables_a_dollar_is_a_dollar() {
        let old = Syntax { wildcards: true, variables: false };
        check("${aws:username}", old, &["${aws:username}"], &["ana"]);
        check("${*}", old, &["${}", "${abc}"], &["*"]);
        check("*?${aws:username}", Syntax::LITERAL, &["*?${aws:username}"], &["aa${aws:username}"]);
    }

    #[test]
    fn parts_are_in_normal_form() {
        let variable = |key: &str| Part::Variable(Variable { key: key.to_owned(), default: None });
        let text = |text: &str| Part::Text(text.to_owned());
        let parts = |text| Pattern::parse(text, FULL).parts().to_vec();
        assert_eq!(parts("a${*}b**?"), [text("a*b"), Part::Star, Part::One]);
        assert_eq!(parts("x${AWS:Region}"), [text("x"), variable("aws:region")]);
        assert_eq!(parts("a${b c"), [text("a"), Part::Malformed("${b c".to_owned())]);
        assert_eq!(parts(""), []);
    }

    #[test]
    fn colons_cut_texts_and_never_variables() {
        let pieces = |text: &str, most| -> Vec<String> {
            let pieces = Pattern::parse(text, FULL).split_at_colons(most);
            pieces.iter().map(|piece| format!("{:?}", piece.parts())).collect()
        };
        let whole = |texts: &[&str]| -> Vec<String> {
            texts.iter().map(|t| format!("{:?}", Pattern::parse(t, FULL).parts())).collect()
        };
        assert_eq!(pieces("a:*:b::c:d:e", 6), whole(&["a", "*", "b", "", "c", "d:e"]));
        assert_eq!(pieces("a:${x:y}z:q", 6), whole(&["a", "${x:y}z", "q"]));
        assert_eq!(pieces("*", 6), whole(&["*"]));
        assert_eq!(pieces("a:", 6), whole(&["a", ""]));
    }

    #[test]
    fn resolving_puts_text_in_place() {
        let pattern = Pattern::parse("a${aws:username}${aws:principaltag/team}*", FULL);
        let resolved = pattern.resolve(values).unwrap();
        assert_eq!(resolved.parts(), [Part::Text("aana*".to_owned()), Part::Star]);
        assert!(!resolved.has_variables() && pattern.has_variables());
    }
}
