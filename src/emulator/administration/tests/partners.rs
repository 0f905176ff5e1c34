//! Who may push, rule by rule.

use super::super::policy::Sender;
use super::super::{AdministrationOptions, Policy};
use super::{made, rules};
use crate::wire::push_administration::{PartnerRefusal, Profile};

const ADD: &str = r#"{"change":"allow-domain","domain":"contoso.com"}"#;
const PROXIED: &str = r#"{"change":"allow-domain","domain":"contoso.com","proxy":"edge.example"}"#;
const OFF: &str = r#"{"change":"set-federation","enabled":false}"#;
const ON: &str = r#"{"change":"set-federation","enabled":true}"#;
const BLOCK_OWN: &str = r#"{"change":"block-domain","domain":"backend.handset.localhost"}"#;

fn level(level: &str) -> String {
    format!(r#"{{"change":"allow-domain","domain":"contoso.com","verification":"{level}"}}"#)
}

fn provider(enabled: bool, level: &str) -> String {
    format!(
        r#"{{"change":"set-provider","identity":"Edge, Inc.","proxy":"edge.example","enabled":{enabled},"verification":"{level}"}}"#
    )
}

/// A line of the table: the profile, the changes, the sender, and the rule that refuses it.
struct Case<'a> {
    profile: Profile,
    changes: &'a [&'a str],
    domain: &'a str,
    proxy: Option<&'a str>,
    verified: bool,
    refusal: Option<PartnerRefusal>,
}

const CASE: Case<'static> = Case {
    profile: Profile::QuickStart,
    changes: &[],
    domain: "contoso.com",
    proxy: None,
    verified: true,
    refusal: None,
};

async fn check(case: Case<'_>) {
    let administration = rules(AdministrationOptions {
        profile: case.profile,
        ..AdministrationOptions::default()
    })
    .await;
    made(&administration, case.changes).await;
    let proxy = case.proxy.map(|proxy| proxy.parse().unwrap());
    let answer = administration.policy().sender(&Sender {
        domain: case.domain,
        proxy: proxy.as_ref(),
        verified: case.verified,
    });
    let told = format!(
        "{:?} {} {:?}: {answer:?}",
        case.changes, case.domain, case.proxy
    );
    assert_eq!(
        answer.as_ref().err().map(|refused| refused.kind),
        case.refusal,
        "{told}"
    );
    if let Err(refused) = answer {
        let text = refused.to_string();
        let remedy = text.contains("handset ") || text.contains("--") || text.contains("write a");
        assert!(remedy && !text.ends_with('.'), "{text}");
    }
}

#[tokio::test]
async fn the_lists_decide() {
    use PartnerRefusal::{DomainBlocked, DomainNotAllowed, FederationOff, NoDomain};
    let own = "backend.handset.localhost";
    let block = r#"{"change":"block-domain","domain":"contoso.com"}"#;
    for case in [
        Case {
            domain: own,
            ..CASE
        },
        Case {
            domain: "Backend.Handset.Localhost.",
            ..CASE
        },
        Case {
            domain: own,
            changes: &[BLOCK_OWN],
            refusal: Some(DomainBlocked),
            ..CASE
        },
        Case {
            domain: own,
            changes: &[OFF],
            refusal: Some(FederationOff),
            ..CASE
        },
        Case {
            domain: own,
            profile: Profile::Strict,
            refusal: Some(FederationOff),
            ..CASE
        },
        Case {
            domain: own,
            profile: Profile::Strict,
            changes: &[ON],
            refusal: Some(DomainNotAllowed),
            ..CASE
        },
        Case {
            refusal: Some(DomainNotAllowed),
            ..CASE
        },
        Case {
            changes: &[ADD],
            ..CASE
        },
        Case {
            domain: "CONTOSO.com",
            changes: &[ADD],
            ..CASE
        },
        Case {
            domain: "sub.contoso.com",
            changes: &[ADD],
            refusal: Some(DomainNotAllowed),
            ..CASE
        },
        Case {
            changes: &[ADD, OFF],
            refusal: Some(FederationOff),
            ..CASE
        },
        Case {
            changes: &[ADD],
            profile: Profile::Strict,
            refusal: Some(FederationOff),
            ..CASE
        },
        Case {
            changes: &[ADD, ON],
            profile: Profile::Strict,
            ..CASE
        },
        Case {
            changes: &[block],
            refusal: Some(DomainBlocked),
            ..CASE
        },
        Case {
            domain: "not a domain",
            refusal: Some(NoDomain),
            ..CASE
        },
        Case {
            domain: "127.0.0.1",
            refusal: Some(NoDomain),
            ..CASE
        },
    ] {
        check(case).await;
    }
}

