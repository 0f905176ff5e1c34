//! Strings that a sender leaves to the app's string tables, which this phone does not have.

use serde_json::Value;

/// How many arguments are put in; a push has room for more, a person not.
const MOST_ARGUMENTS: usize = 16;

/// The longest text that comes of it, in bytes.
const LONGEST: usize = 8 * 1024;

/// The key as it is shown without a string table: its arguments stand where it names them (`%@`,
/// `%1$@` of APNs; `%s`, `%1$s` of Android), or behind it in brackets where it names none.
pub(super) fn localised(key: &str, arguments: Option<&[Value]>) -> String {
    let arguments: Vec<String> = arguments
        .unwrap_or_default()
        .iter()
        .take(MOST_ARGUMENTS)
        .map(text_of)
        .collect();
    let (text, used) = fill(key, &arguments);
    if used || arguments.is_empty() {
        return text;
    }
    format!("{text} ({})", arguments.join(", "))
}

fn text_of(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// Puts the arguments in; true when there was a place for any.
fn fill(key: &str, arguments: &[String]) -> (String, bool) {
    let (mut text, mut used, mut next) = (String::new(), false, 0);
    let mut rest = key;
    while let Some((before, after)) = rest.split_once('%') {
        text.push_str(before);
        match place(after) {
            Some((number, tail)) if text.len() < LONGEST => {
                let index = number.unwrap_or_else(|| {
                    next += 1;
                    next - 1
                });
                text.push_str(arguments.get(index).map_or("", String::as_str));
                used = true;
                rest = tail;
            }
            _ => {
                text.push('%');
                rest = after;
            }
        }
    }
    text.push_str(rest);
    (text, used)
}

/// Reads `@`, `s`, `d`, or one of them behind `1$`: which argument, and what follows.
fn place(text: &str) -> Option<(Option<usize>, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, tail) = text.split_at_checked(digits)?;
    let (number, tail) = match (number.parse::<usize>(), tail.strip_prefix('$')) {
        (Ok(number), Some(tail)) => (Some(number.checked_sub(1)?), tail),
        (Err(_), None) => (None, tail),
        _ => return None,
    };
    let tail = tail.strip_prefix(['@', 's', 'd'])?;
    Some((number, tail))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn arguments_stand_where_the_key_names_them() {
        let arguments = [json!("a"), json!(2)];
        for (key, shown) in [
            ("%@ and %@", "a and 2"),
            ("%2$@ then %1$@", "2 then a"),
            ("%1$s, %2$d", "a, 2"),
            ("%9$@!", "!"),
            ("KEY", "KEY (a, 2)"),
            ("100% KEY", "100% KEY (a, 2)"),
            ("%", "% (a, 2)"),
            ("%0$@", "%0$@ (a, 2)"),
            ("%99999999999999999999$@", "%99999999999999999999$@ (a, 2)"),
        ] {
            assert_eq!(localised(key, Some(&arguments)), shown);
        }
        assert_eq!(localised("KEY", None), "KEY");
    }

    #[test]
    fn what_comes_of_it_is_bounded() {
        let arguments = vec![json!("x".repeat(4000)); 100];
        assert!(localised(&"%1$@".repeat(1000), Some(&arguments)).len() < 2 * LONGEST);
        assert!(localised("K", Some(&arguments)).len() < 17 * 4100);
    }
}
