//! `NODE_OPTIONS`, read and written by Node's own rules: spaces part options, double quotes hold
//! them together, and within those a backslash takes the next character as it is.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::PRELOAD;

/// What was given, with `--require` of the script once; an earlier script of handset goes. None where
/// what was given cannot be read: Node would not take it either.
pub(super) fn with_preload(given: Option<&OsStr>, preload: &str) -> Option<String> {
    let given = given.map_or(Some(""), OsStr::to_str)?;
    let options = split(given)?;
    let kept = without_earlier(&options);
    // What has no script in it stays as it was written.
    let mut text = if kept.len() == options.len() {
        given.trim().to_owned()
    } else {
        let quoted: Vec<_> = kept.iter().map(|option| quoted(option)).collect();
        quoted.join(" ")
    };
    if !text.is_empty() {
        text.push(' ');
    }
    text.push_str("--require ");
    text.push_str(&quoted(preload));
    Some(text)
}

/// The script of handset's that is loaded by these options, if there is one.
pub(in crate::cli::commands) fn preload(given: &OsStr) -> Option<PathBuf> {
    let options = split(given.to_str()?)?;
    let paths = options
        .iter()
        .map(|option| Path::new(option.strip_prefix("--require=").unwrap_or(option)));
    let mut scripts = paths.filter(|path| path.file_name().is_some_and(|name| name == PRELOAD));
    scripts.next_back().map(Path::to_owned)
}

fn without_earlier(options: &[String]) -> Vec<&String> {
    let is_script = |path: &str| {
        Path::new(path)
            .file_name()
            .is_some_and(|name| name == PRELOAD)
    };
    let mut kept: Vec<&String> = Vec::new();
    for option in options {
        let script = option.strip_prefix("--require=").unwrap_or(option);
        if !is_script(script) {
            kept.push(option);
        } else if script == option {
            // The flag before it goes with it.
            kept.pop_if(|flag| matches!(flag.as_str(), "--require" | "-r"));
        }
    }
    kept
}

/// None where quotes are not closed.
fn split(text: &str) -> Option<Vec<String>> {
    let mut options: Vec<String> = Vec::new();
    let (mut in_quotes, mut in_option) = (false, false);
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        let letter = match letter {
            '\\' if in_quotes => letters.next()?,
            ' ' if !in_quotes => {
                in_option = false;
                continue;
            }
            '"' => {
                in_quotes = !in_quotes;
                continue;
            }
            plain => plain,
        };
        if !in_option {
            options.push(String::new());
            in_option = true;
        }
        if let Some(option) = options.last_mut() {
            option.push(letter);
        }
    }
    (!in_quotes).then_some(options)
}

fn quoted(option: &str) -> String {
    if !option.contains([' ', '"', '\\']) {
        return option.to_owned();
    }
    let escaped = option.replace('\\', r"\\").replace('"', r#"\""#);
    format!("\"{escaped}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(given: &str, folder: &str) -> Option<String> {
        with_preload(Some(OsStr::new(given)), &format!("{folder}/{PRELOAD}"))
    }

    #[test]
    fn the_script_is_there_once_and_all_else_stays() {
        let script = format!("--require /h/{PRELOAD}");
        assert_eq!(
            with_preload(None, "/h/x").as_deref(),
            Some("--require /h/x")
        );
        assert_eq!(with("", "/h").as_ref(), Some(&script));
        let given = r#"--max-old-space-size=64 --require "/a b/c.js""#;
        let once = with(given, "/h").unwrap();
        assert_eq!(once, format!("{given} {script}"));
        assert_eq!(split(&with(&once, "/h").unwrap()), split(&once));
        let moved = with(&once, "/other").unwrap();
        assert_eq!(moved.matches(PRELOAD).count(), 1);
        assert!(
            moved.ends_with(&format!("--require /other/{PRELOAD}")),
            "{moved}"
        );
        for form in [
            format!("-r /x/{PRELOAD}"),
            format!("--require=/x/{PRELOAD}"),
        ] {
            assert_eq!(
                with(&format!("{form} --inspect"), "/h"),
                Some(format!("--inspect {script}"))
            );
        }
    }

    #[test]
    fn odd_paths_are_read_back_as_they_are() {
        for folder in ["/a b", r#"/a"b"#, r"/a\b", "/a'$b", r#"/ "\ \" "#] {
            let first = with("--inspect", folder).unwrap();
            let second = with(&first, folder).unwrap();
            let expected = ["--inspect", "--require", &format!("{folder}/{PRELOAD}")];
            assert_eq!(split(&first).unwrap(), expected);
            assert_eq!(split(&second).unwrap(), expected);
        }
        for broken in ["\"", "--require \"x", "\"a\\"] {
            assert_eq!(with(broken, "/h"), None, "{broken}");
        }
    }
}
