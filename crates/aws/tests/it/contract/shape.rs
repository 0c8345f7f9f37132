//! The shape of a type, found out by deserializing it from nothing.

use serde::de::value::{Error, StrDeserializer};
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error as _, IntoDeserializer, MapAccess,
    SeqAccess, Visitor,
};
use std::collections::BTreeMap;

/// What a type looks like on the wire.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) enum Shape {
    #[default]
    Unknown,
    Text,
    Integer,
    Number,
    Flag,
    /// A free-form structure.
    Document,
    List(Box<Shape>),
    Struct(BTreeMap<&'static str, Member>),
}

/// A member of a structure.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Member {
    pub(crate) shape: Shape,
    pub(crate) optional: bool,
}

impl Shape {
    /// Every leaf with its path, its kind and a question mark if it may be absent.
    pub(crate) fn paths(&self) -> Vec<String> {
        match self {
            Self::Struct(members) => members
                .iter()
                .flat_map(|(name, member)| {
                    member.shape.paths().into_iter().map(move |path| {
                        let dot = if path.starts_with([' ', '[']) { "" } else { "." };
                        let may = if path.starts_with(' ') && member.optional { "?" } else { "" };
                        format!("{name}{dot}{path}{may}")
                    })
                })
                .collect(),
            Self::List(item) => item
                .paths()
                .into_iter()
                .map(|path| format!("[]{}{path}", if path.starts_with(' ') { "" } else { "." }))
                .collect(),
            leaf => vec![format!(" {leaf:?}").to_lowercase()],
        }
    }
}

/// The shape of `T`.
pub(crate) fn shape_of<T: DeserializeOwned>() -> Shape {
    let mut member = Member::default();
    T::deserialize(Probe(&mut member)).unwrap();
    member.shape
}

/// Answers every question with an empty value and writes down what was asked.
struct Probe<'a>(&'a mut Member);

macro_rules! leaf {
    ($($method:ident $visit:ident $value:expr, $shape:expr;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            self.0.shape = $shape;
            visitor.$visit($value)
        }
    )*};
}

macro_rules! refused {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
            Err(Error::custom(concat!("no shape for ", stringify!($method))))
        }
    )*};
}

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Error;

    leaf! {
        deserialize_bool visit_bool false, Shape::Flag;
        deserialize_i32 visit_i32 0, Shape::Integer;
        deserialize_i64 visit_i64 0, Shape::Integer;
        deserialize_u32 visit_u32 0, Shape::Integer;
        deserialize_u64 visit_u64 0, Shape::Integer;
        deserialize_f64 visit_f64 0.0, Shape::Number;
        deserialize_str visit_str "", Shape::Text;
        deserialize_string visit_str "", Shape::Text;
        deserialize_map visit_map Nothing, Shape::Document;
    }

    refused! {
        deserialize_any deserialize_i8 deserialize_i16 deserialize_u8 deserialize_u16
        deserialize_f32 deserialize_char deserialize_bytes deserialize_byte_buf deserialize_unit
        deserialize_identifier deserialize_ignored_any
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.0.optional = true;
        visitor.visit_some(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let mut item = Member::default();
        let value = visitor.visit_seq(Once(Some(&mut item)))?;
        self.0.shape = Shape::List(Box::new(item.shape));
        Ok(value)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let mut members = BTreeMap::new();
        let fields = Fields { left: fields.iter(), now: "", members: &mut members };
        let value = visitor.visit_map(fields)?;
        self.0.shape = Shape::Struct(members);
        Ok(value)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: V,
    ) -> Result<V::Value, Error> {
        Err(Error::custom("no shape for unit structs"))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("no shape for tuples"))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        _: V,
    ) -> Result<V::Value, Error> {
        Err(Error::custom("no shape for tuple structs"))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Error> {
        Err(Error::custom("no shape for enums"))
    }
}

struct Fields<'a> {
    left: std::slice::Iter<'static, &'static str>,
    now: &'static str,
    members: &'a mut BTreeMap<&'static str, Member>,
}

impl<'de> MapAccess<'de> for Fields<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        let Some(name) = self.left.next() else { return Ok(None) };
        self.now = name;
        let key: StrDeserializer<'_, Error> = name.into_deserializer();
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        seed.deserialize(Probe(self.members.entry(self.now).or_default()))
    }
}

struct Once<'a>(Option<&'a mut Member>);

impl<'de> SeqAccess<'de> for Once<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        self.0.take().map(|item| seed.deserialize(Probe(item))).transpose()
    }
}

struct Nothing;

impl<'de> MapAccess<'de> for Nothing {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, _: K) -> Result<Option<K::Value>, Error> {
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("no value without a key"))
    }
}
