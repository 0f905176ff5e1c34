//! Which devices have a socket open.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// The open sockets, by agent id: one a device. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(in crate::emulator) struct Lines(Arc<Mutex<Open>>);

#[derive(Debug, Default)]
struct Open {
    lines: HashMap<Uuid, Entry>,
    opened: u64,
}

#[derive(Debug)]
struct Entry {
    number: u64,
    wake: Arc<Notify>,
    replaced: CancellationToken,
}

/// A device's place among the open sockets, given up when it is dropped.
#[derive(Debug)]
pub(in crate::emulator::push) struct Line {
    lines: Lines,
    uaid: Uuid,
    number: u64,
    wake: Arc<Notify>,
    replaced: CancellationToken,
}

impl Lines {
    /// Enters a device; the socket it had before is told to close.
    pub(in crate::emulator::push) fn open(&self, uaid: Uuid) -> Line {
        let mut open = self.lock();
        open.opened += 1;
        let number = open.opened;
        let wake = Arc::new(Notify::new());
        let replaced = CancellationToken::new();
        let entry = Entry {
            number,
            wake: wake.clone(),
            replaced: replaced.clone(),
        };
        if let Some(earlier) = open.lines.insert(uaid, entry) {
            earlier.replaced.cancel();
        }
        drop(open);
        Line {
            lines: self.clone(),
            uaid,
            number,
            wake,
            replaced,
        }
    }

    /// True while the device has a socket open.
    pub(in crate::emulator::push) fn is_open(&self, uaid: Uuid) -> bool {
        self.lock().lines.contains_key(&uaid)
    }

    /// Tells the device's socket that there is a new message.
    pub(in crate::emulator::push) fn wake(&self, uaid: Uuid) {
        if let Some(entry) = self.lock().lines.get(&uaid) {
            entry.wake.notify_one();
        }
    }

    /// How many devices have a socket open.
    pub(in crate::emulator) fn count(&self) -> usize {
        self.lock().lines.len()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    /// Waits for a new message.
    pub(in crate::emulator::push) async fn woken(&self) {
        self.wake.notified().await;
    }

    /// Waits until the device has opened another socket.
    pub(in crate::emulator::push) async fn replaced(&self) {
        self.replaced.cancelled().await;
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let mut open = self.lines.lock();
        if open
            .lines
            .get(&self.uaid)
            .is_some_and(|entry| entry.number == self.number)
        {
            open.lines.remove(&self.uaid);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_second_socket_takes_the_place_of_the_first() {
        let lines = Lines::default();
        let uaid = Uuid::new_v4();
        let first = lines.open(uaid);
        let second = lines.open(uaid);
        first.replaced().await;
        drop(first);
        assert!(lines.is_open(uaid));
        drop(second);
        assert!(!lines.is_open(uaid));
        assert_eq!(lines.count(), 0);
    }
}
