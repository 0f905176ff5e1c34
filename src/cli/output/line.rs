//! One thing to print, and printing it.

use std::io::{self, Write};
use std::sync::mpsc::Sender;

pub(super) enum Line {
    Out(String),
    Err(String),
    /// A line that the next one is written over, and how wide it may be.
    Passing(String, usize),
    /// Nothing: whoever waits at the other end learns that its turn has come.
    Reached(Sender<()>),
}

pub(super) fn write_line(line: Line) -> io::Result<()> {
    match line {
        Line::Out(text) => flushed(&mut io::stdout().lock(), &text),
        Line::Err(text) => flushed(&mut io::stderr().lock(), &text),
        Line::Passing(text, width) => written_over(&mut io::stderr().lock(), &text, width),
        Line::Reached(waiting) => {
            drop(waiting);
            Ok(())
        }
    }
}

fn flushed(to: &mut impl Write, text: &str) -> io::Result<()> {
    writeln!(to, "{text}")?;
    to.flush()
}

/// Blanks stand in for what was there before, so that no terminal need know an escape sequence.
fn written_over(to: &mut impl Write, text: &str, width: usize) -> io::Result<()> {
    let end = if text.is_empty() { "\r" } else { "" };
    write!(to, "\r{text:<width$.width$}{end}")?;
    to.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passing_line_fits_and_leaves_nothing() {
        let mut written = Vec::new();
        written_over(&mut written, "trying 1 of 60", 6).unwrap();
        written_over(&mut written, "", 6).unwrap();
        assert_eq!(written, b"\rtrying\r      \r");
    }
}
