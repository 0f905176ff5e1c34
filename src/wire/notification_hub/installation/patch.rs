//! Patching an installation: JSON Patch (RFC 6902) with the hub's own rules (Microsoft, "Update an
//! installation").
//!
//! Adding to `tags` adds to the set; what a path leads through is made where it is missing; removing
//! what is not there does nothing. Values of lists and objects may be their JSON as text, as the
//! SDK for .NET can write no others.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::model::Invalid;
use crate::wire::json::problem_of;

use super::super::{MAX_BODY, rules};
use super::Installation;
use super::document::{Document, Object};
use super::pointer::{Target, target_of, unescaped};

const WHAT: &str = "installation patch";

/// The most operations of a patch.
const MOST_OPERATIONS: usize = 256;

/// The most tags that a list may have between two operations: the allowed ones twice, so that a
/// patch may first add and then remove.
const MOST_TAGS_BETWEEN: usize = 2 * rules::MOST_TAGS;

#[derive(Deserialize)]
struct Operation {
    op: Op,
    path: String,
    #[serde(default)]
    value: Option<Value>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Op {
    Add,
    Remove,
    Replace,
}

impl Installation {
    /// The installation as `patch` makes it: `add`, `remove` and `replace` of tags, channel, user,
    /// expiry, variables, templates and tiles. Either all of it is applied or nothing.
    ///
    /// # Errors
    /// [`Invalid`] names the operation, by its number from 1, that is malformed or has a path that
    /// cannot be patched; or what is wrong with the installation that would come of it.
    pub fn patched(&self, patch: &[u8]) -> Result<Self, Invalid> {
        let operations = read(patch)?;
        let broken = |_| Invalid::new(WHAT, "cannot be applied");
        let document = serde_json::to_value(Document::of(self)).map_err(broken)?;
        let Value::Object(mut document) = document else {
            return Err(Invalid::new(WHAT, "cannot be applied"));
        };
        for (index, Object(operation)) in operations.iter().enumerate() {
            let number = index + 1;
            operation
                .apply(&mut document)
                .map_err(|problem| Invalid::new(WHAT, format!("operation {number} {problem}")))?;
        }
        let document: Document =
            serde_json::from_value(Value::Object(document)).map_err(|error| {
                Invalid::new(
                    WHAT,
                    format!("leaves no installation: {}", problem_of(&error)),
                )
            })?;
        let patched = document.read()?;
        if patched.write().len() > MAX_BODY {
            let problem = format!("leaves more than the {MAX_BODY} bytes that are allowed");
            return Err(Invalid::new(WHAT, problem));
        }
        Ok(patched)
    }
}

fn read(patch: &[u8]) -> Result<Vec<Object<Operation>>, Invalid> {
    if patch.len() > MAX_BODY {
        let problem = format!("has {} bytes, at most {MAX_BODY} are allowed", patch.len());
        return Err(Invalid::new(WHAT, problem));
    }
    let patch = patch.strip_prefix(b"\xef\xbb\xbf").unwrap_or(patch);
    let operations: Vec<Object<Operation>> = serde_json::from_slice(patch)
        .map_err(|error| Invalid::new(WHAT, format!("cannot be read: {}", problem_of(&error))))?;
    if operations.len() > MOST_OPERATIONS {
        let problem = format!("has more than the {MOST_OPERATIONS} operations that are allowed");
        return Err(Invalid::new(WHAT, problem));
    }
    Ok(operations)
}

impl Operation {
    fn apply(&self, document: &mut Map<String, Value>) -> Result<(), String> {
        let path = unescaped(&self.path)?;
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let target = target_of(&path).ok_or_else(|| {
            "has a path that cannot be patched: it leads neither to /pushChannel, /userId, \
             /expirationTime, /tags, /pushVariables, /templates or /secondaryTiles nor to a part of them"
                .to_owned()
        })?;
        if target == Target::Channel && self.op == Op::Remove {
            return Err("removes the pushChannel, which cannot be left out".to_owned());
        }
        if self.op != Op::Add && target != Target::Channel {
            remove(document, &path, target);
        }
        if self.op == Op::Remove {
            return Ok(());
        }
        add(document, &path, target, self.value.as_ref())
    }
}

fn remove(document: &mut Map<String, Value>, path: &[&str], target: Target) {
    let (list, tag) = match (target, path) {
        (Target::Tag, [list @ .., tag]) => (list, Some(tag)),
        _ => (path, None),
    };
    let Some((name, parents)) = list.split_last() else {
        return;
    };
    let mut parent = document;
    for segment in parents {
        let Some(Value::Object(inner)) = parent.get_mut(*segment) else {
            return;
        };
        parent = inner;
    }
    match (tag, parent.get_mut(*name)) {
        (Some(tag), Some(Value::Array(tags))) => tags.retain(|known| !is_tag(known, tag)),
        (Some(_), _) => {}
        (None, _) => drop(parent.remove(*name)),
    }
}

fn add(
    document: &mut Map<String, Value>,
    path: &[&str],
    target: Target,
    value: Option<&Value>,
) -> Result<(), String> {
    let needed = || value.ok_or("has no value");
    match target {
        Target::Channel => {
            let (parent, name) = parent_of(document, path)?;
            parent.insert(name.to_owned(), needed()?.clone());
            parent.insert("pushChannelExpired".to_owned(), Value::Bool(false));
        }
        Target::Text => {
            let text = rules::scalar(needed()?).ok_or("has a value that is no text")?;
            let (parent, name) = parent_of(document, path)?;
            parent.insert(name.to_owned(), Value::String(text));
        }
        Target::Object => {
            let object = object_of(needed()?).ok_or("has a value that is no object")?;
            let (parent, name) = parent_of(document, path)?;
            parent.insert(name.to_owned(), Value::Object(object));
        }
        Target::Tags => add_tags(document, path, &tags_of(needed()?)?)?,
        Target::Tag => {
            let (own, list) = path.split_last().ok_or("has no path")?;
            // A value is the tag's new name: so it is in a replacement.
            let tags = value.map_or_else(|| Ok(vec![(*own).to_owned()]), tags_of)?;
            add_tags(document, list, &tags)?;
        }
    }
    Ok(())
}

/// The object that holds what `path` leads to, made where it is missing, and the name in it.
fn parent_of<'a, 'p>(
    document: &'a mut Map<String, Value>,
    path: &[&'p str],
) -> Result<(&'a mut Map<String, Value>, &'p str), String> {
    let (name, parents) = path.split_last().ok_or("has no path")?;
    let mut parent = document;
    for segment in parents {
        let inner = parent
            .entry((*segment).to_owned())
            .or_insert_with(|| Value::Object(Map::new()));
        parent = inner
            .as_object_mut()
            .ok_or("has a path that leads through no object")?;
    }
    Ok((parent, name))
}

fn add_tags(
    document: &mut Map<String, Value>,
    path: &[&str],
    tags: &[String],
) -> Result<(), String> {
    let (parent, name) = parent_of(document, path)?;
    let list = parent
        .entry(name.to_owned())
        .or_insert_with(|| Value::Array(Vec::new()));
    let list = list
        .as_array_mut()
        .ok_or("has a path to tags that are no list")?;
    for tag in tags {
        if list.iter().any(|known| is_tag(known, tag)) {
            continue;
        }
        if list.len() >= MOST_TAGS_BETWEEN {
            return Err(format!(
                "leaves more than the {} tags that are allowed",
                rules::MOST_TAGS
            ));
        }
        list.push(Value::String(tag.clone()));
    }
    Ok(())
}

fn is_tag(value: &Value, tag: &str) -> bool {
    value
        .as_str()
        .is_some_and(|known| known.eq_ignore_ascii_case(tag))
}

/// A tag, a list of tags, or the JSON of a list as text.
fn tags_of(value: &Value) -> Result<Vec<String>, String> {
    const PROBLEM: &str = "has a value that is neither a tag nor a list of tags";
    let listed: Vec<Value> = match value {
        Value::String(text) if text.trim_start().starts_with('[') => {
            serde_json::from_str(text).map_err(|_| PROBLEM)?
        }
        Value::String(_) => vec![value.clone()],
        Value::Array(tags) => tags.clone(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {
            return Err(PROBLEM.to_owned());
        }
    };
    let text = |tag: Value| match tag {
        Value::String(tag) => Ok(tag.trim().to_owned()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            Err(PROBLEM.to_owned())
        }
    };
    listed.into_iter().map(text).collect()
}

/// An object, or its JSON as text.
fn object_of(value: &Value) -> Option<Map<String, Value>> {
    match value {
        Value::Object(object) => Some(object.clone()),
        Value::String(json) => serde_json::from_str(json).ok(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
    }
}
