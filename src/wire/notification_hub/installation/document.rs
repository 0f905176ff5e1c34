//! An installation as the JSON document it is on the wire.

use std::collections::BTreeMap;

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

/// The properties in the order in which the service answers them. What is not known is let through,
/// and null says that a property is not there, as .NET writes it.
#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Document {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) installation_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) push_channel: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) push_channel_expired: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) platform: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expiration_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tags: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) push_variables: Option<Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) templates: Option<BTreeMap<String, Object<TemplateDocument>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) secondary_tiles: Option<BTreeMap<String, Object<TileDocument>>>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct TemplateDocument {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) body: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) headers: Option<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expiry: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tags: Option<Vec<String>>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct TileDocument {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) push_channel: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) push_channel_expired: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tags: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) templates: Option<BTreeMap<String, Object<TemplateDocument>>>,
}

/// What is read of an object alone: serde would take a list of the fields as well.
#[derive(Serialize)]
#[serde(transparent)]
pub(super) struct Object<T>(pub(super) T);

impl<'de, T: DeserializeOwned> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let object = Map::deserialize(deserializer)?;
        let inner = serde_json::from_value(Value::Object(object)).map_err(D::Error::custom)?;
        Ok(Self(inner))
    }
}
