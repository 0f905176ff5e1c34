//! What a toast looks like in a terminal.

use super::TerminalStyle;
use super::wrap::{Line, wrap};
use crate::model::{ToastContent, ToastImage, ToastTemplate};

/// The least and the most columns of a box, its frame included.
const NARROWEST: usize = 24;
const WIDEST: usize = 76;

/// The columns that a frame with its margin takes on both sides.
const FRAME: usize = 4;

/// The most lines of a body: with its title and frame a toast of text takes at most 10.
const BODY_LINES: usize = 6;

/// The most lines of buttons, and the most columns of one.
const BUTTON_LINES: usize = 3;
const WIDEST_BUTTON: usize = 20;

/// The most lines of a body outside a box, where they are as long as they are.
const PLAIN_LINES: usize = 40;

const BOLD: &str = "\x1b[1m";
const DIM: &str = "\x1b[2m";
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
    let title = lines_of(content.title.as_str(), room, title_lines(content.template));
    let body = body_of(content, room);
    let image = content.image.iter().flat_map(|i| wrap(&named(i), room, 1));
    let image: Vec<Line> = image.collect();
    let buttons = buttons(content, room);
    let all = title.iter().chain(&body).chain(&image).chain(&buttons);
    let inner = all
        .map(|line| line.width)
        .fold(NARROWEST - FRAME, usize::max);
    let frame = Paint::new(CYAN, style.colour);
    let mut picture = frame.on(&format!("╭{}╮", "─".repeat(inner + 2))) + "\n";
    for (lines, paint) in [(&image, DIM), (&title, BOLD), (&body, ""), (&buttons, CYAN)] {
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

/// The heading is one line where its layout says so.
fn title_lines(template: ToastTemplate) -> usize {
    match template {
        ToastTemplate::ToastText02
        | ToastTemplate::ToastText04
        | ToastTemplate::ToastImageAndText02
        | ToastTemplate::ToastImageAndText04 => 1,
        ToastTemplate::ToastText01
        | ToastTemplate::ToastText03
        | ToastTemplate::ToastImageAndText01
        | ToastTemplate::ToastImageAndText03
        | ToastTemplate::ToastGeneric => 2,
    }
}

/// A string that is a line by itself is cut where it is too long; others are wrapped.
fn body_of(content: &ToastContent, room: usize) -> Vec<Line> {
    match content.template {
        ToastTemplate::ToastText03
        | ToastTemplate::ToastText04
        | ToastTemplate::ToastImageAndText03
        | ToastTemplate::ToastImageAndText04 => {
            let lines = content.body.as_str().lines().take(2);
            lines.flat_map(|line| lines_of(line, room, 1)).collect()
        }
        ToastTemplate::ToastText01
        | ToastTemplate::ToastText02
        | ToastTemplate::ToastImageAndText01
        | ToastTemplate::ToastImageAndText02
        | ToastTemplate::ToastGeneric => lines_of(content.body.as_str(), room, BODY_LINES),
    }
}

/// What stands for an image where none can be drawn.
fn named(image: &ToastImage) -> String {
    match image.alt.as_str().replace('\n', " ") {
        alt if alt.trim().is_empty() => "[image]".to_owned(),
        alt => format!("[image: {}]", alt.trim()),
    }
}

/// The buttons side by side, none of them torn apart.
fn buttons(content: &ToastContent, room: usize) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for action in &content.actions {
        let caption = action.content.as_str().replace('\n', " ");
        let widest = WIDEST_BUTTON.min(room) - FRAME;
        let Some(caption) = wrap(caption.trim(), widest, 1).pop() else {
            continue;
        };
        let button = Line {
            text: format!("[ {} ]", caption.text),
            width: caption.width + FRAME,
        };
        match lines.last_mut() {
            Some(line) if line.width + 2 + button.width <= room => {
                line.text = format!("{}  {}", line.text, button.text);
                line.width += 2 + button.width;
            }
            _ => lines.push(button),
        }
    }
    lines.truncate(BUTTON_LINES);
    lines
}

fn draw_plain(content: &ToastContent) -> String {
    let title = content.title.as_str().replace('\n', " ");
    let mut text = format!("toast: {title}\n");
    for line in content.body.as_str().lines().take(PLAIN_LINES) {
        text.push_str(&format!("  {line}\n"));
    }
    if let Some(image) = &content.image {
        text.push_str(&format!("  {}\n", named(image)));
    }
    for line in buttons(content, WIDEST) {
        text.push_str(&format!("  {}\n", line.text));
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
    fn a_long_text_is_cut_and_the_width_is_kept() {
        for width in [0, 24, 80, usize::MAX] {
            let drawn = picture(
                &"long title ".repeat(50),
                &"x".repeat(1900),
                TerminalStyle { width, ..BOX },
            );
            assert_eq!(drawn.lines().count(), 9);
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

    fn whole(template: ToastTemplate) -> ToastContent {
        let action = |caption: &str| crate::model::ToastAction {
            content: caption.into(),
            arguments: String::new(),
        };
        ToastContent {
            template,
            image: Some(ToastImage::parse("https://example.org/a.png", "The\nview").unwrap()),
            actions: ["Reply", "Remind me much later than that", "Not now", "今日"]
                .map(action)
                .to_vec(),
            ..toast(
                "m",
                "Adam wrote you a longer heading",
                "Lunch at one, or later?\nvia SMS",
            )
        }
    }

    #[test]
    fn image_and_buttons_stand_in_the_box() {
        let narrow = TerminalStyle { width: 36, ..BOX };
        let expected = "\
╭─────────────────────────────────╮
│ [image: The view]               │
│ Adam wrote you a longer heading │
│ Lunch at one, or later?         │
│ via SMS                         │
│ [ Reply ]  [ Remind me much… ]  │
│ [ Not now ]  [ 今日 ]           │
╰─────────────────────────────────╯
";
        assert_eq!(draw(&whole(ToastTemplate::ToastGeneric), narrow), expected);
    }

    #[test]
    fn each_layout_wraps_what_it_may_and_cuts_the_rest() {
        let narrow = TerminalStyle { width: 24, ..BOX };
        let rows = |template| {
            let content = ToastContent {
                image: None,
                actions: Vec::new(),
                ..whole(template)
            };
            let drawn = draw(&content, narrow);
            let lines = drawn
                .lines()
                .map(|line| line.trim_matches(['│', ' ']).to_owned());
            let lines: Vec<_> = lines.collect();
            lines[1..lines.len() - 1].join("/")
        };
        for (template, expected) in [
            (
                ToastTemplate::ToastText01,
                "Adam wrote you a/longer heading/Lunch at one, or/later?/via SMS",
            ),
            (
                ToastTemplate::ToastText02,
                "Adam wrote you a…/Lunch at one, or/later?/via SMS",
            ),
            (
                ToastTemplate::ToastText03,
                "Adam wrote you a/longer heading/Lunch at one, or…/via SMS",
            ),
            (
                ToastTemplate::ToastText04,
                "Adam wrote you a…/Lunch at one, or…/via SMS",
            ),
        ] {
            assert_eq!(rows(template), expected, "{template:?}");
        }
    }

    #[test]
    fn plain_lines_name_image_and_buttons() {
        let plain = TerminalStyle {
            boxed: false,
            ..BOX
        };
        let drawn = draw(&whole(ToastTemplate::ToastGeneric), plain);
        assert!(
            drawn.ends_with(
                "  [image: The view]\n  [ Reply ]  [ Remind me much… ]  [ Not now ]  [ 今日 ]\n"
            ),
            "{drawn}"
        );
    }
}
