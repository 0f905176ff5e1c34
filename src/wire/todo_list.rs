//! The to-do list of the Mobile Services tutorials: `/tables/TodoItem`.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

use super::app_backend::{Delivery, any_case};

/// An item of the to-do list (Mobile Services: `/tables/TodoItem`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TodoItem {
    /// Its id, among its owner's.
    pub id: String,
    /// What is to be done.
    pub text: String,
    /// Whether it is done.
    pub complete: bool,
    /// When it was inserted.
    #[serde(rename = "__createdAt")]
    pub created_at: Timestamp,
    /// When it was last changed.
    #[serde(rename = "__updatedAt")]
    pub updated_at: Timestamp,
}

/// Body of `POST /tables/TodoItem` and `PATCH /tables/TodoItem/{id}`; property names in any case,
/// unknown ones are passed over.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TodoChange {
    /// The item's id, where its inserter chooses it.
    pub id: Option<String>,
    /// What is to be done.
    pub text: Option<String>,
    /// Whether it is done.
    pub complete: Option<bool>,
}

impl<'de> Deserialize<'de> for TodoChange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Lower {
            id: Option<String>,
            text: Option<String>,
            complete: Option<bool>,
        }
        let Lower { id, text, complete } = any_case(deserializer)?;
        Ok(Self { id, text, complete })
    }
}

/// Answer of `POST /tables/TodoItem`, 201: the item, and what became of its push.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TodoInserted {
    /// The item, as it is stored.
    #[serde(flatten)]
    pub item: TodoItem,
    /// What became of its push.
    pub push: TodoPush,
}

/// What became of an item's push: the item is stored all the same.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TodoPush {
    /// One entry a device.
    pub deliveries: Vec<Delivery>,
    /// Why nothing was pushed, where the hub did not take it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_read_in_any_case_and_has_only_what_it_says() {
        let change: TodoChange =
            serde_json::from_str(r#"{"Complete":true,"__version":"x","ID":null}"#).unwrap();
        assert_eq!(change.complete, Some(true));
        assert_eq!((change.id, change.text), (None, None));
        assert!(serde_json::from_str::<TodoChange>(r#"{"complete":"yes"}"#).is_err());
    }
}
