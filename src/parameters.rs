//! What an embed is opened with: [`Parameters`].

use std::fmt;

use indexmap::IndexMap;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The parameters of a bundle: any JSON object, kept exactly as it was posted (Kudo), with unknown keys, order and the text of
/// numbers.
#[derive(Clone, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
#[serde(transparent)]
pub struct Parameters(
    #[cfg_attr(feature = "schema", schemars(with = "std::collections::BTreeMap<String, serde_json::Value>"))]
    IndexMap<String, Box<RawValue>>,
);

impl Parameters {
    /// Parses the parameters from a JSON object.
    ///
    /// # Errors
    /// When the text is not a JSON object, repeats a key, holds a number beyond an `f64` (`1e400`) or an unpaired surrogate,
    /// or nests deeper than 127 levels.
    pub fn from_json(text: &str) -> Result<Parameters, serde_json::Error> {
        // Parsing raw values does not look into them; this first pass limits their depth.
        serde_json::from_str::<serde_json::Value>(text)?;
        serde_json::from_str(text)
    }

    /// Returns one parameter as `T`; `None` where it is absent or of another type.
    #[must_use]
    pub fn get<T: for<'de> Deserialize<'de>>(&self, key: &str) -> Option<T> {
        serde_json::from_str(self.0.get(key)?.get()).ok()
    }

    /// Sets one parameter to a text. An existing one keeps its position.
    pub fn set(&mut self, key: &str, text: &str) {
        let value = serde_json::value::to_raw_value(text).expect("a text is JSON");
        self.0.insert(key.to_owned(), value);
    }
}

/// SECURITY: shows the keys alone, since the values may be confidential.
impl fmt::Debug for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl<'de> Deserialize<'de> for Parameters {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(UniqueKeys)
    }
}

/// Reads an object whose keys must differ.
struct UniqueKeys;

impl<'de> Visitor<'de> for UniqueKeys {
    type Value = Parameters;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object of parameters")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Parameters, A::Error> {
        let mut parameters = IndexMap::new();
        while let Some((key, value)) = map.next_entry::<String, Box<RawValue>>()? {
            if parameters.contains_key(&key) {
                return Err(de::Error::custom(format_args!("the key `{key}` is there twice")));
            }
            parameters.insert(key, value);
        }
        Ok(Parameters(parameters))
    }
}
