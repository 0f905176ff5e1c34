//! The body of a call: JSON, a form, or nothing.

use std::io::{self, Write};

use bytes::Bytes;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use toml::Spanned;
use url::form_urlencoded::byte_serialize;
use zeroize::Zeroizing;

use super::placeholder::{Placeholder, Values};
use super::shape::Shape;
use super::template::Template;

/// The most fields of a form.
const MAX_FIELDS: usize = 64;

/// The template of a body.
#[derive(Debug, Clone)]
pub(in crate::backend) enum Body {
    /// None: its length is said to be 0.
    Nothing,
    /// JSON.
    Json(Shape),
    /// `application/x-www-form-urlencoded`, as OAuth 2.0 asks for tokens.
    Form(Form),
}

/// A body that is ready to be sent.
pub(in crate::backend) struct Written {
    pub(in crate::backend) bytes: Bytes,
    pub(in crate::backend) is_form: bool,
}

impl Body {
    pub(super) fn placeholders(&self) -> Vec<Placeholder> {
        match self {
            Self::Nothing => Vec::new(),
            Self::Json(shape) => shape.placeholders(),
            Self::Form(form) => {
                let values = form.0.iter();
                values.flat_map(|(_, value)| value.placeholders()).collect()
            }
        }
    }

    /// The body with its values put in, in a buffer that is zeroised on drop and was never moved.
    pub(in crate::backend) fn write(&self, values: &Values<'_>) -> Option<Written> {
        let is_form = match self {
            Self::Nothing => return None,
            Self::Json(_) => false,
            Self::Form(_) => true,
        };
        let mut length = Length(0);
        // Neither a number nor memory of the right size fails to be written to.
        self.write_to(&mut length, values).ok();
        let mut bytes = Zeroizing::new(Vec::with_capacity(length.0));
        self.write_to(&mut *bytes, values).ok();
        Some(Written {
            bytes: Bytes::from_owner(bytes),
            is_form,
        })
    }

    fn write_to(&self, mut to: impl Write, values: &Values<'_>) -> io::Result<()> {
        match self {
            Self::Nothing => Ok(()),
            Self::Json(shape) => Ok(serde_json::to_writer(to, &shape.filled(values))?),
            Self::Form(form) => form.write_to(&mut to, values),
        }
    }
}

/// Counts what is written.
struct Length(usize);

impl Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The fields of a form. One whose value is not there is left out.
#[derive(Debug, Clone)]
pub(in crate::backend) struct Form(Vec<(String, Template)>);

impl Form {
    fn write_to(&self, to: &mut impl Write, values: &Values<'_>) -> io::Result<()> {
        let there = |(_, value): &&(String, Template)| !value.is_absent(values);
        for (place, (name, value)) in self.0.iter().filter(there).enumerate() {
            if place > 0 {
                to.write_all(b"&")?;
            }
            encode(name, to)?;
            to.write_all(b"=")?;
            value.parts(*values).try_for_each(|part| encode(part, to))?;
        }
        Ok(())
    }
}

fn encode(text: &str, to: &mut impl Write) -> io::Result<()> {
    byte_serialize(text.as_bytes()).try_for_each(|part| to.write_all(part.as_bytes()))
}

impl<'de> Deserialize<'de> for Form {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Form;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a table of texts")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut table: A) -> Result<Form, A::Error> {
                let mut fields: Vec<(String, Spanned<Field>)> = Vec::new();
                while let Some(field) = table.next_entry()? {
                    if fields.len() == MAX_FIELDS {
                        return Err(A::Error::custom(format!("more than {MAX_FIELDS} fields")));
                    }
                    fields.push(field);
                }
                // The file's parser sorts them by name.
                fields.sort_by_key(|(_, value)| value.span().start);
                let plain = fields.into_iter();
                let plain = plain.map(|(name, value)| (name, value.into_inner().0));
                Ok(Form(plain.collect()))
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Field(Template);

impl TryFrom<String> for Field {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let template = Template::parse(&text).map_err(|problem| format!("the text {problem}"))?;
        let whole = template.placeholders().find(|one| one.is_whole());
        match whole {
            Some(whole) => Err(format!(
                "{{{}}} is no text: a form cannot have it",
                whole.name()
            )),
            None => Ok(Self(template)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct File {
        form: Form,
    }

    fn written(body: &Body, values: &Values<'_>) -> String {
        let bytes = body.write(values).unwrap().bytes;
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[test]
    fn a_form_is_encoded_in_the_order_of_the_file() {
        let toml =
            "form = { user = \"{user}\", pass = \"{password}\", to = \"{to}\", a = \"x y\" }";
        let file: File = toml::from_str(toml).unwrap();
        let values = Values {
            user: Some("alice"),
            password: Some("a&b=c d+é"),
            ..Values::default()
        };
        assert_eq!(
            written(&Body::Form(file.form), &values),
            "user=alice&pass=a%26b%3Dc+d%2B%C3%A9&a=x+y"
        );
        for bad in [
            "form = { tags = \"{tags}\" }",
            "form = { a = 1 }",
            "form = \"a=b\"",
            "form = { a = \"{b}\" }",
        ] {
            assert!(toml::from_str::<File>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn json_with_a_secret_is_written_at_once() {
        let shape = Shape::Object(vec![(
            "password".to_owned(),
            Shape::Text(Template::parse("{password}").unwrap()),
        )]);
        let password = "\u{1}\"\\".repeat(300);
        let values = Values {
            password: Some(&password),
            ..Values::default()
        };
        let text = written(&Body::Json(shape), &values);
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read["password"], password.as_str());
        assert!(Body::Nothing.write(&values).is_none());
    }
}
