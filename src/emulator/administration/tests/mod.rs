//! Push administration as the app backend, the hub and a person with the token meet it.

mod changing;
mod door;
mod partners;
mod services;

use crate::wire::push_administration::{Change, ChangeRequest, Changed};

use super::{AdministrationError, AdministrationOptions, PushAdministration};

/// Rules in memory.
pub(super) async fn rules(options: AdministrationOptions) -> PushAdministration {
    let nowhere = tempfile::tempdir().unwrap();
    PushAdministration::open_to_look(&nowhere.path().join("none"), options)
        .await
        .unwrap()
}

/// A change as JSON names it.
pub(super) fn change(json: &str) -> Change {
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {json}"))
}

pub(super) async fn make(
    administration: &PushAdministration,
    json: &str,
) -> Result<Changed, AdministrationError> {
    let change = change(json);
    administration
        .change(ChangeRequest {
            change,
            what_if: false,
        })
        .await
}

/// Makes several changes, each of which must be taken.
pub(super) async fn made(administration: &PushAdministration, changes: &[&str]) {
    for json in changes {
        let made = make(administration, json).await;
        made.unwrap_or_else(|error| panic!("{json}: {error}"));
    }
}
