//! A token as the vault keeps it: JSON with scheme, token and dates.

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::memory::Token;
use crate::backend::Credential;
use crate::model::AuthScheme;

/// The format of the entry.
const FORMAT: u32 = 1;

/// What was read from the vault.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) token: Token,
}

#[derive(Deserialize)]
struct Entry {
    format: u32,
    scheme: AuthScheme,
    token: SecretString,
    generation: i64,
    issued_at: Timestamp,
    #[serde(default)]
    expires_at: Option<Timestamp>,
}

#[derive(Serialize)]
struct EntryOut<'a> {
    format: u32,
    scheme: AuthScheme,
    token: &'a str,
    generation: i64,
    issued_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
}

impl Stored {
    /// Writes an entry.
    pub(super) fn write(token: &Token) -> SecretString {
        let text = token.credential.token().expose_secret();
        let entry = EntryOut {
            format: FORMAT,
            scheme: token.credential.scheme(),
            token: text,
            generation: token.generation,
            issued_at: token.issued_at,
            expires_at: token.expires_at,
        };
        // Large enough that the token is not left behind in a buffer that was outgrown.
        let mut json = Zeroizing::new(Vec::with_capacity(256 + 6 * text.len()));
        // Texts, numbers and dates into memory cannot fail.
        serde_json::to_writer(&mut *json, &entry).ok();
        SecretString::from(String::from_utf8_lossy(&json).into_owned())
    }

    /// Reads an entry. What is wrong with it is said without any of its content: what serde says
    /// would repeat some.
    pub(super) fn read(secret: &SecretString) -> Result<Self, &'static str> {
        let entry: Entry = serde_json::from_str(secret.expose_secret())
            .map_err(|_| "it is not what handset writes")?;
        if entry.format != FORMAT {
            return Err("it has a format of another version of handset");
        }
        let credential = Credential::of(entry.scheme, entry.token)
            .map_err(|_| "its token cannot be sent in a header")?;
        Ok(Self {
            token: Token {
                credential,
                generation: entry.generation,
                issued_at: entry.issued_at,
                expires_at: entry.expires_at,
                refreshable: true,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let token = Token {
            credential: Credential::bearer("a\"b\\c".into()).unwrap(),
            generation: 42,
            issued_at: Timestamp::UNIX_EPOCH,
            expires_at: Some(Timestamp::from_second(60).unwrap()),
            refreshable: true,
        };
        let read = Stored::read(&Stored::write(&token)).unwrap().token;
        assert_eq!(read.credential.scheme(), AuthScheme::Bearer);
        assert_eq!(read.credential.token().expose_secret(), "a\"b\\c");
        assert_eq!((read.generation, read.issued_at), (42, token.issued_at));
        assert_eq!(read.expires_at, token.expires_at);
    }

    #[test]
    fn the_format_on_disk_stays_readable() {
        let entry = r#"{"format":1,"scheme":"basic","token":"YTpi","generation":7,"issued_at":"2026-11-20T18:00:00Z"}"#;
        let read = Stored::read(&entry.into()).unwrap().token;
        assert_eq!(read.credential.scheme(), AuthScheme::Basic);
        assert_eq!(read.expires_at, None);
    }

    #[test]
    fn garbage_is_refused_without_repeating_it() {
        let good = r#"{"format":1,"scheme":"basic","token":"hunter2","generation":7,"issued_at":"2026-11-20T18:00:00Z"}"#;
        for bad in [
            String::new(),
            "hunter2".into(),
            "[]".into(),
            "{\"format\":1}".into(),
            good.replace("\"basic\"", "\"hunter2\""),
            good.replace("hunter2", "hunter2\\n"),
            good.replace(":1,", ":2,"),
            good.replace(":7,", ":\"hunter2\","),
        ] {
            let problem = Stored::read(&bad.clone().into()).unwrap_err();
            assert!(!problem.contains("hunter2"), "{bad}: {problem}");
        }
        assert!(Stored::read(&good.into()).is_ok());
    }
}
