//! What each life of a phone said and left behind, and whether that adds up.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, Instant};

use handset::wire::secure_push::read_notification_id;
use jiff::Timestamp;
use rusqlite::Connection;
use serde_json::Value;

/// A toast as the phone told of it.
pub(super) struct Told {
    pub(super) notification: String,
    id: i64,
    key: String,
    at: Timestamp,
}

/// The payload's ID that each message carried: a phone that is switched on forgets it of those that
/// are finished.
pub(super) type Carried = BTreeMap<String, String>;

/// What the phone's files say after it was killed.
struct Left {
    /// The pushes whose end is written down, by the payload's ID.
    shown: BTreeSet<String>,
    /// Every push in the journal; one that was accepted twice is in it twice.
    accepted: Vec<String>,
    /// The action centre: the payload's ID by the toast's number.
    toasts: BTreeMap<i64, String>,
}

/// One life of a phone.
pub(super) struct Life {
    pub(super) started: Timestamp,
    pub(super) killed: Timestamp,
    pub(super) ready: Option<Timestamp>,
    pub(super) toasts: Vec<Told>,
    left: Left,
    /// How long the disk took to sync a file just then.
    pub(super) sync: Duration,
}

impl Life {
    /// The life that printed `lines` and left its database in `folder`.
    pub(super) fn new(
        started: Timestamp,
        killed: Timestamp,
        lines: &str,
        folder: &Path,
        carried: &mut Carried,
    ) -> Self {
        // A kill may cut the last line.
        let events: Vec<Value> = lines
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect();
        let at = |event: &Value| event["ts"].as_str().unwrap().parse().unwrap();
        let named = |name: &str| events.iter().find(|event| event["event"] == name);
        let is_toast =
            |event: &&Value| event["event"] == "toast.shown" || event["event"] == "toast.updated";
        let told = |event: &Value| Told {
            notification: event["notification"].as_str().unwrap().to_owned(),
            id: event["toast"]["id"].as_i64().unwrap(),
            key: event["toast"]["tag"].as_str().unwrap().to_owned(),
            at: at(event),
        };
        let (left, sync) = read_copy(folder, carried);
        Self {
            started,
            killed,
            ready: named("phone.ready").map(at),
            toasts: events.iter().filter(is_toast).map(told).collect(),
            left,
            sync,
        }
    }

    /// The pushes whose end was written down when it ended.
    pub(super) fn shown(&self) -> &BTreeSet<String> {
        &self.left.shown
    }
}

/// A toast that was shown again by a later life.
pub(super) struct Repeat {
    /// How long before the kill it was shown the first time.
    pub(super) before_kill: Duration,
}

/// The toasts that were shown more than once.
///
/// # Panics
/// When one life showed a toast twice, when one came again whose end was in the journal, and when
/// one came again in another place or under another key.
pub(super) fn repeats(lives: &[Life]) -> Vec<Repeat> {
    let mut shown_before: BTreeMap<&str, (usize, &Told)> = BTreeMap::new();
    let mut written_down: BTreeSet<&str> = BTreeSet::new();
    let mut repeats = Vec::new();
    for (number, life) in lives.iter().enumerate() {
        for toast in &life.toasts {
            let notification = toast.notification.as_str();
            assert!(
                !written_down.contains(notification),
                "{notification} was shown again although its end was written down"
            );
            let Some((earlier, first)) = shown_before.insert(notification, (number, toast)) else {
                continue;
            };
            assert_ne!(earlier, number, "one life showed {notification} twice");
            assert_eq!(
                (first.id, &first.key),
                (toast.id, &toast.key),
                "{notification} does not replace itself"
            );
            let before_kill = lives[earlier].killed.duration_since(first.at);
            repeats.push(Repeat {
                before_kill: Duration::try_from(before_kill).unwrap_or_default(),
            });
        }
        written_down.extend(life.left.shown.iter().map(String::as_str));
    }
    repeats
}

/// Every push that the phone was to have was accepted once and shown, and stands in the action
/// centre in a place of its own; nothing else was shown but what is in `may`.
pub(super) fn assert_complete(lives: &[Life], must: &BTreeSet<&str>, may: &BTreeSet<&str>) {
    let last = lives.last().unwrap();
    let shown: BTreeSet<&str> = last.left.shown.iter().map(String::as_str).collect();
    let lost: Vec<_> = must.difference(&shown).collect();
    assert!(lost.is_empty(), "{} are lost, {:?} …", lost.len(), lost[0]);
    let extra = shown
        .iter()
        .find(|id| !must.contains(*id) && !may.contains(*id));
    assert_eq!(extra, None, "shown, but never sent");
    let once: BTreeSet<&String> = last.left.accepted.iter().collect();
    assert_eq!(once.len(), last.left.accepted.len(), "accepted twice");

    let mut places: BTreeMap<i64, &str> = BTreeMap::new();
    let told = lives.iter().flat_map(|life| &life.toasts);
    let told = told.map(|toast| (toast.id, toast.notification.as_str()));
    let kept = lives.iter().flat_map(|life| &life.left.toasts);
    let kept = kept.map(|(id, notification)| (*id, notification.as_str()));
    for (id, notification) in told.chain(kept) {
        let other = places.insert(id, notification);
        assert!(
            other.is_none_or(|other| other == notification),
            "toast {id} was {other:?} and {notification}"
        );
    }
    let seen: BTreeSet<&str> = places.values().copied().collect();
    assert_eq!(seen.len(), places.len(), "a push stands in two places");
    assert_eq!(
        shown.difference(&seen).next(),
        None,
        "ended without a toast"
    );
}

/// Reads a copy of the database, so that the phone's own journal is left to the phone.
fn read_copy(folder: &Path, carried: &mut Carried) -> (Left, Duration) {
    let copy = tempfile::tempdir().unwrap();
    let mut sync = Duration::ZERO;
    for name in ["handset.db", "handset.db-wal"] {
        let to = copy.path().join(name);
        if fs::copy(folder.join(name), &to).is_ok() {
            let begun = Instant::now();
            File::open(to).and_then(|file| file.sync_data()).unwrap();
            sync = sync.max(begun.elapsed());
        }
    }
    let database = Connection::open(copy.path().join("handset.db")).unwrap();
    (read(&database, carried).unwrap(), sync)
}

fn read(database: &Connection, carried: &mut Carried) -> rusqlite::Result<Left> {
    let mut rows = database.prepare(
        "SELECT content, coalesce(state, 'accepted'), message
         FROM inbox LEFT JOIN inbox_state USING (entry)",
    )?;
    let rows = rows.query_map([], |row| {
        Ok((
            row.get::<_, Vec<u8>>(0)?,
            row.get::<_, String>(1)?,
            row.get::<_, String>(2)?,
        ))
    })?;
    let (mut shown, mut accepted) = (BTreeSet::new(), Vec::new());
    for row in rows {
        let (content, state, message) = row?;
        if let Ok(id) = read_notification_id(&content) {
            carried.insert(message.clone(), id.to_string());
        }
        let id = carried[&message].clone();
        if state == "shown" {
            shown.insert(id.clone());
        }
        accepted.push(id);
    }
    let toasts = database
        .prepare("SELECT id, notification FROM toast WHERE notification IS NOT NULL")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(Left {
        shown,
        accepted,
        toasts,
    })
}
