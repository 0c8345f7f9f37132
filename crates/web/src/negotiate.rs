//! Page or JSON: what `Accept` prefers (RFC 9110, 12.5.1).

use axum::http::{HeaderMap, header};

/// Whether the client would rather have JSON than a page. A browser, and a client that says
/// nothing, gets the page.
pub(crate) fn prefers_json(headers: &HeaderMap) -> bool {
    let ranges: Vec<(String, u16)> = headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(media_range)
        .collect();
    quality(&ranges, "application", "json") > quality(&ranges, "text", "html")
}

/// The range in lower case, and its weight in thousandths.
fn media_range(text: &str) -> (String, u16) {
    let mut parts = text.split(';').map(str::trim);
    let range = parts.next().unwrap_or_default().to_ascii_lowercase();
    let weight = parts
        .filter_map(|part| part.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("q"))
        .map_or(1000, |(_, value)| thousandths(value.trim()));
    (range, weight)
}

/// A weight of `0`, `1`, or with up to three decimals; what is none of them weighs nothing.
pub(crate) fn thousandths(text: &str) -> u16 {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|b| b.is_ascii_digit()) {
        return 0;
    }
    match whole {
        "1" => 1000,
        "0" => format!("{decimals:0<3}").parse().unwrap_or(0),
        _ => 0,
    }
}

/// The weight of the most specific range that covers the type.
fn quality(ranges: &[(String, u16)], kind: &str, subtype: &str) -> u16 {
    [format!("{kind}/{subtype}"), format!("{kind}/*"), "*/*".to_owned()]
        .iter()
        .find_map(|wanted| ranges.iter().find(|(range, _)| range == wanted))
        .map_or(0, |(_, weight)| *weight)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(accept: &'static str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, accept.parse().unwrap());
        prefers_json(&headers)
    }

    #[test]
    fn json_only_where_it_outweighs_a_page() {
        assert!(json("application/json"));
        assert!(json("APPLICATION/JSON;q=0.5"));
        assert!(json("text/html;q=0.8, application/json;q=0.9"));
        assert!(json("application/json, */*;q=0.1"));
        assert!(!json("*/*"));
        assert!(!json("text/html, application/json"));
        assert!(!json("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"));
        assert!(!json("application/json;q=0"));
        assert!(!json("application/json;q=2"));
        assert!(!prefers_json(&HeaderMap::new()));
    }
}
