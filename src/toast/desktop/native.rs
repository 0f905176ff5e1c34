//! macOS and Windows: toasts are the system's own, without a daemon to look for.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use notify_rust::{Notification, Timeout};

use super::{DaemonInfo, Order};
use crate::model::ToastKey;
use crate::toast::error::quoted;
use crate::toast::{FeedbackSender, ToastError};

/// The system needs no connection.
#[derive(Default)]
pub(super) struct Link;

/// The system gives toasts no ids to keep.
#[derive(Default)]
pub(super) struct ShownToasts;

/// Nobody listens: `notify-rust` tells of taps only to a caller that waits for each toast.
#[derive(Default)]
pub(super) struct Ears;

/// There is nothing to hear.
pub(super) async fn listen(_: Arc<Ears>, _: Arc<Mutex<ShownToasts>>, _: FeedbackSender) {}

impl Link {
    pub(super) fn show(&mut self, order: &Order) -> Result<(), ToastError> {
        let (content, look) = (&order.content, &order.look);
        let mut toast = Notification::new();
        toast
            .appname(&look.app_name)
            .summary(&content.title.as_str().replace('\n', " "))
            .body(content.body.as_str())
            .timeout(Timeout::from(look.visible));
        if let Some(icon) = look.icon() {
            toast.icon(icon);
        }
        let picture = content.image.as_ref().and_then(|image| look.image(image));
        if let Some(picture) = picture.as_deref().and_then(std::path::Path::to_str) {
            toast.image_path(picture);
        }
        if order.asked.strong_count() == 0 {
            return Err(super::gave_up(order));
        }
        toast.show().map(drop).map_err(|error| ToastError::Other {
            problem: quoted(&error),
        })
    }

    pub(super) fn remove(
        &mut self,
        _key: &ToastKey,
        _shown: &Mutex<ShownToasts>,
        _patience: Duration,
    ) -> Result<(), ToastError> {
        Ok(())
    }
}

/// The system answers for itself.
pub(super) fn ask() -> Result<DaemonInfo, ToastError> {
    Ok(DaemonInfo {
        name: std::env::consts::OS.into(),
        vendor: "the operating system".into(),
        version: "".into(),
        capabilities: Vec::new(),
    })
}
