//! `$filter`: the registrations of one device, by its handle.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::model::Invalid;
use crate::wire::notification_hub::Registration;

/// The most comparisons in a filter: a browser's endpoint and its two keys.
const MOST_PARTS: usize = 3;

/// What a filter says of a handle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HandleFilter {
    /// The handle as it came, and as it may have been meant.
    pub(super) handles: Vec<String>,
    p256dh: Option<String>,
    auth: Option<String>,
}

impl HandleFilter {
    /// Reads `Name eq 'value'`, several of them with `and` between.
    ///
    /// A real channel URI has `%2b` in it, some SDKs encode it once more than they should, and others
    /// do not: so a handle stands for itself and for what it decodes to. One of them asks for every
    /// platform's handle as `ChannelUri`, and another forgets a quote before Baidu's.
    ///
    /// # Errors
    /// [`Invalid`] says what is malformed, without the handle.
    pub(super) fn read(text: &str) -> Result<Self, Invalid> {
        let (mut handle, mut baidu) = (None, (None, None));
        let (mut p256dh, mut auth) = (None, None);
        for (name, value) in comparisons(text)? {
            let place = match name.to_ascii_lowercase().as_str() {
                "channeluri"
                | "devicetoken"
                | "fcmv1registrationid"
                | "gcmregistrationid"
                | "admregistrationid"
                | "xiaomiregistrationid"
                | "endpoint" => &mut handle,
                "baiduuserid" => &mut baidu.0,
                "baiduchannelid" => &mut baidu.1,
                "p256dh" => &mut p256dh,
                "auth" => &mut auth,
                _ => return Err(bad("compares something that is no handle")),
            };
            if place.replace(value).is_some() {
                return Err(bad("names a handle twice"));
            }
        }
        let handle = match (handle, baidu) {
            (Some(handle), (None, None)) => handle,
            (None, (Some(user), Some(channel))) => format!("{user}-{channel}"),
            _ => return Err(bad("does not name one handle")),
        };
        Ok(Self {
            handles: spellings(handle),
            p256dh,
            auth,
        })
    }

    /// True when the keys of the registration are those of the filter, where it names some.
    pub(super) fn keys_fit(&self, registration: &Registration) -> bool {
        let keys = registration.handle.keys.as_ref();
        let fits = |wish: &Option<String>, key: Option<&String>| {
            wish.as_ref()
                .is_none_or(|wish| key.is_some_and(|key| same(wish, key)))
        };
        fits(&self.p256dh, keys.map(|keys| &keys.p256dh))
            && fits(&self.auth, keys.map(|keys| &keys.auth))
    }
}

fn same(wish: &str, key: &str) -> bool {
    wish.trim_end_matches('=') == key.trim_end_matches('=')
}

fn bad(problem: &'static str) -> Invalid {
    Invalid::new("$filter", problem)
}

fn spellings(handle: String) -> Vec<String> {
    let mut all = vec![handle];
    if let Some(decoded) = all.first().and_then(|text| decoded(text)) {
        all.push(decoded);
    }
    // Apple's tokens are kept in upper case.
    let hex = |text: &&String| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if let Some(upper) = all
        .first()
        .filter(hex)
        .map(|text| text.to_ascii_uppercase())
        && !all.contains(&upper)
    {
        all.push(upper);
    }
    all
}

/// What the text decodes to, where that is something else.
fn decoded(text: &str) -> Option<String> {
    match percent_decode_str(text).decode_utf8().ok()? {
        Cow::Borrowed(_) => None,
        Cow::Owned(decoded) => Some(decoded),
    }
}

fn comparisons(text: &str) -> Result<Vec<(&str, String)>, Invalid> {
    let mut found = Vec::new();
    let mut rest = text.trim();
    loop {
        let (name, behind) = word(rest)?;
        let (operator, behind) = word(behind)?;
        if !operator.eq_ignore_ascii_case("eq") {
            return Err(bad("has an operator other than eq"));
        }
        let (value, behind) = value(behind)?;
        found.push((name, value));
        rest = behind.trim_start();
        if rest.is_empty() {
            return Ok(found);
        }
        if found.len() == MOST_PARTS {
            return Err(bad("has more than three comparisons"));
        }
        let (joint, behind) = word(rest)?;
        if !joint.eq_ignore_ascii_case("and") {
            return Err(bad("joins comparisons by something other than and"));
        }
        rest = behind;
    }
}

fn word(text: &str) -> Result<(&str, &str), Invalid> {
    let ended = || bad("ends in the middle: it is Name eq 'value'");
    let (word, rest) = text.split_once(char::is_whitespace).ok_or_else(ended)?;
    Ok((word, rest.trim_start()))
}

