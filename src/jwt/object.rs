//! JSON objects: [`Object`].

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, DeserializeSeed, Error, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, forward_to_deserialize_any};
use serde_json::error::Category;

/// Parses a value from a JSON object (RFC 7519, section 7.2), and from nothing else. It is UTF-8 as a whole: serde does
/// not look into the texts that no field reads.
pub(crate) fn parse_object<T: DeserializeOwned>(json: &[u8]) -> Option<T> {
    serde_json::from_str(str::from_utf8(json).ok()?).ok().map(|Object(value)| value)
}

/// Reads a field from a list of objects.
pub(crate) fn objects<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let values: Vec<Object<T>> = Vec::deserialize(deserializer)?;
    Ok(values.into_iter().map(|Object(value)| value).collect())
}

/// Reads a field from an object that has no member twice.
pub(crate) fn texts_by_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error> {
    struct Texts;

    impl<'de> Visitor<'de> for Texts {
        type Value = BTreeMap<String, String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object of texts")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<BTreeMap<String, String>, A::Error> {
            let mut texts = BTreeMap::new();
            while let Some((name, text)) = members.next_entry()? {
                if texts.insert(name, text).is_some() {
                    return Err(twice());
                }
            }
            Ok(texts)
        }
    }

    deserializer.deserialize_map(Texts)
}

/// Reads a field from a text. serde would also take an object for a variant of an `enum`.
pub(crate) fn text<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    T::deserialize(String::deserialize(deserializer)?.into_deserializer())
}

/// Checks a value that shall be a claim which its readers do not know, as a bundle's `parameters`.
///
/// # Errors
/// A sentence that says why readers would refuse the JWT.
pub fn check_other_claim(json: &str) -> Result<(), &'static str> {
    // The claims are one level more, as this list is.
    let checked = serde_json::from_str::<[Checked; 1]>(&["[", json, "]"].concat());
    checked.map(drop).map_err(|error| match error.classify() {
        Category::Data => "An object in it has a key twice.",
        _ => "It must be JSON, nested at most 126 levels deep.",
    })
}

fn twice<E: Error>() -> E {
    E::custom("a member is there twice")
}

/// A value that was read from a JSON object. serde would also take a list of the fields in order.
///
/// SECURITY: members that no field reads are checked, since another reader may take them otherwise than serde, which skips
/// them: one that is there twice, and values that are nested too deep.
pub(crate) struct Object<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Object<T>, D::Error> {
        struct Any<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Any<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
                T::deserialize(Fields(map)).map(Object)
            }
        }

        deserializer.deserialize_map(Any(PhantomData))
    }
}

/// Reads a struct from the members of an object.
struct Fields<A>(A);

impl<'de, A: MapAccess<'de>> Deserializer<'de> for Fields<A> {
    type Error = A::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, A::Error> {
        visitor.visit_map(self.0)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        visitor.visit_map(Members { map: self.0, fields, others: BTreeSet::new(), is_read: false })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// The members of an object, of which some are fields.
struct Members<'de, A> {
    map: A,
    fields: &'static [&'static str],
    /// The names of the others so far. serde refuses a field that is there twice.
    others: BTreeSet<Cow<'de, str>>,
    /// Whether the current member is another, whose value was read.
    is_read: bool,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Members<'de, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        let Some(Name(name)) = self.map.next_key()? else { return Ok(None) };
        self.is_read = !self.fields.contains(&&*name);
        if self.is_read {
            let Checked = self.map.next_value()?;
            if !self.others.insert(name.clone()) {
                return Err(twice());
            }
        }
        seed.deserialize(name.into_deserializer()).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        if self.is_read { seed.deserialize(().into_deserializer()) } else { self.map.next_value_seed(seed) }
    }
}

/// Any value, in which no object has a member twice. `serde_json` limits how deep it is nested.
struct Checked;

impl<'de> Deserialize<'de> for Checked {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Checked, D::Error> {
        struct Any;

        impl<'de> Visitor<'de> for Any {
            type Value = Checked;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            fn visit_unit<E>(self) -> Result<Checked, E> {
                Ok(Checked)
            }

            fn visit_bool<E>(self, _: bool) -> Result<Checked, E> {
                Ok(Checked)
            }

            fn visit_i64<E>(self, _: i64) -> Result<Checked, E> {
                Ok(Checked)
            }

            fn visit_u64<E>(self, _: u64) -> Result<Checked, E> {
                Ok(Checked)
            }

            fn visit_f64<E>(self, _: f64) -> Result<Checked, E> {
                Ok(Checked)
            }

            fn visit_str<E>(self, _: &str) -> Result<Checked, E> {
                Ok(Checked)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Checked, A::Error> {
                while let Some(Checked) = elements.next_element()? {}
                Ok(Checked)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Checked, A::Error> {
                let mut names = BTreeSet::new();
                while let Some((Name(name), Checked)) = members.next_entry()? {
                    if !names.insert(name) {
                        return Err(twice());
                    }
                }
                Ok(Checked)
            }
        }

        deserializer.deserialize_any(Any)
    }
}

/// The name of a member, borrowed unless it has escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);
