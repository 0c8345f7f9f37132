//! Whether a pattern in a policy and the ARN of a resource type have an ARN in common.

/// A symbol of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Symbol {
    /// This character.
    One(char),
    /// Any character.
    Any,
    /// Any text.
    Many,
    /// Any text without this character.
    ManyBut(char),
}

/// The ARN of a resource type, `arn:${Partition}:s3:::${BucketName}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArnTemplate(Vec<Symbol>);

impl ArnTemplate {
    /// Reads `${…}` as any text; in the fields of an ARN before the resource without a colon, and
    /// `${BucketName}` without a slash: a bucket's ARN and that of its objects must not look alike.
    pub fn parse(template: &str) -> Self {
        let mut symbols = Vec::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once("${") {
            symbols.extend(before.chars().map(literal));
            let (name, after) = after.split_once('}').unwrap_or((after, ""));
            symbols.push(match name {
                "BucketName" => Symbol::ManyBut('/'),
                "Partition" | "Region" | "Account" => Symbol::ManyBut(':'),
                _ => Symbol::Many,
            });
            rest = after;
        }
        symbols.extend(rest.chars().map(literal));
        Self(symbols)
    }

    /// ARNs of this type with a name that nobody's resource has: only patterns over all names match
    /// them. Partition, Region and account stay open.
    #[must_use]
    pub fn somebodys(&self) -> Self {
        let symbols = self.0.iter().flat_map(|symbol| match symbol {
            Symbol::Many | Symbol::ManyBut('/') => "0nobodys0".chars().map(Symbol::One).collect(),
            symbol => vec![*symbol],
        });
        Self(symbols.collect())
    }

    /// Whether some ARN of this type is matched by the pattern of a `Resource` element. Policy
    /// variables in the pattern stand for any text.
    pub fn could_match(&self, pattern: &str) -> bool {
        intersects(&self.0, &symbols(pattern))
    }
}

/// Whether a pattern with `*` and `?` matches a text; case does not matter.
pub(super) fn glob(pattern: &str, text: &str) -> bool {
    let text: Vec<Symbol> = text.to_ascii_lowercase().chars().map(Symbol::One).collect();
    let pattern: Vec<Symbol> = pattern.to_ascii_lowercase().chars().map(literal).collect();
    intersects(&pattern, &text)
}

fn literal(c: char) -> Symbol {
    match c {
        '*' => Symbol::Many,
        '?' => Symbol::Any,
        c => Symbol::One(c),
    }
}

/// The symbols of a pattern in a policy. Missing fields of an ARN count as `*`, as AWS completes
/// them. What stands for any text in one of the first fields stays within it.
fn symbols(pattern: &str) -> Vec<Symbol> {
    let is_arn = pattern.starts_with("arn:");
    let missing = if is_arn { FIELDS.saturating_sub(pattern.split(':').count()) } else { 0 };
    let is_whole = is_arn && missing == 0;
    let mut symbols = Vec::new();
    let mut rest = pattern;
    let mut field = 1;
    while let Some(c) = rest.chars().next() {
        field += usize::from(c == ':');
        let many = if is_whole && field < FIELDS { Symbol::ManyBut(':') } else { Symbol::Many };
        let (symbol, after) = match rest.strip_prefix("${").and_then(|rest| rest.split_once('}')) {
            Some(("*", after)) => (Symbol::One('*'), after),
            Some(("?", after)) => (Symbol::One('?'), after),
            Some(("$", after)) => (Symbol::One('$'), after),
            Some((_, after)) => (many, after),
            None => {
                let symbol = if c == '*' { many } else { literal(c) };
                (symbol, rest.get(c.len_utf8()..).unwrap_or_default())
            }
        };
        symbols.push(symbol);
        rest = after;
    }
    for _ in 0..missing {
        symbols.extend([Symbol::One(':'), Symbol::Many]);
    }
    symbols
}

/// Fields of an ARN.
const FIELDS: usize = 6;

