//! The toasts' rows.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, Row, params, params_from_iter};

use super::{MOST_TOASTS, ShownToast};
use crate::model::{ToastContent, ToastImage, ToastKey, ToastTag};

/// The statements that create this room's table.
pub const MIGRATION: &str = "
CREATE TABLE toast(
    device INTEGER NOT NULL,
    id INTEGER NOT NULL,
    toast_key TEXT NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    template TEXT NOT NULL,
    renderer TEXT NOT NULL,
    notification TEXT,
    shown_at INTEGER NOT NULL,
    PRIMARY KEY (device, id),
    UNIQUE (device, toast_key)
) STRICT;
";

/// What the second version of this room's tables added.
pub const MIGRATION_2: &str = "
ALTER TABLE toast ADD COLUMN image_source TEXT;
ALTER TABLE toast ADD COLUMN image_alt TEXT;
ALTER TABLE toast ADD COLUMN actions TEXT;
ALTER TABLE toast ADD COLUMN launch TEXT;
ALTER TABLE toast ADD COLUMN tag TEXT;
ALTER TABLE toast ADD COLUMN toast_group TEXT;
ALTER TABLE toast ADD COLUMN expires_at INTEGER;
ALTER TABLE toast ADD COLUMN suppress_popup INTEGER NOT NULL DEFAULT 0;
CREATE TABLE badge(
    device INTEGER PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;
CREATE TABLE pending_read(
    device INTEGER NOT NULL,
    toast_key TEXT NOT NULL,
    notification TEXT NOT NULL,
    tapped_at INTEGER NOT NULL,
    PRIMARY KEY (device, toast_key)
) STRICT;
";

const COLUMNS: &str = "id, toast_key, title, body, template, renderer, notification, shown_at,
    image_source, image_alt, actions, launch, tag, toast_group, expires_at, suppress_popup";

/// When a toast leaves by itself: `?2` is how long one is kept whose sender does not say.
const EXPIRY: &str =
    "CASE WHEN toast_key LIKE 'sign-in:%' THEN NULL ELSE coalesce(expires_at, shown_at + ?2) END";

/// Some of the toasts.
#[derive(Debug, Clone)]
pub(super) enum Which {
    All,
    Id(i64),
    Named(ToastTag, Option<ToastTag>),
    Tagged(ToastTag),
    Group(ToastTag),
    ButSignIn,
    Expired { now: Timestamp, keep: Duration },
}

impl Which {
    /// The condition, and what stands for `?2` and `?3` in it.
    fn condition(&self) -> (String, Vec<Value>) {
        let text = |tag: &ToastTag| Value::from(tag.as_str().to_owned());
        match self {
            Self::All => ("TRUE".to_owned(), Vec::new()),
            Self::Id(id) => ("id = ?2".to_owned(), vec![Value::from(*id)]),
            Self::Named(tag, group) => (
                "tag = ?2 AND toast_group IS ?3".to_owned(),
                vec![text(tag), group.as_ref().map_or(Value::Null, text)],
            ),
            Self::Tagged(tag) => ("tag = ?2".to_owned(), vec![text(tag)]),
            Self::ButSignIn => ("toast_key NOT LIKE 'sign-in:%'".to_owned(), Vec::new()),
            Self::Group(group) => ("toast_group = ?2".to_owned(), vec![text(group)]),
            Self::Expired { now, keep } => (
                format!("{EXPIRY} <= ?3"),
                vec![
                    Value::from(millis(*keep)),
                    Value::from(now.as_millisecond()),
                ],
            ),
        }
    }
}

pub(super) fn put(
    connection: &Connection,
    device: i64,
    toast: &ShownToast,
) -> rusqlite::Result<()> {
    let content = &toast.content;
    let actions = match content.actions.is_empty() {
        true => None,
        // Texts always serialise.
        false => serde_json::to_string(&content.actions).ok(),
    };
    let image = content.image.as_ref();
    connection
        .prepare_cached(&format!(
            "INSERT OR REPLACE INTO toast (device, {COLUMNS})
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)"
        ))?
        .execute(params![
            device,
            toast.id,
            content.key.as_str(),
            content.title.as_str(),
            content.body.as_str(),
            content.template.as_str(),
            toast.renderer,
            toast.notification,
            toast.shown_at.as_millisecond(),
            image.map(|image| image.source.as_str()),
            image.map(|image| image.alt.as_str()),
            actions,
            content.launch,
            content.tag.as_ref().map(ToastTag::as_str),
            content.group.as_ref().map(ToastTag::as_str),
            content.expires_at.map(Timestamp::as_millisecond),
            content.suppress_popup,
        ])?;
    Ok(())
}