#[tokio::test]
async fn hosting_providers_stand_for_their_domains() {
    use PartnerRefusal::{DomainNotAllowed, OtherProxy, ProviderOff, Unverifiable};
    let on = provider(true, "always-verifiable");
    let off = provider(false, "always-verifiable");
    let never = provider(true, "always-unverifiable");
    let edge = Some("edge.example");
    for case in [
        // On no list, but behind a provider's proxy.
        Case {
            changes: &[&on],
            proxy: edge,
            ..CASE
        },
        Case {
            changes: &[&on],
            refusal: Some(DomainNotAllowed),
            ..CASE
        },
        Case {
            changes: &[&on],
            proxy: Some("other.example"),
            refusal: Some(DomainNotAllowed),
            ..CASE
        },
        Case {
            changes: &[&on],
            proxy: Some("edge.example:5061"),
            refusal: Some(DomainNotAllowed),
            ..CASE
        },
        Case {
            changes: &[&off],
            proxy: edge,
            refusal: Some(ProviderOff),
            ..CASE
        },
        Case {
            changes: &[&never],
            proxy: edge,
            refusal: Some(Unverifiable),
            ..CASE
        },
        // On the list, with the provider's proxy.
        Case {
            changes: &[PROXIED, &on],
            ..CASE
        },
        Case {
            changes: &[PROXIED, &on],
            proxy: edge,
            ..CASE
        },
        Case {
            changes: &[PROXIED, &off],
            refusal: Some(ProviderOff),
            ..CASE
        },
        Case {
            changes: &[PROXIED, &never],
            refusal: Some(Unverifiable),
            ..CASE
        },
        Case {
            changes: &[PROXIED],
            proxy: Some("other.example"),
            refusal: Some(OtherProxy),
            ..CASE
        },
        // On the list without a proxy, and coming through the provider's: both must agree.
        Case {
            changes: &[ADD, &on],
            proxy: edge,
            ..CASE
        },
        Case {
            changes: &[ADD, &off],
            proxy: edge,
            refusal: Some(ProviderOff),
            ..CASE
        },
        Case {
            changes: &[ADD, &off],
            ..CASE
        },
    ] {
        check(case).await;
    }
}

#[tokio::test]
async fn a_verification_level_has_to_be_met() {
    use PartnerRefusal::{NotVerified, Unverifiable};
    let (always, never) = (level("always-verifiable"), level("always-unverifiable"));
    let source = level("use-source-verification");
    let provider = provider(true, "use-source-verification");
    let edge = Some("edge.example");
    for case in [
        Case {
            changes: &[&always],
            verified: false,
            ..CASE
        },
        Case {
            changes: &[&never],
            refusal: Some(Unverifiable),
            ..CASE
        },
        Case {
            changes: &[&source],
            ..CASE
        },
        Case {
            changes: &[&source],
            verified: false,
            refusal: Some(NotVerified),
            ..CASE
        },
        // The documented default of an allowed domain.
        Case {
            changes: &[ADD],
            verified: false,
            refusal: Some(NotVerified),
            ..CASE
        },
        // The provider's level counts where the domain has none of its own.
        Case {
            changes: &[&provider],
            proxy: edge,
            verified: false,
            refusal: Some(NotVerified),
            ..CASE
        },
        Case {
            changes: &[&provider, PROXIED],
            verified: false,
            refusal: Some(NotVerified),
            ..CASE
        },
        Case {
            changes: &[&provider, &always],
            proxy: edge,
            verified: false,
            ..CASE
        },
        Case {
            changes: &[&provider, &never],
            proxy: edge,
            refusal: Some(Unverifiable),
            ..CASE
        },
    ] {
        check(case).await;
    }
}

#[test]
fn the_quick_start_needs_no_database() {
    let policy = Policy::quick_start();
    assert!(policy.partner(policy.domain().as_str()).is_ok());
    assert!(policy.partner("contoso.com").is_err());
}
