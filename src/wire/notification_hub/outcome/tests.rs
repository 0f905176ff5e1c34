use url::Url;

use super::*;

const OUTCOME: &str = r#"<NotificationOutcome xmlns="http://schemas.microsoft.com/netservices/2010/10/servicebus/connect" xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><Success>1</Success><Failure>0</Failure><Results><RegistrationResult><ApplicationPlatform>windows</ApplicationPlatform><PnsHandle>https://db5p.notify.windows.com/w/?token=1&amp;a=2</PnsHandle><RegistrationId>2266080694885134172-211558165934864491-1</RegistrationId><Outcome>The Notification was successfully sent to the Push Notification System</Outcome></RegistrationResult></Results></NotificationOutcome>"#;

const DETAILS: &str = r#"<NotificationDetails xmlns="http://schemas.microsoft.com/netservices/2010/10/servicebus/connect" xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><NotificationId>f43f-15</NotificationId><Location>https://localhost:8443/hub/messages/f43f-15?api-version=2020-06</Location><State>Completed</State><EnqueueTime>2026-11-20T17:07:40.085Z</EnqueueTime><StartTime>2026-11-20T17:07:40.090Z</StartTime><EndTime>2026-11-20T17:07:41.000Z</EndTime><NotificationBody>{"hello":"world"}</NotificationBody><Tags>(a &amp;&amp; b) || c</Tags><TargetPlatforms>windows</TargetPlatforms><WnsOutcomeCounts><Outcome><Name>Success</Name><Count>1</Count></Outcome></WnsOutcomeCounts></NotificationDetails>"#;

fn result(ok: bool) -> RegistrationResult {
    let outcome = if ok {
        "The Notification was successfully sent to the Push Notification System"
    } else {
        "The Push Notification System handle is expired"
    };
    RegistrationResult {
        platform: HubPlatform::Windows,
        handle: "https://db5p.notify.windows.com/w/?token=1&a=2".to_owned(),
        registration: "2266080694885134172-211558165934864491-1".to_owned(),
        ok,
        outcome: outcome.to_owned(),
    }
}

fn details() -> NotificationDetails {
    NotificationDetails {
        id: "f43f-15".to_owned(),
        state: MessageState::Completed,
        enqueued: "2026-11-20T17:07:40.085Z".parse().unwrap(),
        started: Some("2026-11-20T17:07:40.09Z".parse().unwrap()),
        ended: Some("2026-11-20T17:07:41Z".parse().unwrap()),
        body: r#"{"hello":"world"}"#.to_owned(),
        tags: Some("(a && b) || c".to_owned()),
        platforms: vec![HubPlatform::Windows],
        counts: [(HubPlatform::Windows, [("Success".to_owned(), 1)].into())].into(),
    }
}

fn at() -> Url {
    Url::parse("https://localhost:8443/hub/messages/f43f-15?api-version=2020-06").unwrap()
}

#[test]
fn a_test_send_is_answered_with_its_results() {
    let one = NotificationOutcome {
        results: vec![result(true)],
    };
    assert_eq!(one.write(), OUTCOME);
    let none = NotificationOutcome::default().write();
    assert!(
        none.contains("<Success>0</Success><Failure>0</Failure><Results></Results>"),
        "{none}"
    );
    let three = NotificationOutcome {
        results: vec![result(false), result(true), result(false)],
    };
    assert!(
        three
            .write()
            .contains("<Success>1</Success><Failure>2</Failure>")
    );
}

#[test]
fn telemetry_is_written_as_the_service_writes_it() {
    assert_eq!(details().write(&at()), DETAILS);
    let waiting = NotificationDetails {
        state: MessageState::Enqueued,
        started: None,
        ended: None,
        tags: None,
        platforms: Vec::new(),
        counts: [(HubPlatform::Windows, OutcomeCount::new())].into(),
        body: "\0<&".to_owned(),
        ..details()
    };
    let written = waiting.write(&at());
    let end = "<EnqueueTime>2026-11-20T17:07:40.085Z</EnqueueTime><NotificationBody>\u{fffd}&lt;&amp;</NotificationBody></NotificationDetails>";
    assert!(written.ends_with(end), "{written}");
}

#[test]
fn counts_stand_in_the_order_of_dotnet() {
    let counts = HubPlatform::ALL.map(|p| {
        (
            p,
            [("Success".to_owned(), 2), ("Invalid".to_owned(), 1)].into(),
        )
    });
    let all = NotificationDetails {
        counts: counts.into(),
        platforms: vec![HubPlatform::Apple, HubPlatform::FcmV1],
        ..details()
    };
    let written = all.write(&at());
    assert!(written.contains("<TargetPlatforms>apple,fcmv1</TargetPlatforms>"));
    let places: Vec<usize> = [
        "TargetPlatforms",
        "Apns",
        "Mpns",
        "Wns",
        "Gcm",
        "Adm",
        "FcmV1",
        "Browser",
        "Baidu",
        "Xiaomi",
    ]
    .iter()
    .map(|name| {
        written
            .find(&format!("<{name}"))
            .unwrap_or_else(|| panic!("{name}"))
    })
    .collect();
    assert!(places.is_sorted(), "{places:?}");
    let apple = "<ApnsOutcomeCounts><Outcome><Name>Invalid</Name><Count>1</Count></Outcome>\
                 <Outcome><Name>Success</Name><Count>2</Count></Outcome></ApnsOutcomeCounts>";
    assert!(written.contains(apple), "{written}");
}
