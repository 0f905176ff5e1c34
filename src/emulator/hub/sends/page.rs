//! The devices of a send, a page at a time, each of them once.

use std::collections::{BTreeMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};

use jiff::Timestamp;
use rusqlite::Connection;

use crate::emulator::hub::routing::{self, Bounds};
use crate::emulator::hub::rows::{TargetRow, targets};
use crate::emulator::hub::send::{Send, Target};
use crate::model::TagExpression;
use crate::wire::notification_hub::{Format, HubPlatform, PnsHandle};

/// How much is read at once.
const BOUNDS: Bounds = Bounds {
    targets: 100,
    looks: 2000,
};

/// The most bytes of templates and variables in a page.
const MOST_BYTES: usize = 1024 * 1024;

/// Where a send's devices come from.
#[derive(Debug, Clone)]
pub(super) enum Source {
    /// What is registered.
    Hub {
        format: Format,
        to: Option<TagExpression>,
    },
    /// These, registered or not.
    Handles {
        platform: HubPlatform,
        handles: Vec<PnsHandle>,
    },
}

/// Some of the devices, in order.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) targets: Vec<TargetRow>,
    /// Behind which number the next page begins; none where this is the last.
    pub(super) next: Option<i64>,
}

impl Source {
    pub(super) fn of(send: &Send) -> Self {
        let format = send.content.format;
        match (&send.to, format) {
            (Target::Direct(handles), Format::Native(platform)) => Self::Handles {
                platform,
                handles: handles.clone(),
            },
            (Target::Tags(expression), _) => Self::Hub {
                format,
                to: Some(expression.clone()),
            },
            (Target::Broadcast | Target::Direct(_), _) => Self::Hub { format, to: None },
        }
    }

    /// The page behind the device with this number; none where it has to be read from the hub.
    pub(super) fn listed(&self, after: i64) -> Option<Page> {
        let Self::Handles { platform, handles } = self else {
            return None;
        };
        let begin = usize::try_from(after).unwrap_or(usize::MAX);
        let numbered = handles.iter().zip(1_i64..).skip(begin);
        let targets: Vec<TargetRow> = numbered
            .take(BOUNDS.targets)
            .map(|(handle, id)| TargetRow {
                id,
                registration: String::new(),
                platform: *platform,
                handle: handle.clone(),
                variables: BTreeMap::new(),
                template: None,
            })
            .collect();
        let last = targets.last().map(|target| target.id);
        let more = begin.saturating_add(targets.len()) < handles.len();
        Some(Page {
            targets,
            next: last.filter(|_| more),
        })
    }

    /// The page behind the device with this number. Those that expired are left out.
    pub(super) fn read(
        &self,
        c: &Connection,
        after: i64,
        now: Timestamp,
    ) -> rusqlite::Result<Page> {
        let Self::Hub { format, to } = self else {
            return Ok(Page::default());
        };
        let reached = routing::reach(c, *format, to.as_ref(), after, BOUNDS)?;
        let mut page = Page {
            targets: Vec::new(),
            next: reached.next,
        };
        let mut bytes = 0;
        for target in reached.targets {
            let Some(row) = targets::live(c, target, now)? else {
                continue;
            };
            bytes += weight(&row);
            page.targets.push(row);
            if bytes > MOST_BYTES {
                page.next = Some(target);
                break;
            }
        }
        Ok(page)
    }
}

fn weight(row: &TargetRow) -> usize {
    let template = row.template.as_ref().map_or(0, |template| {
        let headers = template.headers.iter();
        let headers: usize = headers.map(|(name, value)| name.len() + value.len()).sum();
        template.body.len() + headers
    });
    let variables = row.variables.iter();
    let variables: usize = variables
        .map(|(name, value)| name.len() + value.len())
        .sum();
    template + variables
}

/// The devices that a send has met: a native notification reaches a handle once, and what one template
/// gives reaches it once.
#[derive(Debug, Default)]
pub(super) struct Met {
    keys: HashSet<u64>,
    hasher: RandomState,
}

impl Met {
    /// False where it was met before.
    pub(super) fn is_new(&mut self, target: &TargetRow) -> bool {
        let template = target.template.as_ref().map(|template| {
            let (body, headers) = (&template.body, &template.headers);
            (
                body,
                headers,
                &template.expiry,
                &template.priority,
                &target.variables,
            )
        });
        self.keys
            .insert(self.hasher.hash_one((target.device(), template)))
    }
}
