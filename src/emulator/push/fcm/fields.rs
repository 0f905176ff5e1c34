//! Reading objects as Google's JSON mapping has them: unknown fields are errors, null is none.

use std::time::Duration;

use serde_json::{Map, Value};

use super::answer::Refusal;

/// An object and where it stands in the request.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields<'a> {
    path: String,
    map: Option<&'a Map<String, Value>>,
}

impl<'a> Fields<'a> {
    pub(super) fn of(path: &str, value: &'a Value) -> Result<Self, Refusal> {
        let map = value
            .as_object()
            .ok_or_else(|| Refusal::invalid(path, "is not an object"))?;
        Ok(Self {
            path: path.to_owned(),
            map: Some(map),
        })
    }

    /// Where a field of this object stands.
    pub(super) fn path(&self, name: &str) -> String {
        match self.path.as_str() {
            "request" => name.to_owned(),
            path => format!("{path}.{name}"),
        }
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = (&'a String, &'a Value)> {
        self.map.into_iter().flatten()
    }

    pub(super) fn get(&self, name: &str) -> Option<&'a Value> {
        self.map?.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Refuses fields that are none of `known`.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), Refusal> {
        let unknown = self
            .entries()
            .find(|(name, _)| !known.contains(&name.as_str()));
        match unknown {
            Some((name, _)) => Err(Refusal::invalid(self.path(name), "is not a known field")),
            None => Ok(()),
        }
    }

    pub(super) fn object(&self, name: &str) -> Result<Option<Self>, Refusal> {
        let value = self.get(name);
        value
            .map(|value| Self::of(&self.path(name), value))
            .transpose()
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<&'a str>, Refusal> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Refusal::invalid(self.path(name), "is not a string")),
        }
    }

    /// A flag by either name; none is false.
    pub(super) fn flag(&self, name: &str, other: &str) -> Result<bool, Refusal> {
        match self.get(name).or_else(|| self.get(other)) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => Err(Refusal::invalid(
                self.path(name),
                "is neither true nor false",
            )),
        }
    }
}

/// How many bytes the names and values of a part have.
pub(super) fn weight(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Object(map) => map
            .iter()
            .map(|(name, value)| name.len() + weight(value))
            .sum(),
        Value::Array(values) => values.iter().map(weight).sum(),
        Value::Null => 0,
        Value::Bool(_) | Value::Number(_) => value.to_string().len(),
    }
}

/// Reads `3.5s`, rounded up to whole seconds.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let number = text.strip_suffix('s')?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || fraction.len() > 9 {
        return None;
    }
    let more = u64::from(fraction.bytes().any(|byte| byte != b'0'));
    let seconds: u64 = whole.parse().ok()?;
    Some(Duration::from_secs(seconds.checked_add(more)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_seconds_with_an_s() {
        for (text, seconds) in [("0s", 0), ("60s", 60), ("3.5s", 4), ("3.000000000s", 3)] {
            assert_eq!(duration(text), Some(Duration::from_secs(seconds)), "{text}");
        }
        let huge = format!("{}s", u64::MAX);
        assert!(duration(&huge).is_some());
        for junk in [
            "",
            "s",
            "60",
            "-1s",
            "+1s",
            "1.s",
            ".5s",
            "1e3s",
            "1.0000000001s",
        ] {
            assert_eq!(duration(junk), None, "{junk}");
        }
        assert_eq!(duration(&format!("{}.1s", u64::MAX)), None);
    }
}
