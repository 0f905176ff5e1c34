//! Opening a database file: made private, told apart from others, brought to the current format.

use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::{Connection, TransactionBehavior};

use super::StoreError;
use crate::lifecycle::timeouts;

/// Where a database lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// In a file, created with mode 0600; its folder must exist.
    File(PathBuf),
    /// In memory, gone with the store.
    Memory,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Memory => f.write_str("the database in memory"),
        }
    }
}

/// The tables of a database: its `application_id`, and the statements that lead from each format
/// to the next. Migrations are only ever appended.
#[derive(Debug, Clone, Copy)]
pub struct Schema {
    /// Tells one program's database from another's (SQLite `application_id`).
    pub application_id: i32,
    /// The n-th entry leads from format n to n + 1 (SQLite `user_version`).
    pub migrations: &'static [&'static str],
}

impl Schema {
    /// The newest format this program knows.
    fn supported(&self) -> u32 {
        u32::try_from(self.migrations.len()).unwrap_or(u32::MAX)
    }
}

/// How often a database that is just being opened by another program is looked at again.
const LOOK: Duration = Duration::from_millis(5);

/// Opens a database within [`timeouts::STORE_BUSY`], for as long as another program holds it.
pub(super) fn open(location: &Location, schema: &Schema) -> Result<Connection, StoreError> {
    let give_up = Instant::now() + timeouts::STORE_BUSY;
    let Location::File(file) = location else {
        return prepare(location, schema, timeouts::STORE_BUSY);
    };
    // Two that open a file at the same moment would each hold a lock that the other waits for.
    let turn = Turn::take(file, give_up)?;
    let patience = give_up.saturating_duration_since(Instant::now());
    let opened = prepare(location, schema, patience);
    drop(turn);
    opened
}

/// The turn to open a file, which others wait for.
struct Turn(#[expect(dead_code, reason = "the lock goes with the file")] Option<File>);

impl Turn {
    fn take(file: &Path, give_up: Instant) -> Result<Self, StoreError> {
        let mut path = file.as_os_str().to_owned();
        path.push(".opening");
        let path = PathBuf::from(path);
        // Where there can be no such file, the database's own says why.
        let lock = create_private(&path)
            .ok()
            .and_then(|()| File::open(&path).ok());
        let Some(lock) = lock else {
            return Ok(Self(None));
        };
        loop {
            match lock.try_lock() {
                Ok(()) => return Ok(Self(Some(lock))),
                // Where files cannot be locked, everybody tries at once.
                Err(TryLockError::Error(_)) => return Ok(Self(None)),
                Err(TryLockError::WouldBlock) if Instant::now() < give_up => {
                    std::thread::sleep(LOOK);
                }
                Err(TryLockError::WouldBlock) => {
                    let path = file.display().to_string();
                    return Err(StoreError::Busy { path });
                }
            }
        }
    }
}

fn prepare(
    location: &Location,
    schema: &Schema,
    patience: Duration,
) -> Result<Connection, StoreError> {
    let path = location.to_string();
    let from = |error: rusqlite::Error| StoreError::from_sqlite(&path, &error);
    let mut connection = match location {
        Location::Memory => Connection::open_in_memory().map_err(from)?,
        Location::File(file) => {
            create_private(file)?;
            Connection::open(file).map_err(from)?
        }
    };
    connection.busy_timeout(patience).map_err(from)?;
    // One writer per process: nobody else may touch the file while it is open.
    pragma(&connection, "locking_mode", "EXCLUSIVE").map_err(from)?;
    // Even the journal's mode would be written into a file that is somebody else's.
    recognise(&connection, schema, &path)?;
    pragma(&connection, "journal_mode", "WAL").map_err(from)?;
    pragma(&connection, "synchronous", "FULL").map_err(from)?;
    pragma(&connection, "trusted_schema", "OFF").map_err(from)?;
    connection.set_prepared_statement_cache_capacity(128);
    migrate(&mut connection, schema, &path)?;
    connection
        .busy_timeout(timeouts::STORE_BUSY)
        .map_err(from)?;
    Ok(connection)
}

pub(super) fn close(connection: Connection, path: &str) {
    if let Err((_, error)) = connection.close() {
        tracing::warn!(path, %error, "the database did not close cleanly; its journal is read at the next start");
    }
}

/// Some pragmas answer a row and some do not: both are fine.
fn pragma(connection: &Connection, name: &str, value: &str) -> rusqlite::Result<()> {
    connection.execute_batch(&format!("PRAGMA {name} = {value}"))
}

/// The format of a database that is this program's, or empty; nothing is written.
fn recognise(connection: &Connection, schema: &Schema, path: &str) -> Result<u32, StoreError> {
    let from = |error: rusqlite::Error| StoreError::from_sqlite(path, &error);
    let supported = schema.supported();
    let read = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let found = u32::try_from(read("user_version").map_err(from)?).unwrap_or(u32::MAX);
    let application_id = read("application_id").map_err(from)?;
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(from)?;
    let fresh = tables == 0 && found == 0 && application_id == 0;
    if !fresh && application_id != i64::from(schema.application_id) {
        return Err(StoreError::Foreign {
            path: path.to_owned(),
        });
    }
    if found > supported {
        return Err(StoreError::Newer {
            path: path.to_owned(),
            found,
            supported,
        });
    }
    Ok(found)
}

fn migrate(connection: &mut Connection, schema: &Schema, path: &str) -> Result<(), StoreError> {
    let from = |error: rusqlite::Error| StoreError::from_sqlite(path, &error);
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(from)?;
    let found = recognise(&transaction, schema, path)?;
    for statements in schema.migrations.iter().skip(found as usize) {
        transaction.execute_batch(statements).map_err(from)?;
    }
    transaction
        .pragma_update(None, "application_id", schema.application_id)
        .and_then(|()| transaction.pragma_update(None, "user_version", schema.supported()))
        .and_then(|()| transaction.commit())
        .map_err(from)
}

/// Creates the file for its owner alone; SQLite gives its journal the same permissions.
fn create_private(file: &Path) -> Result<(), StoreError> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(file) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            Err(StoreError::ReadOnly {
                path: file.display().to_string(),
            })
        }
        Err(error) if error.kind() == std::io::ErrorKind::ReadOnlyFilesystem => {
            Err(StoreError::ReadOnly {
                path: file.display().to_string(),
            })
        }
        Err(error) => Err(StoreError::Io {
            path: file.display().to_string(),
            cause: error.to_string(),
        }),
    }
}
