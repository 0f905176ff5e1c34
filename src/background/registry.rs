//! Which tasks are registered, by name.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, Row, params};

use crate::lifecycle::Clock;
use crate::store::{Store, StoreError};

/// What starts a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// A raw push (WinRT `PushNotificationTrigger`).
    RawPush,
}

impl Trigger {
    /// The name it is stored by.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RawPush => "raw_push",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        (name == Self::RawPush.as_str()).then_some(Self::RawPush)
    }
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A task that is registered: its name, the code it runs, and what starts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskRegistration {
    /// Unique for the device's app.
    pub name: String,
    /// The name of the code.
    pub entry_point: String,
    /// What starts it.
    pub trigger: Trigger,
}

/// Whether a registration is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registered {
    /// It was not there before.
    New,
    /// One of that name was there, and stays as it was.
    Already,
}

/// The registered tasks of a device; they survive a restart. Cheap to clone.
#[derive(Debug, Clone)]
pub struct TaskRegistry {
    store: Store,
    device: i64,
    clock: Clock,
    tasks: Arc<Mutex<Vec<TaskRegistration>>>,
}

impl TaskRegistry {
    /// Reads the tasks of `device`. One whose trigger this program does not know stays registered
    /// and is never started.
    ///
    /// # Errors
    /// [`StoreError`] when they could not be read.
    pub async fn open(store: Store, device: i64, clock: Clock) -> Result<Self, StoreError> {
        let tasks = store
            .read(move |connection| load(connection, device))
            .await?;
        Ok(Self {
            store,
            device,
            clock,
            tasks: Arc::new(Mutex::new(tasks)),
        })
    }

    /// Registers a task unless one of its name is registered already.
    ///
    /// # Errors
    /// [`StoreError`] when it could not be made durable.
    pub async fn register(&self, task: TaskRegistration) -> Result<Registered, StoreError> {
        let (device, now) = (self.device, self.clock.now().as_millisecond());
        let row = task.clone();
        let rows = self
            .store
            .write(move |connection| {
                connection.execute(
                    "INSERT INTO task_registration(device, name, entry_point, trigger_kind, registered_at)
                     VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
                    params![device, row.name, row.entry_point, row.trigger.as_str(), now],
                )
            })
            .await?;
        if rows == 0 {
            return Ok(Registered::Already);
        }
        self.tasks().push(task);
        Ok(Registered::New)
    }

    /// The task that `trigger` starts: the one registered first.
    #[must_use]
    pub fn task_for(&self, trigger: Trigger) -> Option<TaskRegistration> {
        self.tasks()
            .iter()
            .find(|task| task.trigger == trigger)
            .cloned()
    }

    /// Held for a moment only, never across an await.
    fn tasks(&self) -> MutexGuard<'_, Vec<TaskRegistration>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn load(connection: &Connection, device: i64) -> rusqlite::Result<Vec<TaskRegistration>> {
    connection
        .prepare(
            "SELECT name, entry_point, trigger_kind FROM task_registration
             WHERE device = ?1 ORDER BY registered_at, name",
        )?
        .query_map([device], read)?
        .filter_map(Result::transpose)
        .collect()
}

fn read(row: &Row<'_>) -> rusqlite::Result<Option<TaskRegistration>> {
    let Some(trigger) = Trigger::from_name(&row.get::<_, String>(2)?) else {
        return Ok(None);
    };
    Ok(Some(TaskRegistration {
        name: row.get(0)?,
        entry_point: row.get(1)?,
        trigger,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Location, Schema};

    const SCHEMA: Schema = Schema {
        application_id: 1,
        migrations: &[crate::background::MIGRATION],
    };

    #[tokio::test]
    async fn a_task_is_registered_once_by_name_and_survives_a_restart() {
        let store = Store::open(Location::Memory, SCHEMA).await.unwrap();
        let task = |entry_point: &str| TaskRegistration {
            name: "PushBackgroundTask".to_owned(),
            entry_point: entry_point.to_owned(),
            trigger: Trigger::RawPush,
        };
        let open = || TaskRegistry::open(store.clone(), 1, Clock::system());
        let registry = open().await.unwrap();
        assert_eq!(registry.task_for(Trigger::RawPush), None);
        assert_eq!(registry.register(task("first")).await, Ok(Registered::New));
        assert_eq!(
            registry.register(task("second")).await,
            Ok(Registered::Already)
        );
        let again = open().await.unwrap();
        assert_eq!(again.task_for(Trigger::RawPush), Some(task("first")));
        assert_eq!(again.register(task("third")).await, Ok(Registered::Already));
    }
}
