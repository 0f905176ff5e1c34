//! The history's rows.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{InstanceRecord, InstanceResult};

const COLUMNS: &str =
    "instance, task, trigger_kind, message, started_at, ended_at, duration_ms, result,
    reason, progress, suspended, throttled, outcome, error";

/// What was running when its process ended is interrupted; returns the last number given.
pub(super) fn open(connection: &Connection, device: i64) -> rusqlite::Result<u64> {
    connection.execute(
        "UPDATE task_instance SET result = 'interrupted' WHERE device = ?1 AND result = 'running'",
        [device],
    )?;
    let statement = "SELECT coalesce(max(instance), 0) FROM task_instance WHERE device = ?1";
    let last: i64 = connection.query_row(statement, [device], |row| row.get(0))?;
    Ok(u64::try_from(last).unwrap_or(0))
}

/// Writes records, and forgets those that are `most` older than the last.
pub(super) fn save(
    connection: &Connection,
    device: i64,
    records: &[InstanceRecord],
    most: u64,
) -> rusqlite::Result<()> {
    for record in records {
        save_one(connection, device, record)?;
    }
    let last = records.iter().map(|record| record.id).max().unwrap_or(0);
    connection
        .prepare_cached("DELETE FROM task_instance WHERE device = ?1 AND instance <= ?2")?
        .execute(params![device, number(last.saturating_sub(most))])?;
    Ok(())
}

fn save_one(connection: &Connection, device: i64, record: &InstanceRecord) -> rusqlite::Result<()> {
    let insert = format!(
        "INSERT OR REPLACE INTO task_instance(device, {COLUMNS})
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)"
    );
    connection.prepare_cached(&insert)?.execute(params![
        device,
        number(record.id),
        record.task,
        record.trigger,
        record.message,
        record.started_at.as_millisecond(),
        record.ended_at.map(Timestamp::as_millisecond),
        record.duration_ms.map(number),
        record.result.as_str(),
        record.reason,
        record.progress,
        record.suspended_count,
        record.throttle_count,
        record.outcome,
        record.error,
    ])?;
    Ok(())
}

/// The latest records, the last one first.
pub(super) fn list(
    connection: &Connection,
    device: i64,
    limit: usize,
) -> rusqlite::Result<Vec<InstanceRecord>> {
    let statement = format!(
        "SELECT {COLUMNS} FROM task_instance WHERE device = ?1 ORDER BY instance DESC LIMIT ?2"
    );
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    connection
        .prepare_cached(&statement)?
        .query_map(params![device, limit], read)?
        .filter_map(Result::transpose)
        .collect()
}

pub(super) fn get(
    connection: &Connection,
    device: i64,
    id: u64,
) -> rusqlite::Result<Option<InstanceRecord>> {
    let statement =
        format!("SELECT {COLUMNS} FROM task_instance WHERE device = ?1 AND instance = ?2");
    let found = connection
        .prepare_cached(&statement)?
        .query_row(params![device, number(id)], read)
        .optional()?;
    Ok(found.flatten())
}

/// A row that does not read as what this program writes is skipped: the file was changed by hand.
fn read(row: &Row<'_>) -> rusqlite::Result<Option<InstanceRecord>> {
    let time = |at: Option<i64>| at.and_then(|at| Timestamp::from_millisecond(at).ok());
    let (Some(started_at), Some(result)) = (
        time(row.get(4)?),
        InstanceResult::from_name(&row.get::<_, String>(7)?),
    ) else {
        return Ok(None);
    };
    let whole = |number: i64| u64::try_from(number).unwrap_or(0);
    Ok(Some(InstanceRecord {
        id: whole(row.get(0)?),
        task: row.get(1)?,
        trigger: row.get(2)?,
        message: row.get(3)?,
        started_at,
        ended_at: time(row.get(5)?),
        duration_ms: row.get::<_, Option<i64>>(6)?.map(whole),
        result,
        reason: row.get(8)?,
        progress: row.get(9)?,
        suspended_count: row.get(10)?,
        throttle_count: row.get(11)?,
        outcome: row.get(12)?,
        error: row.get(13)?,
    }))
}

fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