/// A value in quotes, where two of them stand for one; or one whose first quote is missing.
fn value(text: &str) -> Result<(String, &str), Invalid> {
    let Some(quoted) = text.strip_prefix('\'') else {
        let end = text.find(|c: char| c == '\'' || c.is_whitespace());
        let (value, rest) = text.split_at(end.unwrap_or(text.len()));
        let rest = rest.strip_prefix('\'').unwrap_or(rest);
        return filled(value.to_owned(), rest);
    };
    let mut value = String::new();
    let mut rest = quoted;
    loop {
        let (part, behind) = rest
            .split_once('\'')
            .ok_or_else(|| bad("has a quote that is not closed"))?;
        value.push_str(part);
        match behind.strip_prefix('\'') {
            Some(behind) => {
                value.push('\'');
                rest = behind;
            }
            None => return filled(value, behind),
        }
    }
}

fn filled(value: String, rest: &str) -> Result<(String, &str), Invalid> {
    if value.is_empty() {
        return Err(bad("has an empty value"));
    }
    Ok((value, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const STORED: &str = "https://db5p.notify.windows.com/w/?token=d172%2b%2f%3d";

    fn query(encoded: &str) -> String {
        let mut all = url::form_urlencoded::parse(encoded.as_bytes());
        all.next().unwrap().1.into_owned()
    }

    #[test]
    fn a_channel_is_found_however_often_its_sdk_encodes_it() {
        for encoded in [
            "%24filter=ChannelUri+eq+%27https%253A%252F%252Fdb5p.notify.windows.com%252Fw%252F%253Ftoken%253Dd172%25252b%25252f%25253d%27",
            "$filter=ChannelUri%20eq%20'https%3A%2F%2Fdb5p.notify.windows.com%2Fw%2F%3Ftoken%3Dd172%252b%252f%253d'",
        ] {
            let filter = HandleFilter::read(&query(encoded)).unwrap();
            assert!(
                filter.handles.iter().any(|text| text == STORED),
                "{filter:?}"
            );
        }
    }

    #[test]
    fn every_sdks_filter_is_read() {
        for (text, handle) in [
            ("DeviceToken eq 'abc012'", "ABC012"),
            ("channeluri EQ '62bc'", "62BC"),
            ("FcmV1RegistrationId eq 'e1a3:APA91b'", "e1a3:APA91b"),
            ("GcmRegistrationId eq 'it''s'", "it's"),
            ("BaiduChannelId eq 7' and BaiduUserId eq '9'", "9-7"),
            ("BaiduUserId eq 9 and BaiduChannelId eq 7", "9-7"),
            (
                "Endpoint eq 'https%3A%2F%2Fx%2Fy' and P256DH eq 'p' and Auth eq 'a'",
                "https://x/y",
            ),
        ] {
            let filter = HandleFilter::read(text).unwrap();
            assert!(
                filter.handles.iter().any(|known| known == handle),
                "{text}: {filter:?}"
            );
        }
    }

    #[test]
    fn what_is_no_filter_is_refused_without_its_handle() {
        for text in [
            "",
            " ",
            "ChannelUri",
            "ChannelUri eq",
            "ChannelUri eq ''",
            "ChannelUri eq 'secret",
            "ChannelUri ne 'secret'",
            "Tags eq 'secret'",
            "ChannelUri eq 'secret' or ChannelUri eq 'b'",
            "ChannelUri eq 'secret' and",
            "ChannelUri eq 'secret' and ChannelUri eq 'b'",
            "BaiduUserId eq 'secret'",
            "P256DH eq 'secret'",
            "Endpoint eq 'secret' and P256DH eq 'p' and Auth eq 'a' and Auth eq 'b'",
        ] {
            let said = HandleFilter::read(text).unwrap_err().to_string();
            assert!(
                said.starts_with("$filter") && !said.contains("secret"),
                "{said}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(text in "\\PC{0,200}") {
            HandleFilter::read(&text).ok();
        }

        #[test]
        fn any_handle_is_found_by_its_value(handle in "[!-~]{1,80}", times in 0usize..3) {
            let mut written = handle.replace('\'', "''");
            for _ in 1..times {
                written = url::form_urlencoded::byte_serialize(written.as_bytes()).collect();
            }
            let text = format!("ChannelUri eq '{written}'");
            let filter = HandleFilter::read(&text).unwrap();
            let meant = if times > 1 { handle.replace('\'', "''") } else { handle };
            prop_assert!(filter.handles.contains(&meant), "{:?}", filter);
        }
    }
}
