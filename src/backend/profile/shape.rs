//! The template of a JSON body.

use std::fmt;

use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap as _, SerializeSeq as _};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Number;
use toml::Spanned;

use super::placeholder::{Given, Placeholder, Values};
use super::template::Template;

/// How deep a body may be nested, and how many values it may have.
const MAX_DEPTH: usize = 8;
const MAX_VALUES: usize = 128;

/// A JSON value with placeholders. A text that is one placeholder alone stands for its value, which
/// may be a list or an object; a property whose value is not there is left out.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::backend) enum Shape {
    Text(Template),
    Flag(bool),
    Number(Number),
    List(Vec<Self>),
    /// In the order of the file.
    Object(Vec<(String, Self)>),
}

impl Shape {
    /// Checks what the file's parser does not: how deep and how large it is.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.depth() > MAX_DEPTH {
            return Err(format!("is nested more than {MAX_DEPTH} deep"));
        }
        if self.count() > MAX_VALUES {
            return Err(format!("has more than {MAX_VALUES} values"));
        }
        Ok(())
    }

    fn depth(&self) -> usize {
        1 + self.children().map(Self::depth).max().unwrap_or(0)
    }

    fn count(&self) -> usize {
        1 + self.children().map(Self::count).sum::<usize>()
    }

    fn children(&self) -> Box<dyn Iterator<Item = &Self> + '_> {
        match self {
            Self::Text(_) | Self::Flag(_) | Self::Number(_) => Box::new(std::iter::empty()),
            Self::List(entries) => Box::new(entries.iter()),
            Self::Object(properties) => Box::new(properties.iter().map(|(_, value)| value)),
        }
    }

    pub(super) fn placeholders(&self) -> Vec<Placeholder> {
        match self {
            Self::Text(template) => template.placeholders().collect(),
            Self::Flag(_) | Self::Number(_) | Self::List(_) | Self::Object(_) => {
                self.children().flat_map(Self::placeholders).collect()
            }
        }
    }

    /// The body with `values` put in.
    pub(super) fn filled<'a>(&'a self, values: &'a Values<'a>) -> Filled<'a> {
        Filled(self, values)
    }
}

/// A shape with its values, to be written as JSON.
pub(super) struct Filled<'a>(&'a Shape, &'a Values<'a>);

impl Filled<'_> {
    /// True when its value is not there, and so neither is it.
    fn is_absent(&self) -> bool {
        match self.0 {
            Shape::Text(template) => match template.whole() {
                Some(placeholder) => self.1.of(placeholder).is_none(),
                None => template.is_absent(self.1),
            },
            Shape::Flag(_) | Shape::Number(_) | Shape::List(_) | Shape::Object(_) => false,
        }
    }
}

impl Serialize for Filled<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(shape, values) = self;
        match shape {
            Shape::Text(template) => match template.whole().map(|one| values.of(one)) {
                Some(Some(Given::Text(text))) => serializer.serialize_str(text),
                Some(Some(Given::Flag(flag))) => serializer.serialize_bool(flag),
                Some(Some(Given::Tags(tags))) => tags.serialize(serializer),
                Some(Some(Given::Keys(keys))) => keys.serialize(serializer),
                Some(None) => serializer.serialize_unit(),
                None => serializer.collect_str(&Joined(template, values)),
            },
            Shape::Flag(flag) => serializer.serialize_bool(*flag),
            Shape::Number(number) => number.serialize(serializer),
            Shape::List(entries) => {
                let mut list = serializer.serialize_seq(None)?;
                let filled = entries.iter().map(|entry| entry.filled(values));
                for entry in filled.filter(|entry| !entry.is_absent()) {
                    list.serialize_element(&entry)?;
                }
                list.end()
            }
            Shape::Object(properties) => {
                let mut object = serializer.serialize_map(None)?;
                for (name, value) in properties {
                    let value = value.filled(values);
                    if !value.is_absent() {
                        object.serialize_entry(name, &value)?;
                    }
                }
                object.end()
            }
        }
    }
}

/// The parts of a template, written where they go: no copy is left behind.
struct Joined<'a>(&'a Template, &'a Values<'a>);

impl fmt::Display for Joined<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.parts(*self.1).try_for_each(|part| f.write_str(part))
    }
}

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyShape)
    }
}

struct AnyShape;

