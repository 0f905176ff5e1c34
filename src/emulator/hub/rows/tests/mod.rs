//! Rows in a database in memory.

mod installations;
mod messages;
mod migration;
mod registrations;

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::Connection;

use crate::emulator::hub::asking::{Listing, Page};
use crate::emulator::hub::rows::registrations::list;
use crate::emulator::schema::SCHEMA;
use crate::model::{Handle, Tag};
use crate::wire::notification_hub::{HubPlatform, PnsHandle, Registration};

fn database() -> Connection {
    let c = Connection::open_in_memory().unwrap();
    for migration in SCHEMA.migrations {
        c.execute_batch(migration).unwrap();
    }
    c
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn tags(tags: &[&str]) -> Vec<Tag> {
    tags.iter().map(|tag| Tag::parse(*tag).unwrap()).collect()
}

fn handle(text: &str) -> PnsHandle {
    PnsHandle {
        text: Handle::parse(text).unwrap(),
        keys: None,
    }
}

fn windows(at: &str, with: &[&str]) -> Registration {
    Registration {
        platform: HubPlatform::Windows,
        handle: handle(at),
        tags: tags(with),
        push_variables: BTreeMap::new(),
        secondary_tile: None,
        template: None,
    }
}

fn listed(c: &Connection, which: &Listing, now: i64) -> Page {
    list(c, which, 100, 0, at(now)).unwrap()
}

fn count(c: &Connection, table: &str) -> i64 {
    let statement = format!("SELECT count(*) FROM {table}");
    c.query_row(&statement, [], |row| row.get(0)).unwrap()
}
