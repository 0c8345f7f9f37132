//! Pages of results with opaque tokens.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::wire::error::ApiError;

/// Where an item stands in its list: the sort value, then the order of creation.
pub(crate) type Position = (i64, u64);

/// What is asked of a list.
#[derive(Debug)]
pub(crate) struct Page<'a> {
    pub(crate) size: usize,
    pub(crate) token: Option<&'a str>,
    pub(crate) descending: bool,
    /// The operation and its filters: a token is good only for the list that gave it.
    pub(crate) binding: String,
}

/// Cuts one page out of a list.
///
/// The token names the last item given, not an offset, so that items which come or go between
/// two pages never make another one appear twice or be missed.
pub(crate) fn cut<T>(
    mut items: Vec<(Position, T)>,
    page: &Page<'_>,
) -> Result<(Vec<T>, Option<String>), ApiError> {
    items.sort_by_key(|(position, _)| *position);
    if page.descending {
        items.reverse();
    }
    let start = match page.token {
        None => 0,
        Some(token) => {
            let last = decode(token, &page.binding)
                .ok_or_else(|| ApiError::validation("The NextToken is invalid."))?;
            items.partition_point(|(position, _)| {
                if page.descending { *position >= last } else { *position <= last }
            })
        }
    };
    let more = items.len() > start + page.size;
    let kept: Vec<_> = items.into_iter().skip(start).take(page.size).collect();
    let token = kept.last().filter(|_| more).map(|(last, _)| encode(*last, &page.binding));
    Ok((kept.into_iter().map(|(_, item)| item).collect(), token))
}

fn encode((value, order): Position, binding: &str) -> String {
    STANDARD.encode(format!("{value}/{order}/{:016x}", fingerprint(binding)))
}

fn decode(token: &str, binding: &str) -> Option<Position> {
    let text = String::from_utf8(STANDARD.decode(token).ok()?).ok()?;
    let mut parts = text.split('/');
    let position = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let expected = format!("{:016x}", fingerprint(binding));
    (parts.next() == Some(expected.as_str())).then_some(position)
}

/// FNV-1a: only to notice a token used with another list.
fn fingerprint(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(numbers: &[u64]) -> Vec<(Position, u64)> {
        numbers.iter().map(|n| ((0, *n), *n)).collect()
    }

    fn page(size: usize, token: Option<&str>, descending: bool) -> Page<'_> {
        Page { size, token, descending, binding: "ListThings".to_owned() }
    }

    #[test]
    fn removing_an_item_between_pages_skips_nothing() {
        let (first, token) = cut(list(&[1, 2, 3, 4, 5]), &page(2, None, false)).unwrap();
        assert_eq!(first, [1, 2]);
        let (second, token) = cut(list(&[1, 3, 4, 5]), &page(2, token.as_deref(), false)).unwrap();
        assert_eq!(second, [3, 4]);
        let (third, token) = cut(list(&[1, 3, 4, 5]), &page(2, token.as_deref(), false)).unwrap();
        assert_eq!((third, token), (vec![5], None));
    }

    #[test]
    fn descending_lists_continue_downwards() {
        let (first, token) = cut(list(&[1, 2, 3]), &page(2, None, true)).unwrap();
        assert_eq!(first, [3, 2]);
        let (second, token) = cut(list(&[1, 2, 3]), &page(2, token.as_deref(), true)).unwrap();
        assert_eq!((second, token), (vec![1], None));
    }

    #[test]
    fn a_token_of_another_list_is_refused() {
        let (_, token) = cut(list(&[1, 2, 3]), &page(2, None, false)).unwrap();
        let mut other = page(2, token.as_deref(), false);
        other.binding = "ListOthers".to_owned();
        let error = cut(list(&[1, 2, 3]), &other).unwrap_err();
        assert_eq!((error.code.as_str(), error.status), ("ValidationException", 400));
    }
}
