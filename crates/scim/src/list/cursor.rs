//! Cursors (RFC 9865 section 2): a position, and which query it belongs to.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::error::ScimError;

/// Longest cursor that is read, in bytes.
const MAX_CURSOR_BYTES: usize = 2_048;

/// Digits of a fingerprint, in hexadecimal.
const FINGERPRINT_DIGITS: usize = 16;

/// A number that two different queries hardly share (FNV-1a). It guards against mistakes, not against
/// somebody who wants to see another page: whoever has a cursor may see every page.
pub(super) fn fingerprint(parts: &[&str]) -> u64 {
    let bytes = parts.iter().flat_map(|part| part.bytes().chain([0]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

pub(super) fn write(fingerprint: u64, after: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{fingerprint:016x}{after}"))
}

pub(super) fn read(fingerprint: u64, cursor: &str) -> Result<String, ScimError> {
    if cursor.len() > MAX_CURSOR_BYTES {
        return Err(ScimError::invalid_cursor());
    }
    URL_SAFE_NO_PAD
        .decode(cursor)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .and_then(|text| {
            let (query, after) = text.split_at_checked(FINGERPRINT_DIGITS)?;
            (query == format!("{fingerprint:016x}")).then(|| after.to_owned())
        })
        .ok_or_else(ScimError::invalid_cursor)
}
