//! Who asks, and whether they may: shared access signatures, checked before anything else of a
//! request is read.

use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, header};
use jiff::Timestamp;

use crate::emulator::credentials::HubRules;
use crate::wire::notification_hub::{SasClaim, SasToken};

use super::answer::{Refusal, TokenProblem};
use super::query::Query;
use super::route::Operation;

/// The longest `Authorization` header that is read. The audience may be a whole URL with its query.
const MAX_HEADER: usize = 16 * 1024;

/// What the value of the header begins with.
const SCHEME: &str = "SharedAccessSignature";

/// True when the request speaks to some hub: nobody else asks for such a signature.
pub(super) fn is_signed(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::AUTHORIZATION);
    values.iter().any(|value| {
        let scheme = value.as_bytes().get(..SCHEME.len());
        scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(SCHEME.as_bytes()))
    })
}

/// The host that the request came to, with its port where it has one.
pub(super) fn authority(parts: &Parts) -> Option<Authority> {
    let named = match parts.uri.authority() {
        Some(authority) => Some(authority.clone()),
        None => {
            let mut hosts = parts.headers.get_all(header::HOST).iter();
            let host = hosts.next()?.to_str().ok()?.parse().ok();
            host.filter(|_| hosts.next().is_none())
        }
    };
    named.filter(|authority: &Authority| !authority.as_str().contains('@'))
}

/// Whether the request's token was signed by one of `rules`, is still good, is for this address, and
/// may do what is asked; with no operation, whether it may be here at all.
pub(super) fn check(
    parts: &Parts,
    rules: &HubRules,
    operation: Option<&Operation>,
    now: Timestamp,
) -> Result<(), Refusal> {
    let token = token(&parts.headers)?;
    let signer = rules.find(&token.key_name);
    let signer = signer.filter(|rule| token.is_signed_by(rule.key()));
    let Some(rule) = signer else {
        return Err(Refusal::Token(TokenProblem::Signature));
    };
    if token.expires <= now {
        return Err(Refusal::Token(TokenProblem::Expired));
    }
    let host = authority(parts);
    let host = host.as_ref().map(Authority::host).unwrap_or_default();
    if !token.covers(host, parts.uri.path()) {
        return Err(Refusal::Token(TokenProblem::Audience));
    }
    match operation.map(|operation| claim(operation, parts.uri.query())) {
        Some(claim) if !rule.may(claim) => Err(Refusal::Claim(claim)),
        Some(_) | None => Ok(()),
    }
}

fn token(headers: &HeaderMap) -> Result<SasToken, Refusal> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next().ok_or(Refusal::Token(TokenProblem::Missing))?;
    let malformed = || Refusal::Token(TokenProblem::Malformed);
    if values.next().is_some() || value.len() > MAX_HEADER {
        return Err(malformed());
    }
    let value = value.to_str().map_err(|_| malformed())?;
    SasToken::parse(value).map_err(|_| malformed())
}

/// The claim that an operation needs (Microsoft, "Notification Hubs security").
fn claim(operation: &Operation, query: Option<&str>) -> SasClaim {
    match operation {
        Operation::CreateRegistrationId
        | Operation::CreateRegistration
        | Operation::PutRegistration(_)
        | Operation::ReadRegistration(_)
        | Operation::DeleteRegistration(_)
        | Operation::PutInstallation(_)
        | Operation::ReadInstallation(_)
        | Operation::PatchInstallation(_)
        | Operation::DeleteInstallation(_) => SasClaim::Listen,
        Operation::ListRegistrations => {
            // Those of one handle belong to one device.
            if query.is_some_and(Query::has_filter) {
                SasClaim::Listen
            } else {
                SasClaim::Manage
            }
        }
        Operation::Send
        | Operation::SendBatch
        | Operation::ReadTelemetry(_)
        | Operation::Schedule
        | Operation::Cancel(_) => SasClaim::Send,
        Operation::ListByTag(_) | Operation::FeedbackContainer | Operation::Jobs => {
            SasClaim::Manage
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    fn parts(uri: &str, headers: &[(&str, &str)]) -> Parts {
        let mut request = Request::builder().uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn a_signature_is_recognised_in_any_case() {
        for (value, signed) in [
            ("SharedAccessSignature sr=x", true),
            ("sharedaccesssignature", true),
            ("Basic x", false),
            ("", false),
            ("SharedAccess", false),
        ] {
            let parts = parts("/", &[("authorization", value)]);
            assert_eq!(is_signed(&parts.headers), signed, "{value}");
        }
        assert!(!is_signed(&HeaderMap::new()));
    }

    #[test]
    fn the_host_is_the_authority_or_the_one_host_header() {
        let read = |uri: &str, hosts: &[&str]| {
            let headers: Vec<_> = hosts.iter().map(|host| ("host", *host)).collect();
            let authority = authority(&parts(uri, &headers))?;
            Some((authority.host().to_owned(), authority.port_u16()))
        };
        let some = |host: &str, port| Some((host.to_owned(), port));
        assert_eq!(
            read("/x", &["a.example:8443"]),
            some("a.example", Some(8443))
        );
        assert_eq!(read("/x", &["127.0.0.1"]), some("127.0.0.1", None));
        assert_eq!(read("/x", &["[::1]:1"]), some("[::1]", Some(1)));
        assert_eq!(read("https://b.example/x", &["a"]), some("b.example", None));
        for odd in [&[][..], &["a", "b"], &["u@a"], &["a b"], &[""]] {
            assert_eq!(read("/x", odd), None, "{odd:?}");
        }
    }

    #[test]
    fn each_operation_has_its_claim() {
        let id = String::new;
        for (operation, query, expected) in [
            (Operation::CreateRegistrationId, None, SasClaim::Listen),
            (Operation::PatchInstallation(id()), None, SasClaim::Listen),
            (Operation::ListRegistrations, None, SasClaim::Manage),
            (
                Operation::ListRegistrations,
                Some("$top=1"),
                SasClaim::Manage,
            ),
            (
                Operation::ListRegistrations,
                Some("%24filter=x"),
                SasClaim::Listen,
            ),
            (Operation::ListByTag(id()), None, SasClaim::Manage),
            (Operation::Send, None, SasClaim::Send),
            (Operation::ReadTelemetry(id()), None, SasClaim::Send),
            (Operation::Cancel(id()), None, SasClaim::Send),
        ] {
            assert_eq!(claim(&operation, query), expected, "{operation:?}");
        }
    }
}
