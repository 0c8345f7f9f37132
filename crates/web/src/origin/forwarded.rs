//! The client in `X-Forwarded-For` or `Forwarded` (RFC 7239).
//!
//! Both are lists to which each proxy adds, on the right, the address that connected to it. So from
//! the right everything is true as long as the one who wrote it is trusted, and the first address
//! that is not trusted is the last one that is true. Left of it stands what that client sent. Who is
//! trusted is named by ranges, in which clients may be too: so many proxies as there are one behind
//! another, and no more, wrote an address.

use super::{ForwardedHeader, NotForwarded, is_one_of};
use axum::http::{HeaderMap, HeaderValue};
use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::num::NonZeroU8;

/// The most bytes that are read of all lines of the header together, from the right.
const MOST_BYTES: usize = 4096;

/// The most addresses. A chain of proxies has a handful; the rest is a client's padding.
const MOST_ENTRIES: usize = 64;

/// The right-most address that is no trusted proxy's, or the one that the outermost of so many `hops` wrote.
pub(super) fn client(
    header: ForwardedHeader,
    headers: &HeaderMap,
    proxies: &[IpNet],
    hops: Option<NonZeroU8>,
) -> Result<IpAddr, NotForwarded> {
    let lines: Vec<&[u8]> =
        headers.get_all(header.name()).iter().map(HeaderValue::as_bytes).collect();
    if lines.is_empty() {
        return Err(NotForwarded::Absent);
    }
    let hops = hops.map_or(usize::MAX, |hops| hops.get().into());
    let mut chain = Chain { proxies, hops, bytes: MOST_BYTES, entries: MOST_ENTRIES };
    // Line by line from the last: what a client sent in a line of its own cannot reach into the
    // line that a proxy wrote, not even by a quote that it leaves open.
    for line in lines.into_iter().rev() {
        match header {
            // Entry by entry from the last, too: what a client puts before its address is not read.
            ForwardedHeader::XForwardedFor => {
                for entry in line.rsplit(|byte| *byte == b',') {
                    chain.read(entry.len() + 1)?;
                    if let Some(client) = chain.follow(std::str::from_utf8(entry).ok())? {
                        return Ok(client);
                    }
                }
            }
            ForwardedHeader::Forwarded => {
                chain.read(line.len())?;
                let line = std::str::from_utf8(line).ok().and_then(nodes);
                for node in line.ok_or(NotForwarded::Malformed)?.into_iter().rev() {
                    if let Some(client) = chain.follow(node.as_deref())? {
                        return Ok(client);
                    }
                }
            }
        }
    }
    Err(NotForwarded::OnlyProxies)
}

/// Proxies, followed from the innermost outwards.
#[derive(Debug)]
struct Chain<'a> {
    proxies: &'a [IpNet],
    /// So many of them have not written yet.
    hops: usize,
    /// So much may still be read.
    bytes: usize,
    entries: usize,
}

impl Chain<'_> {
    fn read(&mut self, bytes: usize) -> Result<(), NotForwarded> {
        self.bytes = self.bytes.checked_sub(bytes).ok_or(NotForwarded::TooLong)?;
        Ok(())
    }

    /// The client, if the next proxy wrote who that is; nothing if it wrote another proxy.
    fn follow(&mut self, entry: Option<&str>) -> Result<Option<IpAddr>, NotForwarded> {
        self.entries = self.entries.checked_sub(1).ok_or(NotForwarded::TooLong)?;
        let address = entry.and_then(address).ok_or(NotForwarded::Malformed)?;
        self.hops -= 1;
        Ok((self.hops == 0 || !is_one_of(address, self.proxies)).then_some(address))
    }
}

/// An address as proxies write it: IPv4, IPv6, or IPv6 in brackets; the bracketed and IPv4 perhaps
/// with a port. `unknown`, obfuscated names (`_hidden`) and zone ids are none. What is IPv4 mapped
/// into IPv6 comes out as IPv4, for that is what networks are written in.
fn address(entry: &str) -> Option<IpAddr> {
    let entry = entry.trim_matches(OWS);
    let address = if let Some(bracketed) = entry.strip_prefix('[') {
        let (inside, port) = bracketed.split_once(']')?;
        port_or_nothing(port)?;
        IpAddr::V6(inside.parse::<Ipv6Addr>().ok()?)
    } else if let Ok(bare) = entry.parse::<Ipv6Addr>() {
        IpAddr::V6(bare)
    } else {
        let end = entry.find(':').unwrap_or(entry.len());
        let (inside, port) = entry.split_at_checked(end)?;
        port_or_nothing(port)?;
        IpAddr::V4(inside.parse::<Ipv4Addr>().ok()?)
    };
    Some(address.to_canonical())
}

fn port_or_nothing(text: &str) -> Option<()> {
    let Some(port) = text.strip_prefix(':') else { return text.is_empty().then_some(()) };
    let digits = port.bytes().all(|b| b.is_ascii_digit());
    (digits && port.parse::<u16>().is_ok()).then_some(())
}

/// Optional white space (RFC 9110, 5.6.3).
const OWS: [char; 2] = [' ', '\t'];

/// The `for` of each element of a `Forwarded` line (RFC 7239, 4), `None` where an element has none;
/// nothing at all if the line does not follow the grammar.
fn nodes(line: &str) -> Option<Vec<Option<String>>> {
    let mut nodes = Vec::new();
    let mut rest = Some(line);
    while let Some(text) = rest {
        let (node, after) = element(text)?;
        nodes.push(node);
        rest = after;
    }
    Some(nodes)
}

/// The first element's `for`, and what follows its comma.
fn element(text: &str) -> Option<(Option<String>, Option<&str>)> {
    let mut node = None;
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(OWS);
        let (name, after) = token(rest)?;
        if !name.is_empty() {
            let (value, after) = value(after.strip_prefix('=')?)?;
            // Twice is not allowed, and which one counts would be a guess.
            if name.eq_ignore_ascii_case("for") && node.replace(value).is_some() {
                return None;
            }
            rest = after.trim_start_matches(OWS);
        }
        if let Some(next) = rest.strip_prefix(';') {
            rest = next;
        } else if let Some(next) = rest.strip_prefix(',') {
            return Some((node, Some(next)));
        } else {
            return rest.is_empty().then_some((node, None));
        }
    }
}

/// A token or a quoted string, and what follows it.
fn value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let (token, after) = token(text)?;
        return (!token.is_empty()).then(|| (token.to_owned(), after));
    };
    let mut value = String::new();
    let mut characters = quoted.chars();
    loop {
        match characters.next()? {
            '"' => return Some((value, characters.as_str())),
            '\\' => value.push(characters.next()?),
            other => value.push(other),
        }
    }
}

/// The longest start that is a token (RFC 9110, 5.6.2), perhaps an empty one, and what follows it.
fn token(text: &str) -> Option<(&str, &str)> {
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    text.split_at_checked(text.find(|c| !is_token(c)).unwrap_or(text.len()))
}
