//! What the platform does with a push that is to be seen as it is: no task, no backend.

use std::sync::Arc;

use super::core::Core;
use super::toasts::Origin;
use crate::background::{EntryPoint, Outcome, Reason, TaskInstance};
use crate::model::{DisplayText, ToastContent, ToastKey};
use crate::wire::toast_xml;

/// Shows visible pushes.
pub(super) struct VisiblePush(pub(super) Arc<Core>);

impl EntryPoint for VisiblePush {
    async fn run(&self, instance: TaskInstance) -> Outcome {
        let Some(raw) = instance.push() else {
            return Outcome::Dropped(Reason::new("no_push"));
        };
        let xml = match toast_xml::read_toast(&raw.content) {
            Ok(xml) => xml,
            Err(error) => return Outcome::Dropped(Reason::because("unreadable_toast", error)),
        };
        let app_name = self.0.manifest.name().clone();
        let mut lines = xml.texts.iter().map(|line| DisplayText::new(line));
        let title = match xml.template.has_heading() {
            false => app_name,
            true => lines.next().unwrap_or(app_name),
        };
        let body: Vec<String> = lines.map(String::from).collect();
        let key = ToastKey::of_message(&raw.message);
        let content = ToastContent::new(key, title, body.join("\n"), xml.template);
        let origin = Origin {
            instance: Some(&instance),
            notification: None,
        };
        self.0.show(&content, origin).await;
        Outcome::Shown
    }
}
