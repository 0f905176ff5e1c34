use super::*;
use crate::model::{Priority, PushKind};
use crate::wire::webpush::{encrypt, encrypt_aesgcm};

fn keys() -> DeviceKeys {
    DeviceKeys::generate()
}

fn wns(wns_type: Option<&str>) -> NotificationHeaders {
    NotificationHeaders {
        platform: Some(Platform::Wns),
        wns_type: wns_type.map(str::to_owned),
        ..NotificationHeaders::default()
    }
}

fn encoded(encoding: &str) -> NotificationHeaders {
    NotificationHeaders {
        encoding: Some(encoding.to_owned()),
        ..NotificationHeaders::default()
    }
}

fn read(data: &str, headers: NotificationHeaders) -> Result<RawNotification, Rejected> {
    adapt("v1".to_owned(), Some(data), Some(headers), &keys())
}

#[test]
fn a_wns_body_is_raw_or_a_toast_with_or_without_padding() {
    for (data, wns_type, kind) in [
        ("c2VjLTE", None, PushKind::Raw),
        ("c2VjLTE=", Some("wns/raw"), PushKind::Raw),
        ("c2VjLTE", Some("wns/toast"), PushKind::Toast),
    ] {
        let raw = read(data, wns(wns_type)).unwrap();
        assert_eq!(raw.content.as_ref(), b"sec-1");
        assert_eq!((raw.platform, raw.kind), (Platform::Wns, kind));
    }
    let tile = read("c2VjLTE", wns(Some("wns/tile"))).unwrap_err();
    assert_eq!((tile.reason, tile.code), ("unsupported_type", 102));
    assert_eq!(tile.message, Some(MessageId::parse("v1").unwrap()));
}

#[test]
fn a_label_that_does_not_fit_is_not_taken_for_all_toasts() {
    let removal = |tag: Option<&str>| NotificationHeaders {
        collapse: tag.map(str::to_owned),
        ..wns(Some("wns/toast-removal"))
    };
    for tag in [None, Some("chat")] {
        let raw = read("", removal(tag)).unwrap();
        assert_eq!(
            (raw.kind, raw.collapse.as_deref()),
            (PushKind::ToastRemoval, tag)
        );
    }
    let long = "x".repeat(65);
    for tag in ["", "a\nb", &long] {
        let refused = read("", removal(Some(tag))).unwrap_err();
        assert_eq!(refused.reason, "unreadable_removal");
    }
}

#[test]
fn a_web_push_body_is_decrypted_for_this_device_alone() {
    let device = keys();
    let sealed = BASE64.encode(encrypt(&device.public(), b"sec-1").unwrap());
    let headers = || Some(encoded("AES128GCM"));
    let raw = adapt("v".to_owned(), Some(&sealed), headers(), &device).unwrap();
    assert_eq!(raw.content.as_ref(), b"sec-1");
    assert_eq!(raw.platform, Platform::WebPush);
    let foreign = adapt("v".to_owned(), Some(&sealed), headers(), &keys()).unwrap_err();
    assert_eq!((foreign.reason, foreign.code), ("undecryptable", 101));
}

#[test]
fn an_empty_web_push_body_is_legal_and_other_encodings_are_not() {
    let empty = adapt("v".to_owned(), None, None, &keys()).unwrap();
    assert!(empty.content.is_empty());
    for encoding in ["identity", "aesgcm128", "\u{202E}x"] {
        let refused = read("eA", encoded(encoding)).unwrap_err();
        assert_eq!(
            (refused.reason, refused.code),
            ("unsupported_encoding", 101)
        );
        assert!(!refused.detail.contains('\u{202E}'));
    }
    let none = read("eA", NotificationHeaders::default()).unwrap_err();
    assert_eq!(none.reason, "unsupported_encoding");
}

#[test]
fn an_older_sender_s_body_is_decrypted_with_what_its_headers_say() {
    let device = keys();
    let sealed = encrypt_aesgcm(&device.public(), b"sec-1").unwrap();
    let data = BASE64.encode(&sealed.body);
    let headers = NotificationHeaders {
        encryption: Some(sealed.encryption),
        crypto_key: Some(sealed.crypto_key),
        ..encoded("AesGcm")
    };
    let read = |headers: NotificationHeaders, keys: &DeviceKeys| {
        adapt("v".to_owned(), Some(&data), Some(headers), keys)
    };
    let raw = read(headers.clone(), &device).unwrap();
    assert_eq!(raw.content.as_ref(), b"sec-1");
    let without_salt = NotificationHeaders {
        encryption: None,
        ..headers.clone()
    };
    let without_key = NotificationHeaders {
        crypto_key: None,
        ..headers.clone()
    };
    for refused in [
        read(headers, &keys()),
        read(without_salt, &device),
        read(without_key, &device),
        read(encoded("aesgcm"), &device),
    ] {
        let refused = refused.unwrap_err();
        assert_eq!((refused.reason, refused.code), ("undecryptable", 101));
    }
}

#[test]
fn hostile_bodies_are_refused_with_a_reason() {
    let junk = read("!!!", wns(None)).unwrap_err();
    assert_eq!((junk.reason, junk.code), ("unreadable_body", 102));
    let most = RawNotification::MAX_CONTENT;
    assert!(read(&BASE64.encode(vec![7; most]), wns(None)).is_ok());
    let huge = read(&BASE64.encode(vec![7; most + 1]), wns(None)).unwrap_err();
    assert_eq!((huge.reason, huge.code), ("content_too_large", 102));
    for version in ["", "a b", "é", &"v".repeat(1025)] {
        let bad = adapt(version.to_owned(), None, None, &keys()).unwrap_err();
        assert_eq!((bad.reason, bad.message), ("bad_message_id", None));
    }
}

