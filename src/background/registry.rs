//! Which tasks are registered, by name.

use std::fmt;

use rusqlite::{OptionalExtension as _, params};

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

/// The registered tasks of a device; they survive a restart.
#[derive(Debug, Clone)]
pub struct TaskRegistry {
    store: Store,
    device: i64,
    clock: Clock,
}

impl TaskRegistry {
    /// The registry of `device`.
    #[must_use]
    pub fn new(store: Store, device: i64, clock: Clock) -> Self {
        Self {
            store,
            device,
            clock,
        }
    }

    /// Registers a task unless one of its name is registered already.
    ///
    /// # Errors
    /// [`StoreError`] when it could not be made durable.
    pub async fn register(&self, task: TaskRegistration) -> Result<Registered, StoreError> {
        let (device, now) = (self.device, self.clock.now().as_millisecond());
        let rows = self
            .store
            .write(move |connection| {
                connection.execute(
                    "INSERT INTO task_registration(device, name, entry_point, trigger_kind, registered_at)
                     VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
                    params![device, task.name, task.entry_point, task.trigger.as_str(), now],
                )
            })
            .await?;
        Ok(if rows == 0 {
            Registered::Already
        } else {
            Registered::New
        })
    }

    /// The task that `trigger` starts, if one is registered.
    ///
    /// # Errors
    /// [`StoreError`] when the registry could not be read.
    pub async fn task_for(&self, trigger: Trigger) -> Result<Option<TaskRegistration>, StoreError> {
        let device = self.device;
        self.store
            .read(move |connection| {
                connection
                    .query_row(
                        "SELECT name, entry_point FROM task_registration
                         WHERE device = ?1 AND trigger_kind = ?2 ORDER BY registered_at, name LIMIT 1",
                        params![device, trigger.as_str()],
                        |row| {
                            Ok(TaskRegistration {
                                name: row.get(0)?,
                                entry_point: row.get(1)?,
                                trigger,
                            })
                        },
                    )
                    .optional()
            })
            .await
    }
}
