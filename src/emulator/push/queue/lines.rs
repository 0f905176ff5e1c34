//! Which devices have a socket open, and how a new message gets to it.
//!
//! A socket that has everything stored for its device is *direct*: a new message is handed to it at
//! once, while its row is still being written. Otherwise a new message is only stored, and the
//! socket is woken to look for it. Both ways together keep the order: a socket becomes direct only
//! while nothing is being stored for its device that it has not looked at.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use uuid::Uuid;

use super::message::Fresh;

/// The most messages handed to a socket that it has not taken; more are stored only.
const MOST_FRESH: usize = 16;

/// The open sockets, by agent id: one a device. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(in crate::emulator) struct Lines(Arc<Mutex<Open>>);

#[derive(Debug, Default)]
struct Open {
    lines: HashMap<Uuid, Entry>,
    /// For which devices how many messages are being stored that no socket was handed.
    storing: HashMap<Uuid, usize>,
    opened: u64,
}

#[derive(Debug)]
struct Entry {
    number: u64,
    wake: Arc<Notify>,
    /// How many messages it may be handed until it acknowledges some; none while it is not direct.
    room: Option<usize>,
    fresh: Vec<Fresh>,
    /// Something was stored since it last began to look.
    stored: bool,
}

/// Which way a new message goes.
#[derive(Debug)]
pub(super) enum Way<T> {
    /// It was handed to the socket.
    Direct(T),
    /// It is to be stored.
    Store(Storing),
}

/// A message is being stored; dropped when that is done, which wakes the device's socket.
#[derive(Debug)]
pub(super) struct Storing {
    lines: Lines,
    uaid: Uuid,
    /// The device had a socket open.
    pub(super) connected: bool,
}

/// A device's place among the open sockets, given up when it is dropped.
#[derive(Debug)]
pub(in crate::emulator::push) struct Line {
    lines: Lines,
    uaid: Uuid,
    number: u64,
    wake: Arc<Notify>,
}

/// What a socket was woken for.
#[derive(Debug, Default)]
pub(in crate::emulator::push) struct News {
    /// Messages handed to it, in their order.
    pub(in crate::emulator::push) fresh: Vec<Fresh>,
    /// There is something to look for behind them.
    pub(in crate::emulator::push) stored: bool,
}

impl Lines {
    /// Enters a device; the socket it had before is told to close.
    pub(in crate::emulator::push) fn open(&self, uaid: Uuid) -> Line {
        let mut open = self.lock();
        open.opened += 1;
        let number = open.opened;
        let wake = Arc::new(Notify::new());
        let entry = Entry {
            number,
            wake: wake.clone(),
            room: None,
            fresh: Vec::new(),
            stored: false,
        };
        if let Some(earlier) = open.lines.insert(uaid, entry) {
            earlier.wake.notify_one();
        }
        drop(open);
        Line {
            lines: self.clone(),
            uaid,
            number,
            wake,
        }
    }

    /// True while the device has a socket open.
    pub(in crate::emulator::push) fn is_open(&self, uaid: Uuid) -> bool {
        self.lock().lines.contains_key(&uaid)
    }

    /// Finds the way of a new message. `begin` is called where the socket is direct: it begins to
    /// store the message, so that this happens in the order in which the socket gets them, or
    /// cannot.
    pub(super) fn find_way<T>(
        &self,
        uaid: Uuid,
        begin: impl FnOnce() -> Option<(T, Fresh)>,
    ) -> Way<T> {
        let mut open = self.lock();
        let entry = open.lines.get_mut(&uaid);
        let connected = entry.is_some();
        if let Some(entry) = entry {
            if let Some(room) = entry.room
                && room > 0
                && entry.fresh.len() < MOST_FRESH
                && let Some((begun, fresh)) = begin()
            {
                entry.room = Some(room - 1);
                entry.fresh.push(fresh);
                entry.wake.notify_one();
                return Way::Direct(begun);
            }
            entry.room = None;
        }
        *open.storing.entry(uaid).or_default() += 1;
        Way::Store(Storing {
            lines: self.clone(),
            uaid,
            connected,
        })
    }

    /// How many devices have a socket open.
    pub(in crate::emulator) fn count(&self) -> usize {
        self.lock().lines.len()
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Storing {
    fn drop(&mut self) {
        let mut open = self.lines.lock();
        if let Some(left) = open.storing.get_mut(&self.uaid) {
            *left -= 1;
            if *left == 0 {
                open.storing.remove(&self.uaid);
            }
        }
        if let Some(entry) = open.lines.get_mut(&self.uaid) {
            entry.stored = true;
            entry.wake.notify_one();
        }
    }
}

impl Line {
    /// Waits for news; none once the device has opened another socket.
    pub(in crate::emulator::push) async fn woken(&self) -> Option<News> {
        self.wake.notified().await;
        let take = |entry: &mut Entry| News {
            fresh: std::mem::take(&mut entry.fresh),
            stored: entry.stored,
        };
        self.with(take)
    }

    /// The socket is about to look for what is stored.
    pub(in crate::emulator::push) fn looks(&self) {
        self.with(|entry| entry.stored = false);
    }

    /// The socket looked and found nothing more, and may be handed so many messages before it
    /// acknowledges one. False where it has to look again.
    pub(in crate::emulator::push) fn caught_up(&self, room: usize) -> bool {
        let mut open = self.lines.lock();
        let storing = open.storing.contains_key(&self.uaid);
        let Some(entry) = open.lines.get_mut(&self.uaid) else {
            return true;
        };
        if entry.number != self.number {
            return true;
        }
        if entry.stored {
            return false;
        }
        entry.room = (!storing).then_some(room);
        true
    }

    /// The device has so many of those that were on their way.
    pub(in crate::emulator::push) fn acknowledged(&self, messages: usize) {
        self.with(|entry| entry.room = entry.room.map(|room| room + messages));
    }

    fn with<T>(&self, look: impl FnOnce(&mut Entry) -> T) -> Option<T> {
        let mut open = self.lines.lock();
        let entry = open.lines.get_mut(&self.uaid)?;
        (entry.number == self.number).then(|| look(entry))
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
        assert!(first.woken().await.is_none());
        drop(first);
        assert!(lines.is_open(uaid));
        drop(second);
        assert!(!lines.is_open(uaid));
        assert_eq!(lines.count(), 0);
    }

    fn direct(lines: &Lines, uaid: Uuid) -> bool {
        let way = lines.find_way(uaid, || Some(((), Fresh::for_tests())));
        matches!(way, Way::Direct(()))
    }

    #[tokio::test]
    async fn a_socket_is_direct_only_while_it_has_seen_everything_stored() {
        let lines = Lines::default();
        let uaid = Uuid::new_v4();
        let Way::Store(away) = lines.find_way(uaid, || None::<((), Fresh)>) else {
            panic!("nobody is there");
        };
        assert!(!away.connected);
        let line = lines.open(uaid);
        line.looks();
        assert!(line.caught_up(2));
        assert!(!direct(&lines, uaid), "one is being stored, unseen");
        drop(away);
        assert!(line.woken().await.unwrap().stored);
        assert!(!line.caught_up(2), "it has to look again");
        line.looks();
        assert!(line.caught_up(2));
        assert!(direct(&lines, uaid) && direct(&lines, uaid));
        assert_eq!(line.woken().await.unwrap().fresh.len(), 2);
        assert!(!direct(&lines, uaid), "there is no room left");
        line.acknowledged(2);
        assert!(!direct(&lines, uaid), "and something is stored before it");
    }
}
