//! What a plain YAML scalar stands for, by the core schema of YAML 1.2: `yes` is text, `0x1f` is
//! a number, `2027-01-31` is text.

/// A scalar's meaning.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Resolved {
    Null,
    Boolean(bool),
    Integer(i128),
    /// Also an integer that does not fit the above.
    Float(f64),
    Text,
}

/// Resolves a plain scalar. A quoted one is text, whatever it holds.
pub(super) fn resolve(text: &str) -> Resolved {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Resolved::Null,
        "true" | "True" | "TRUE" => Resolved::Boolean(true),
        "false" | "False" | "FALSE" => Resolved::Boolean(false),
        ".nan" | ".NaN" | ".NAN" => Resolved::Float(f64::NAN),
        _ => number(text).unwrap_or(Resolved::Text),
    }
}

fn number(text: &str) -> Option<Resolved> {
    if let Some(digits) = text.strip_prefix("0o") {
        return radix(digits, 8);
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return radix(digits, 16);
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") {
        let sign = if text.starts_with('-') { -1.0 } else { 1.0 };
        return Some(Resolved::Float(f64::INFINITY * sign));
    }
    // Rust's own parser also takes `inf`, `nan` and `infinity`, which are text in YAML.
    let starts = unsigned.bytes().find(|b| *b != b'.')?;
    if !starts.is_ascii_digit() {
        return None;
    }
    if unsigned.bytes().all(|b| b.is_ascii_digit()) {
        return Some(text.parse().map_or_else(|_| float(text), Resolved::Integer));
    }
    text.parse().ok().map(Resolved::Float)
}

fn radix(digits: &str, base: u32) -> Option<Resolved> {
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(base)) {
        return None;
    }
    let value = i128::from_str_radix(digits, base);
    Some(value.map_or(Resolved::Float(f64::INFINITY), Resolved::Integer))
}

fn float(text: &str) -> Resolved {
    text.parse().map_or(Resolved::Text, Resolved::Float)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_resolve_by_the_core_schema() {
        for (text, expected) in [
            ("", Resolved::Null),
            ("~", Resolved::Null),
            ("True", Resolved::Boolean(true)),
            ("FALSE", Resolved::Boolean(false)),
            ("yes", Resolved::Text),
            ("-12", Resolved::Integer(-12)),
            ("+012", Resolved::Integer(12)),
            ("0x1F", Resolved::Integer(31)),
            ("0o17", Resolved::Integer(15)),
            ("0o18", Resolved::Text),
            ("1.5", Resolved::Float(1.5)),
            ("1.", Resolved::Float(1.0)),
            (".5", Resolved::Float(0.5)),
            ("-1e3", Resolved::Float(-1000.0)),
            (".inf", Resolved::Float(f64::INFINITY)),
            ("-.INF", Resolved::Float(f64::NEG_INFINITY)),
            ("inf", Resolved::Text),
            ("nan", Resolved::Text),
            (".", Resolved::Text),
            ("-", Resolved::Text),
            ("1_000", Resolved::Text),
            ("2027-01-31", Resolved::Text),
            ("10.100.10.0/24", Resolved::Text),
            ("7f1c", Resolved::Text),
            ("8h", Resolved::Text),
        ] {
            assert_eq!(resolve(text), expected, "{text:?}");
        }
    }

    #[test]
    fn integers_beyond_all_bounds_become_floats() {
        assert_eq!(resolve(&"9".repeat(60)), Resolved::Float(1e60));
        assert_eq!(resolve(&format!("0x{}", "f".repeat(60))), Resolved::Float(f64::INFINITY));
    }
}
