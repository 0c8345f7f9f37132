//! Lists, a page at a time.

use super::{Refused, RefusedKind};
use access::reason::ReasonCode;
use serde::Serialize;

/// So many items a page has, if nobody says otherwise.
pub const DEFAULT_LIMIT: u32 = 50;

/// The most items of a page.
pub const MOST_ITEMS: u32 = 500;

/// The longest cursor: a key of ours in hexadecimal.
const MAX_CURSOR: usize = 1024;

/// Which page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Where the last page ended ([`Listed::next`]); `None`: the first page.
    pub cursor: Option<String>,
    /// The most items: 1 to [`MOST_ITEMS`].
    pub limit: u32,
}

impl Default for Page {
    fn default() -> Self {
        Self { cursor: None, limit: DEFAULT_LIMIT }
    }
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Listed<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// The cursor of the next page; absent: this is the last one.
    pub next: Option<String>,
}

impl Page {
    /// Everything, for those who show a list as a whole.
    pub fn whole() -> Self {
        Self { cursor: None, limit: u32::MAX }
    }

    /// This page of items that are sorted by `key`, ascending, each key once. What came or went
    /// between two pages neither repeats nor hides anything else.
    ///
    /// # Errors
    /// `request-invalid` for a cursor that is none of ours.
    pub fn of<T>(
        &self,
        items: impl IntoIterator<Item = T>,
        key: impl Fn(&T) -> String,
    ) -> Result<Listed<T>, Refused> {
        let after = self.after()?;
        let is_later = |item: &T| after.as_ref().is_none_or(|after| key(item) > *after);
        let mut rest = items.into_iter().filter(is_later);
        Ok(self.cut(&mut rest, &key))
    }

    /// The same of items that are sorted descending, such as the newest first.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub fn of_descending<T>(
        &self,
        items: impl IntoIterator<Item = T>,
        key: impl Fn(&T) -> String,
    ) -> Result<Listed<T>, Refused> {
        let after = self.after()?;
        let is_later = |item: &T| after.as_ref().is_none_or(|after| key(item) < *after);
        let mut rest = items.into_iter().filter(is_later);
        Ok(self.cut(&mut rest, &key))
    }

    fn cut<T>(&self, rest: &mut impl Iterator<Item = T>, key: &impl Fn(&T) -> String) -> Listed<T> {
        let limit = usize::try_from(self.limit.max(1)).unwrap_or(usize::MAX);
        let items: Vec<T> = rest.by_ref().take(limit).collect();
        let more = rest.next().is_some();
        let next = items.last().filter(|_| more).map(|last| hex::encode(key(last)));
        Listed { items, next }
    }

    /// The key that the cursor holds.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub fn after(&self) -> Result<Option<String>, Refused> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        let bytes = (cursor.len() <= MAX_CURSOR).then(|| hex::decode(cursor).ok()).flatten();
        let key = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        let refused = || {
            Refused::new(
                RefusedKind::Invalid,
                ReasonCode::RequestInvalid,
                "The cursor is none that a list of ours gave.",
                "Take it from `next` of the last page, or leave it out.",
            )
        };
        key.map(Some).ok_or_else(refused)
    }
}

impl<T> Listed<T> {
    /// The same page of other items.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Listed<U> {
        Listed { items: self.items.into_iter().map(change).collect(), next: self.next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(cursor: Option<String>, limit: u32) -> Page {
        Page { cursor, limit }
    }

    #[test]
    fn pages_follow_each_other_whatever_came_between() {
        let first = page(None, 2).of(["a", "c", "e"], ToString::to_string).unwrap();
        assert_eq!(first.items, ["a", "c"]);
        let second = page(first.next, 2).of(["a", "b", "c", "d", "e"], ToString::to_string);
        assert_eq!(second.unwrap(), Listed { items: vec!["d", "e"], next: None });
    }

    #[test]
    fn descending_pages_end_with_the_first_item() {
        let first = page(None, 2).of_descending(["c", "b", "a"], ToString::to_string).unwrap();
        assert_eq!(first.items, ["c", "b"]);
        let last = page(first.next, 2).of_descending(["d", "c", "b", "a"], ToString::to_string);
        assert_eq!(last.unwrap(), Listed { items: vec!["a"], next: None });
    }

    #[test]
    fn a_cursor_that_is_none_of_ours_is_refused() {
        for cursor in ["x", "zz", "ff", &"61".repeat(1000)] {
            let refused = page(Some(cursor.into()), 2).of(["a"], ToString::to_string).unwrap_err();
            assert_eq!(refused.code, ReasonCode::RequestInvalid, "{cursor}");
        }
    }
}
