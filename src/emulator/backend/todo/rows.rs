//! The rows of to-do items.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::model::UserName;
use crate::wire::todo_list::TodoItem;

use super::query::Wanted;

/// The most items of one user.
const MOST_PER_USER: i64 = 1000;

const COLUMNS: &str = "id, text, complete, created_at, updated_at";

/// A time as rows keep it: to the millisecond.
pub(super) fn kept(time: Timestamp) -> Timestamp {
    read_time(time.as_millisecond())
}

fn read_time(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// What became of a new item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Inserted {
    Done,
    /// The user has one with its id.
    Exists,
    /// The user has too many.
    Full,
}

pub(super) fn insert(
    c: &Connection,
    owner: &UserName,
    item: &TodoItem,
) -> rusqlite::Result<Inserted> {
    let held: i64 = c
        .prepare_cached("SELECT count(*) FROM todo_item WHERE owner = ?1")?
        .query_row([owner.as_str()], |row| row.get(0))?;
    if held >= MOST_PER_USER {
        return Ok(Inserted::Full);
    }
    let inserted = c
        .prepare_cached(
            "INSERT OR IGNORE INTO todo_item(owner, id, text, complete, created_at, updated_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            owner.as_str(),
            item.id,
            item.text,
            item.complete,
            item.created_at.as_millisecond(),
            item.updated_at.as_millisecond()
        ])?;
    Ok(match inserted {
        0 => Inserted::Exists,
        _ => Inserted::Done,
    })
}

/// The items that are wanted, and how many there are without the limits of a page.
pub(super) fn list(
    c: &Connection,
    owner: &UserName,
    wanted: &Wanted,
) -> rusqlite::Result<(Vec<TodoItem>, i64)> {
    let statement = format!(
        "SELECT {COLUMNS} FROM todo_item
         WHERE owner = ?1 AND (?2 IS NULL OR complete = ?2) ORDER BY seq LIMIT ?3 OFFSET ?4"
    );
    let items = c
        .prepare_cached(&statement)?
        .query_map(
            params![owner.as_str(), wanted.complete, wanted.top, wanted.skip],
            read_item,
        )?
        .collect::<rusqlite::Result<_>>()?;
    let count = c
        .prepare_cached(
            "SELECT count(*) FROM todo_item WHERE owner = ?1 AND (?2 IS NULL OR complete = ?2)",
        )?
        .query_row(params![owner.as_str(), wanted.complete], |row| row.get(0))?;
    Ok((items, count))
}

pub(super) fn find(
    c: &Connection,
    owner: &UserName,
    id: &str,
) -> rusqlite::Result<Option<TodoItem>> {
    let statement = format!("SELECT {COLUMNS} FROM todo_item WHERE owner = ?1 AND id = ?2");
    c.prepare_cached(&statement)?
        .query_row([owner.as_str(), id], read_item)
        .optional()
}

/// Changes what is given of an item, and answers the whole of it.
pub(super) fn update(
    c: &Connection,
    owner: &UserName,
    id: &str,
    (text, complete): (Option<String>, Option<bool>),
    now: Timestamp,
) -> rusqlite::Result<Option<TodoItem>> {
    c.prepare_cached(
        "UPDATE todo_item SET text = coalesce(?3, text), complete = coalesce(?4, complete),
           updated_at = ?5 WHERE owner = ?1 AND id = ?2",
    )?
    .execute(params![
        owner.as_str(),
        id,
        text,
        complete,
        now.as_millisecond()
    ])?;
    find(c, owner, id)
}

pub(super) fn delete(c: &Connection, owner: &UserName, id: &str) -> rusqlite::Result<bool> {
    let deleted = c
        .prepare_cached("DELETE FROM todo_item WHERE owner = ?1 AND id = ?2")?
        .execute([owner.as_str(), id])?;
    Ok(deleted > 0)
}

fn read_item(row: &Row<'_>) -> rusqlite::Result<TodoItem> {
    let time = |column: usize| row.get(column).map(read_time);
    Ok(TodoItem {
        id: row.get(0)?,
        text: row.get(1)?,
        complete: row.get(2)?,
        created_at: time(3)?,
        updated_at: time(4)?,
    })
}
