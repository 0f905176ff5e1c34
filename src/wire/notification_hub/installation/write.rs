//! Writing an installation, without what is empty.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::model::Tag;

use super::super::{PnsHandle, markup};
use super::document::{Document, Object, TemplateDocument, TileDocument};
use super::{Installation, InstallationTemplate, SecondaryTile};

/// The expiry of an installation that never expires.
const NEVER: &str = "9999-12-31T23:59:59.9999999Z";

impl Installation {
    /// The installation as the hub answers it, or as an SDK puts it. What is empty is left out; an
    /// expiry is written to the millisecond.
    #[must_use]
    pub fn write(&self) -> String {
        serde_json::to_string(&Document::of(self)).unwrap_or_default()
    }
}

impl Document {
    pub(super) fn of(installation: &Installation) -> Self {
        let variables = installation.push_variables.iter();
        let variables: Map<_, _> = variables.map(|(n, v)| (n.clone(), json!(v))).collect();
        let tiles = installation.secondary_tiles.iter();
        let tiles: BTreeMap<_, _> = tiles
            .map(|(n, t)| (n.clone(), Object(TileDocument::of(t))))
            .collect();
        let expires = installation
            .expires
            .map_or_else(|| NEVER.to_owned(), markup::millis);
        Self {
            installation_id: Some(installation.id.clone()),
            push_channel: Some(write_handle(&installation.handle)),
            push_channel_expired: Some(installation.channel_expired),
            platform: Some(installation.platform.installation_name().to_owned()),
            expiration_time: Some(expires),
            user_id: installation.user_id.clone(),
            tags: write_tags(&installation.tags),
            push_variables: (!variables.is_empty()).then_some(variables),
            templates: write_templates(&installation.templates),
            secondary_tiles: (!tiles.is_empty()).then_some(tiles),
        }
    }
}

impl TemplateDocument {
    fn of(template: &InstallationTemplate) -> Self {
        let headers = &template.headers;
        Self {
            body: Some(template.body.clone()),
            headers: (!headers.is_empty()).then(|| headers.clone()),
            expiry: template.expiry.clone(),
            tags: write_tags(&template.tags),
        }
    }
}

impl TileDocument {
    fn of(tile: &SecondaryTile) -> Self {
        Self {
            push_channel: Some(write_handle(&tile.handle)),
            push_channel_expired: Some(tile.channel_expired),
            tags: write_tags(&tile.tags),
            templates: write_templates(&tile.templates),
        }
    }
}

fn write_handle(handle: &PnsHandle) -> Value {
    let text = handle.text.as_str();
    match &handle.keys {
        Some(keys) => json!({ "endpoint": text, "p256dh": keys.p256dh, "auth": keys.auth }),
        None => json!(text),
    }
}

fn write_tags(tags: &[Tag]) -> Option<Vec<String>> {
    (!tags.is_empty()).then(|| tags.iter().map(ToString::to_string).collect())
}

fn write_templates(
    templates: &BTreeMap<String, InstallationTemplate>,
) -> Option<BTreeMap<String, Object<TemplateDocument>>> {
    let write = |(name, template): (&String, &InstallationTemplate)| {
        (name.clone(), Object(TemplateDocument::of(template)))
    };
    (!templates.is_empty()).then(|| templates.iter().map(write).collect())
}
