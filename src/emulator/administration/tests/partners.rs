//! Who may push, rule by rule.

use super::super::policy::Sender;
use super::super::{AdministrationOptions, Policy};
use super::{made, make, rules};
use crate::wire::push_administration::{PartnerRefusal, PermissionRequest, Profile};

const ADD: &str = r#"{"change":"allow-domain","domain":"contoso.com"}"#;
const PROXIED: &str = r#"{"change":"allow-domain","domain":"contoso.com","proxy":"edge.example"}"#;
const OFF: &str = r#"{"change":"set-federation","enabled":false}"#;
const ON: &str = r#"{"change":"set-federation","enabled":true}"#;
const OWN: &str = "backend.handset.localhost";
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

/// The changes, the domain, and the rule that refuses it.
type Line<'a> = (&'a [&'a str], &'a str, Option<PartnerRefusal>);

/// Checks lines of the table that are alike but for the changes, the domain and the outcome.
async fn check_all(lines: &[Line<'_>], like: &Case<'_>) {
    for (changes, domain, refusal) in lines {
        check(Case {
            changes,
            domain,
            refusal: *refusal,
            ..*like
        })
        .await;
    }
}

#[tokio::test]
async fn the_lists_decide() {
    use PartnerRefusal::{DomainBlocked, DomainNotAllowed, FederationOff, NoDomain};
    let block = r#"{"change":"block-domain","domain":"contoso.com"}"#;
    let lines: &[Line<'_>] = &[
        (&[], "contoso.com", Some(DomainNotAllowed)),
        (&[ADD], "contoso.com", None),
        (&[ADD], "CONTOSO.com", None),
        (&[ADD], "sub.contoso.com", Some(DomainNotAllowed)),
        (&[ADD, OFF], "contoso.com", Some(FederationOff)),
        (&[block], "contoso.com", Some(DomainBlocked)),
        (&[], "not a domain", Some(NoDomain)),
        (&[], "127.0.0.1", Some(NoDomain)),
    ];
    check_all(lines, &CASE).await;
}

#[tokio::test]
async fn every_hurdle_is_named_in_the_order_of_its_mending() {
    let strict = AdministrationOptions {
        profile: Profile::Strict,
        ..AdministrationOptions::default()
    };
    let administration = rules(strict).await;
    let hurdles = || {
        let hurdles = administration.policy().hurdles().into_iter();
        hurdles.map(|hurdle| hurdle.kind).collect::<Vec<_>>()
    };
    use PartnerRefusal::{DomainNotAllowed, FederationOff};
    assert_eq!(hurdles(), [FederationOff, DomainNotAllowed]);
    made(&administration, &[ON]).await;
    assert_eq!(hurdles(), [DomainNotAllowed]);
    let own = format!(r#"{{"change":"allow-domain","domain":"{OWN}"}}"#);
    made(&administration, &[&own]).await;
    assert_eq!(hurdles(), []);
    made(&administration, &[OFF]).await;
    assert_eq!(hurdles(), [FederationOff]);
}

#[tokio::test]
async fn partners_are_a_hub_elsewheres_and_services_are_not() {
    let administration = rules(AdministrationOptions {
        hub_elsewhere: Some("hub.example/hub".to_owned()),
        profile: Profile::Strict,
        ..AdministrationOptions::default()
    })
    .await;
    for json in [
        BLOCK_OWN,
        ADD,
        ON,
        r#"{"change":"set-provider","identity":"Edge"}"#,
        r#"{"change":"remove-partner","name":"a.example"}"#,
        r#"{"change":"forget-partners"}"#,
    ] {
        let refused = make(&administration, json).await.unwrap_err().to_string();
        for part in ["hub.example/hub", "--home"] {
            assert!(refused.contains(part), "{refused}");
        }
    }
    let asked = administration.permission(&PermissionRequest::default());
    let refusal = asked.refusal.unwrap();
    assert_eq!(refusal.kind, PartnerRefusal::DecidedElsewhere);
    assert!(administration.policy().hurdles().is_empty());
    let set = r#"{"change":"set-configuration","identity":"global","switches":{"apple":true}}"#;
    assert!(make(&administration, set).await.is_ok());
}

#[test]
fn a_sender_that_names_no_domain_is_told_in_a_sentence() {
    let refused = Policy::quick_start().partner("bad domain").unwrap_err();
    let said = refused.to_string();
    assert!(
        said.starts_with("the sender speaks for \"bad domain\", which is not the name of a domain"),
        "{said}"
    );
}

#[tokio::test]
async fn the_profile_allows_the_own_domain_or_nobody() {
    use PartnerRefusal::{DomainBlocked, DomainNotAllowed, FederationOff};
    let lines: &[Line<'_>] = &[
        (&[], OWN, None),
        (&[], "Backend.Handset.Localhost.", None),
        (&[BLOCK_OWN], OWN, Some(DomainBlocked)),
        (&[OFF], OWN, Some(FederationOff)),
    ];
    check_all(lines, &CASE).await;
    let strict = Case {
        profile: Profile::Strict,
        ..CASE
    };
    let lines: &[Line<'_>] = &[
        (&[], OWN, Some(FederationOff)),
        (&[ON], OWN, Some(DomainNotAllowed)),
        (&[ADD], "contoso.com", Some(FederationOff)),
        (&[ADD, ON], "contoso.com", None),
    ];
    check_all(lines, &strict).await;
}

/// Who comes through this proxy.
fn through(proxy: &str) -> Case<'_> {
    Case {
        proxy: Some(proxy),
        ..CASE
    }
}

#[tokio::test]
async fn hosting_providers_stand_for_their_domains() {
    use PartnerRefusal::{DomainNotAllowed, ProviderOff, Unverifiable};
    let on = provider(true, "always-verifiable");
    let off = provider(false, "always-verifiable");
    let never = provider(true, "always-unverifiable");
    let lines: &[Line<'_>] = &[
        (&[&on], "contoso.com", None),
        (&[&off], "contoso.com", Some(ProviderOff)),
        (&[&never], "contoso.com", Some(Unverifiable)),
        (&[], "contoso.com", Some(DomainNotAllowed)),
    ];
    check_all(lines, &through("edge.example")).await;
    check_all(lines, &through("edge.example:5061")).await;
    let lines: &[Line<'_>] = &[(&[&on], "contoso.com", Some(DomainNotAllowed))];
    for elsewhere in [through("other.example"), CASE] {
        check_all(lines, &elsewhere).await;
    }
}

#[tokio::test]
async fn a_listed_domain_comes_through_its_proxy() {
    use PartnerRefusal::{OtherProxy, ProviderOff, Unverifiable};
    let on = provider(true, "always-verifiable");
    let off = provider(false, "always-verifiable");
    let never = provider(true, "always-unverifiable");
    let lines: &[Line<'_>] = &[
        (&[PROXIED, &on], "contoso.com", None),
        (&[PROXIED, &off], "contoso.com", Some(ProviderOff)),
        (&[PROXIED, &never], "contoso.com", Some(Unverifiable)),
    ];
    check_all(lines, &CASE).await;
    check_all(lines, &through("edge.example")).await;
    let lines: &[Line<'_>] = &[(&[PROXIED], "contoso.com", Some(OtherProxy))];
    check_all(lines, &through("other.example")).await;
    // Listed without a proxy: it may come through a provider's, which must be on.
    let lines: &[Line<'_>] = &[
        (&[ADD, &on], "contoso.com", None),
        (&[ADD, &off], "contoso.com", Some(ProviderOff)),
    ];
    check_all(lines, &through("edge.example")).await;
    check_all(&[(&[ADD, &off], "contoso.com", None)], &CASE).await;
}

#[tokio::test]
async fn a_verification_level_has_to_be_met() {
    use PartnerRefusal::{NotVerified, Unverifiable};
    let (always, never) = (level("always-verifiable"), level("always-unverifiable"));
    let source = level("use-source-verification");
    let provider = provider(true, "use-source-verification");
    let unproved = Case {
        verified: false,
        ..CASE
    };
    let lines: &[Line<'_>] = &[
        (&[&always], "contoso.com", None),
        (&[&never], "contoso.com", Some(Unverifiable)),
        (&[&source], "contoso.com", Some(NotVerified)),
        // The documented default of an allowed domain.
        (&[ADD], "contoso.com", Some(NotVerified)),
        (&[&provider, PROXIED], "contoso.com", Some(NotVerified)),
        (&[&provider, &always], "contoso.com", None),
    ];
    check_all(lines, &unproved).await;
    let lines: &[Line<'_>] = &[
        (&[&source], "contoso.com", None),
        (&[&never], "contoso.com", Some(Unverifiable)),
        (&[&provider, PROXIED], "contoso.com", None),
    ];
    check_all(lines, &CASE).await;
    // The provider's level counts where the domain has none of its own.
    let lines: &[Line<'_>] = &[
        (&[&provider], "contoso.com", Some(NotVerified)),
        (&[&provider, &always], "contoso.com", None),
        (&[&provider, &never], "contoso.com", Some(Unverifiable)),
    ];
    let through = Case {
        proxy: Some("edge.example"),
        ..unproved
    };
    check_all(lines, &through).await;
}

#[test]
fn the_quick_start_needs_no_database() {
    let policy = Policy::quick_start();
    assert!(policy.partner(policy.domain().as_str()).is_ok());
    assert!(policy.partner("contoso.com").is_err());
}
