//! The parts of a multipart body (RFC 2046 §5.1.1), found in one pass over its lines.

use crate::model::Invalid;

use super::bad;

/// The longest boundary (RFC 2046 §5.1.1).
const LONGEST_BOUNDARY: usize = 70;

/// The most parts: a batch has two.
const MOST_PARTS: usize = 8;

/// The most bytes of one part's headers.
const LONGEST_HEADERS: usize = 4096;

/// What stands between two parts, with the two dashes before it.
pub(super) struct Boundary(Vec<u8>);

/// One part.
pub(super) struct Part<'a> {
    pub(super) name: Option<String>,
    pub(super) content_type: Option<String>,
    pub(super) content: &'a [u8],
}

impl Boundary {
    /// Reads the boundary from the request's content type.
    pub(super) fn of(content_type: &str) -> Result<Self, Invalid> {
        let (kind, rest) = content_type.split_once(';').unwrap_or((content_type, ""));
        if !kind.trim().eq_ignore_ascii_case("multipart/mixed") {
            return Err(bad("is not of the type multipart/mixed"));
        }
        let boundary = parameter(rest, "boundary")
            .ok_or_else(|| bad("has no boundary in its content type"))?;
        let allowed = |c: char| c.is_ascii_alphanumeric() || "'()+_,-./:=? ".contains(c);
        let fits = (1..=LONGEST_BOUNDARY).contains(&boundary.len());
        if !fits || boundary.ends_with(' ') || !boundary.chars().all(allowed) {
            return Err(bad(format!(
                "has a boundary that is not 1 to {LONGEST_BOUNDARY} letters, digits and '()+_,-./:=? (RFC 2046 §5.1.1)"
            )));
        }
        Ok(Self([b"--", boundary.as_bytes()].concat()))
    }

    /// What a line, without its end, is between parts.
    fn reads(&self, line: &[u8]) -> Line {
        let Some(behind) = line.strip_prefix(self.0.as_slice()) else {
            return Line::Content;
        };
        let (behind, line) = match behind.strip_prefix(b"--") {
            Some(behind) => (behind, Line::Last),
            None => (behind, Line::Next),
        };
        match behind.trim_ascii().is_empty() {
            true => line,
            false => Line::Content,
        }
    }
}

enum Line {
    Content,
    Next,
    Last,
}

/// The parts of `body`; what stands before the first boundary and behind the last is none.
pub(super) fn parts<'a>(body: &'a [u8], boundary: &Boundary) -> Result<Vec<Part<'a>>, Invalid> {
    let mut parts = Vec::new();
    let mut begun: Option<usize> = None;
    let mut at = 0;
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let from = at;
        at += line.len();
        let found = boundary.reads(without_end(line));
        if matches!(found, Line::Content) {
            continue;
        }
        if let Some(start) = begun {
            if parts.len() == MOST_PARTS {
                return Err(bad(format!("has more than {MOST_PARTS} parts")));
            }
            parts.push(part(without_end(&body[start..from]))?);
        }
        match found {
            Line::Last if begun.is_some() => return Ok(parts),
            Line::Last | Line::Next | Line::Content => begun = Some(at),
        }
    }
    Err(bad(match begun {
        Some(_) => "ends in the middle of a part: its last boundary, with -- behind it, is missing",
        None => "has no part: its boundary stands nowhere in it",
    }))
}

/// A line, or what stands before a boundary, without the end of line that belongs to it.
fn without_end(line: &[u8]) -> &[u8] {
    match line.strip_suffix(b"\n") {
        Some(line) => line.strip_suffix(b"\r").unwrap_or(line),
        None => line,
    }
}

/// Reads headers, an empty line, and the content.
fn part(text: &[u8]) -> Result<Part<'_>, Invalid> {
    let mut part = Part {
        name: None,
        content_type: None,
        content: &[],
    };
    let mut at = 0;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        at += line.len();
        if at > LONGEST_HEADERS {
            break;
        }
        let header = without_end(line);
        if header.is_empty() && line.ends_with(b"\n") {
            part.content = &text[at..];
            return Ok(part);
        }
        part.take_header(header)?;
    }
    Err(bad(
        "has a part without an empty line between its headers and its content",
    ))
}

impl Part<'_> {
    fn take_header(&mut self, line: &[u8]) -> Result<(), Invalid> {
        let malformed = || bad("has a part with a malformed header");
        let line = std::str::from_utf8(line).map_err(|_| malformed())?;
        let (name, value) = line.split_once(':').ok_or_else(malformed)?;
        let value = value.trim();
        match name.trim_end().to_ascii_lowercase().as_str() {
            "content-type" => self.content_type = Some(value.to_owned()),
            "content-disposition" => {
                let parameters = value.split_once(';').map_or("", |(_, rest)| rest);
                self.name = parameter(parameters, "name");
            }
            "content-transfer-encoding" => {
                let plain = ["7bit", "8bit", "binary"];
                if !plain.iter().any(|known| value.eq_ignore_ascii_case(known)) {
                    return Err(bad(
                        "has a part in a transfer encoding: send it as it is (binary)",
                    ));
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// The value of a parameter in `; name=value; …`, quoted or not, with white space around its `=` or
/// without. Its first value counts.
fn parameter(text: &str, wanted: &str) -> Option<String> {
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ';']);
        let (name, behind) = rest.split_once('=')?;
        let (value, behind) = value_of(behind.trim_start())?;
        if name.trim().eq_ignore_ascii_case(wanted) {
            return Some(value);
        }
        rest = behind;
    }
}

/// A value, and what stands behind it.
fn value_of(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let (value, behind) = text.split_once(';').unwrap_or((text, ""));
        return Some((value.trim_end().to_owned(), behind));
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((place, character)) = characters.next() {
        match character {
            '"' => return Some((value, &quoted[place + 1..])),
            '\\' => value.push(characters.next()?.1),
            other => value.push(other),
        }
    }
    None
}
