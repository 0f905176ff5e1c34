//! What of a target is no column: JSON, for targets that have more than a handle and tags.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::wire::notification_hub::Template;

/// The rest of a target.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct More {
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) variables: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) tile: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    template: Option<TemplateDocument>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct TemplateDocument {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    body: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    headers: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expiry: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    priority: Option<String>,
}

impl More {
    pub(super) fn of(
        variables: &BTreeMap<String, String>,
        tile: Option<&str>,
        template: Option<&Template>,
    ) -> Self {
        let template = template.map(|template| TemplateDocument {
            name: template.name.clone(),
            body: template.body.clone(),
            headers: template.headers.clone(),
            expiry: template.expiry.clone(),
            priority: template.priority.clone(),
        });
        Self {
            variables: variables.clone(),
            tile: tile.map(str::to_owned),
            template,
        }
    }

    /// The column: none where there is nothing more.
    pub(super) fn write(&self) -> Option<String> {
        if *self == Self::default() {
            return None;
        }
        serde_json::to_string(self).ok()
    }

    pub(super) fn read(column: Option<&str>) -> serde_json::Result<Self> {
        column.map_or_else(|| Ok(Self::default()), serde_json::from_str)
    }

    pub(super) fn take_template(&mut self) -> Option<Template> {
        self.template.take().map(|template| Template {
            name: template.name,
            body: template.body,
            headers: template.headers,
            expiry: template.expiry,
            priority: template.priority,
        })
    }
}
