//! What expressions refer to: the properties of a notification, and the variables of a device. Their
//! names are found in any case.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::model::Invalid;
use crate::wire::notification_hub::MAX_BODY;

/// The most properties of a notification.
const MOST_PROPERTIES: usize = 1000;

/// The properties of a notification in the format `template`. `Debug` does not show them.
#[derive(Clone, Default, PartialEq, Eq)]
pub(in crate::emulator::hub) struct Properties(BTreeMap<String, String>);

impl Properties {
    /// Reads a JSON object of at most 64 KiB. Texts are properties; numbers, `true` and `false` are
    /// their text; `null` is no property. Of names that differ in case alone the last counts.
    ///
    /// # Errors
    /// [`Invalid`] says what is malformed, without a word of the properties.
    pub(in crate::emulator::hub) fn read(json: &[u8]) -> Result<Self, Invalid> {
        let bad = |problem: String| Invalid::new("properties of a template notification", problem);
        if json.len() > MAX_BODY {
            return Err(bad(format!(
                "are {} bytes long, at most {MAX_BODY} are allowed",
                json.len()
            )));
        }
        let json = json.strip_prefix("\u{feff}".as_bytes()).unwrap_or(json);
        serde_json::from_slice(json).map_err(|error| {
            if !error.is_data() {
                return bad(format!("are not JSON: {error}"));
            }
            bad(format!(
                "are not a JSON object of at most {MOST_PROPERTIES} texts, numbers, true, false or null, like {{\"message\":\"hello\"}} (line {} column {})",
                error.line(),
                error.column()
            ))
        })
    }

    /// A property, by its name in lower case.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

impl fmt::Debug for Properties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Properties({})", self.0.len())
    }
}

/// The variables of a registration or installation. `Debug` does not show them.
#[derive(Clone, Default, PartialEq, Eq)]
pub(in crate::emulator::hub) struct PushVariables(BTreeMap<String, String>);

impl PushVariables {
    /// The variables as they were registered.
    pub(in crate::emulator::hub) fn new(registered: &BTreeMap<String, String>) -> Self {
        let lower = |(name, value): (&String, &String)| (name.to_ascii_lowercase(), value.clone());
        Self(registered.iter().map(lower).collect())
    }

    /// A variable, by its name in lower case.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

impl fmt::Debug for PushVariables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PushVariables({})", self.0.len())
    }
}

impl<'de> Deserialize<'de> for Properties {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Properties;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Properties, A::Error> {
        let mut read = BTreeMap::new();
        while let Some((name, value)) = object.next_entry::<String, Value>()? {
            if read.len() == MOST_PROPERTIES {
                return Err(A::Error::custom("too many properties"));
            }
            let name = name.to_ascii_lowercase();
            match value.0 {
                Some(text) => read.insert(name, text),
                None => read.remove(&name),
            };
        }
        Ok(Properties(read))
    }
}

/// A property's text; none for `null`.
struct Value(Option<String>);

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OfValue)
    }
}

struct OfValue;

impl Visitor<'_> for OfValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a number, true, false or null")
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value(Some(text.to_owned())))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value(Some(text)))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value(Some(value.to_string())))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value(Some(value.to_string())))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value(Some(value.to_string())))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        // As JSON has it: Rust would write out all zeros of 1e300.
        let number = serde_json::Number::from_f64(value);
        Ok(Value(number.map(|number| number.to_string())))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value(None))
    }
}
