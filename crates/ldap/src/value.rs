//! Values of attributes that are no text: ids, security identifiers.

use std::fmt::Write as _;

/// `objectGUID` as Microsoft writes it. Its first three parts are stored with the last byte first.
pub(crate) fn guid(bytes: &[u8]) -> Option<String> {
    let [a0, a1, a2, a3, b0, b1, c0, c1, rest @ ..] = bytes else { return None };
    let [d0, d1, e @ ..] = rest else { return None };
    let hex = |bytes: &[u8]| {
        bytes.iter().fold(String::new(), |mut out, byte| {
            let _infallible = write!(out, "{byte:02x}");
            out
        })
    };
    (e.len() == 6).then(|| {
        let parts = [hex(&[*a3, *a2, *a1, *a0]), hex(&[*b1, *b0]), hex(&[*c1, *c0])];
        format!("{}-{}-{}", parts.join("-"), hex(&[*d0, *d1]), hex(e))
    })
}

/// The bytes of `objectGUID` that [`guid`] writes so.
pub(crate) fn guid_bytes(text: &str) -> Option<Vec<u8>> {
    let parts: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    if lengths != [8, 4, 4, 4, 12] {
        return None;
    }
    let mut bytes = Vec::with_capacity(16);
    for (number, part) in parts.iter().enumerate() {
        let value = u64::from_str_radix(part, 16).ok()?.to_be_bytes();
        let mut part: Vec<u8> = value.get(8 - part.len() / 2..)?.to_vec();
        if number < 3 {
            part.reverse();
        }
        bytes.extend(part);
    }
    Some(bytes)
}

/// The last number of a security identifier: which of its domain's accounts it is.
pub(crate) fn relative_id(sid: &[u8]) -> Option<u32> {
    let [_, count, rest @ ..] = sid else { return None };
    let numbers = rest.get(6..).filter(|numbers| numbers.len() == usize::from(*count) * 4)?;
    let last: [u8; 4] = numbers.last_chunk::<4>().copied()?;
    Some(u32::from_le_bytes(last))
}

/// The same security identifier with another last number: another account of its domain.
pub(crate) fn neighbour(sid: &[u8], relative_id: u32) -> Option<Vec<u8>> {
    self::relative_id(sid)?;
    let domain = sid.get(..sid.len().checked_sub(4)?)?;
    Some([domain, &relative_id.to_le_bytes()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guid_has_its_first_three_parts_turned() {
        let bytes = *b"\x52\x6a\x1f\x8d\x7e\x0a\x3b\x4c\x9d\x2e\x5b\x8c\x7f\x6a\x1e\x04";
        let text = "8d1f6a52-0a7e-4c3b-9d2e-5b8c7f6a1e04";
        assert_eq!(guid(&bytes).as_deref(), Some(text));
        assert_eq!(guid_bytes(text).as_deref(), Some(&bytes[..]));
        assert_eq!(guid(&bytes[1..]), None);
        for bad in
            ["", "8d1f6a52", "8d1f6a52-0a7e-4c3b-9d2e-5b8c7f6a1e0g", "+d1f6a52-0a7e-4c3b-9d2e"]
        {
            assert_eq!(guid_bytes(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_security_identifier_ends_in_the_account() {
        // S-1-5-21-1-2-513
        let sid = b"\x01\x04\0\0\0\0\0\x05\x15\0\0\0\x01\0\0\0\x02\0\0\0\x01\x02\0\0";
        assert_eq!(relative_id(sid), Some(513));
        assert_eq!(neighbour(sid, 1104).map(|sid| relative_id(&sid)), Some(Some(1104)));
        assert_eq!(relative_id(&sid[..20]), None);
        assert_eq!(relative_id(b""), None);
    }
}
