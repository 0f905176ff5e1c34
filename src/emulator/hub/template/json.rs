//! Templates in JSON: every text in it may be an expression, names are not. All else stays as it was
//! written, white space and order included.

use serde::de::IgnoredAny;

use crate::model::Invalid;

use super::pieces::{Piece, Pieces, Place};
use super::{add, bad};

/// How deep objects and arrays may stand in each other.
const DEEPEST: usize = 64;

pub(super) fn read(body: &str) -> Result<Vec<Piece>, Invalid> {
    serde_json::from_str::<IgnoredAny>(body)
        .map_err(|error| bad(format!("is not JSON: {error}")))?;
    if !body.trim_start().starts_with('{') {
        return Err(bad("is not a JSON object"));
    }
    let mut pieces = Pieces::new(body);
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(byte) = body.as_bytes().get(at) {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => {
                let end = end_of_text(body, at);
                read_text(body, at, end, &mut pieces)?;
                at = end;
                continue;
            }
            _ => {}
        }
        if depth > DEEPEST {
            return Err(bad(format!("is nested more than {DEEPEST} deep")));
        }
        at += 1;
    }
    Ok(pieces.finish())
}

/// The place behind the closing quote of a text that begins at `start`.
fn end_of_text(body: &str, start: usize) -> usize {
    let mut at = start + 1;
    loop {
        match body.as_bytes().get(at) {
            Some(b'"') => return at + 1,
            Some(b'\\') => at += 2,
            Some(_) => at += 1,
            None => return body.len(),
        }
    }
}

fn read_text(body: &str, start: usize, end: usize, pieces: &mut Pieces<'_>) -> Result<(), Invalid> {
    if body[end..].trim_start().starts_with(':') {
        return Ok(());
    }
    let text: String = serde_json::from_str(&body[start..end])
        .map_err(|error| bad(format!("has a text that is none: {error}")))?;
    pieces.value(start..end, &text, Place::Json)
}

/// A text, with its quotes.
pub(super) fn write_text(text: &str, rendered: &mut String) -> Result<(), Invalid> {
    let quoted = serde_json::to_string(text).map_err(|error| bad(error.to_string()))?;
    add(rendered, &quoted)
}

/// A number where the text is one, and a text otherwise.
pub(super) fn write_number(text: &str, rendered: &mut String) -> Result<(), Invalid> {
    match is_number(text) {
        true => add(rendered, text),
        false => write_text(text, rendered),
    }
}

/// `(0|([1-9][0-9]*))(\.[0-9]+)?((e|E)(+|-)?[0-9]+)?`, as it is documented: without a sign; and not
/// beyond what a reader of JSON can hold.
fn is_number(text: &str) -> bool {
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let exponent = exponent.map(|text| text.strip_prefix(['+', '-']).unwrap_or(text));
    is_digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(is_digits)
        && exponent.is_none_or(is_digits)
        && text.parse::<f64>().is_ok_and(f64::is_finite)
}
