//! The values of two controls in BER: `ldap3` has no `DirSync`, and its reader of paged results
//! panics at a value that is none.

/// A value of BER that is read from its beginning.
struct Reader<'a>(&'a [u8]);

const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const SEQUENCE: u8 = 0x30;

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn element(&mut self, tag: u8) -> Option<&'a [u8]> {
        if self.byte()? != tag {
            return None;
        }
        let length = match self.byte()? {
            short @ 0..=0x7f => usize::from(short),
            long @ 0x81..=0x84 => {
                let mut length = 0;
                for _ in 0..long & 0x7f {
                    length = length << 8 | usize::from(self.byte()?);
                }
                length
            }
            _ => return None,
        };
        let (content, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(content)
    }

    fn integer(&mut self) -> Option<i64> {
        let bytes = self.element(INTEGER)?;
        let (first, _) = bytes.split_first().filter(|_| bytes.len() <= 8)?;
        let sign = if first & 0x80 == 0 { 0 } else { -1 };
        Some(bytes.iter().fold(sign, |value, byte| value << 8 | i64::from(*byte)))
    }
}

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut out = vec![tag];
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => out.push(short),
        _ => {
            let bytes = length.to_be_bytes();
            let bytes: Vec<u8> = bytes.into_iter().skip_while(|byte| *byte == 0).collect();
            out.push(0x80 | u8::try_from(bytes.len()).unwrap_or(0x7f));
            out.extend(bytes);
        }
    }
    out.extend(content);
    out
}

fn integer(value: i32) -> Vec<u8> {
    let bytes = value.to_be_bytes();
    // As short as its sign stays what it is.
    let spare = (0..3).take_while(|&at| {
        let high = bytes.get(at + 1).is_some_and(|next| next & 0x80 != 0);
        bytes.get(at) == Some(&if high { 0xff } else { 0 })
    });
    let spare = spare.count();
    element(INTEGER, bytes.get(spare..).unwrap_or(&bytes))
}

/// `SEQUENCE { size, cookie }`: the request for a page (RFC 2696).
pub(crate) fn page_request(size: u32, cookie: &[u8]) -> Vec<u8> {
    let size = integer(i32::try_from(size).unwrap_or(i32::MAX));
    element(SEQUENCE, &[size, element(OCTETS, cookie)].concat())
}

/// The cookie of a page; empty after the last.
pub(crate) fn page_cookie(value: &[u8]) -> Option<Vec<u8>> {
    let mut inside = Reader(Reader(value).element(SEQUENCE)?);
    inside.integer()?;
    inside.element(OCTETS).map(<[u8]>::to_vec)
}

/// `SEQUENCE { flags, maxBytes, cookie }`: the request for changes (MS-ADTS 3.1.1.3.4.1.3).
pub(crate) fn changes_request(flags: i32, most_bytes: i32, cookie: &[u8]) -> Vec<u8> {
    let parts = [integer(flags), integer(most_bytes), element(OCTETS, cookie)];
    element(SEQUENCE, &parts.concat())
}

/// Whether there is more, and the cookie to go on with.
pub(crate) fn changes_answer(value: &[u8]) -> Option<(bool, Vec<u8>)> {
    let mut inside = Reader(Reader(value).element(SEQUENCE)?);
    let more = inside.integer()? != 0;
    inside.integer()?;
    Some((more, inside.element(OCTETS)?.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_der() {
        assert_eq!(page_request(500, b"ab"), b"\x30\x08\x02\x02\x01\xf4\x04\x02ab");
        assert_eq!(page_request(200, b""), b"\x30\x06\x02\x02\x00\xc8\x04\x00");
        let flags = i32::MIN | 1;
        assert_eq!(
            changes_request(flags, 0, b""),
            b"\x30\x0b\x02\x04\x80\x00\x00\x01\x02\x01\x00\x04\x00"
        );
        assert_eq!(integer(-1), b"\x02\x01\xff");
        let long = changes_request(1, 0, &[7; 300]);
        assert_eq!(long.get(..4), Some(&b"\x30\x82\x01\x36"[..]));
    }

    #[test]
    fn answers_are_read_as_they_were_written() {
        let cookie: Vec<u8> = (0..=255).chain(0..=255).collect();
        assert_eq!(page_cookie(&page_request(0, &cookie)), Some(cookie.clone()));
        assert_eq!(changes_answer(&changes_request(1, 0, &cookie)), Some((true, cookie)));
        assert_eq!(changes_answer(&changes_request(0, 9, b"c")), Some((false, b"c".to_vec())));
    }

    #[test]
    fn what_is_cut_or_of_another_kind_is_no_answer() {
        let whole = page_request(7, b"cookie");
        for length in 0..whole.len() {
            assert_eq!(page_cookie(&whole[..length]), None, "{length}");
        }
        for bad in [&b"\x30\x80\x02\x01\x01"[..], b"\x31\x00", b"\x30\x84\xff\xff\xff\xff"] {
            assert_eq!(page_cookie(bad), None);
            assert_eq!(changes_answer(bad), None);
        }
    }
}
