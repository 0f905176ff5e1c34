//! Handles that ask for an error, written and read.

use crate::model::Platform;

/// The longest handle that is read, and kept while it is counted.
const LONGEST: usize = 256;

/// The most failures before a success.
const MOST_TIMES: u32 = 99;

/// How many hex digits an APNs token has at least.
const APNS_DIGITS: usize = 64;

/// What a handle asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wish {
    /// The error, in the platform's own word.
    pub(super) error: String,
    /// How often it is to fail before it succeeds; always, where that is not said.
    pub(super) times: Option<u32>,
}

impl Wish {
    /// Reads a handle's token; none for an ordinary one.
    pub(super) fn read(platform: Platform, token: &str) -> Option<Self> {
        if token.len() > LONGEST {
            return None;
        }
        match platform {
            Platform::Apns => {
                let text = unhex(token)?;
                Self::of_parts(text.strip_prefix("err:")?, ':', false)
            }
            Platform::Fcm => Self::of_parts(token.strip_prefix("error:")?, ':', false),
            Platform::Wns => Self::of_parts(token.strip_prefix("error-")?, '-', false),
            Platform::WebPush => Self::of_parts(token.strip_prefix("error-")?, '-', true),
        }
    }

    /// `WORD[:TIMES[:LABEL]]`; with `numbered`, an error number may stand behind the word: it has
    /// three digits, which no count has.
    fn of_parts(text: &str, between: char, numbered: bool) -> Option<Self> {
        let mut parts = text.split(between).peekable();
        let mut error = parts.next()?.to_owned();
        if numbered && let Some(number) = parts.next_if(|part| part.len() == 3) {
            error = format!("{error}{between}{number}");
        }
        let times = match parts.next() {
            None => None,
            Some(times) if times.bytes().all(|byte| byte.is_ascii_digit()) => {
                let times = times.parse().ok();
                Some(times.filter(|times| (1..=MOST_TIMES).contains(times))?)
            }
            Some(_) => return None,
        };
        Some(Self { error, times })
    }
}

/// The token that asks for `error`.
pub(super) fn token_for(platform: Platform, error: &str) -> String {
    match platform {
        Platform::Apns => hex(&format!("err:{error}")),
        Platform::Fcm => format!("error:{error}"),
        Platform::Wns | Platform::WebPush => format!("error-{error}"),
    }
}

fn hex(text: &str) -> String {
    let digits: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    format!("{digits:0<APNS_DIGITS$}")
}

/// The ASCII text in hex digits, without the zeros behind it.
fn unhex(digits: &str) -> Option<String> {
    if digits.len() < APNS_DIGITS || !digits.len().is_multiple_of(2) || !digits.is_ascii() {
        return None;
    }
    let pairs = digits.as_bytes().chunks(2);
    let bytes: Option<Vec<u8>> = pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect();
    let text = String::from_utf8(bytes?).ok()?;
    let text = text.trim_end_matches('\0');
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic());
    plain.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(error: &str, times: Option<u32>) -> Option<Wish> {
        let error = error.to_owned();
        Some(Wish { error, times })
    }

    #[test]
    fn what_is_written_is_read() {
        for platform in Platform::ALL {
            for error in ["410", "TooManyProviderTokenUpdates", "A"] {
                let token = token_for(platform, error);
                assert_eq!(Wish::read(platform, &token), wish(error, None), "{token}");
            }
        }
        assert_eq!(token_for(Platform::Apns, "Shutdown").len(), 64);
    }

    #[test]
    fn a_count_and_a_label_may_follow() {
        let web_push = |token| Wish::read(Platform::WebPush, token);
        assert_eq!(web_push("error-503"), wish("503", None));
        assert_eq!(web_push("error-503-201"), wish("503-201", None));
        assert_eq!(web_push("error-503-2"), wish("503", Some(2)));
        assert_eq!(web_push("error-503-201-99"), wish("503-201", Some(99)));
        assert_eq!(web_push("error-503-201-3-x-y"), wish("503-201", Some(3)));
        assert_eq!(
            Wish::read(Platform::Wns, "error-503-7-login"),
            wish("503", Some(7))
        );
        let counted = hex("err:TooManyRequests:12");
        let counted = Wish::read(Platform::Apns, &counted.to_uppercase());
        assert_eq!(counted, wish("TooManyRequests", Some(12)));
    }

    #[test]
    fn other_handles_ask_for_nothing() {
        let long = format!("error:X:1:{}", "x".repeat(LONGEST));
        for token in [
            "",
            "error",
            "errors:X",
            "error:X:",
            "error:X:0",
            "error:X:+1",
            "error:X:100",
            "error:X:y",
            "c:APA91b",
            &long,
        ] {
            let read = Wish::read(Platform::Fcm, token);
            assert!(read.is_none_or(|wish| wish.error.is_empty()), "{token}");
        }
        let umlaut = "ü".repeat(32);
        for token in [
            "",
            "00",
            &"0".repeat(64),
            &"zz".repeat(32),
            &umlaut,
            &"+1".repeat(32),
        ] {
            assert_eq!(Wish::read(Platform::Apns, token), None, "{token}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_token_panics(token in r"(error[:-]|err:|[0-9]{1,4}|[:-]|ü|6572723a|.){0,40}") {
            for platform in Platform::ALL {
                drop(Wish::read(platform, &token));
            }
        }
    }
}
