//! An item, and how its attributes are written and read.

use super::keys::{Key, TTL, VERSION};
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// The attributes of an item, by name.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Item(BTreeMap<String, AttributeValue>);

/// An attribute is missing, or is not what it should be: somebody else wrote the item.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("its attribute `{attribute}` cannot be read")]
pub(crate) struct Damaged {
    pub(crate) attribute: &'static str,
}

impl Item {
    /// An item with nothing but its key.
    pub(crate) fn at(key: &Key) -> Self {
        Self(key.attributes().into())
    }

    /// At this key.
    #[must_use]
    pub(crate) fn with_key(mut self, key: &Key) -> Self {
        self.0.extend(key.attributes());
        self
    }

    /// What the service sent.
    pub(crate) fn from_wire(
        attributes: impl IntoIterator<Item = (String, AttributeValue)>,
    ) -> Self {
        Self(attributes.into_iter().collect())
    }

    /// The attributes, for the service.
    pub(crate) fn into_wire<T: FromIterator<(String, AttributeValue)>>(self) -> T {
        self.0.into_iter().collect()
    }

    /// With a text. `DynamoDB` takes empty ones outside of keys.
    #[must_use]
    pub(crate) fn with_text(mut self, name: &str, value: impl Into<String>) -> Self {
        self.0.insert(name.to_owned(), AttributeValue::S(value.into()));
        self
    }

    /// With a text, if there is one.
    #[must_use]
    pub(crate) fn with_opt_text(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.with_text(name, value),
            None => self,
        }
    }

    /// With a whole number.
    #[must_use]
    pub(crate) fn with_number(mut self, name: &str, value: impl Into<i128>) -> Self {
        self.0.insert(name.to_owned(), AttributeValue::N(value.into().to_string()));
        self
    }

    /// With a whole number, if there is one.
    #[must_use]
    pub(crate) fn with_opt_number(self, name: &str, value: Option<impl Into<i128>>) -> Self {
        match value {
            Some(value) => self.with_number(name, value),
            None => self,
        }
    }

    /// With a yes or no.
    #[must_use]
    pub(crate) fn with_flag(mut self, name: &str, value: bool) -> Self {
        self.0.insert(name.to_owned(), AttributeValue::Bool(value));
        self
    }

    /// With bytes.
    #[must_use]
    pub(crate) fn with_bytes(mut self, name: &str, value: &[u8]) -> Self {
        self.0.insert(name.to_owned(), AttributeValue::B(value.to_vec().into()));
        self
    }

    /// With a list of texts.
    #[must_use]
    pub(crate) fn with_texts<T: Into<String>>(
        mut self,
        name: &str,
        values: impl IntoIterator<Item = T>,
    ) -> Self {
        let values = values.into_iter().map(|value| AttributeValue::S(value.into())).collect();
        self.0.insert(name.to_owned(), AttributeValue::L(values));
        self
    }

    /// With the time after which `DynamoDB` may delete it.
    #[must_use]
    pub(crate) fn with_ttl(self, after: Timestamp) -> Self {
        self.with_number(TTL, after.as_second())
    }

    /// With a version that no other write has.
    #[must_use]
    pub(crate) fn with_new_version(self) -> Self {
        self.with_number(VERSION, fastrand::u64(..))
    }

    /// The version that it was last written with.
    pub(crate) fn version(&self) -> Option<u64> {
        match self.0.get(VERSION)? {
            AttributeValue::N(number) => number.parse().ok(),
            _ => None,
        }
    }

    /// A text, if it is there.
    pub(crate) fn opt_text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(|value| value.as_s().ok()).map(String::as_str)
    }

    /// A text.
    pub(crate) fn text(&self, name: &'static str) -> Result<&str, Damaged> {
        self.opt_text(name).ok_or(Damaged { attribute: name })
    }

    /// A whole number, if it is there.
    pub(crate) fn opt_number<T: TryFrom<i128>>(
        &self,
        name: &'static str,
    ) -> Result<Option<T>, Damaged> {
        let damaged = Damaged { attribute: name };
        let Some(value) = self.0.get(name) else { return Ok(None) };
        let number = value.as_n().ok().and_then(|number| number.parse::<i128>().ok());
        number.and_then(|number| T::try_from(number).ok()).ok_or(damaged).map(Some)
    }

    /// A whole number.
    pub(crate) fn number<T: TryFrom<i128>>(&self, name: &'static str) -> Result<T, Damaged> {
        self.opt_number(name)?.ok_or(Damaged { attribute: name })
    }

    /// A yes or no; what is absent is a no.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.0.get(name).and_then(|value| value.as_bool().ok()).copied().unwrap_or(false)
    }

    /// Bytes.
    pub(crate) fn bytes(&self, name: &'static str) -> Result<&[u8], Damaged> {
        let value = self.0.get(name).and_then(|value| value.as_b().ok());
        value.map(AsRef::as_ref).ok_or(Damaged { attribute: name })
    }

    /// The texts of a list or a set; none if it is absent.
    pub(crate) fn texts(&self, name: &str) -> Vec<String> {
        match self.0.get(name) {
            Some(AttributeValue::Ss(texts)) => texts.clone(),
            Some(AttributeValue::L(texts)) => {
                texts.iter().filter_map(|text| text.as_s().ok().cloned()).collect()
            }
            _ => Vec::new(),
        }
    }

    /// A time in microseconds, if it is there.
    pub(crate) fn opt_time(&self, name: &'static str) -> Result<Option<Timestamp>, Damaged> {
        let micros: Option<i64> = self.opt_number(name)?;
        micros.map(|micros| time(micros).ok_or(Damaged { attribute: name })).transpose()
    }

    /// A time in microseconds.
    pub(crate) fn time(&self, name: &'static str) -> Result<Timestamp, Damaged> {
        self.opt_time(name)?.ok_or(Damaged { attribute: name })
    }

    /// What a text was parsed to.
    pub(crate) fn parsed<T, E>(
        &self,
        name: &'static str,
        parse: impl FnOnce(String) -> Result<T, E>,
    ) -> Result<T, Damaged> {
        parse(self.text(name)?.to_owned()).map_err(|_| Damaged { attribute: name })
    }
}

