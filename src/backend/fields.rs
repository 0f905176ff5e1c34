//! Single values out of an answer's JSON, wherever a profile says they are. What is not asked for
//! is skipped and never kept; what may be a secret is zeroised on drop.

use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use zeroize::Zeroizing;

use super::profile::FieldPath;

/// What stands at a path.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) enum Found {
    /// Nothing.
    #[default]
    Absent,
    Null,
    Flag(bool),
    Number(serde_json::Number),
    Text(Zeroizing<String>),
    /// An object or a list, or the path goes through something that is none.
    Other,
}

/// Reads the values at `paths`, in their order, out of one JSON value.
pub(super) fn values(paths: &[&FieldPath], json: &[u8]) -> serde_json::Result<Vec<Found>> {
    let mut found = vec![Found::Absent; paths.len()];
    let mut json = serde_json::Deserializer::from_slice(json);
    Walk::new(paths, &mut found).deserialize(&mut json)?;
    json.end()?;
    Ok(found)
}

/// Reads the values at `paths` out of every entry of the list at `items`, or of the list that is
/// the whole value. None when there is no list.
pub(super) fn entries(
    items: Option<&FieldPath>,
    paths: &[&FieldPath],
    json: &[u8],
) -> serde_json::Result<Option<Vec<Vec<Found>>>> {
    let mut list = None;
    let mut json = serde_json::Deserializer::from_slice(json);
    let entries = Entries {
        way: items.map_or(&[], FieldPath::names),
        paths,
        list: &mut list,
    };
    entries.deserialize(&mut json)?;
    json.end()?;
    Ok(list)
}

/// One value on the way to those that are wanted: for each its place among the found, and the names
/// that are still to go.
struct Walk<'w> {
    wanted: Vec<(usize, &'w [String])>,
    found: &'w mut [Found],
}

