//! The toast renderers: desktop, terminal, JSON and recorder, and the chain that falls back from
//! one to the next.
//!
//! A renderer draws what it is given and keeps no history: that is the action centre's. One that
//! is missing, slow or dead costs itself, never the phone: each call ends within a time-out.

mod desktop;
mod error;
mod feedback;
mod json;
mod output;
mod paced;
mod package;
mod recorder;
mod terminal;

use std::fmt;
use std::sync::Arc;

use futures_util::future::{BoxFuture, join_all};
use tokio_util::sync::CancellationToken;

use crate::model::{ToastContent, ToastKey};

pub use desktop::{DaemonInfo, DesktopOptions, DesktopRenderer};
pub use error::ToastError;
pub use feedback::{FeedbackKind, FeedbackSender, ToastFeedback, feedback};
pub use json::JsonRenderer;
pub use paced::PacedRenderer;
pub use package::Package;
pub use recorder::RecorderRenderer;
pub use terminal::{TerminalRenderer, TerminalStyle};

/// Shows toasts in one way.
pub trait Renderer: Send + Sync {
    /// Its name, as `toast.shown` tells it.
    fn name(&self) -> &'static str;

    /// Shows a toast, in the place of an earlier one with the same key where it can.
    ///
    /// # Errors
    /// [`ToastError`] when nobody could have seen it.
    fn show<'a>(&'a self, content: &'a ToastContent) -> BoxFuture<'a, Result<(), ToastError>>;

    /// Takes a toast away where that is possible; that there is none is no error.
    ///
    /// # Errors
    /// [`ToastError`] when it may still be seen.
    fn remove<'a>(&'a self, key: &'a ToastKey) -> BoxFuture<'a, Result<(), ToastError>>;

    /// Tries again what was given up because it hung.
    fn revive(&self) {}

    /// Does what outlives a single call, until `off`: listens to what the user does with the
    /// toasts, and draws what was put off. Somebody must own this work for either to happen.
    fn serve<'a>(
        &'a self,
        _feedback: &'a FeedbackSender,
        _off: &'a CancellationToken,
    ) -> BoxFuture<'a, ()> {
        Box::pin(async {})
    }
}

/// A chain of renderers: the first that succeeds has shown the toast. Cheap to clone.
#[derive(Clone)]
pub struct Toaster {
    renderers: Arc<[Arc<dyn Renderer>]>,
}

/// How a toast was shown.
#[derive(Debug)]
pub struct Shown {
    /// The renderer that showed it, or `none`.
    pub renderer: &'static str,
    /// The renderers before it that failed, in order, each with its error.
    pub failures: Vec<(&'static str, ToastError)>,
}

impl Shown {
    /// The name that stands for no renderer.
    pub const NONE: &'static str = "none";

    /// True when a renderer showed the toast.
    #[must_use]
    pub fn is_shown(&self) -> bool {
        self.renderer != Self::NONE
    }
}

impl Toaster {
    /// A chain of `renderers`, the preferred one first.
    #[must_use]
    pub fn new(renderers: Vec<Arc<dyn Renderer>>) -> Self {
        Self {
            renderers: renderers.into(),
        }
    }

    /// Shows nothing.
    #[must_use]
    pub fn none() -> Self {
        Self::new(Vec::new())
    }

    /// Shows a toast with the first renderer that can. The errors of the others are the caller's
    /// to tell.
    pub async fn show(&self, content: &ToastContent) -> Shown {
        let mut failures = Vec::new();
        for renderer in self.renderers.iter() {
            match renderer.show(content).await {
                Ok(()) => {
                    return Shown {
                        renderer: renderer.name(),
                        failures,
                    };
                }
                Err(error) => failures.push((renderer.name(), error)),
            }
        }
        Shown {
            renderer: Shown::NONE,
            failures,
        }
    }

    /// Takes a toast away wherever it may be seen, as far as that is possible.
    pub async fn remove(&self, key: &ToastKey) {
        for renderer in self.renderers.iter() {
            if let Err(error) = renderer.remove(key).await {
                tracing::debug!(renderer = renderer.name(), %error, "a toast stays");
            }
        }
    }

    /// Tries renderers again that were given up because they hung.
    pub fn revive(&self) {
        for renderer in self.renderers.iter() {
            renderer.revive();
        }
    }

    /// Does what outlives a single call, for every renderer, until `off`; see [`Renderer::serve`].
    pub async fn serve(&self, feedback: &FeedbackSender, off: &CancellationToken) {
        let renderers = self.renderers.iter();
        join_all(renderers.map(|renderer| renderer.serve(feedback, off))).await;
    }

    /// The names of its renderers, the preferred one first.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        self.renderers
            .iter()
            .map(|renderer| renderer.name())
            .collect()
    }
}

impl fmt::Debug for Toaster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Toaster").field(&self.names()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{MessageId, ToastTemplate};

    /// A toast with the key `message:{key}`.
    pub(super) fn toast(key: &str, title: &str, body: &str) -> ToastContent {
        ToastContent::new(
            ToastKey::of_message(&MessageId::parse(key).unwrap()),
            title,
            body,
            ToastTemplate::ToastText02,
        )
    }

    struct Broken;

    impl Renderer for Broken {
        fn name(&self) -> &'static str {
            "broken"
        }
        fn show<'a>(&'a self, _: &'a ToastContent) -> BoxFuture<'a, Result<(), ToastError>> {
            Box::pin(async { Err(ToastError::NoDaemon) })
        }
        fn remove<'a>(&'a self, _: &'a ToastKey) -> BoxFuture<'a, Result<(), ToastError>> {
            Box::pin(async { Err(ToastError::NoDaemon) })
        }
    }

    #[tokio::test]
    async fn the_first_that_succeeds_shows_and_the_failures_are_told() {
        let (first, second) = (RecorderRenderer::new(), RecorderRenderer::new());
        let toaster = Toaster::new(vec![
            Arc::new(Broken),
            Arc::new(first.clone()),
            Arc::new(second.clone()),
        ]);
        let content = toast("1", "title", "body");
        let shown = toaster.show(&content).await;
        assert_eq!(shown.renderer, "recorder");
        assert!(matches!(
            shown.failures.as_slice(),
            [("broken", ToastError::NoDaemon)]
        ));
        toaster.remove(&content.key).await;
        assert_eq!(first.shown(), std::slice::from_ref(&content));
        assert!(second.shown().is_empty());
        assert_eq!(second.removed(), [content.key]);
    }

    #[tokio::test]
    async fn without_a_working_renderer_nothing_is_shown() {
        for (toaster, failed) in [
            (Toaster::none(), 0),
            (Toaster::new(vec![Arc::new(Broken)]), 1),
        ] {
            let shown = toaster.show(&toast("1", "t", "b")).await;
            assert!(!shown.is_shown());
            assert_eq!((shown.renderer, shown.failures.len()), ("none", failed));
        }
    }
}
