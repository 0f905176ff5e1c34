//! What a toast looks like in a terminal.

use super::TerminalStyle;
use super::wrap::{Line, wrap};
use crate::model::ToastContent;

/// The least and the most columns of a box, its frame included.
const NARROWEST: usize = 24;
const WIDEST: usize = 76;

/// The columns that a frame with its margin takes on both sides.
const FRAME: usize = 4;

/// The most lines of a title and of a body: with its frame a toast takes at most 10.
const TITLE_LINES: usize = 2;
const BODY_LINES: usize = 6;

/// The most lines of a body outside a box, where they are as long as they are.
const PLAIN_LINES: usize = 40;

const BOLD: &str = "\x1b[1m";
const CYAN: &str = "\x1b[36m";
const RESET: &str = "\x1b[0m";

/// The toast as text that ends in a line break.
pub(super) fn draw(content: &ToastContent, style: TerminalStyle) -> String {
    if style.boxed {
        draw_box(content, style)
    } else {
        draw_plain(content)
    }
}

fn draw_box(content: &ToastContent, style: TerminalStyle) -> String {
    let room = style.width.clamp(NARROWEST, WIDEST) - FRAME;
    let title = lines_of(content.title.as_str(), room, TITLE_LINES);
    let body = lines_of(content.body.as_str(), room, BODY_LINES);
    let all = title.iter().chain(&body);
    let inner = all
        .map(|line| line.width)
        .fold(NARROWEST - FRAME, usize::max);
    let frame = Paint::new(CYAN, style.colour);
    let mut picture = frame.on(&format!("╭{}╮", "─".repeat(inner + 2))) + "\n";
    for (lines, paint) in [(&title, BOLD), (&body, "")] {
        for line in lines {
            let padding = " ".repeat(inner - line.width);
            let text = Paint::new(paint, style.colour).on(&line.text);
            let side = frame.on("│");
            picture.push_str(&format!("{side} {text}{padding} {side}\n"));
        }
    }
    picture + &frame.on(&format!("╰{}╯", "─".repeat(inner + 2))) + "\n"
}

/// The lines of a text; none where there is no text.
fn lines_of(text: &str, room: usize, most: usize) -> Vec<Line> {
    if text.trim().is_empty() {
        return Vec::new();
    }
    wrap(text, room, most)
}

fn draw_plain(content: &ToastContent) -> String {
    let title = content.title.as_str().replace('\n', " ");
    let mut text = format!("toast: {title}\n");
    for line in content.body.as_str().lines().take(PLAIN_LINES) {
        text.push_str(&format!("  {line}\n"));
    }
    text
}

/// Escape sequences around a text, where they are wanted.
struct Paint {
    start: &'static str,
}

impl Paint {
    fn new(start: &'static str, wanted: bool) -> Self {
        Self {
            start: if wanted { start } else { "" },
        }
    }

    fn on(&self, text: &str) -> String {
        if self.start.is_empty() || text.is_empty() {
            return text.to_owned();
        }
        format!("{}{text}{RESET}", self.start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toast::tests::toast;

    const BOX: TerminalStyle = TerminalStyle {
        width: 80,
        colour: false,
        boxed: true,
    };

    fn picture(title: &str, body: &str, style: TerminalStyle) -> String {
        draw(&toast("m", title, body), style)
    }

    #[test]
    fn a_box_fits_its_text() {
        let expected = "\
╭──────────────────────╮
│ handset              │
│ Your code is 4711    │
╰──────────────────────╯
";
        assert_eq!(picture("handset", "Your code is 4711", BOX), expected);
    }

    #[test]
    fn wide_characters_and_emoji_keep_the_frame_straight() {
        let expected = "\
╭──────────────────────╮
│ 会議のお知らせ       │
│ 🎉 今日は三時に始ま  │
│ ります 👩\u{200D}🚀            │
╰──────────────────────╯
";
        let narrow = TerminalStyle { width: 24, ..BOX };
        let drawn = picture(
            "会議のお知らせ",
            "🎉 今日は三時に始まります 👩\u{200D}🚀",
            narrow,
        );
        assert_eq!(drawn, expected);
    }

    #[test]
    fn a_long_text_is_cut_at_ten_lines_and_the_width_is_kept() {
        for width in [0, 24, 80, usize::MAX] {
            let drawn = picture(
                &"long title ".repeat(50),
                &"x".repeat(1900),
                TerminalStyle { width, ..BOX },
            );
            assert_eq!(drawn.lines().count(), 10);
            for line in drawn.lines() {
                let columns = unicode_width::UnicodeWidthStr::width(line);
                assert!(columns <= width.clamp(NARROWEST, WIDEST), "{line}");
            }
            assert!(drawn.contains('…'));
        }
    }

    #[test]
    fn hostile_text_stays_inside_the_frame() {
        let expected = "\
╭────────────────────────╮
│ [31mred]0;title        │
│ one                    │
│ ╰───╯ <b>fake</b>&amp; │
╰────────────────────────╯
";
        let drawn = picture(
            "\x1b[31mred\x1b]0;title\x07",
            "one\r\0\n╰───╯\u{202E} <b>fake</b>&amp;",
            BOX,
        );
        assert_eq!(drawn, expected);
    }

    #[test]
    fn colour_only_when_told() {
        let style = TerminalStyle {
            colour: true,
            ..BOX
        };
        let drawn = picture("handset", "hi", style);
        assert!(
            drawn.contains("\x1b[36m│\x1b[0m \x1b[1mhandset\x1b[0m"),
            "{drawn}"
        );
        assert!(!picture("handset", "hi", BOX).contains('\x1b'));
    }

    #[test]
    fn plain_lines_of_a_text_are_indented() {
        let plain = TerminalStyle {
            boxed: false,
            ..BOX
        };
        let drawn = picture("a\nb", "one\ntoast: fake", plain);
        assert_eq!(drawn, "toast: a b\n  one\n  toast: fake\n");
    }

    #[test]
    fn a_toast_without_text_is_an_empty_box() {
        assert_eq!(picture("", "\n", BOX).lines().count(), 2);
    }
}
