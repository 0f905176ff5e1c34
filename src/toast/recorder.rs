//! Toasts kept for a test to look at.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::BoxFuture;

use super::{Renderer, ToastError};
use crate::model::{ToastContent, ToastKey};

/// How many toasts, and how many removals, are kept; the oldest go first.
const MOST_KEPT: usize = 10_000;

/// Shows toasts to nobody and keeps the latest 10,000 of them. Clones share what they keep.
#[derive(Debug, Clone, Default)]
pub struct RecorderRenderer(Arc<Mutex<Records>>);

#[derive(Debug, Default)]
struct Records {
    shown: VecDeque<ToastContent>,
    removed: VecDeque<ToastKey>,
}

impl RecorderRenderer {
    /// A recorder without records.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Every toast that was shown, the first one first; a replaced one is still there.
    #[must_use]
    pub fn shown(&self) -> Vec<ToastContent> {
        self.lock().shown.iter().cloned().collect()
    }

    /// The key of every toast that was taken away, the first one first.
    #[must_use]
    pub fn removed(&self) -> Vec<ToastKey> {
        self.lock().removed.iter().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Records> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Renderer for RecorderRenderer {
    fn name(&self) -> &'static str {
        "recorder"
    }

    fn show<'a>(&'a self, content: &'a ToastContent) -> BoxFuture<'a, Result<(), ToastError>> {
        keep(&mut self.lock().shown, content.clone());
        Box::pin(async { Ok(()) })
    }

    fn remove<'a>(&'a self, key: &'a ToastKey) -> BoxFuture<'a, Result<(), ToastError>> {
        keep(&mut self.lock().removed, key.clone());
        Box::pin(async { Ok(()) })
    }
}

fn keep<T>(records: &mut VecDeque<T>, new: T) {
    if records.len() == MOST_KEPT {
        records.pop_front();
    }
    records.push_back(new);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_records_go_first() {
        let mut records = VecDeque::new();
        for number in 0..=MOST_KEPT {
            keep(&mut records, number);
        }
        assert_eq!((records.len(), records[0]), (MOST_KEPT, 1));
    }
}