#[test]
fn only_a_well_formed_trace_context_is_passed_on() {
    let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    for (text, kept) in [(good, true), ("x", false), (&good.to_uppercase(), false)] {
        let headers = NotificationHeaders {
            traceparent: Some(text.to_owned()),
            ..wns(None)
        };
        assert_eq!(
            read("", headers).unwrap().traceparent.is_some(),
            kept,
            "{text}"
        );
    }
}

fn of(platform: Platform) -> NotificationHeaders {
    NotificationHeaders {
        platform: Some(platform),
        ..NotificationHeaders::default()
    }
}

#[test]
fn the_body_tells_what_an_apple_or_android_push_is() {
    for (platform, json, kind) in [
        (Platform::Apns, r#"{"aps":{"alert":"hi"}}"#, PushKind::Toast),
        (
            Platform::Apns,
            r#"{"aps":{"content-available":1}}"#,
            PushKind::Raw,
        ),
        (
            Platform::Apns,
            r#"{"aps":{"alert":"hi","content-available":1}}"#,
            PushKind::ToastAndRaw,
        ),
        (Platform::Apns, r#"{"aps":{"badge":1}}"#, PushKind::Badge),
        (
            Platform::Fcm,
            r#"{"notification":{"title":"t"}}"#,
            PushKind::Toast,
        ),
        (Platform::Fcm, r#"{"data":{"secureId":"1"}}"#, PushKind::Raw),
    ] {
        let raw = read(&BASE64.encode(json), of(platform)).unwrap();
        assert_eq!((raw.platform, raw.kind), (platform, kind), "{json}");
    }
    for platform in [Platform::Apns, Platform::Fcm] {
        let junk = read(&BASE64.encode("junk"), of(platform)).unwrap_err();
        assert_eq!((junk.reason, junk.code), ("unreadable_body", 102));
    }
    let deleted = NotificationHeaders {
        message_type: Some("deleted_messages".to_owned()),
        ..of(Platform::Fcm)
    };
    assert_eq!(read("", deleted).unwrap().kind, PushKind::DeletedMessages);
}

#[test]
fn each_platform_counts_urgency_its_own_way() {
    let fcm = r#"{"notification":{"title":"t"}}"#;
    for (headers, body, priority) in [
        (wns(Some("wns/raw")), "x", Priority::Low),
        (wns(Some("wns/toast")), "x", Priority::High),
        (wns(Some("wns/badge")), "x", Priority::Normal),
        (of(Platform::Apns), "{}", Priority::High),
        (of(Platform::Fcm), "{}", Priority::Normal),
        (of(Platform::Fcm), fcm, Priority::High),
    ] {
        let raw = read(&BASE64.encode(body), headers.clone()).unwrap();
        assert_eq!(raw.priority, priority, "{headers:?}");
    }
    for (platform, word, priority) in [
        (Platform::Wns, "1", Priority::High),
        (Platform::Wns, "4", Priority::VeryLow),
        (Platform::Wns, "junk", Priority::Low),
        (Platform::Apns, "1", Priority::Low),
        (Platform::Apns, "5", Priority::Normal),
        (Platform::Fcm, "HIGH", Priority::High),
    ] {
        let headers = NotificationHeaders {
            priority: Some(word.to_owned()),
            ..of(platform)
        };
        assert_eq!(read("e30", headers).unwrap().priority, priority, "{word}");
    }
}

#[test]
fn names_and_times_are_bounded() {
    let sent_at: jiff::Timestamp = "2026-11-20T18:00:00Z".parse().unwrap();
    let headers = |ttl, name: &str| NotificationHeaders {
        ttl,
        collapse: Some(name.to_owned()),
        group: Some(name.to_owned()),
        suppress_popup: Some(true),
        sent_at: Some(sent_at),
        ..wns(Some("wns/toast"))
    };
    let raw = read("eA", headers(Some(60), "chat")).unwrap();
    assert_eq!(raw.collapse.as_deref(), Some("chat"));
    assert_eq!(raw.group.as_deref(), Some("chat"));
    assert!(raw.suppress_popup);
    let after = |raw: RawNotification| {
        raw.expires_at
            .map(|at| at.as_second() - sent_at.as_second())
    };
    assert_eq!(after(raw), Some(60));
    for (ttl, name) in [
        (Some(0), String::new()),
        (None, "x".repeat(65)),
        (Some(0), "a\nb".to_owned()),
    ] {
        let raw = read("eA", headers(ttl, &name)).unwrap();
        assert_eq!((&raw.collapse, &raw.group), (&None, &None));
        assert_eq!(after(raw), None);
    }
    let huge = read("eA", headers(Some(u64::MAX), "x")).unwrap();
    assert_eq!(after(huge), Some(366 * 24 * 3600));
    let late = NotificationHeaders {
        sent_at: Some(jiff::Timestamp::MAX),
        ..headers(Some(5), "x")
    };
    assert!(read("eA", late).unwrap().expires_at.is_some());
}

proptest::proptest! {
    #[test]
    fn no_notification_panics(version in ".*", data in ".*", encoding in ".*", wns in 0..4_u8, ttl: u64) {
        let headers = NotificationHeaders {
            platform: Platform::ALL.get(usize::from(wns)).copied(),
            encoding: Some(encoding.clone()),
            collapse: Some(encoding),
            ttl: Some(ttl),
            sent_at: Some(jiff::Timestamp::MAX),
            ..NotificationHeaders::default()
        };
        drop(adapt(version, Some(&data), Some(headers), &keys()));
    }
}
