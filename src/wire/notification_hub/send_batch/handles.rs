//! The part with the handles: a JSON array of texts.

use std::fmt;

use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::model::{Handle, Invalid};
use crate::wire::json::problem_of;

use super::{DEVICES, MAX_BATCH_HANDLES, bad};

pub(super) fn read(json: &[u8]) -> Result<Vec<Handle>, Invalid> {
    let Texts { kept, more } = serde_json::from_slice(json).map_err(|error| {
        bad(format!(
            "has a part named {DEVICES} that is no array of handles: {}",
            problem_of(&error)
        ))
    })?;
    if more {
        return Err(bad(format!(
            "has more than {MAX_BATCH_HANDLES} handles: send it in parts"
        )));
    }
    if kept.is_empty() {
        return Err(bad("has no handles"));
    }
    let handles = kept.into_iter().enumerate().map(|(place, text)| {
        Handle::parse(text).map_err(|Invalid { problem, .. }| {
            bad(format!(
                "has a handle, number {}, that {problem}",
                place + 1
            ))
        })
    });
    handles.collect()
}

/// An array of texts, of which no more are kept than a batch may have.
struct Texts {
    kept: Vec<String>,
    more: bool,
}

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Texts;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of texts")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Texts, A::Error> {
        let mut kept = Vec::new();
        while kept.len() < MAX_BATCH_HANDLES {
            match array.next_element()? {
                Some(text) => kept.push(text),
                None => return Ok(Texts { kept, more: false }),
            }
        }
        let mut more = false;
        while array.next_element::<IgnoredAny>()?.is_some() {
            more = true;
        }
        Ok(Texts { kept, more })
    }
}
