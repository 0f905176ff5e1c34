//! Toasts as JSON, one line each, for programs.

use std::io::Write;

use futures_util::future::BoxFuture;
use serde::Serialize;

use super::output::Output;
use super::{Renderer, ToastError};
use crate::model::{ToastContent, ToastKey};

const NAME: &str = "json";

/// Writes one line for each toast:
/// `{"toast":{"title":…,"body":…,"tag":…,"template":…,"renderer":"json"}}`.
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
                tag: content.key.as_str(),
                template: content.template,
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
}
