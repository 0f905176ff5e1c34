//! A renderer that does not flood another: the toasts of a burst are drawn as one that counts
//! them, and no toast changes faster than anybody reads.

mod pace;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::{BoxFuture, join};
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use self::pace::{Pace, Step, summary_key};
use super::{FeedbackSender, Renderer, ToastError};
use crate::model::{DisplayText, ToastContent, ToastKey};

/// Draws through another renderer: the first five toasts of a second as they are, those after them
/// as one ("and 12 more") that is replaced a few times a second, until no new one came for a
/// second. A toast with the key of one that stands replaces it at most once a second; its last
/// state is always drawn.
///
/// What is put off is drawn by [`Renderer::serve`]. As long as nobody runs that, nothing is put off.
pub struct PacedRenderer {
    inner: Arc<dyn Renderer>,
    title: DisplayText,
    pace: Mutex<Pace>,
    changed: Notify,
    served: AtomicBool,
}

impl PacedRenderer {
    /// Draws through `inner`; `title` is the heading of a toast that stands for many.
    #[must_use]
    pub fn new(inner: Arc<dyn Renderer>, title: impl Into<DisplayText>) -> Self {
        Self {
            inner,
            title: title.into(),
            pace: Mutex::default(),
            changed: Notify::new(),
            served: AtomicBool::new(false),
        }
    }

    async fn draw(&self, content: &ToastContent) -> Result<(), ToastError> {
        let drawn = self.inner.show(content).await;
        if drawn.is_err() {
            self.pace().forget(&content.key, Instant::now());
        }
        drawn
    }

    async fn draw_due(&self, all: bool) {
        let due = self.pace().take_due(Instant::now(), all, &self.title);
        for content in due {
            if let Err(error) = self.draw(&content).await {
                tracing::warn!(%error, "a toast that was put off was not drawn");
            }
        }
    }

    /// Draws what was put off when it is due, and all of it at the end.
    async fn keep_pace(&self, off: &CancellationToken) {
        while !off.is_cancelled() {
            let due = self.pace().next_due();
            let due = async {
                match due {
                    Some(due) => tokio::time::sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = off.cancelled() => {}
                () = self.changed.notified() => {}
                () = due => self.draw_due(false).await,
            }
        }
        self.served.store(false, Ordering::Release);
        self.draw_due(true).await;
    }

    /// Held for a moment only, never across an await.
    fn pace(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Nothing is put off any more once nobody draws it, however serving ended.
struct Serving<'a>(&'a AtomicBool);

impl<'a> Serving<'a> {
    fn begin(served: &'a AtomicBool) -> Self {
        served.store(true, Ordering::Release);
        Self(served)
    }
}

impl Drop for Serving<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

impl Renderer for PacedRenderer {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn show<'a>(&'a self, content: &'a ToastContent) -> BoxFuture<'a, Result<(), ToastError>> {
        Box::pin(async move {
            if !self.served.load(Ordering::Acquire) {
                return self.inner.show(content).await;
            }
            let step = self.pace().offer(content, Instant::now());
            match step {
                Step::Draw => self.draw(content).await,
                Step::Later => {
                    self.changed.notify_one();
                    Ok(())
                }
            }
        })
    }

    fn remove<'a>(&'a self, key: &'a ToastKey) -> BoxFuture<'a, Result<(), ToastError>> {
        Box::pin(async move {
            let last_of_summary = self.pace().forget(key, Instant::now());
            self.changed.notify_one();
            if last_of_summary {
                self.inner.remove(&summary_key()).await?;
            }
            self.inner.remove(key).await
        })
    }

    fn revive(&self) {
        self.inner.revive();
    }

    fn serve<'a>(
        &'a self,
        feedback: &'a FeedbackSender,
        off: &'a CancellationToken,
    ) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let _serving = Serving::begin(&self.served);
            join(self.inner.serve(feedback, off), self.keep_pace(off)).await;
        })
    }
}
