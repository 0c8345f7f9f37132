//! The words of a filter (RFC 7644 figure 1).

use crate::bounds::MAX_FILTER_BYTES;
use crate::error::ScimError;

/// A word of a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    /// `(`
    Open,
    /// `)`
    Close,
    /// `[`
    OpenValues,
    /// `]`
    CloseValues,
    /// A name, an operator, a number or a literal word.
    Word(&'a str),
    /// What stood in quotes, unescaped.
    Text(String),
}

/// Cuts a filter into words.
pub(crate) fn tokens(text: &str) -> Result<Vec<Token<'_>>, ScimError> {
    if text.len() > MAX_FILTER_BYTES {
        let detail = format!("a filter may have {MAX_FILTER_BYTES} bytes");
        return Err(ScimError::invalid_filter(detail));
    }
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            ' ' | '\t' => {
                rest = rest.trim_start_matches([' ', '\t']);
                continue;
            }
            '(' | ')' | '[' | ']' => {
                tokens.push(bracket(first));
                1
            }
            '"' => {
                let length = quoted(rest)?;
                let (literal, _) = rest.split_at_checked(length).unwrap_or((rest, ""));
                let text = serde_json::from_str(literal)
                    .map_err(|_| ScimError::invalid_filter("a value is not a JSON string"))?;
                tokens.push(Token::Text(text));
                length
            }
            _ => {
                let length = rest.find([' ', '\t', '(', ')', '[', ']', '"']).unwrap_or(rest.len());
                tokens.push(Token::Word(rest.get(..length).unwrap_or_default()));
                length
            }
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    Ok(tokens)
}

fn bracket<'a>(character: char) -> Token<'a> {
    match character {
        '(' => Token::Open,
        ')' => Token::Close,
        '[' => Token::OpenValues,
        _ => Token::CloseValues,
    }
}

/// The length of a JSON string, quotes included.
fn quoted(text: &str) -> Result<usize, ScimError> {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Ok(at + 1),
            _ => {}
        }
    }
    Err(ScimError::invalid_filter("a value in quotes does not end"))
}
