//! Toasts as JSON, one line each, for programs.

use std::io::Write;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use serde::Serialize;

use super::output::Output;
use super::{Renderer, ToastError};
use crate::model::{ToastAction, ToastContent, ToastImage, ToastKey, ToastTag};

const NAME: &str = "json";

/// Writes one line for each toast:
/// `{"toast":{"title":…,"body":…,"tag":…,"template":…,"renderer":"json"}}`, with `group`, `image`,
/// `actions`, `launch` and `expires_at` before the last where the toast has them.
pub struct JsonRenderer {
    output: Output,
}

#[derive(Serialize)]
struct Line<'a> {
    toast: Fields<'a>,
}

/// Named as in the `toast.*` events.
#[derive(Serialize)]
struct Fields<'a> {
    title: &'a str,
    body: &'a str,
    tag: &'a str,
    template: crate::model::ToastTemplate,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<&'a ToastTag>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<&'a ToastImage>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    actions: &'a [ToastAction],
    #[serde(skip_serializing_if = "Option::is_none")]
    launch: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
    renderer: &'static str,
}

impl JsonRenderer {
    /// Writes to `writer`, on a thread of its own.
    #[must_use]
    pub fn new(writer: Box<dyn Write + Send>) -> Self {
        Self {
            output: Output::new("the JSON output", writer),
        }
    }
}

impl Renderer for JsonRenderer {
    fn name(&self) -> &'static str {
        NAME
    }

    fn show<'a>(&'a self, content: &'a ToastContent) -> BoxFuture<'a, Result<(), ToastError>> {
        let line = Line {
            toast: Fields {
                title: content.title.as_str(),
                body: content.body.as_str(),
                tag: content
                    .tag
                    .as_ref()
                    .map_or(content.key.as_str(), ToastTag::as_str),
                template: content.template,
                group: content.group.as_ref(),
                image: content.image.as_ref(),
                actions: &content.actions,
                launch: content.launch.as_deref(),
                expires_at: content.expires_at,
                renderer: NAME,
            },
        };
        // Texts and names always serialise.
        let line = serde_json::to_string(&line).unwrap_or_default();
        Box::pin(self.output.write(line + "\n"))
    }

    /// A line that was read cannot be taken back; the event stream tells that a toast is gone.
    fn remove<'a>(&'a self, _key: &'a ToastKey) -> BoxFuture<'a, Result<(), ToastError>> {
        Box::pin(async { Ok(()) })
    }

    fn revive(&self) {
        self.output.revive();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toast::output::tests::Paper;
    use crate::toast::tests::toast;

    #[tokio::test]
    async fn each_toast_is_one_line() {
        let paper = Paper::default();
        let renderer = JsonRenderer::new(Box::new(paper.clone()));
        for body in ["first\nline \"quoted\"", "second\0"] {
            renderer.show(&toast("m", "Täst", body)).await.unwrap();
        }
        assert_eq!(
            paper.text(),
            concat!(
                r#"{"toast":{"title":"Täst","body":"first\nline \"quoted\"","tag":"message:m","template":"ToastText02","renderer":"json"}}"#,
                "\n",
                r#"{"toast":{"title":"Täst","body":"second","tag":"message:m","template":"ToastText02","renderer":"json"}}"#,
                "\n"
            )
        );
    }

    #[tokio::test]
    async fn a_toast_of_many_parts_is_written_whole() {
        let paper = Paper::default();
        let renderer = JsonRenderer::new(Box::new(paper.clone()));
        let whole = ToastContent {
            image: Some(ToastImage::parse("ms-appx:///a.png", "The view").unwrap()),
            actions: vec![ToastAction {
                content: "Reply".into(),
                arguments: "r=1".to_owned(),
            }],
            launch: Some("app=1".to_owned()),
            tag: Some(ToastTag::parse("chat").unwrap()),
            group: Some(ToastTag::parse("friends").unwrap()),
            expires_at: Some(Timestamp::UNIX_EPOCH),
            ..toast("m", "t", "b")
        };
        renderer.show(&whole).await.unwrap();
        assert_eq!(
            paper.text(),
            concat!(
                r#"{"toast":{"title":"t","body":"b","tag":"chat","template":"ToastText02","group":"friends","#,
                r#""image":{"source":"ms-appx:///a.png","alt":"The view"},"#,
                r#""actions":[{"content":"Reply","arguments":"r=1"}],"launch":"app=1","#,
                r#""expires_at":"1970-01-01T00:00:00Z","renderer":"json"}}"#,
                "\n"
            )
        );
    }
}
