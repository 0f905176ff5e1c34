//! The text rules of each layout.

use super::ToastXml;
use crate::model::{DisplayText, ToastContent, ToastKey, ToastTemplate};

impl ToastXml {
    /// The toast: which string is the heading, which are lines of one string each, and which are
    /// not drawn at all, by the rules of its layout (`ToastTemplateType`). `app_name` stands in for
    /// a heading that is missing.
    #[must_use]
    pub fn into_content(self, key: ToastKey, app_name: &DisplayText) -> ToastContent {
        let mut texts = self.texts.iter().map(String::as_str);
        let heading = match self.template.has_heading() {
            true => texts.next().filter(|text| !text.trim().is_empty()),
            false => None,
        };
        let title = heading.map_or_else(|| app_name.clone(), DisplayText::new);
        let body = match self.template {
            ToastTemplate::ToastText01
            | ToastTemplate::ToastImageAndText01
            | ToastTemplate::ToastText02
            | ToastTemplate::ToastImageAndText02 => texts.next().unwrap_or_default().to_owned(),
            ToastTemplate::ToastText03 | ToastTemplate::ToastImageAndText03 => lines(texts.take(1)),
            ToastTemplate::ToastText04 | ToastTemplate::ToastImageAndText04 => lines(texts.take(2)),
            ToastTemplate::ToastGeneric => {
                let filled: Vec<&str> = texts.filter(|text| !text.is_empty()).collect();
                filled.join("\n")
            }
        };
        ToastContent {
            image: self.image,
            actions: self.actions,
            launch: self.launch,
            ..ToastContent::new(key, title, body, self.template)
        }
    }
}

/// Strings of one line each.
fn lines<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    texts.map(one_line).collect::<Vec<_>>().join("\n")
}