fn time(micros: i64) -> Option<Timestamp> {
    Timestamp::from_microsecond(micros).ok()
}

/// The last whole microsecond that is not after `time`: how times are kept, so that they sort.
pub(crate) fn floor(time: Timestamp) -> i64 {
    let truncated = time.as_microsecond();
    truncated - i64::from(i128::from(truncated) * 1000 > time.as_nanosecond())
}

/// The first whole microsecond that is not before `time`.
pub(crate) fn ceil(time: Timestamp) -> i64 {
    let truncated = time.as_microsecond();
    truncated + i64::from(i128::from(truncated) * 1000 < time.as_nanosecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_nothing_else_is() {
        let at = Timestamp::from_microsecond(-7).unwrap();
        let item = Item::at(&Key::new("a", "b"))
            .with_text("t", "")
            .with_number("n", u64::MAX)
            .with_number("at", floor(at))
            .with_flag("f", true)
            .with_bytes("b", &[7])
            .with_texts("l", ["x", "y"])
            .with_opt_text("none", None);
        assert_eq!(Key::of(&item), Some(Key::new("a", "b")));
        assert_eq!((item.text("t"), item.number("n")), (Ok(""), Ok(u64::MAX)));
        assert_eq!((item.time("at"), item.opt_time("x")), (Ok(at), Ok(None)));
        assert_eq!((item.flag("f"), item.flag("x"), item.bytes("b")), (true, false, Ok(&[7][..])));
        assert_eq!(item.texts("l"), ["x", "y"]);
        assert_eq!(item.text("none"), Err(Damaged { attribute: "none" }));
        assert_eq!(item.number::<u32>("n"), Err(Damaged { attribute: "n" }));
        assert_eq!(item.opt_number::<u32>("t"), Err(Damaged { attribute: "t" }));
    }

    #[test]
    fn rounding_goes_the_named_way_on_both_sides_of_1970() {
        for (ns, down, up) in [(0, 0, 0), (1, 0, 1), (1_999, 1, 2), (-1, -1, 0), (-2_000, -2, -2)] {
            let time = Timestamp::from_nanosecond(ns).unwrap();
            assert_eq!((floor(time), ceil(time)), (down, up), "{ns} ns");
        }
    }
}
