//! The registry's rows.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use uuid::Uuid;

use super::{TaskId, TaskRegistration};
use crate::background::Trigger;
use crate::model::SystemCondition;

/// A registered task, and how far its trigger is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::background) struct Scheduled {
    pub(in crate::background) task: TaskRegistration,
    /// When its timer is due.
    pub(in crate::background) due: Option<Timestamp>,
    /// It was triggered, and waits for its conditions.
    pub(in crate::background) latched: bool,
}

/// What a restart finds.
pub(super) struct Kept {
    pub(super) access_requested: bool,
    pub(super) tasks: Vec<Scheduled>,
}

pub(super) fn load(connection: &Connection, device: i64) -> rusqlite::Result<Kept> {
    let access = "SELECT requested_at FROM task_access WHERE device = ?1";
    let access_requested = connection
        .query_row(access, [device], |row| row.get::<_, i64>(0))
        .optional()?
        .is_some();
    let tasks = connection
        .prepare(
            "SELECT name, entry_point, trigger_kind, task_id, every_ms, one_shot, conditions,
                    cancel_on_condition_loss, due_at, latched, registered_at
             FROM task_registration WHERE device = ?1 ORDER BY registered_at, name",
        )?
        .query_map([device], read)?
        .filter_map(Result::transpose)
        .collect::<rusqlite::Result<_>>()?;
    Ok(Kept {
        access_requested,
        tasks,
    })
}

/// A row that does not read as what this program writes is skipped: the task stays registered and
/// is never started.
fn read(row: &Row<'_>) -> rusqlite::Result<Option<Scheduled>> {
    let every = u64::try_from(row.get::<_, Option<i64>>(4)?.unwrap_or(0)).unwrap_or(0);
    let trigger = match row.get::<_, String>(2)?.as_str() {
        "raw_push" => Trigger::RawPush,
        "network_change" => Trigger::NetworkChange,
        "timer" => Trigger::Timer {
            every: Duration::from_millis(every).max(Trigger::SHORTEST_TIMER),
            one_shot: row.get(5)?,
        },
        _ => return Ok(None),
    };
    let id = row.get::<_, Option<String>>(3)?;
    let (Some(id), Some(conditions)) = (
        id.and_then(|id| Uuid::parse_str(&id).ok()),
        read_conditions(&row.get::<_, String>(6)?),
    ) else {
        return Ok(None);
    };
    let time = |at: Option<i64>| at.and_then(|at| Timestamp::from_millisecond(at).ok());
    let registered_at = time(row.get(10)?);
    let due = match trigger {
        Trigger::Timer { .. } => time(row.get(8)?).or(registered_at),
        Trigger::RawPush | Trigger::NetworkChange => None,
    };
    Ok(Some(Scheduled {
        task: TaskRegistration {
            id: TaskId(id),
            name: row.get(0)?,
            entry_point: row.get(1)?,
            trigger,
            conditions,
            cancel_on_condition_loss: row.get(7)?,
        },
        due,
        latched: row.get(9)?,
    }))
}

/// Writes a task unless one of its name is there; true when it was not.
pub(super) fn insert(
    connection: &Connection,
    device: i64,
    row: &Scheduled,
    now: Timestamp,
) -> rusqlite::Result<bool> {
    let Scheduled { task, due, latched } = row;
    let (every, one_shot) = match task.trigger {
        Trigger::Timer { every, one_shot } => (i64::try_from(every.as_millis()).ok(), one_shot),
        Trigger::RawPush | Trigger::NetworkChange => (None, false),
    };
    let rows = connection.execute(
        "INSERT INTO task_registration(device, name, entry_point, trigger_kind, registered_at, task_id,
             every_ms, one_shot, conditions, cancel_on_condition_loss, due_at, latched)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) ON CONFLICT DO NOTHING",
        params![
            device,
            task.name,
            task.entry_point,
            task.trigger.as_str(),
            now.as_millisecond(),
            task.id.to_string(),
            every,
            one_shot,
            write_conditions(&task.conditions),
            task.cancel_on_condition_loss,
            due.map(Timestamp::as_millisecond),
            latched,
        ],
    )?;
    Ok(rows > 0)
}

pub(super) fn save_trigger(
    connection: &Connection,
    device: i64,
    row: &Scheduled,
) -> rusqlite::Result<()> {
    connection.execute(
        "UPDATE task_registration SET due_at = ?3, latched = ?4 WHERE device = ?1 AND name = ?2",
        params![
            device,
            row.task.name,
            row.due.map(Timestamp::as_millisecond),
            row.latched
        ],
    )?;
    Ok(())
}

pub(super) fn delete(connection: &Connection, device: i64, name: &str) -> rusqlite::Result<bool> {
    let statement = "DELETE FROM task_registration WHERE device = ?1 AND name = ?2";
    Ok(connection.execute(statement, params![device, name])? > 0)
}

pub(super) fn set_access(
    connection: &Connection,
    device: i64,
    requested_at: Option<Timestamp>,
) -> rusqlite::Result<()> {
    match requested_at {
        Some(at) => connection.execute(
            "INSERT INTO task_access(device, requested_at) VALUES (?1, ?2)
             ON CONFLICT(device) DO UPDATE SET requested_at = excluded.requested_at",
            params![device, at.as_millisecond()],
        )?,
        None => connection.execute("DELETE FROM task_access WHERE device = ?1", [device])?,
    };
    Ok(())
}

fn write_conditions(conditions: &[SystemCondition]) -> String {
    let names: Vec<_> = conditions.iter().map(|one| one.as_str()).collect();
    names.join(" ")
}

fn read_conditions(text: &str) -> Option<Vec<SystemCondition>> {
    text.split_whitespace()
        .map(SystemCondition::from_name)
        .collect()
}
