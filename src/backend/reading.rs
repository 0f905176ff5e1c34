//! What an answer's values are, once they are found: ids, payloads, tokens.

use jiff::Timestamp;
use secrecy::SecretString;
use zeroize::Zeroizing;

use super::BackendError;
use super::body::Body;
use super::fields::{Found, entries, values};
use super::profile::{FetchCall, FieldPath, TokenCall, UnreadCall};
use crate::model::{NotificationId, RegistrationId};
use crate::wire::app_backend::{LoginAnswer, Notification};

impl Body {
    /// The token of a sign-in's answer. `now` is for a backend that says when it ends.
    pub(super) fn token(
        &self,
        call: &TokenCall,
        now: Timestamp,
    ) -> Result<LoginAnswer, BackendError> {
        let end = call.expires_in.as_ref().or(call.expires_at.as_ref());
        let paths: Vec<&FieldPath> = [Some(&call.token), end].into_iter().flatten().collect();
        let mut found = self.values(&paths)?.into_iter();
        let token = self.text_of(&call.token, found.next())?;
        let end = found.next().unwrap_or_default();
        let expires_in = match call.expires_in {
            Some(_) => seconds(&end),
            None => until(&end, now),
        };
        Ok(LoginAnswer {
            token: SecretString::from(token.as_str()),
            expires_in: expires_in.ok_or_else(|| self.wrong_kind())?,
        })
    }

    /// The registration's id at `path`.
    pub(super) fn registration_id(&self, path: &FieldPath) -> Result<RegistrationId, BackendError> {
        let found = self.values(&[path])?.pop();
        let id = self.id(path, found)?;
        RegistrationId::parse(id).map_err(|_| self.wrong_kind())
    }

    /// The notification's id at `path`.
    pub(super) fn notification_id(&self, path: &FieldPath) -> Result<NotificationId, BackendError> {
        let found = self.values(&[path])?.pop();
        let id = self.id(path, found)?;
        NotificationId::parse(id).map_err(|_| self.wrong_kind())
    }

    /// The notification of a fetch; its id is `asked` where the answer does not say one.
    pub(super) fn notification(
        &self,
        call: &FetchCall,
        asked: &NotificationId,
    ) -> Result<Notification, BackendError> {
        let optional = [call.id.as_ref(), call.read.as_ref()];
        let paths = optional.into_iter().flatten().chain([&call.payload]);
        let paths: Vec<&FieldPath> = paths.collect();
        let mut found = self.values(&paths)?.into_iter();
        let id = match &call.id {
            Some(path) => {
                let id = self.id(path, found.next())?;
                NotificationId::parse(id).map_err(|_| self.wrong_kind())?
            }
            None => asked.clone(),
        };
        let read = call.read.as_ref().and_then(|_| found.next());
        Ok(Notification {
            id,
            payload: self.text_of(&call.payload, found.next())?.to_string(),
            read: is_read(&read.unwrap_or_default()),
        })
    }

    /// The notifications of a list.
    pub(super) fn notifications(
        &self,
        call: &UnreadCall,
    ) -> Result<Vec<Notification>, BackendError> {
        let paths = [Some(&call.id), Some(&call.payload), call.read.as_ref()];
        let paths: Vec<&FieldPath> = paths.into_iter().flatten().collect();
        let list = entries(call.items.as_ref(), &paths, self.bytes());
        let list = list.map_err(|error| self.unreadable(&error))?;
        let missing = call
            .items
            .as_ref()
            .map_or_else(String::new, FieldPath::dotted);
        let list = list.ok_or_else(|| self.missing(&missing))?;
        let notification = |found: Vec<Found>| {
            let mut found = found.into_iter();
            let id = self.id(&call.id, found.next())?;
            Ok(Notification {
                id: NotificationId::parse(id).map_err(|_| self.wrong_kind())?,
                payload: self.text_of(&call.payload, found.next())?.to_string(),
                read: is_read(&found.next().unwrap_or_default()),
            })
        };
        list.into_iter().map(notification).collect()
    }

    fn values(&self, paths: &[&FieldPath]) -> Result<Vec<Found>, BackendError> {
        values(paths, self.bytes()).map_err(|error| self.unreadable(&error))
    }

