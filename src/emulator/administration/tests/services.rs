//! Which push services are on.

use super::super::{AdministrationOptions, Policy};
use super::{made, rules};
use crate::model::Platform;
use crate::wire::push_administration::{ConfigurationIdentity, Profile, Switches};

fn on(policy: &Policy) -> Vec<&'static str> {
    let on = Platform::ALL.into_iter();
    let on = on.filter(|platform| policy.service(*platform).is_ok());
    on.map(Platform::as_str).collect()
}

fn of_site(site: &str) -> AdministrationOptions {
    AdministrationOptions {
        site: Some(site.parse().unwrap()),
        ..AdministrationOptions::default()
    }
}

const GLOBAL_APPLE: &str =
    r#"{"change":"set-configuration","identity":"global","switches":{"apple":true}}"#;
const PARIS_GOOGLE: &str =
    r#"{"change":"set-configuration","identity":"site:Paris","switches":{"google":true}}"#;

#[tokio::test]
async fn a_stored_configuration_starts_off_and_changes_what_is_named() {
    let administration = rules(AdministrationOptions::default()).await;
    let policy = administration.policy().clone();
    assert_eq!(on(&policy), ["wns", "apns", "fcm", "webpush"]);
    made(&administration, &[GLOBAL_APPLE]).await;
    assert_eq!(on(&policy), ["apns"]);
    let more = r#"{"change":"set-configuration","identity":"Global","switches":{"microsoft":true,"webpush":true}}"#;
    made(&administration, &[more]).await;
    assert_eq!(on(&policy), ["wns", "apns", "webpush"]);
    let less = r#"{"change":"set-configuration","identity":"global","switches":{"apple":false}}"#;
    made(&administration, &[less]).await;
    assert_eq!(on(&policy), ["wns", "webpush"]);
    made(&administration, &[r#"{"change":"forget-configurations"}"#]).await;
    assert_eq!(on(&policy).len(), 4);
}

#[tokio::test]
async fn strict_starts_off() {
    let administration = rules(AdministrationOptions {
        profile: Profile::Strict,
        ..AdministrationOptions::default()
    })
    .await;
    let policy = administration.policy();
    assert!(on(policy).is_empty());
    let off = policy.service(Platform::Wns).unwrap_err();
    assert_eq!(off.service.as_str(), "microsoft");
    for part in [
        "strict profile",
        "push-config set --microsoft on --identity global",
    ] {
        assert!(off.to_string().contains(part), "{off}");
    }
    made(&administration, &[GLOBAL_APPLE]).await;
    assert_eq!(on(policy), ["apns"]);
}

#[tokio::test]
async fn a_sites_configuration_wins_over_the_global_one() {
    let paris = rules(of_site("paris")).await;
    let policy = paris.policy();
    made(&paris, &[GLOBAL_APPLE]).await;
    assert_eq!(on(policy), ["apns"]);
    made(&paris, &[PARIS_GOOGLE]).await;
    assert_eq!(on(policy), ["fcm"]);
    let off = policy.service(Platform::Apns).unwrap_err().to_string();
    assert!(
        off.contains("site:Paris") && off.contains("--apple on"),
        "{off}"
    );
    let in_force = policy.in_force();
    let identity: ConfigurationIdentity = "site:Paris".parse().unwrap();
    assert_eq!(in_force.configuration, Some(identity));

    let elsewhere = rules(of_site("Rome")).await;
    made(&elsewhere, &[GLOBAL_APPLE, PARIS_GOOGLE]).await;
    assert_eq!(on(elsewhere.policy()), ["apns"]);

    made(
        &paris,
        &[r#"{"change":"remove-configuration","identity":"SITE:PARIS"}"#],
    )
    .await;
    assert_eq!(on(policy), ["apns"]);
    // The documents have the global one stay, and start anew.
    made(
        &paris,
        &[r#"{"change":"remove-configuration","identity":"global"}"#],
    )
    .await;
    assert!(on(policy).is_empty());
    let stored = paris.state().rules;
    assert_eq!(stored.configurations.len(), 1);
    assert_eq!(stored.configurations[0].switches, Switches::default());
}