impl<'w> Walk<'w> {
    fn new(paths: &[&'w FieldPath], found: &'w mut [Found]) -> Self {
        let wanted = paths.iter().map(|path| path.names()).enumerate();
        Self {
            wanted: wanted.collect(),
            found,
        }
    }

    /// What is still wanted below the member `name`.
    fn below(&self, name: &str) -> Vec<(usize, &'w [String])> {
        let below = |(place, way): &(usize, &'w [String])| {
            let (first, rest) = way.split_first()?;
            first.eq_ignore_ascii_case(name).then_some((*place, rest))
        };
        self.wanted.iter().filter_map(below).collect()
    }

    /// A single value is here: for those whose path ends, and in the way of all others.
    fn here(self, value: &Found) {
        for (place, way) in self.wanted {
            if let Some(slot) = self.found.get_mut(place) {
                *slot = if way.is_empty() {
                    value.clone()
                } else {
                    Found::Other
                };
            }
        }
    }

    /// An object or a list is here: none that a path could end at.
    fn is_no_end(&mut self) {
        for (place, way) in &self.wanted {
            if let Some(slot) = self.found.get_mut(*place).filter(|_| way.is_empty()) {
                *slot = Found::Other;
            }
        }
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.here(&Found::Null);
        Ok(())
    }

    fn visit_bool<E>(self, flag: bool) -> Result<(), E> {
        self.here(&Found::Flag(flag));
        Ok(())
    }

    fn visit_u64<E>(self, number: u64) -> Result<(), E> {
        self.here(&Found::Number(number.into()));
        Ok(())
    }

    fn visit_i64<E>(self, number: i64) -> Result<(), E> {
        self.here(&Found::Number(number.into()));
        Ok(())
    }

    fn visit_f64<E>(self, number: f64) -> Result<(), E> {
        let number = serde_json::Number::from_f64(number);
        self.here(&number.map_or(Found::Other, Found::Number));
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.here(&Found::Text(Zeroizing::new(text.to_owned())));
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut object: A) -> Result<(), A::Error> {
        self.is_no_end();
        while let Some(name) = object.next_key::<String>()? {
            let wanted = self.below(&name);
            if wanted.is_empty() {
                object.next_value::<IgnoredAny>()?;
            } else {
                let found = &mut *self.found;
                object.next_value_seed(Walk { wanted, found })?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        // A name leads into no list, a number does.
        for (place, way) in &self.wanted {
            let leads_on = way
                .first()
                .is_some_and(|name| name.parse::<usize>().is_ok());
            if let Some(slot) = self.found.get_mut(*place).filter(|_| !leads_on) {
                *slot = Found::Other;
            }
        }
        for place in 0_usize.. {
            let wanted = self.below(&place.to_string());
            let found = &mut *self.found;
            if list.next_element_seed(Walk { wanted, found })?.is_none() {
                break;
            }
        }
        Ok(())
    }
}

/// One value on the way to a list.
struct Entries<'w> {
    way: &'w [String],
    paths: &'w [&'w FieldPath],
    list: &'w mut Option<Vec<Vec<Found>>>,
}

impl<'de> DeserializeSeed<'de> for Entries<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Entries<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        let Some((first, rest)) = self.way.split_first() else {
            return Err(A::Error::custom("no list"));
        };
        while let Some(name) = object.next_key::<String>()? {
            if first.eq_ignore_ascii_case(&name) {
                object.next_value_seed(Entries {
                    way: rest,
                    paths: self.paths,
                    list: &mut *self.list,
                })?;
            } else {
                object.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        if !self.way.is_empty() {
            return Err(A::Error::custom("no object"));
        }
        let mut all = Vec::new();
        loop {
            let mut found = vec![Found::Absent; self.paths.len()];
            let walk = Walk::new(self.paths, &mut found);
            if list.next_element_seed(walk)?.is_none() {
                break;
            }
            all.push(found);
        }
        *self.list = Some(all);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn path(text: &str) -> FieldPath {
        serde_json::from_value(text.into()).unwrap()
    }

    fn at(text: &str, json: &str) -> Found {
        values(&[&path(text)], json.as_bytes()).unwrap().remove(0)
    }

    fn text(text: &str) -> Found {
        Found::Text(Zeroizing::new(text.to_owned()))
    }

    #[test]
    fn values_are_found_where_they_are_in_any_case() {
        let json = r#"{"Data":{"ID":7,"attributes":{"text":"a\"b"},"x":null,"f":false},"list":[{"id":"q"},[1]]}"#;
        for (path, found) in [
            ("data.id", Found::Number(7.into())),
            ("data.attributes.text", text("a\"b")),
            ("data.x", Found::Null),
            ("data.f", Found::Flag(false)),
            ("list.0.id", text("q")),
            ("list.1.0", Found::Number(1.into())),
            ("list.1", Found::Other),
            ("list.id", Found::Other),
            ("list.7", Found::Absent),
            ("data", Found::Other),
            ("data.id.more", Found::Other),
            ("data.y", Found::Absent),
            ("y", Found::Absent),
        ] {
            assert_eq!(at(path, json), found, "{path}");
        }
        let both = values(&[&path("data.f"), &path("data.id")], json.as_bytes()).unwrap();
        assert_eq!(both, [Found::Flag(false), Found::Number(7.into())]);
    }

    #[test]
    fn a_list_is_found_in_the_answer_or_is_the_answer() {
        let (id, payload) = (path("id"), path("a.t"));
        let paths = [&id, &payload];
        let one = vec![Found::Number(1.into()), text("x")];
        let none = vec![Found::Absent, Found::Absent];
        let read = |items: Option<&str>, json: &str| {
            entries(items.map(path).as_ref(), &paths, json.as_bytes())
        };
        let whole = r#"[{"id":1,"a":{"t":"x"}},{}]"#;
        assert_eq!(read(None, whole).unwrap(), Some(vec![one.clone(), none]));
        let within = r#"{"meta":{},"data":{"items":[{"a":{"t":"x"},"id":1}]}}"#;
        assert_eq!(read(Some("data.items"), within).unwrap(), Some(vec![one]));
        assert_eq!(read(Some("data.rows"), within).unwrap(), None);
        for (items, json) in [(None, "{}"), (Some("data"), "[]"), (None, "1")] {
            assert!(read(items, json).unwrap_err().is_data(), "{json}");
        }
    }

    #[test]
    fn what_is_no_json_is_no_json_even_behind_what_was_found() {
        for bad in [
            "",
            "{\"a\":1",
            "{\"a\":1}}",
            "{\"a\":1,}",
            "{\"a\":\"\u{1}\"}",
        ] {
            let error = values(&[&path("a")], bad.as_bytes()).unwrap_err();
            assert!(!error.is_data(), "{bad:?}");
        }
        let deep = format!("{{\"a\":{}", "[".repeat(60_000));
        assert!(values(&[&path("a.0.0")], deep.as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn any_json_is_walked(json in any_json(), way in "[ab0](\\.[ab0]){0,3}") {
            let found = at(&way, &json.to_string());
            let mut expected = Some(&json);
            for name in way.split('.') {
                expected = expected.and_then(|value| match value.as_array() {
                    Some(list) => list.get(name.parse::<usize>().ok()?),
                    None => value.get(name),
                });
            }
            match expected {
                Some(serde_json::Value::String(expected)) => prop_assert_eq!(found, text(expected)),
                Some(serde_json::Value::Number(expected)) => {
                    prop_assert_eq!(found, Found::Number(expected.clone()));
                }
                Some(serde_json::Value::Bool(expected)) => prop_assert_eq!(found, Found::Flag(*expected)),
                Some(serde_json::Value::Null) => prop_assert_eq!(found, Found::Null),
                Some(_) => prop_assert_eq!(found, Found::Other),
                None => prop_assert!(matches!(found, Found::Absent | Found::Other)),
            }
        }
    }

    fn any_json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i32>().prop_map(Into::into),
            "[a-z]{0,3}".prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 24, 3, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..3).prop_map(Into::into),
                proptest::collection::hash_map("[ab0]", inner, 0..3)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        })
    }
}
