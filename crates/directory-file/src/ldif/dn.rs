//! Names of entries (RFC 4514), in a form in which equal ones are equal text.

/// The name in the form in which names are compared: attributes and values in lower case, without
/// blanks around them, and escaped in one way. What is no name is compared as it stands.
pub(crate) fn folded(dn: &str) -> String {
    read(dn).unwrap_or_else(|| dn.to_lowercase())
}

fn read(dn: &str) -> Option<String> {
    let mut out = String::with_capacity(dn.len());
    let mut rest = dn.chars().peekable();
    let mut parts: Vec<(String, String)> = Vec::new();
    loop {
        let mut attribute = String::new();
        loop {
            match rest.next()? {
                '=' => break,
                c if ",+;\\\"".contains(c) => return None,
                c => attribute.extend(c.to_lowercase()),
            }
        }
        let (value, end) = value(&mut rest)?;
        parts.push((attribute.trim().to_owned(), value));
        if end != Some('+') {
            // The order of a name's part with several attributes says nothing.
            parts.sort();
            for (index, (attribute, value)) in parts.drain(..).enumerate() {
                out.push_str(if index > 0 { "+" } else { "" });
                out.push_str(&attribute);
                out.push('=');
                escape(&value, &mut out);
            }
            match end {
                None => return Some(out),
                Some(_) => out.push(','),
            }
        }
    }
}

/// A value without its escapes, and the character that ends it.
fn value(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<(String, Option<char>)> {
    let mut bytes: Vec<u8> = Vec::new();
    let mut kept = 0;
    let end = loop {
        match rest.next() {
            None => break None,
            Some(end @ (',' | ';' | '+')) => break Some(end),
            Some('\\') => {
                let escaped = rest.next()?;
                match (escaped.to_digit(16), rest.peek().and_then(|c| c.to_digit(16))) {
                    (Some(high), Some(low)) => {
                        rest.next();
                        bytes.push(u8::try_from(high * 16 + low).ok()?);
                    }
                    _ => bytes.extend(escaped.encode_utf8(&mut [0; 4]).bytes()),
                }
                // An escaped blank at the end belongs to the value.
                kept = bytes.len();
            }
            Some(' ') if bytes.is_empty() => {}
            Some(c) => bytes.extend(c.encode_utf8(&mut [0; 4]).bytes()),
        }
    };
    while bytes.len() > kept && bytes.last() == Some(&b' ') {
        bytes.pop();
    }
    String::from_utf8(bytes).ok().map(|text| (text.to_lowercase(), end))
}

fn escape(value: &str, out: &mut String) {
    let last = value.chars().count().saturating_sub(1);
    for (at, c) in value.chars().enumerate() {
        // A blank at either end would be taken for one around the value.
        if ",;+\\\"=".contains(c) || (c == ' ' && (at == 0 || at == last)) {
            out.push('\\');
        }
        out.push(c);
    }
}
