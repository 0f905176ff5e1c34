//! Reading telemetry, for whoever sends through a hub elsewhere.

use crate::model::Invalid;
use crate::wire::xml::{self, Attributes, Visitor};

use super::super::{HubPlatform, MAX_BODY};
use super::{COUNTS, MessageState, NotificationDetails, SendProgress};

const WHAT: &str = "notification details";

/// The largest telemetry, in bytes: it repeats the notification, escaped.
const MAX_DETAILS: usize = 8 * MAX_BODY;

/// The most outcomes of one send, over all platforms.
const MOST_OUTCOMES: usize = 256;

/// The longest name of an outcome, or of a state, in bytes.
const MAX_NAME: usize = 256;

impl NotificationDetails {
    /// Reads how far a send is, and its counts by platform; the rest is let through. A state that is
    /// not known is [`MessageState::Unknown`].
    ///
    /// # Errors
    /// [`Invalid`] when it is too large, malformed, or has a count that is no number.
    pub fn read_progress(body: &[u8]) -> Result<SendProgress, Invalid> {
        let mut details = Details::default();
        xml::read(WHAT, "NotificationDetails", MAX_DETAILS, body, &mut details)?;
        details.finish()
    }
}

/// Telemetry while it is read: the root, its fields; counts have an `Outcome` each, with `Name` and
/// `Count`.
#[derive(Default)]
struct Details {
    depth: usize,
    state: String,
    /// The platform whose counts are open.
    platform: Option<HubPlatform>,
    counts: Vec<Count>,
    open: Open,
}

struct Count {
    platform: HubPlatform,
    name: String,
    count: String,
}

/// What the text is part of.
#[derive(Default, Clone, Copy)]
enum Open {
    #[default]
    Other,
    State,
    Name,
    Count,
}

impl Visitor for Details {
    fn open(&mut self, name: &str, _attributes: &Attributes) -> Result<(), Invalid> {
        self.depth += 1;
        self.open = match (self.depth, name, self.platform) {
            (2, "State", _) => Open::State,
            (2, ..) => {
                let known = COUNTS.iter().find(|(_, counts)| *counts == name);
                self.platform = known.map(|(platform, _)| *platform);
                Open::Other
            }
            (3, "Outcome", Some(platform)) => {
                if self.counts.len() == MOST_OUTCOMES {
                    return Err(Invalid::new(WHAT, "has too many outcomes"));
                }
                let (name, count) = (String::new(), String::new());
                self.counts.push(Count {
                    platform,
                    name,
                    count,
                });
                Open::Other
            }
            (4, "Name", Some(_)) => Open::Name,
            (4, "Count", Some(_)) => Open::Count,
            _ => Open::Other,
        };
        Ok(())
    }

    fn text(&mut self, text: &str) {
        let part = match (self.open, self.counts.last_mut()) {
            (Open::State, _) => &mut self.state,
            (Open::Name, Some(count)) => &mut count.name,
            (Open::Count, Some(count)) => &mut count.count,
            _ => return,
        };
        part.push_str(text);
    }

    fn close(&mut self, _name: &str) {
        self.open = Open::Other;
        self.depth = self.depth.saturating_sub(1);
        if self.depth == 1 {
            self.platform = None;
        }
    }
}

impl Details {
    fn finish(self) -> Result<SendProgress, Invalid> {
        let mut progress = SendProgress {
            state: MessageState::parse(self.state.trim()).unwrap_or(MessageState::Unknown),
            ..SendProgress::default()
        };
        for Count {
            platform,
            name,
            count,
        } in self.counts
        {
            let name = name.trim();
            if name.is_empty() || name.len() > MAX_NAME {
                return Err(Invalid::new(
                    WHAT,
                    "has an outcome whose name is empty or too long",
                ));
            }
            let count: u64 = count
                .trim()
                .parse()
                .map_err(|_| Invalid::new(WHAT, "has an outcome whose count is no whole number"))?;
            let counts = progress.counts.entry(platform).or_default();
            let known = counts.entry(name.to_owned()).or_default();
            *known = known.saturating_add(count);
        }
        Ok(progress)
    }
}