/// The toasts, the one shown last first.
pub(super) fn select(
    connection: &Connection,
    device: i64,
    which: &Which,
) -> rusqlite::Result<Vec<ShownToast>> {
    let (condition, values) = which.condition();
    let values = std::iter::once(Value::from(device)).chain(values);
    connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM toast WHERE device = ?1 AND {condition}
             ORDER BY shown_at DESC, id DESC"
        ))?
        .query_map(params_from_iter(values), read)?
        .collect()
}

/// Deletes toasts, and returns them.
pub(super) fn take(
    connection: &Connection,
    device: i64,
    which: &Which,
) -> rusqlite::Result<Vec<ShownToast>> {
    let taken = select(connection, device, which)?;
    let mut delete =
        connection.prepare_cached("DELETE FROM toast WHERE device = ?1 AND id = ?2")?;
    for toast in &taken {
        delete.execute(params![device, toast.id])?;
    }
    Ok(taken)
}

pub(super) fn ids(connection: &Connection, device: i64) -> rusqlite::Result<HashMap<String, i64>> {
    connection
        .prepare("SELECT toast_key, id FROM toast WHERE device = ?1")?
        .query_map([device], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

pub(super) fn next_expiry(
    connection: &Connection,
    device: i64,
    keep: Duration,
) -> rusqlite::Result<Option<Timestamp>> {
    let next: Option<i64> = connection
        .prepare_cached(&format!(
            "SELECT min({EXPIRY}) FROM toast WHERE device = ?1"
        ))?
        .query_row(params![device, millis(keep)], |row| row.get(0))?;
    Ok(next.and_then(|at| Timestamp::from_millisecond(at).ok()))
}

/// Deletes the oldest toasts over the bound and returns their keys.
pub(super) fn prune(connection: &Connection, device: i64) -> rusqlite::Result<Vec<String>> {
    let most = i64::try_from(MOST_TOASTS).unwrap_or(i64::MAX);
    connection
        .prepare_cached(
            "DELETE FROM toast WHERE device = ?1 AND id IN
                 (SELECT id FROM toast WHERE device = ?1 ORDER BY shown_at DESC, id DESC LIMIT -1 OFFSET ?2)
             RETURNING toast_key",
        )?
        .query_map(params![device, most], |row| row.get(0))?
        .collect()
}

/// What does not read as what this program writes is left out: the file was changed by hand.
fn read(row: &Row<'_>) -> rusqlite::Result<ShownToast> {
    let time = |at: i64| Timestamp::from_millisecond(at).ok();
    let tag = |name: Option<String>| name.and_then(|name| ToastTag::parse(name).ok());
    let alt = row.get::<_, Option<String>>(9)?.unwrap_or_default();
    let image = row.get::<_, Option<String>>(8)?;
    let actions = row.get::<_, Option<String>>(10)?;
    Ok(ShownToast {
        id: row.get(0)?,
        content: ToastContent {
            image: image.and_then(|source| ToastImage::parse(source, &alt).ok()),
            actions: actions
                .and_then(|actions| serde_json::from_str(&actions).ok())
                .unwrap_or_default(),
            launch: row.get(11)?,
            tag: tag(row.get(12)?),
            group: tag(row.get(13)?),
            expires_at: row.get::<_, Option<i64>>(14)?.and_then(time),
            suppress_popup: row.get(15)?,
            ..ToastContent::new(
                ToastKey::stored(row.get::<_, String>(1)?),
                row.get::<_, String>(2)?,
                row.get::<_, String>(3)?,
                row.get::<_, String>(4)?.parse().unwrap_or_default(),
            )
        },
        renderer: row.get(5)?,
        notification: row.get(6)?,
        shown_at: time(row.get(7)?).unwrap_or(Timestamp::UNIX_EPOCH),
    })
}

fn millis(duration: Duration) -> i64 {
    // Half of what there is room for: it is added to a time.
    i64::try_from(duration.as_millis()).map_or(i64::MAX / 2, |millis| millis.min(i64::MAX / 2))
}
