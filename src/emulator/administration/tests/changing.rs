//! Changes of the rules: what is refused, rehearsed and kept.

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::changes::{MOST_CONFIGURATIONS, MOST_DOMAINS, MOST_PROVIDERS};
use super::super::rows;
use super::super::{AdministrationError, AdministrationOptions, ChangeRefused, PushAdministration};
use super::{change, made, make, rules};
use crate::wire::push_administration::{Change, ChangeRequest, PermissionRequest};

const ADD: &str = r#"{"change":"allow-domain","domain":"contoso.com","comment":"Ken"}"#;
const BLOCK: &str = r#"{"change":"block-domain","domain":"contoso.com"}"#;
const EDGE: &str =
    r#"{"change":"set-provider","identity":"Edge","proxy":"edge.example","enabled":true}"#;

async fn refused(administration: &PushAdministration, json: &str) -> ChangeRefused {
    let before = administration.state();
    let refused = match make(administration, json).await {
        Err(AdministrationError::Refused(refused)) => refused,
        other => panic!("{json}: {other:?}"),
    };
    assert_eq!(administration.state(), before, "{json}");
    refused
}

#[tokio::test]
async fn a_domain_is_on_one_list_once() {
    let administration = rules(AdministrationOptions::default()).await;
    made(&administration, &[ADD]).await;
    let allowed = ChangeRefused::AlreadyAllowed("contoso.com".parse().unwrap());
    assert_eq!(refused(&administration, ADD).await, allowed);
    assert_eq!(refused(&administration, BLOCK).await, allowed);
    made(
        &administration,
        &[r#"{"change":"remove-partner","name":"Contoso.com"}"#, BLOCK],
    )
    .await;
    let blocked = ChangeRefused::AlreadyBlocked("contoso.com".parse().unwrap());
    assert_eq!(refused(&administration, ADD).await, blocked);
    assert_eq!(refused(&administration, BLOCK).await, blocked);
    assert!(
        blocked
            .to_string()
            .contains("handset partner remove contoso.com")
    );
}

#[tokio::test]
async fn a_providers_proxy_is_its_own_and_stays() {
    let administration = rules(AdministrationOptions::default()).await;
    for incomplete in [
        r#"{"change":"set-provider","identity":"Edge"}"#,
        r#"{"change":"set-provider","identity":"Edge","proxy":"edge.example"}"#,
        r#"{"change":"set-provider","identity":"Edge","enabled":true}"#,
    ] {
        let refused = refused(&administration, incomplete).await;
        assert!(
            matches!(refused, ChangeRefused::ProviderIncomplete { .. }),
            "{refused:?}"
        );
    }
    made(&administration, &[EDGE]).await;
    let other =
        r#"{"change":"set-provider","identity":"Other","proxy":"EDGE.example:443","enabled":true}"#;
    let taken = refused(&administration, other).await;
    assert!(
        matches!(taken, ChangeRefused::ProxyTaken { .. }),
        "{taken:?}"
    );
    let moved = r#"{"change":"set-provider","identity":"edge","proxy":"new.example"}"#;
    let fixed = refused(&administration, moved).await;
    assert!(fixed.to_string().contains("edge.example"), "{fixed}");
    let off =
        r#"{"change":"set-provider","identity":"EDGE","proxy":"edge.example","enabled":false}"#;
    made(&administration, &[off]).await;
    let providers = administration.state().rules.providers;
    assert_eq!(providers.len(), 1);
    assert!(!providers[0].enabled);
    assert_eq!(providers[0].identity.as_str(), "Edge");
}

#[tokio::test]
async fn what_is_removed_must_be_there_and_plain() {
    let administration = rules(AdministrationOptions::default()).await;
    let nobody = refused(
        &administration,
        r#"{"change":"remove-partner","name":"contoso.com"}"#,
    );
    assert!(matches!(nobody.await, ChangeRefused::NoSuchPartner(_)));
    let own = r#"{"change":"remove-partner","name":"backend.handset.localhost"}"#;
    let own = refused(&administration, own).await;
    assert!(own.to_string().contains("handset partner block"), "{own}");
    let site = r#"{"change":"remove-configuration","identity":"site:Paris"}"#;
    let site = refused(&administration, site).await;
    assert!(matches!(site, ChangeRefused::NoSuchConfiguration(_)));
    let same =
        r#"{"change":"set-provider","identity":"contoso.com","proxy":"p.example","enabled":true}"#;
    made(&administration, &[ADD, same]).await;
    let both = refused(
        &administration,
        r#"{"change":"remove-partner","name":"contoso.com"}"#,
    )
    .await;
    assert!(matches!(both, ChangeRefused::Ambiguous(_)));
    made(
        &administration,
        &[
            r#"{"change":"remove-partner","name":"contoso.com","list":"domains"}"#,
            r#"{"change":"remove-partner","name":"contoso.com"}"#,
        ],
    )
    .await;
    let left = administration.state().rules;
    assert!(left.allowed.is_empty() && left.providers.is_empty());
    let junk = refused(
        &administration,
        r#"{"change":"remove-partner","name":"\u001b[31m\u0000"}"#,
    );
    assert!(!junk.await.to_string().contains('\u{1b}'));
}

#[tokio::test]
async fn what_if_says_all_and_changes_nothing() {
    let administration = rules(AdministrationOptions::default()).await;
    made(&administration, &[EDGE]).await;
    let before = administration.state();
    let rehearse = |json: &str| {
        let request = ChangeRequest {
            change: change(json),
            what_if: true,
        };
        administration.change(request)
    };
    let apple = r#"{"change":"set-configuration","identity":"global","switches":{"apple":true}}"#;
    let changed = rehearse(apple).await.unwrap();
    assert_eq!(changed.before, before);
    assert!(changed.before.in_force.services.google && !changed.after.in_force.services.google);
    let changed = rehearse(r#"{"change":"forget-partners"}"#).await.unwrap();
    assert!(changed.after.rules.providers.is_empty());
    let other =
        r#"{"change":"set-provider","identity":"Other","proxy":"edge.example","enabled":true}"#;
    assert!(matches!(
        rehearse(other).await,
        Err(AdministrationError::Refused(_))
    ));
    assert_eq!(administration.state(), before);
    // The database, too: what it has is read again with the next change.
    let off = make(
        &administration,
        r#"{"change":"set-federation","enabled":false}"#,
    )
    .await;
    let off = off.unwrap();
    assert_eq!(off.before, before);
    assert_eq!(off.after.rules.providers, before.rules.providers);
}

#[tokio::test]
async fn what_is_stored_outlives_its_process() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("deep").join("services");
    let open = || PushAdministration::open(&data, AdministrationOptions::default());
    let first = open().await.unwrap();
    let site =
        r#"{"change":"set-configuration","identity":"site:New York","switches":{"webpush":true}}"#;
    let global = r#"{"change":"set-configuration","identity":"global"}"#;
    let off = r#"{"change":"set-federation","enabled":false}"#;
    made(&first, &[site, global, ADD, EDGE, off]).await;
    let kept = first.state();
    assert!(!kept.ephemeral);
    first.close().await;
    let second = open().await.unwrap();
    assert_eq!(second.state(), kept);
    let identities: Vec<String> = kept
        .rules
        .configurations
        .iter()
        .map(|c| c.identity.to_string())
        .collect();
    assert_eq!(identities, ["global", "site:New York"]);
    let asked = PermissionRequest::default();
    assert!(second.permission(&asked).refusal.is_some());
    made(&second, &[r#"{"change":"forget-partners"}"#]).await;
    assert!(second.permission(&asked).refusal.is_none());
}

#[tokio::test]
async fn looking_makes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("services");
    let look = PushAdministration::open_to_look(&data, AdministrationOptions::default());
    assert!(look.await.unwrap().state().rules.allowed.is_empty());
    assert!(!data.exists());
}

#[tokio::test]
async fn every_list_is_bounded() {
    let administration = rules(AdministrationOptions::default()).await;
    let filled = |most: usize, json: fn(usize) -> String| {
        let administration = &administration;
        async move {
            for number in 0..most {
                make(administration, &json(number)).await.unwrap();
            }
            let one_more = refused(administration, &json(most)).await;
            assert!(
                matches!(one_more, ChangeRefused::TooMany { .. }),
                "{one_more:?}"
            );
        }
    };
    filled(MOST_CONFIGURATIONS, |n| {
        format!(r#"{{"change":"set-configuration","identity":"site:{n}"}}"#)
    })
    .await;
    filled(MOST_PROVIDERS, |n| {
        format!(
            r#"{{"change":"set-provider","identity":"{n}","proxy":"p{n}.example","enabled":true}}"#
        )
    })
    .await;
    let administration = &administration;
    administration
        .store
        .write(|c| {
            for number in 0..MOST_DOMAINS {
                let domain = format!("d{number}.example");
                c.execute(
                    "INSERT INTO partner_domain(domain, blocked) VALUES (?1, 1)",
                    [domain],
                )?;
            }
            Ok(())
        })
        .await
        .unwrap();
    let change: Change = change(ADD);
    let request = ChangeRequest {
        change,
        what_if: false,
    };
    let full = administration.change(request).await.unwrap_err();
    assert!(full.to_string().contains("1000 domains"), "{full}");
}

/// Changes of few names, so that they meet.
fn any_change() -> impl Strategy<Value = Change> {
    let domain = prop_oneof![
        Just("a.example"),
        Just("b.example"),
        Just("backend.handset.localhost")
    ];
    let provider = prop_oneof![Just("A"), Just("b.example")];
    let proxy = prop_oneof![Just("p.example"), Just("p.example:443"), Just("q.example")];
    let identity = prop_oneof![Just("global"), Just("site:A")];
    let on = any::<bool>();
    let json = prop_oneof![
        (domain.clone(), proxy.clone()).prop_map(|(domain, proxy)| {
            format!(r#"{{"change":"allow-domain","domain":"{domain}","proxy":"{proxy}"}}"#)
        }),
        domain.prop_map(|domain| format!(r#"{{"change":"block-domain","domain":"{domain}"}}"#)),
        (provider.clone(), proxy, on).prop_map(|(name, proxy, on)| {
            format!(r#"{{"change":"set-provider","identity":"{name}","proxy":"{proxy}","enabled":{on}}}"#)
        }),
        on.prop_map(|on| format!(r#"{{"change":"set-federation","enabled":{on}}}"#)),
        provider.prop_map(|name| format!(r#"{{"change":"remove-partner","name":"{name}"}}"#)),
        Just(r#"{"change":"remove-partner","name":"a.example"}"#.to_owned()),
        Just(r#"{"change":"forget-partners"}"#.to_owned()),
        (identity.clone(), on).prop_map(|(identity, on)| {
            format!(r#"{{"change":"set-configuration","identity":"{identity}","switches":{{"apple":{on}}}}}"#)
        }),
        identity.prop_map(|identity| {
            format!(r#"{{"change":"remove-configuration","identity":"{identity}"}}"#)
        }),
        Just(r#"{"change":"forget-configurations"}"#.to_owned()),
    ];
    json.prop_map(|json| change(&json))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_is_changed_the_lists_hold(changes in vec((any_change(), any::<bool>()), 1..24)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let administration = rules(AdministrationOptions::default()).await;
            for (change, what_if) in changes {
                let before = administration.state();
                let made = administration.change(ChangeRequest { change, what_if }).await;
                let now = administration.state();
                match made {
                    Ok(made) => {
                        assert_eq!(made.before, before);
                        assert_eq!(now, if what_if { before } else { made.after });
                    }
                    Err(AdministrationError::Refused(_)) => assert_eq!(now, before),
                    Err(other) => panic!("{other}"),
                }
                let rules = now.rules;
                let both = rules.allowed.iter().find(|entry| rules.blocked(&entry.domain).is_some());
                assert_eq!(both, None);
                for (place, provider) in rules.providers.iter().enumerate() {
                    let mut others = rules.providers[..place].iter();
                    assert!(others.all(|other| !other.proxy.overlaps(&provider.proxy)));
                }
                let stored = administration.store.read(rows::load).await.unwrap();
                assert_eq!(stored, rules);
            }
        });
    }
}