    fn text_of(
        &self,
        path: &FieldPath,
        found: Option<Found>,
    ) -> Result<Zeroizing<String>, BackendError> {
        match found.unwrap_or_default() {
            Found::Text(text) => Ok(text),
            Found::Absent => Err(self.missing(&path.dotted())),
            Found::Null | Found::Flag(_) | Found::Number(_) | Found::Other => {
                Err(self.wrong_kind())
            }
        }
    }

    /// An id: a text, or a number.
    fn id(&self, path: &FieldPath, found: Option<Found>) -> Result<String, BackendError> {
        match found.unwrap_or_default() {
            Found::Text(text) => Ok(text.to_string()),
            Found::Number(number) => Ok(number.to_string()),
            Found::Absent => Err(self.missing(&path.dotted())),
            Found::Null | Found::Flag(_) | Found::Other => Err(self.wrong_kind()),
        }
    }
}

/// Whether a payload was read: a flag, a count, or the time at which it was. A payload is worth more
/// than this, so that nothing here is an error.
fn is_read(found: &Found) -> bool {
    match found {
        Found::Flag(flag) => *flag,
        Found::Number(number) => number.as_f64().is_some_and(|number| number != 0.0),
        Found::Text(text) => {
            let no = ["", "0", "false", "no"];
            !no.iter().any(|no| text.trim().eq_ignore_ascii_case(no))
        }
        Found::Absent | Found::Null | Found::Other => false,
    }
}

/// A number of seconds; none where there is no number, and nothing for what is neither.
fn seconds(found: &Found) -> Option<Option<u64>> {
    match found {
        Found::Absent | Found::Null => Some(None),
        Found::Number(number) => Some(Some(number.as_u64()?)),
        Found::Text(text) => Some(Some(text.parse().ok()?)),
        Found::Flag(_) | Found::Other => None,
    }
}

/// The seconds until a moment; none where there is no moment, and nothing for what is neither.
fn until(found: &Found, now: Timestamp) -> Option<Option<u64>> {
    let end: Timestamp = match found {
        Found::Absent | Found::Null => return Some(None),
        Found::Number(number) => Timestamp::from_second(number.as_i64()?).ok()?,
        Found::Text(text) => text.parse().ok()?,
        Found::Flag(_) | Found::Other => return None,
    };
    Some(Some(
        u64::try_from(end.duration_since(now).as_secs()).unwrap_or(0),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whether_it_was_read_is_told_in_any_way() {
        let text = |text: &str| Found::Text(Zeroizing::new(text.to_owned()));
        for found in [
            Found::Flag(true),
            Found::Number(1.into()),
            text("true"),
            text("1"),
            text("2026-11-20T18:00:00Z"),
        ] {
            assert!(is_read(&found), "{found:?}");
        }
        for found in [
            Found::Flag(false),
            Found::Number(0.into()),
            Found::Null,
            Found::Absent,
            Found::Other,
            text(""),
            text("False"),
            text("0"),
        ] {
            assert!(!is_read(&found), "{found:?}");
        }
    }

    #[test]
    fn an_end_is_read_in_each_of_its_forms() {
        let now: Timestamp = "2026-11-20T18:00:00Z".parse().unwrap();
        let text = |text: &str| Found::Text(Zeroizing::new(text.to_owned()));
        let number = |number: i64| Found::Number(number.into());
        for (found, expected) in [
            (number(60), Some(Some(60))),
            (text("60"), Some(Some(60))),
            (Found::Absent, Some(None)),
            (Found::Null, Some(None)),
            (number(-1), None),
            (text("soon"), None),
            (Found::Flag(true), None),
        ] {
            assert_eq!(seconds(&found), expected, "{found:?}");
        }
        for (found, expected) in [
            (text("2026-11-20T19:01:00+01:00"), Some(Some(60))),
            (number(now.as_second() + 5), Some(Some(5))),
            (number(0), Some(Some(0))),
            (Found::Absent, Some(None)),
            (number(i64::MAX), None),
            (text("tomorrow"), None),
        ] {
            assert_eq!(until(&found, now), expected, "{found:?}");
        }
    }
}
