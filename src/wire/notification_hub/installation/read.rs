//! Reading an installation, and checking all that it says.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::Value;

use crate::model::{Invalid, SubscriptionKeys, Tag};
use crate::wire::json::problem_of;

use super::super::{HubPlatform, MAX_BODY, PnsHandle, read_time, rules};
use super::document::{Document, Object, TemplateDocument, TileDocument};
use super::{Installation, InstallationTemplate, SecondaryTile};

const WHAT: &str = "installation";

impl Installation {
    /// Reads an installation; property names in camelCase, the platform in any case. Unknown
    /// properties are let through.
    ///
    /// # Errors
    /// [`Invalid`] says what is malformed, without quoting handles or bodies.
    pub fn read(json: &[u8]) -> Result<Self, Invalid> {
        if json.len() > MAX_BODY {
            let size = json.len();
            return Err(bad(format!(
                "has {size} bytes, at most {MAX_BODY} are allowed"
            )));
        }
        let json = json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json);
        let Object(document): Object<Document> = serde_json::from_slice(json)
            .map_err(|error| bad(format!("cannot be read: {}", problem_of(&error))))?;
        document.read()
    }
}

fn bad(problem: impl Into<String>) -> Invalid {
    Invalid::new(WHAT, problem)
}

impl Document {
    pub(super) fn read(self) -> Result<Installation, Invalid> {
        let id = self
            .installation_id
            .ok_or_else(|| bad("has no installationId"))?;
        rules::check_id("installationId", rules::INSTALLATION, &id)?;
        if let Some(user) = &self.user_id {
            rules::check_id("userId", rules::USER, user)?;
        }
        let platform = read_platform(self.platform.as_deref())?;
        let tiles = self.secondary_tiles.unwrap_or_default();
        Ok(Installation {
            id,
            platform,
            handle: read_handle(platform, self.push_channel)?,
            channel_expired: self.push_channel_expired.unwrap_or_default(),
            tags: read_tags(WHAT, self.tags)?,
            user_id: self.user_id,
            expires: read_expiry(self.expiration_time.as_deref())?,
            push_variables: rules::variables(WHAT, self.push_variables.unwrap_or_default())?,
            templates: read_templates(self.templates)?,
            secondary_tiles: read_tiles(platform, tiles)?,
        })
    }
}

impl TemplateDocument {
    fn read(self, name: &str) -> Result<InstallationTemplate, Invalid> {
        const WHAT: &str = "template";
        rules::check_name(WHAT, name)?;
        let body = self.body.filter(|body| !body.trim().is_empty());
        let headers = rules::headers(WHAT, self.headers.unwrap_or_default())?;
        // The service adds a template's name to its tags, even where no tag may be called so.
        let mut tags = self.tags.unwrap_or_default();
        tags.retain(|tag| tag != name || Tag::parse(tag.as_str()).is_ok());
        Ok(InstallationTemplate {
            body: body.ok_or_else(|| Invalid::new(WHAT, "has no body"))?,
            headers: headers.into_iter().collect(),
            tags: read_tags(WHAT, Some(tags))?,
            expiry: self.expiry.filter(|expiry| !expiry.trim().is_empty()),
        })
    }
}

impl TileDocument {
    fn read(self, platform: HubPlatform, name: &str) -> Result<SecondaryTile, Invalid> {
        const WHAT: &str = "secondary tile";
        rules::check_name(WHAT, name)?;
        Ok(SecondaryTile {
            handle: read_handle(platform, self.push_channel)?,
            channel_expired: self.push_channel_expired.unwrap_or_default(),
            tags: read_tags(WHAT, self.tags)?,
            templates: read_templates(self.templates)?,
        })
    }
}

fn read_platform(name: Option<&str>) -> Result<HubPlatform, Invalid> {
    let platform = name.and_then(HubPlatform::from_installation_name);
    platform.ok_or_else(|| {
        let known = HubPlatform::ALL
            .map(HubPlatform::installation_name)
            .join(", ");
        bad(format!("has no platform of {known}"))
    })
}

/// An address is a text, or, for a browser, an object or its JSON as text, as the SDK for .NET
/// writes it.
fn read_handle(platform: HubPlatform, channel: Option<Value>) -> Result<PnsHandle, Invalid> {
    #[derive(Deserialize)]
    struct Subscription {
        endpoint: String,
        #[serde(flatten)]
        keys: SubscriptionKeys,
    }
    let channel = channel.ok_or_else(|| bad("has no pushChannel"))?;
    if platform != HubPlatform::Browser {
        let text = channel
            .as_str()
            .ok_or_else(|| bad("has a pushChannel that is no text"))?;
        return PnsHandle::parse(platform, text, None);
    }
    let subscription = match channel {
        Value::String(json) => serde_json::from_str(&json),
        object @ (Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::Array(_)
        | Value::Object(_)) => serde_json::from_value(object),
    };
    let Subscription { endpoint, keys } = subscription
        .map_err(|_| bad("has a pushChannel that is not {endpoint, p256dh, auth}, a browser's"))?;
    PnsHandle::parse(platform, &endpoint, Some(keys))
}

fn read_tags(what: &'static str, tags: Option<Vec<String>>) -> Result<Vec<Tag>, Invalid> {
    rules::tags(what, tags.unwrap_or_default().iter().map(String::as_str))
}

fn read_templates(
    templates: Option<BTreeMap<String, Object<TemplateDocument>>>,
) -> Result<BTreeMap<String, InstallationTemplate>, Invalid> {
    let templates = templates.unwrap_or_default().into_iter();
    let read = |(name, Object(template)): (String, Object<TemplateDocument>)| {
        let template = template.read(&name)?;
        Ok((name, template))
    };
    templates.map(read).collect()
}

fn read_tiles(
    platform: HubPlatform,
    tiles: BTreeMap<String, Object<TileDocument>>,
) -> Result<BTreeMap<String, SecondaryTile>, Invalid> {
    let has_tiles = matches!(platform, HubPlatform::Windows | HubPlatform::WindowsPhone);
    if !tiles.is_empty() && !has_tiles {
        return Err(bad("has secondaryTiles, which only wns and mpns have"));
    }
    let read = |(name, Object(tile)): (String, Object<TileDocument>)| {
        let tile = tile.read(platform, &name)?;
        Ok((name, tile))
    };
    tiles.into_iter().map(read).collect()
}

/// A time with an offset, or in UTC without one, from the year 1 on. The year 9999 is never: no clock
/// gets there, and its end is beyond what a [`Timestamp`] has.
fn read_expiry(text: Option<&str>) -> Result<Option<Timestamp>, Invalid> {
    let Some(text) = text
        .map(str::trim)
        .filter(|text| !text.starts_with("9999-"))
    else {
        return Ok(None);
    };
    let expires = read_time("expirationTime", text)?;
    if TimeZone::UTC.to_datetime(expires).year() < 1 {
        return Err(bad("has an expirationTime before the year 1"));
    }
    Ok(Some(expires))
}