/// Whether some text is matched by both. `reached[j]`: the symbols of `left` read so far and the
/// first `j` of `right` have a text in common.
fn intersects(left: &[Symbol], right: &[Symbol]) -> bool {
    let is_many = |symbol: Symbol| matches!(symbol, Symbol::Many | Symbol::ManyBut(_));
    let at = |row: &[bool], index: usize| row.get(index).copied().unwrap_or(false);
    let mut reached = vec![false; right.len() + 1];
    for row in 0..=left.len() {
        let above = std::mem::replace(&mut reached, vec![false; right.len() + 1]);
        let here = row.checked_sub(1).and_then(|index| left.get(index)).copied();
        for column in 0..=right.len() {
            let there = column.checked_sub(1).and_then(|index| right.get(index)).copied();
            let found = match (here, there) {
                (None, None) => true,
                (Some(a), None) => is_many(a) && at(&above, column),
                (None, Some(b)) => is_many(b) && at(&reached, column - 1),
                (Some(a), Some(b)) => {
                    let skip_a = is_many(a) && at(&above, column);
                    let skip_b = is_many(b) && at(&reached, column - 1);
                    let both = share(a, b)
                        && (at(&above, column - 1)
                            || (is_many(a) && at(&reached, column - 1))
                            || (is_many(b) && at(&above, column)));
                    skip_a || skip_b || both
                }
            };
            if let Some(slot) = reached.get_mut(column) {
                *slot = found;
            }
        }
    }
    at(&reached, right.len())
}

/// Whether some character can stand for both.
fn share(left: Symbol, right: Symbol) -> bool {
    match (left, right) {
        (Symbol::One(a), Symbol::One(b)) => a == b,
        (Symbol::One(c), Symbol::ManyBut(not)) | (Symbol::ManyBut(not), Symbol::One(c)) => c != not,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_that_share_an_arn_are_found() {
        for (template, pattern, expected) in [
            ("arn:${Partition}:s3:::${BucketName}", "arn:aws:s3:::b", true),
            ("arn:${Partition}:s3:::${BucketName}", "arn:aws:s3:::b/*", false),
            ("arn:${Partition}:s3:::${BucketName}", "arn:aws:s3:::*sagemaker*", true),
            ("arn:${Partition}:s3:::${BucketName}/${ObjectName}", "arn:aws:s3:::b", false),
            ("arn:${Partition}:s3:::${BucketName}/${ObjectName}", "arn:aws:s3:::b*", true),
            ("arn:${Partition}:s3:::${BucketName}/${ObjectName}", "*", true),
            ("arn:${Partition}:iam::${Account}:role/${Role}", "arn:aws:iam::1:*", true),
            ("arn:${Partition}:iam::${Account}:role/${Role}", "arn:aws:iam::1:user/*", false),
            ("arn:${Partition}:iam::${Account}:role/${Role}", "arn:aws:iam", true),
            ("arn:${Partition}:iam::${Account}:role/${Role}", "arn:aws:s3", false),
            ("arn:${Partition}:a:${Region}:${Account}:x/${X}", "arn:aws:a:*:1:x/${a:B}/c", true),
            ("arn:${Partition}:a:${Region}:${Account}:x/${X}", "arn:aws:a:*:1:${*}", false),
            ("arn:${Partition}:a:${Region}:${Account}:x/${X}", "arn:aws:a:*:*:y/*", false),
            ("arn:${Partition}:a:${Region}:${Account}:x/${X}", "arn:aws:a:*:*:*:y", true),
        ] {
            let found = ArnTemplate::parse(template).could_match(pattern);
            assert_eq!(found, expected, "{template} {pattern}");
        }
    }

    #[test]
    fn only_patterns_over_all_names_match_somebodys() {
        let somebodys =
            ArnTemplate::parse("arn:${Partition}:iam::${Account}:role/${Role}").somebodys();
        for pattern in ["*", "arn:aws:iam::111122223333:role/*", "arn:aws-cn:iam::*:*"] {
            assert!(somebodys.could_match(pattern), "{pattern}");
        }
        assert!(!somebodys.could_match("arn:aws:iam::111122223333:role/studio-*"));
    }

    #[test]
    fn globs_know_wildcards_and_ignore_case() {
        for pattern in ["*", "Create*", "createapp", "?reateApp", "*App", "C*A*p"] {
            assert!(glob(pattern, "CreateApp"), "{pattern}");
        }
        for pattern in ["", "Create", "CreateApp?", "CreateApps", "App"] {
            assert!(!glob(pattern, "CreateApp"), "{pattern}");
        }
    }
}
