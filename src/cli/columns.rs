//! Texts in columns, for people.

use unicode_width::UnicodeWidthStr as _;

use super::output::Output;

/// A cell, and how it is painted once it is as wide as its column.
pub(super) struct Cell {
    text: String,
    paint: fn(&Output, &str) -> String,
}

impl Cell {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self::painted(text, |_, text| text.to_owned())
    }

    pub(super) fn painted(text: impl Into<String>, paint: fn(&Output, &str) -> String) -> Self {
        Self {
            text: text.into(),
            paint,
        }
    }
}

/// A name and its value on each line.
pub(super) fn fields(rows: &[(&str, String)], output: &Output) -> String {
    let widest = rows.iter().map(|(name, _)| name.width()).max().unwrap_or(0);
    let lines = rows.iter().map(|(name, value)| {
        let name = format!("{name:<widest$}");
        format!("{}  {value}", output.dim(&name))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Rows under a heading, each column as wide as its widest cell.
pub(super) fn table<const N: usize>(
    heading: [&str; N],
    rows: Vec<[Cell; N]>,
    output: &Output,
) -> String {
    let heading = heading.map(|name| Cell::painted(name, Output::dim));
    let rows: Vec<[Cell; N]> = std::iter::once(heading).chain(rows).collect();
    let mut widths = [0; N];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.text.width().max(*width);
        }
    }
    let line = |row: &[Cell; N]| {
        let cells = row.iter().zip(widths).enumerate();
        let cells = cells.map(|(place, (cell, width))| {
            // Nothing stands behind the last one.
            let missing = match place + 1 == N {
                true => 0,
                false => width.saturating_sub(cell.text.width()),
            };
            format!(
                "{}{}",
                (cell.paint)(output, &cell.text),
                " ".repeat(missing)
            )
        });
        cells.collect::<Vec<_>>().join("  ")
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Environment;

    #[test]
    fn columns_stand_under_each_other_however_wide_a_character_is() {
        let output = Output::new(false, &Environment::default());
        let row = |a: &str, b: &str| [Cell::new(a), Cell::new(b)];
        let text = table(["a", "b"], vec![row("日本", "1"), row("x", "2")], &output);
        assert_eq!(text, "a     b\n日本  1\nx     2");
        let text = fields(&[("a", "1".to_owned()), ("long", "2".to_owned())], &output);
        assert_eq!(text, "a     1\nlong  2");
    }
}
