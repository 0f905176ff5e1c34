//! Breaking text into lines of terminal columns.
//!
//! What a terminal draws in one place, a letter with its accents or an emoji of several parts,
//! is never torn apart. Lines break at spaces where they can and inside a long word where not.

use unicode_width::UnicodeWidthStr as _;

/// The most characters that are drawn in one place; more only smear over their neighbours.
const MOST_IN_ONE_PLACE: usize = 12;

/// The mark of cut text.
const CUT: &str = "…";

const ZERO_WIDTH_JOINER: char = '\u{200D}';

/// A line and its width in columns.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Line {
    pub(super) text: String,
    pub(super) width: usize,
}

/// Wraps `text` to lines of at most `width` columns (at least 2), at most `most` of them (at
/// least 1). Where that cuts, the last line ends in `…`.
pub(super) fn wrap(text: &str, width: usize, most: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    for paragraph in text.trim_matches('\n').split('\n') {
        let mut rest = places(paragraph);
        while lines.len() <= most {
            let tail = rest.split_off(first_line(&rest, width));
            lines.push(Line::of(&rest));
            rest = tail;
            if rest.is_empty() {
                break;
            }
        }
    }
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            *last = last.cut(width);
        }
    }
    lines
}

impl Line {
    fn of(drawn: &[String]) -> Self {
        let text = drawn.concat().trim_end().to_owned();
        let width = places_width(&places(&text));
        Self { text, width }
    }

    /// The line with the mark of cut text at its end.
    fn cut(&self, width: usize) -> Self {
        let mut kept = places(&self.text);
        while places_width(&kept) + CUT.width() > width && kept.pop().is_some() {}
        while kept.last().is_some_and(|place| place == " ") {
            kept.pop();
        }
        kept.push(CUT.to_owned());
        Self::of(&kept)
    }
}

/// How many places the first line takes: up to the last break that fits, or as many as fit.
fn first_line(places: &[String], width: usize) -> usize {
    let mut used = 0;
    let mut last_break = 0;
    for (index, place) in places.iter().enumerate() {
        if index > 0 && may_break(&places[index - 1], place) {
            last_break = index;
        }
        // A space at the end of a line is not drawn.
        if used + place.width() > width && place != " " {
            return if last_break > 0 {
                last_break
            } else {
                index.max(1)
            };
        }
        used += place.width();
    }
    places.len()
}

/// Lines break behind spaces, and beside ideographs and other wide characters, which are written
/// without spaces.
fn may_break(before: &str, after: &str) -> bool {
    before == " " || before.width() > 1 || after.width() > 1
}

/// The text as a list of what is drawn in one place each.
fn places(text: &str) -> Vec<String> {
    let mut places: Vec<String> = Vec::new();
    for character in text.chars() {
        match places.last_mut() {
            Some(place) if joins(place, character) => {
                if place.chars().count() < MOST_IN_ONE_PLACE {
                    place.push(character);
                }
            }
            _ => places.push(character.to_string()),
        }
    }
    places
}

/// Whether `next` is drawn in the same place as what stands there.
fn joins(place: &str, next: char) -> bool {
    let is_flag_half = |c: char| ('\u{1F1E6}'..='\u{1F1FF}').contains(&c);
    let is_skin_tone = ('\u{1F3FB}'..='\u{1F3FF}').contains(&next);
    let mut buffer = [0; 4];
    let is_mark = next.encode_utf8(&mut buffer).width() == 0;
    let half_flag =
        is_flag_half(next) && place.chars().count() == 1 && place.chars().all(is_flag_half);
    is_mark || is_skin_tone || half_flag || place.ends_with(ZERO_WIDTH_JOINER)
}

fn places_width(places: &[String]) -> usize {
    places.iter().map(|place| place.width()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(text: &str, width: usize, most: usize) -> Vec<String> {
        let lines = wrap(text, width, most).into_iter();
        lines.map(|line| line.text).collect()
    }

    #[test]
    fn lines_break_at_spaces_and_long_words_inside() {
        assert_eq!(texts("your code is 4711", 10, 9), ["your code", "is 4711"]);
        assert_eq!(texts("abcdefghij", 4, 9), ["abcd", "efgh", "ij"]);
        assert_eq!(texts("ab cdefghij", 4, 9), ["ab", "cdef", "ghij"]);
        assert_eq!(texts("one\n\ntwo", 9, 9), ["one", "", "two"]);
        assert_eq!(texts("exactly10!  next", 10, 9), ["exactly10!", "next"]);
    }

    #[test]
    fn wide_characters_take_two_columns() {
        assert_eq!(texts("今日は晴れ", 4, 9), ["今日", "は晴", "れ"]);
        assert_eq!(texts("ok 今日は晴れ", 7, 9), ["ok 今日", "は晴れ"]);
        assert_eq!(wrap("今日", 9, 9)[0].width, 4);
    }

    #[test]
    fn what_is_drawn_in_one_place_stays_together() {
        let family = "👨\u{200D}👩\u{200D}👧";
        assert_eq!(texts(&format!("{family}{family}"), 2, 9), [family, family]);
        assert_eq!(texts("🇩🇪🇫🇷", 2, 9), ["🇩🇪", "🇫🇷"]);
        assert_eq!(texts("e\u{301}e\u{301}", 2, 9), ["e\u{301}e\u{301}"]);
        let smeared = format!("a{}", "\u{301}".repeat(500));
        assert_eq!(texts(&smeared, 9, 9)[0].chars().count(), MOST_IN_ONE_PLACE);
    }

    #[test]
    fn what_does_not_fit_is_cut_and_says_so() {
        assert_eq!(texts("a b c d", 3, 2), ["a b", "c d"]);
        assert_eq!(texts("a b c d e", 3, 2), ["a b", "c…"]);
        assert_eq!(texts("今日は晴れ", 4, 1), ["今…"]);
        assert_eq!(texts(&"\n".repeat(500), 4, 3), [""]);
        assert_eq!(texts("a\nb\nc\nd", 4, 3), ["a", "b", "c…"]);
    }

    proptest! {
        #[test]
        fn no_line_is_too_wide_and_none_too_many(text in "\\PC{0,200}", width in 2_usize..40, most in 1_usize..9) {
            let lines = wrap(&text, width, most);
            prop_assert!(!lines.is_empty() && lines.len() <= most);
            for line in lines {
                prop_assert!(line.width <= width, "{line:?}");
            }
        }
    }
}
