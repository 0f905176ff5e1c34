//! What can go wrong between the backend and a hub elsewhere, in words with a remedy.

use std::time::Duration;

use reqwest::StatusCode;

use crate::emulator::hub::HubError;
use crate::lifecycle::{self, any_cause, timeouts};
use crate::model::DisplayText;

/// The longest foreign text that is repeated, in characters.
const MAX_TEXT: usize = 200;

/// Why a hub elsewhere did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Problem {
    /// No connection.
    Unreachable(String),
    /// No TLS, most often because the certificate is not trusted.
    Tls(String),
    /// No answer in time.
    TimedOut,
    /// The connection broke off.
    Interrupted(String),
    /// The request cannot be written.
    Unusable,
    /// The push service of the send is switched off there, in the hub's words.
    ServiceOff(String),
    /// An answer that is no success.
    Answer {
        status: StatusCode,
        /// What the hub says, where it may be repeated.
        detail: Option<String>,
        /// How long it wants to be left alone.
        wait: Option<Duration>,
    },
}

impl Problem {
    /// What the HTTP library's error means.
    pub(super) fn of(error: &reqwest::Error) -> Self {
        if error.is_timeout() {
            return Self::TimedOut;
        }
        if error.is_builder() {
            return Self::Unusable;
        }
        let cause = innermost(error);
        if any_cause(error, |cause| cause.is::<rustls::Error>()) {
            Self::Tls(cause)
        } else if error.is_connect() {
            Self::Unreachable(cause)
        } else {
            Self::Interrupted(cause)
        }
    }

    /// True when the hub did not begin to work on the request: it may be sent again, whatever it is.
    pub(super) fn is_before_work(&self) -> bool {
        match self {
            Self::Unreachable(_) => true,
            Self::Answer { status, .. } => matches!(
                *status,
                StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
            ),
            Self::Tls(_)
            | Self::TimedOut
            | Self::Interrupted(_)
            | Self::ServiceOff(_)
            | Self::Unusable => false,
        }
    }

    /// True when the same request may go through later.
    pub(super) fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::TimedOut | Self::Interrupted(_) => true,
            Self::Answer { status, .. } => {
                status.is_server_error()
                    || matches!(
                        *status,
                        StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT
                    )
            }
            Self::Tls(_) | Self::ServiceOff(_) | Self::Unusable => false,
        }
    }

    /// True when the hub may have carried the request out all the same.
    pub(super) fn is_in_doubt(&self) -> bool {
        match self {
            Self::TimedOut | Self::Interrupted(_) => true,
            Self::Answer { status, .. } => status.is_server_error() && !self.is_before_work(),
            Self::Unreachable(_) | Self::Tls(_) | Self::ServiceOff(_) | Self::Unusable => false,
        }
    }

    /// How long the hub wants to be left alone.
    pub(super) fn wait(&self) -> Option<Duration> {
        match self {
            Self::Answer { wait, .. } => *wait,
            Self::Unreachable(_)
            | Self::Tls(_)
            | Self::TimedOut
            | Self::Interrupted(_)
            | Self::ServiceOff(_)
            | Self::Unusable => None,
        }
    }

    /// What happened, to stand behind the hub's host.
    pub(super) fn in_words(&self, hub_name: &str) -> String {
        match self {
            Self::Unreachable(cause) => format!(
                "cannot be reached: {cause}; check the address in its connection string, and the network"
            ),
            Self::Tls(cause) => format!(
                "cannot be trusted: {cause}; name the authority of its certificate with --hub-ca FILE"
            ),
            Self::TimedOut => format!(
                "did not answer within {} s; check the network, and try again",
                timeouts::REMOTE_HUB.as_secs()
            ),
            Self::Interrupted(cause) => format!("broke off: {cause}; try again"),
            Self::Unusable => {
                "cannot be asked this: a header of the push has a character that HTTP does not have"
                    .to_owned()
            }
            Self::ServiceOff(reason) => format!("does not send it: {reason}"),
            Self::Answer {
                status,
                detail,
                wait,
            } => answer(*status, detail.as_deref(), *wait, hub_name),
        }
    }

    /// The problem as the backend hears it. A hub that gives a reason with a 403 refuses the partner,
    /// or what it pays for; without one it is the key's rights.
    pub(super) fn into_error(self, host: &str, hub_name: &str) -> HubError {
        if let Self::Answer {
            status: StatusCode::FORBIDDEN,
            detail: Some(detail),
            ..
        } = &self
        {
            return HubError::Refused {
                hub: host.to_owned(),
                reason: detail.clone(),
            };
        }
        HubError::Remote {
            hub: host.to_owned(),
            problem: self.in_words(hub_name),
            transient: self.is_transient(),
            in_doubt: self.is_in_doubt(),
        }
    }
}

