//! Toasts in a terminal: a drawn box, or plain lines where the output is no terminal.

mod picture;
mod wrap;

use std::io::Write;

use futures_util::future::BoxFuture;

use super::output::Output;
use super::{Renderer, ToastError};
use crate::model::{ToastContent, ToastKey};

/// How toasts look in a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TerminalStyle {
    /// The terminal's width in columns; a box is 24 to 76 columns wide, whatever this says.
    pub width: usize,
    /// Colour and bold type, by escape sequences.
    pub colour: bool,
    /// A box of line-drawing characters; otherwise plain lines, the text's own indented, so that
    /// no text looks like another line of output.
    pub boxed: bool,
}

/// Writes each toast where it is told to.
pub struct TerminalRenderer {
    output: Output,
    style: TerminalStyle,
}

impl TerminalRenderer {
    /// Writes to `writer` in `style`, on a thread of its own.
    #[must_use]
    pub fn new(writer: Box<dyn Write + Send>, style: TerminalStyle) -> Self {
        Self {
            output: Output::new("the terminal", writer),
            style,
        }
    }
}

impl Renderer for TerminalRenderer {
    fn name(&self) -> &'static str {
        "terminal"
    }

    fn show<'a>(&'a self, content: &'a ToastContent) -> BoxFuture<'a, Result<(), ToastError>> {
        Box::pin(self.output.write(picture::draw(content, self.style)))
    }

    /// What a terminal printed stays.
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
    async fn a_toast_is_written_at_once_and_whole() {
        let paper = Paper::default();
        let style = TerminalStyle {
            width: 80,
            colour: false,
            boxed: false,
        };
        let renderer = TerminalRenderer::new(Box::new(paper.clone()), style);
        let content = toast("m", "handset", "Your code is 4711");
        renderer.show(&content).await.unwrap();
        renderer.remove(&content.key).await.unwrap();
        assert_eq!(paper.text(), "toast: handset\n  Your code is 4711\n");
    }
}