impl<'de> Visitor<'de> for AnyShape {
    type Value = Shape;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table, a list, a text, a number, true or false")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Shape, E> {
        let template = Template::parse(text);
        let template = template.map_err(|problem| E::custom(format!("the text {problem}")))?;
        // What is no text cannot stand beside text.
        let mixed = template.placeholders().find(|one| one.is_whole());
        match mixed.filter(|_| template.whole().is_none()) {
            Some(mixed) => Err(E::custom(format!(
                "{{{}}} is no text and must stand alone",
                mixed.name()
            ))),
            None => Ok(Shape::Text(template)),
        }
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Shape, E> {
        Ok(Shape::Flag(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Shape, E> {
        Ok(Shape::Number(number.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Shape, E> {
        let number = Number::from_f64(number);
        number
            .map(Shape::Number)
            .ok_or_else(|| E::custom("JSON has no infinite number and no nan"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Shape, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = list.next_element()? {
            entries.push(entry);
        }
        Ok(Shape::List(entries))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut table: A) -> Result<Shape, A::Error> {
        let mut properties: Vec<(String, Spanned<Shape>)> = Vec::new();
        while let Some(name) = table.next_key::<String>()? {
            if name.starts_with("$__toml") {
                return Err(A::Error::custom("JSON has no dates: write it as a text"));
            }
            properties.push((name, table.next_value()?));
        }
        // The file's parser sorts them by name.
        properties.sort_by_key(|(_, value)| value.span().start);
        let plain = properties.into_iter();
        let plain = plain.map(|(name, value)| (name, value.into_inner()));
        Ok(Shape::Object(plain.collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{SubscriptionKeys, Tag};

    #[derive(Deserialize)]
    struct File {
        body: Shape,
    }

    fn shape(toml: &str) -> Result<Shape, String> {
        let file: Result<File, _> = toml::from_str(toml);
        file.map(|file| file.body)
            .map_err(|error| error.message().to_owned())
    }

    fn json(toml: &str, values: &Values<'_>) -> String {
        serde_json::to_string(&shape(toml).unwrap().filled(values)).unwrap()
    }

    #[test]
    fn the_order_of_the_file_is_kept() {
        for toml in [
            "body = { z = \"1\", a = { y = true, b = 2 }, m = [\"x\", 1.5] }",
            "[body]\nz = \"1\"\na.y = true\na.b = 2\nm = [\"x\", 1.5]",
            "[body]\nz = \"1\"\na = { y = true, b = 2 }\nm = [\"x\", 1.5]",
        ] {
            assert_eq!(
                json(toml, &Values::default()),
                r#"{"z":"1","a":{"y":true,"b":2},"m":["x",1.5]}"#
            );
        }
    }

    #[test]
    fn values_have_their_own_kind_and_are_left_out_where_there_are_none() {
        let tags = [Tag::parse("news").unwrap()];
        let keys = SubscriptionKeys {
            p256dh: "p".to_owned(),
            auth: "a".to_owned(),
        };
        let toml = r#"
            [body]
            tags = "{tags}"
            keys = "{keys}"
            own = { key = "{keys.p256dh}" }
            push = "{push}"
            name = "device of {user}"
            list = ["{id}", "{user}"]
        "#;
        let all = Values {
            tags: Some(&tags),
            keys: Some(&keys),
            push: Some(false),
            user: Some("al\"ice"),
            ..Values::default()
        };
        assert_eq!(
            json(toml, &all),
            r#"{"tags":["news"],"keys":{"p256dh":"p","auth":"a"},"own":{"key":"p"},"push":false,"name":"device of al\"ice","list":["al\"ice"]}"#
        );
        assert_eq!(json(toml, &Values::default()), r#"{"own":{},"list":[]}"#);
        assert_eq!(json("body = \"{user}\"", &all), r#""al\"ice""#);
    }

    #[test]
    fn what_is_no_body_is_refused() {
        for (toml, said) in [
            ("body = \"{nope}\"", "{nope}"),
            ("body = \"all {tags}\"", "must stand alone"),
            ("body = 2020-01-01", "dates"),
            ("body = nan", "nan"),
        ] {
            let error = shape(toml).unwrap_err();
            assert!(error.contains(said), "{toml}: {error}");
        }
        let deep = format!("body = {}1{}", "[".repeat(9), "]".repeat(9));
        assert!(
            shape(&deep)
                .unwrap()
                .check()
                .unwrap_err()
                .contains("8 deep")
        );
        let wide = format!("body = [{}]", "1,".repeat(200));
        assert!(shape(&wide).unwrap().check().unwrap_err().contains("128"));
    }
}