fn answer(
    status: StatusCode,
    detail: Option<&str>,
    wait: Option<Duration>,
    hub_name: &str,
) -> String {
    let code = status.as_u16();
    let said = match detail {
        Some(detail) => format!("({code}: {detail})"),
        None => format!("({code})"),
    };
    let later = match wait {
        Some(wait) => format!("try again in {} s", wait.as_secs()),
        None => "try again later".to_owned(),
    };
    let lacks_claim = detail.is_some_and(|detail| detail.contains("claim is required"));
    match status {
        StatusCode::UNAUTHORIZED if !lacks_claim => format!(
            "does not take the key {said}: check key name and key in its connection string, and this machine's clock"
        ),
        StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED => format!(
            "does not let this key do that {said}: use one with the claims Listen and Send, such as DefaultFullSharedAccessSignature"
        ),
        StatusCode::NOT_FOUND => format!(
            "has no hub {hub_name} {said}: check --hub-name, and that the connection string is of the hub's own namespace"
        ),
        StatusCode::TOO_MANY_REQUESTS => format!("wants fewer requests {said}: {later}"),
        StatusCode::PAYLOAD_TOO_LARGE => format!("finds it too large {said}: send less"),
        status if status.is_redirection() => format!(
            "leads elsewhere {said}, which is not followed with a key: put the hub's own address into the connection string"
        ),
        status if status.is_server_error() => format!("failed {said}: {later}"),
        _ => format!(
            "does not accept the request {said}: check the platform's credentials at the hub, and what is sent"
        ),
    }
}

/// What lies at the bottom of an error, in one harmless line.
pub(super) fn innermost(error: &reqwest::Error) -> String {
    tame(&lifecycle::innermost(error))
}

/// Foreign text made fit for an error: one harmless line of bounded length.
pub(super) fn tame(text: &str) -> String {
    DisplayText::excerpt(text, MAX_TEXT)
}

/// The reason in an error's body, `<Detail>….TrackingId:…</Detail>`, in one harmless line, unless it
/// repeats something of the request.
pub(super) fn detail(body: &[u8], private: &[&str]) -> Option<String> {
    let body = std::str::from_utf8(body).ok()?;
    let (_, rest) = body.split_once("<Detail>")?;
    let (inner, _) = rest.split_once("</Detail>")?;
    let text = quick_xml::escape::unescape(inner).ok()?;
    let text = text.split("TrackingId:").next().unwrap_or_default();
    let repeats = |private: &&str| private.len() >= 8 && text.contains(*private);
    if private.iter().any(repeats) || text.contains("sig=") {
        return None;
    }
    let text = tame(text.trim().trim_end_matches('.'));
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_one_line_without_its_tracking_id() {
        let body = b"<Error><Code>401</Code><Detail>InvalidSignature: The token &amp; key\ndiffer..TrackingId:5f_G1,TimeStamp:x</Detail></Error>";
        let said = detail(body, &[]).unwrap();
        assert_eq!(said, "InvalidSignature: The token & key differ");
        for silent in [
            &b""[..],
            b"<Error><Detail></Detail></Error>",
            b"<Detail>\xff</Detail>",
            b"<Detail>endless",
            b"<Detail>sr=x&amp;sig=y</Detail>",
            b"<Detail>the handle https://x/secret is bad</Detail>",
        ] {
            assert_eq!(detail(silent, &["https://x/secret"]), None);
        }
    }

    #[test]
    fn every_refusal_has_its_remedy() {
        let refused = |code: u16, detail: Option<&str>| Problem::Answer {
            status: StatusCode::from_u16(code).unwrap(),
            detail: detail.map(str::to_owned),
            wait: (code == 429).then_some(Duration::from_secs(7)),
        };
        for (code, word, may_pass, may_be_done) in [
            (302, "not followed", false, false),
            (400, "400: why", false, false),
            (401, "connection string", false, false),
            (404, "--hub-name", false, false),
            (413, "too large", false, false),
            (429, "in 7 s", true, false),
            (500, "later", true, true),
            (503, "later", true, false),
            (504, "later", true, true),
        ] {
            let error = refused(code, Some("why")).into_error("ns.example", "hub");
            let text = error.to_string();
            assert!(text.contains("ns.example") && text.contains(word), "{text}");
            assert!(
                matches!(error, HubError::Remote { transient, .. } if transient == may_pass),
                "{code}"
            );
            assert_eq!(error.is_in_doubt(), may_be_done, "{code}");
        }
        for (code, why) in [
            (403, None),
            (401, Some("Manage claim is required for this")),
        ] {
            let rights = refused(code, why).into_error("ns.example", "hub");
            assert!(rights.to_string().contains("Listen and Send"), "{rights}");
        }
        let partner = refused(403, Some("not a partner")).into_error("ns.example", "hub");
        assert!(matches!(partner, HubError::Refused { .. }), "{partner}");
        assert!(partner.to_string().contains("not a partner"));
        for (problem, may_be_done) in [
            (Problem::TimedOut, true),
            (Problem::Interrupted("reset".to_owned()), true),
            (Problem::Unreachable("refused".to_owned()), false),
            (Problem::Tls("unknown issuer".to_owned()), false),
            (Problem::Unusable, false),
            (Problem::ServiceOff("off".to_owned()), false),
        ] {
            let shown = format!("{problem:?}");
            let error = problem.into_error("ns.example", "hub");
            assert_eq!(error.is_in_doubt(), may_be_done, "{shown}");
        }
    }
}
