//! The elements of an entry, in any order: what is a description, and what are its fields.

use std::collections::BTreeMap;

use crate::model::Invalid;
use crate::wire::xml::{Attributes, Visitor};

use super::super::HubPlatform;
use super::kind_name;

/// What a registration is called in errors.
pub(super) const WHAT: &str = "registration";

/// The elements of a description that are read; others are let through.
const FIELDS: [&str; 19] = [
    "Tags",
    "PushVariables",
    "ChannelUri",
    "DeviceToken",
    "FcmV1RegistrationId",
    "GcmRegistrationId",
    "FcmRegistrationId",
    "AdmRegistrationId",
    "XiaomiRegistrationId",
    "BaiduUserId",
    "BaiduChannelId",
    "Endpoint",
    "P256DH",
    "Auth",
    "SecondaryTileName",
    "BodyTemplate",
    "TemplateName",
    "Expiry",
    "Priority",
];

pub(super) fn bad(problem: impl Into<String>) -> Invalid {
    Invalid::new(WHAT, problem)
}

/// An entry while it is read: `entry`, `content`, a description, its fields; a list of headers has
/// two levels more.
#[derive(Default)]
pub(super) struct Entry {
    /// How many elements are open.
    depth: usize,
    in_content: bool,
    /// The platform, and whether it is a template.
    pub(super) kind: Option<(HubPlatform, bool)>,
    /// The field that is open.
    field: Option<&'static str>,
    /// The texts of the fields by their names; empty where a field is.
    pub(super) fields: BTreeMap<&'static str, String>,
    /// What begins the name of the list of headers that is open.
    list: Option<&'static str>,
    /// Names and values, each with the beginning of its list's name.
    pub(super) headers: Vec<(&'static str, String, String)>,
    part: Option<Part>,
}

/// The part of a header that is open.
#[derive(Clone, Copy)]
enum Part {
    Name,
    Value,
}

impl Visitor for Entry {
    fn open(&mut self, name: &str, attributes: &Attributes) -> Result<(), Invalid> {
        self.depth += 1;
        match self.depth {
            1 => {}
            2 => self.in_content = name == "content",
            _ if !self.in_content => {}
            3 => self.open_description(name, attributes)?,
            4 => self.open_field(name, attributes)?,
            5 => self.open_header(name)?,
            6 => self.open_part(name)?,
            _ => self.refuse_inner()?,
        }
        Ok(())
    }

    fn text(&mut self, text: &str) {
        if let (4, Some(field)) = (self.depth, self.field) {
            self.fields.entry(field).or_default().push_str(text);
        }
        if let (Some(part), Some((_, name, value))) = (self.part, self.headers.last_mut()) {
            match part {
                Part::Name => name.push_str(text),
                Part::Value => value.push_str(text),
            }
        }
    }

    fn close(&mut self, _name: &str) {
        match self.depth {
            2 => self.in_content = false,
            4 => (self.field, self.list) = (None, None),
            6 => self.part = None,
            _ => {}
        }
        self.depth = self.depth.saturating_sub(1);
    }
}

impl Entry {
    /// A description has the name of its kind, or names it as `i:type` (azure-sb, .NET).
    fn open_description(&mut self, name: &str, attributes: &Attributes) -> Result<(), Invalid> {
        if self.kind.is_some() {
            return Err(bad("has more than one description"));
        }
        let kind = match (name, attributes.filled("type")) {
            ("RegistrationDescription", Some(kind)) => kind.rsplit(':').next().unwrap_or(kind),
            _ => name,
        };
        self.kind = read_kind(kind);
        if self.kind.is_some() {
            return Ok(());
        }
        let known = HubPlatform::ALL.map(kind_name).join(", ");
        Err(bad(format!(
            "holds no description of a known platform: known are {known}, each plain or followed by \
             Template, then by RegistrationDescription"
        )))
    }

    fn open_field(&mut self, name: &str, attributes: &Attributes) -> Result<(), Invalid> {
        self.list = match name {
            "WnsHeaders" => Some("Wns"),
            "MpnsHeaders" => Some("Mpns"),
            "ApnsHeaders" => Some("Apns"),
            _ => None,
        };
        self.field = FIELDS.into_iter().find(|field| *field == name);
        let Some(field) = self.field else {
            return Ok(());
        };
        if self.fields.insert(field, String::new()).is_some() {
            return Err(bad(format!("has <{field}> twice")));
        }
        if attributes
            .filled("nil")
            .is_some_and(|nil| nil != "false" && nil != "0")
        {
            self.field = None;
        }
        Ok(())
    }

    fn open_header(&mut self, name: &str) -> Result<(), Invalid> {
        let Some(list) = self.list else {
            return self.refuse_inner();
        };
        if name.strip_prefix(list) != Some("Header") {
            return Err(bad(format!(
                "has something else than <{list}Header> in its headers"
            )));
        }
        self.headers.push((list, String::new(), String::new()));
        Ok(())
    }

    fn open_part(&mut self, name: &str) -> Result<(), Invalid> {
        if self.list.is_none() {
            return self.refuse_inner();
        }
        self.part = match name {
            "Header" => Some(Part::Name),
            "Value" => Some(Part::Value),
            _ => None,
        };
        Ok(())
    }

    /// Elements within a text are refused: a body must be escaped.
    fn refuse_inner(&self) -> Result<(), Invalid> {
        match (self.field, self.list) {
            (Some(field), _) => Err(bad(format!(
                "has an element within <{field}>: escape its text, or write it as CDATA"
            ))),
            (None, Some(list)) => Err(bad(format!(
                "has an element within a <{list}Header>'s texts"
            ))),
            (None, None) => Ok(()),
        }
    }
}

/// Reads the name of a description.
fn read_kind(name: &str) -> Option<(HubPlatform, bool)> {
    let kind = name.strip_suffix("RegistrationDescription")?;
    let (kind, is_template) = match kind.strip_suffix("Template") {
        Some(kind) => (kind, true),
        None => (kind, false),
    };
    // What .NET calls GCM since Google renamed it.
    let kind = if kind == "Fcm" { "Gcm" } else { kind };
    let mut all = HubPlatform::ALL.into_iter();
    let platform = all.find(|platform| kind_name(*platform) == kind)?;
    Some((platform, is_template))
}
