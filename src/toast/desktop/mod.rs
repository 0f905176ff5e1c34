//! Toasts on the desktop: by the notification daemon on Linux, through the crate `notify-rust`
//! elsewhere.
//!
//! A daemon may be missing, restarted or stopped: the calls run on a thread of their own, with a
//! time-out. One that did not answer is left alone for a while, so that the next toasts go to the
//! next renderer at once.

mod icon;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod native;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{FeedbackSender, Package, Renderer, ToastError};
use crate::lifecycle::{Worker, timeouts};
use crate::model::{DisplayText, ToastContent, ToastImage, ToastKey};

#[cfg(target_os = "linux")]
use linux as platform;
#[cfg(not(target_os = "linux"))]
use native as platform;

/// What the daemon is called in errors.
const WHAT: &str = "the notification daemon";

/// How desktop toasts look, and how much patience their daemon gets.
#[derive(Debug, Clone)]
pub struct DesktopOptions {
    /// The name of the app that the daemon is told.
    pub app_name: String,
    /// Where the icon's file may be written, since daemons want a path; none for no icon.
    pub icon_folder: Option<PathBuf>,
    /// The app's own files, for the images of its toasts; none for no images.
    pub package: Option<Package>,
    /// The app's icon, a path within the package; handset's own where it has none.
    pub icon: Option<String>,
    /// How long a toast stays; zero until it is dismissed. Daemons may think otherwise.
    pub visible: Duration,
    /// How long the daemon may take for one toast.
    pub limit: Duration,
    /// How long a daemon that did not answer is left alone.
    pub pause: Duration,
}

impl Default for DesktopOptions {
    fn default() -> Self {
        Self {
            app_name: "handset".to_owned(),
            icon_folder: None,
            package: None,
            icon: None,
            visible: timeouts::TOAST_VISIBLE,
            limit: timeouts::TOAST_DAEMON,
            pause: timeouts::TOAST_DAEMON_PAUSE,
        }
    }
}

/// What a notification daemon says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DaemonInfo {
    /// Its name, such as `dunst`.
    pub name: DisplayText,
    /// Who makes it.
    pub vendor: DisplayText,
    /// Its version.
    pub version: DisplayText,
    /// What it can do, such as `body-markup` (Desktop Notifications Specification, `GetCapabilities`).
    pub capabilities: Vec<DisplayText>,
}

/// Shows toasts through the desktop's notification daemon.
///
/// The body is escaped when the daemon would interpret markup, so that text stays text; titles
/// are never interpreted. Some daemons still do more than they are asked to: dunst offers a bare
/// URL in the text as a link that its user may open.
pub struct DesktopRenderer {
    worker: Worker<platform::Link>,
    look: Arc<Look>,
    shown: Arc<Mutex<platform::ShownToasts>>,
    ears: Arc<platform::Ears>,
    paused_until: Mutex<Option<Instant>>,
    limit: Duration,
    pause: Duration,
}

/// What all toasts of a renderer have in common.
struct Look {
    app_name: String,
    icon_folder: Option<PathBuf>,
    package: Option<Package>,
    own_icon: Option<String>,
    icon: OnceLock<Option<String>>,
    visible: Duration,
}

/// One toast on its way to the daemon.
struct Order {
    content: ToastContent,
    look: Arc<Look>,
    shown: Arc<Mutex<platform::ShownToasts>>,
    ears: Arc<platform::Ears>,
    /// Gone once the caller is: what was reported as failed must not appear afterwards.
    asked: Weak<()>,
    patience: Duration,
}

impl DesktopRenderer {
    /// A renderer that has not looked for a daemon yet.
    #[must_use]
    pub fn new(options: DesktopOptions) -> Self {
        Self {
            worker: Worker::new(WHAT, platform::Link::default),
            look: Arc::new(Look {
                app_name: options.app_name,
                icon_folder: options.icon_folder,
                package: options.package,
                own_icon: options.icon,
                icon: OnceLock::new(),
                visible: options.visible,
            }),
            shown: Arc::default(),
            ears: Arc::default(),
            paused_until: Mutex::new(None),
            limit: options.limit,
            pause: options.pause,
        }
    }

    /// Asks the daemon who it is, within `limit`; nothing is shown.
    ///
    /// # Errors
    /// [`ToastError`] when there is no daemon, or it does not answer.
    pub async fn probe(limit: Duration) -> Result<DaemonInfo, ToastError> {
        let worker = Worker::new(WHAT, platform::Link::default);
        worker.call(limit, move |_| platform::ask()).await?
    }

