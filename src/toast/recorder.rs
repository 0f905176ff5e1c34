//! Toasts kept for a test to look at.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::BoxFuture;
use tokio::sync::Semaphore;

use super::{Renderer, ToastError};
use crate::model::{ToastContent, ToastKey};

/// How many toasts, and how many removals, are kept; the oldest go first.
const MOST_KEPT: usize = 10_000;

/// Shows toasts to nobody and keeps the latest 10,000 of them. Clones share what they keep.
#[derive(Debug, Clone)]
pub struct RecorderRenderer(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    records: Mutex<Records>,
    /// As many permits as there are toasts that nobody has taken.
    untaken: Semaphore,
}

#[derive(Debug, Default)]
struct Records {
    shown: VecDeque<ToastContent>,
    removed: VecDeque<ToastKey>,
    untaken: VecDeque<ToastContent>,
}

impl Default for RecorderRenderer {
    fn default() -> Self {
        Self(Arc::new(Shared {
            records: Mutex::default(),
            untaken: Semaphore::new(0),
        }))
    }
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

    /// The oldest toast that no earlier call has given, as soon as there is one.
    pub async fn next(&self) -> ToastContent {
        loop {
            // The semaphore is never closed.
            if let Ok(permit) = self.0.untaken.acquire().await {
                permit.forget();
            }
            if let Some(toast) = self.lock().untaken.pop_front() {
                return toast;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Records> {
        self.0
            .records
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Renderer for RecorderRenderer {
    fn name(&self) -> &'static str {
        "recorder"
    }

    fn show<'a>(&'a self, content: &'a ToastContent) -> BoxFuture<'a, Result<(), ToastError>> {
        let mut records = self.lock();
        keep(&mut records.shown, content.clone());
        keep(&mut records.untaken, content.clone());
        drop(records);
        self.0.untaken.add_permits(1);
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
    use crate::toast::tests::toast;

    #[tokio::test]
    async fn each_toast_is_given_once_and_waited_for() {
        let recorder = RecorderRenderer::new();
        let (first, second) = (toast("1", "t", "first"), toast("2", "t", "second"));
        recorder.show(&first).await.unwrap();
        assert_eq!(recorder.next().await, first);
        let (given, ()) = tokio::join!(recorder.next(), async {
            tokio::task::yield_now().await;
            recorder.show(&second).await.unwrap();
        });
        assert_eq!(given, second);
        assert_eq!(recorder.shown(), [first, second]);
    }

    #[test]
    fn the_oldest_records_go_first() {
        let mut records = VecDeque::new();
        for number in 0..=MOST_KEPT {
            keep(&mut records, number);
        }
        assert_eq!((records.len(), records[0]), (MOST_KEPT, 1));
    }
}
