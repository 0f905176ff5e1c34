//! The hubs in which an app backend knows devices: the one that it sends through, and the embedded
//! one, which is at hand whichever that is.

use std::sync::Arc;

use crate::emulator::hub::Hub;

/// The name of the embedded hub in the rows of registrations; others have a slash in theirs.
pub(super) const EMBEDDED: &str = "embedded";

/// The hubs that can be asked.
#[derive(Debug)]
pub(in crate::emulator) struct Hubs {
    in_use: Arc<dyn Hub>,
    elsewhere: Option<Elsewhere>,
}

/// What there is beside a hub elsewhere that is in use.
#[derive(Debug)]
struct Elsewhere {
    name: String,
    embedded: Arc<dyn Hub>,
}

impl Hubs {
    /// The embedded hub alone.
    pub(in crate::emulator) fn embedded(hub: Arc<dyn Hub>) -> Self {
        Self {
            in_use: hub,
            elsewhere: None,
        }
    }

    /// A hub elsewhere, of which `name` says host and name. What the embedded one knew before can be
    /// taken out of it.
    pub(in crate::emulator) fn elsewhere(
        hub: Arc<dyn Hub>,
        name: &str,
        embedded: Arc<dyn Hub>,
    ) -> Self {
        Self {
            in_use: hub,
            elsewhere: Some(Elsewhere {
                name: name.to_ascii_lowercase(),
                embedded,
            }),
        }
    }

    /// The hub that is sent through.
    pub(super) fn in_use(&self) -> &dyn Hub {
        &*self.in_use
    }

    /// Its name, the same at each start.
    pub(super) fn name(&self) -> &str {
        self.elsewhere
            .as_ref()
            .map_or(EMBEDDED, |elsewhere| &elsewhere.name)
    }

    /// True where a hub elsewhere is in use.
    pub(super) fn is_elsewhere(&self) -> bool {
        self.elsewhere.is_some()
    }

    /// The hub of this name, while it can be asked.
    pub(super) fn named(&self, name: &str) -> Option<&dyn Hub> {
        match &self.elsewhere {
            _ if name == self.name() => Some(self.in_use()),
            Some(elsewhere) if name == EMBEDDED => Some(&*elsewhere.embedded),
            Some(_) | None => None,
        }
    }
}