    /// The half of the limit that one answer of the daemon may take: so the time-out is found on
    /// handset's own connection, and no thread is left behind.
    fn patience(&self) -> Duration {
        self.limit / 2
    }

    async fn deliver(&self, content: ToastContent) -> Result<(), ToastError> {
        self.check_pause()?;
        let caller = Arc::new(());
        let order = Order {
            content,
            look: Arc::clone(&self.look),
            shown: Arc::clone(&self.shown),
            ears: Arc::clone(&self.ears),
            asked: Arc::downgrade(&caller),
            patience: self.patience(),
        };
        let answer = self
            .worker
            .call(self.limit, move |link| link.show(&order))
            .await;
        drop(caller);
        let result = answer.unwrap_or_else(|error| Err(error.into()));
        if matches!(result, Err(ToastError::Slow { .. })) {
            *self.paused_until() = Some(Instant::now() + self.pause);
        }
        result
    }

    async fn take_away(&self, key: ToastKey) -> Result<(), ToastError> {
        self.check_pause()?;
        let (shown, patience) = (Arc::clone(&self.shown), self.patience());
        self.worker
            .call(self.limit, move |link| link.remove(&key, &shown, patience))
            .await?
    }

    fn check_pause(&self) -> Result<(), ToastError> {
        let mut until = self.paused_until();
        match *until {
            Some(end) if end > Instant::now() => Err(ToastError::Paused {
                left: end.saturating_duration_since(Instant::now()),
            }),
            _ => {
                *until = None;
                Ok(())
            }
        }
    }

    fn paused_until(&self) -> MutexGuard<'_, Option<Instant>> {
        self.paused_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Renderer for DesktopRenderer {
    fn name(&self) -> &'static str {
        "desktop"
    }

    fn show<'a>(&'a self, content: &'a ToastContent) -> BoxFuture<'a, Result<(), ToastError>> {
        Box::pin(self.deliver(content.clone()))
    }

    fn remove<'a>(&'a self, key: &'a ToastKey) -> BoxFuture<'a, Result<(), ToastError>> {
        Box::pin(self.take_away(key.clone()))
    }

    fn revive(&self) {
        *self.paused_until() = None;
        self.worker.revive();
    }

    fn serve<'a>(
        &'a self,
        feedback: &'a FeedbackSender,
        off: &'a CancellationToken,
    ) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let listening = platform::listen(
                Arc::clone(&self.ears),
                Arc::clone(&self.shown),
                feedback.clone(),
            );
            off.run_until_cancelled(listening).await;
        })
    }
}

impl Look {
    /// The path of the app's own icon, or of handset's, which is written the first time; none where
    /// that is not possible.
    fn icon(&self) -> Option<&str> {
        let write = || {
            let own = self.own_icon.as_deref().zip(self.package.as_ref());
            if let Some(path) = own.and_then(|(path, package)| package.file(path)) {
                return path.into_os_string().into_string().ok();
            }
            let folder = self.icon_folder.as_ref()?;
            match icon::write_into(folder) {
                Ok(path) => path.into_os_string().into_string().ok(),
                Err(error) => {
                    tracing::debug!(%error, "toasts have no icon: its file cannot be written");
                    None
                }
            }
        };
        self.icon.get_or_init(write).as_deref()
    }

    /// The file of a toast's image, where the app brought it.
    fn image(&self, image: &ToastImage) -> Option<PathBuf> {
        self.package.as_ref()?.image(image)
    }
}

/// What a call answers whose caller is gone; nobody reads it.
fn gave_up(order: &Order) -> ToastError {
    ToastError::Slow {
        what: WHAT,
        limit: order.patience,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_daemon_that_did_not_answer_is_left_alone_for_a_while() {
        let renderer = DesktopRenderer::new(DesktopOptions::default());
        *renderer.paused_until() = Some(Instant::now() + timeouts::TOAST_DAEMON_PAUSE);
        tokio::time::advance(Duration::from_secs(10)).await;
        let paused = renderer.check_pause().unwrap_err();
        assert!(paused.to_string().ends_with("in 21 s"), "{paused}");
        tokio::time::advance(Duration::from_secs(21)).await;
        renderer.check_pause().unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn asking_again_ends_the_pause() {
        let renderer = DesktopRenderer::new(DesktopOptions::default());
        *renderer.paused_until() = Some(Instant::now() + Duration::from_secs(9));
        renderer.revive();
        renderer.check_pause().unwrap();
    }
}
