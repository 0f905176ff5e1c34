//! Backends that are spoken to in another way than the embedded one.

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::any;
use secrecy::ExposeSecret as _;

use super::calls::{Witness, id, installation};
use super::{alice, assert_says, one};
use crate::backend::testing::FakeBackend;
use crate::backend::{
    BackendClient, BackendError, BackendOptions, BackendProfile, Credential, SentPush,
};
use crate::model::{Handle, Platform, SubscriptionKeys, Tag, UserName};
use crate::wire::app_backend::{RegistrationBody, SecurePushRequest, SendPriority};

const TEAM: &str = include_str!("../../../tests/backends/team.toml");

fn bearer() -> Credential {
    Credential::bearer("t-1".into()).unwrap()
}

fn user() -> UserName {
    UserName::parse("alice").unwrap()
}

fn client(backend: &FakeBackend, profile: BackendProfile) -> BackendClient {
    BackendClient::new(BackendOptions {
        profile,
        user: Some(user()),
        ..BackendOptions::new(backend.origin())
    })
    .unwrap()
}

fn built_in(name: &str) -> BackendProfile {
    BackendProfile::built_in(name).unwrap()
}

/// The team's profile with some lines changed.
fn team(changes: &[(&str, &str)]) -> BackendProfile {
    let mut text = TEAM.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    BackendProfile::parse("team.toml", &text).unwrap()
}

async fn asked(status: u16, answer: &'static str) -> (Witness, BackendClient) {
    let witness = Witness::answering(status, answer).await;
    let client = client(&witness.backend, team(&[]));
    (witness, client)
}

#[tokio::test]
async fn a_token_is_asked_for_with_a_form() {
    let (witness, client) = asked(200, r#"{"access_token":"t-1","expires_in":60}"#).await;
    let given = client.login(&user(), &"a&b c".into()).await.ok().unwrap();
    assert_eq!(
        (given.token.expose_secret(), given.expires_in),
        ("t-1", Some(60))
    );
    let seen = witness.only();
    assert_eq!(seen.line, "POST /oauth/token");
    assert_eq!(
        seen.body,
        "grant_type=password&username=alice&password=a%26b+c&client_id=handset"
    );
    assert_eq!(
        seen.headers["content-type"],
        "application/x-www-form-urlencoded"
    );
    assert_eq!(seen.headers["accept"], "application/vnd.api+json");
    assert!(!seen.headers.contains_key("authorization"));

    let (_witness, client) = asked(400, r#"{"error":"invalid_grant"}"#).await;
    let refused = client.login(&user(), &"hunter2".into()).await;
    let refused = refused.err().unwrap();
    assert!(refused.needs_sign_in());
    assert_says(&refused, &["POST", "/oauth/token", "400"]);

    let (witness, client) = asked(200, "").await;
    client.logout(&bearer()).await.unwrap();
    let seen = witness.only();
    assert_eq!(seen.line, "POST /oauth/revoke");
    assert_eq!(seen.body, "token=t-1");
    assert_eq!(seen.headers["authorization"], "Bearer t-1");
}

#[tokio::test]
async fn a_device_is_made_changed_and_removed() {
    let phone = RegistrationBody {
        platform: Platform::Fcm.backend_name().to_owned(),
        ..installation(vec![Tag::parse("news").unwrap()])
    };
    let (witness, client) = asked(201, r#"{"device":{"id":7}}"#).await;
    let given = client.create_registration(&bearer(), Some(&phone)).await;
    assert_eq!(given.unwrap(), id("7"));
    let seen = witness.only();
    assert_eq!(seen.line, "POST /devices");
    assert_eq!(
        seen.body,
        r#"{"device":{"platform":"android","token":"https://h/?token=a","topics":["news"],"app":"org.example.app"}}"#
    );
    assert_eq!(seen.headers["content-type"], "application/json");

    let (witness, client) = asked(200, "").await;
    let put = client.put_registration(&bearer(), &id("7"), &phone).await;
    assert_eq!(put.unwrap(), None);
    assert_eq!(witness.only().line, "PATCH /devices/7");

    let (witness, client) = asked(204, "").await;
    let deleted = client.delete_registration(&bearer(), &id("7")).await;
    deleted.unwrap();
    assert_eq!(witness.only().line, "DELETE /devices/7");

    // Another success than the profile's is none.
    let (_witness, client) = asked(200, r#"{"device":{"id":7}}"#).await;
    let created = client.create_registration(&bearer(), Some(&phone)).await;
    assert_says(&created.unwrap_err(), &["POST", "/devices", "200"]);
}

#[tokio::test]
async fn an_id_is_where_the_profile_says() {
    let phone = installation(Vec::new());
    let create = async |witness: &Witness, profile: BackendProfile| {
        let client = client(&witness.backend, profile);
        client.create_registration(&bearer(), Some(&phone)).await
    };
    let located = || team(&[("id = \"device.id\"", "id_header = \"Location\"")]);
    let created = StatusCode::CREATED;
    let witness = Witness::with(created, [("location", "/devices/d-7?x=1")], "").await;
    assert_eq!(create(&witness, located()).await.unwrap(), id("d-7"));
    for bad in ["/devices/..", "/devices/a%2Fb", "/"] {
        let witness = Witness::with(created, [("location", bad)], "").await;
        let error = create(&witness, located()).await.unwrap_err();
        assert_says(&error, &["location", "registration id"]);
    }
    for (answer, said) in [
        ("", "no registration id"),
        ("{}", "\"device.id\" is missing"),
        (r#"{"device":{"id":".."}}"#, "wrong kind"),
        (r#"{"device":{"id":["hunter2"]}}"#, "wrong kind"),
        (r#"{"device":7}"#, "wrong kind"),
        ("<html>", "not JSON"),
    ] {
        let witness = Witness::answering(201, answer).await;
        let error = create(&witness, team(&[])).await.unwrap_err();
        assert_says(&error, &[said]);
    }
    let witness = Witness::answering(201, "").await;
    let error = create(&witness, located()).await.unwrap_err();
    assert_says(&error, &["no registration id"]);
}

#[tokio::test]
async fn without_a_call_that_gives_ids_the_phone_makes_its_own() {
    let create = TEAM.find("[create]").unwrap()..TEAM.find("[put]").unwrap();
    let patch = "request = \"PATCH /devices/{id}\"";
    let profile = team(&[
        (&TEAM[create], ""),
        (patch, "request = \"PUT /devices/{id}\"\nid = \"id\""),
    ]);
    let phone = installation(Vec::new());
    let witness = Witness::answering(200, r#"{"id":"theirs"}"#).await;
    let client = client(&witness.backend, profile);
    let own = client.create_registration(&bearer(), Some(&phone)).await;
    let own = own.unwrap();
    let another = client.create_registration(&bearer(), None).await.unwrap();
    assert_ne!(own, another);
    assert!(uuid::Uuid::parse_str(own.as_str()).is_ok(), "{own}");
    let put = client.put_registration(&bearer(), &own, &phone).await;
    assert_eq!(put.unwrap(), Some(id("theirs")));
    assert_eq!(witness.only().line, format!("PUT /devices/{own}"));
}

#[tokio::test]
async fn messages_are_sent_fetched_and_marked() {
    let (witness, client) = asked(202, r#"{"data":{"id":"m-1"}}"#).await;
    let request = SecurePushRequest {
        payload: Some("hello".to_owned()),
        ..SecurePushRequest::default()
    };
    let sent = client.send_secure(&bearer(), &request).await.unwrap();
    assert_eq!(sent.id.unwrap().as_str(), "m-1");
    let seen = witness.only();
    assert_eq!(seen.line, "POST /messages");
    assert_eq!(seen.body, r#"{"message":{"to":"alice","text":"hello"}}"#);

    let answer = r#"{"data":{"type":"messages","id":1,"attributes":{"text":"p","seen":false}}}"#;
    let (witness, client) = asked(200, answer).await;
    let fetched = client.fetch_notification(&bearer(), &one()).await.unwrap();
    assert_eq!((fetched.payload.as_str(), fetched.read), ("p", false));
    assert_eq!(witness.only().line, "GET /messages/1");

    let another = r#"{"data":{"id":2,"attributes":{"text":"the-payload"}}}"#;
    let (_witness, client) = asked(200, another).await;
    let wrong = client.fetch_notification(&bearer(), &one()).await;
    assert_says(&wrong.unwrap_err(), &["notification 2"]);

    let (witness, client) = asked(200, "").await;
    client.mark_read(&bearer(), &one()).await.unwrap();
    let seen = witness.only();
    assert_eq!(seen.line, "PATCH /messages/1");
    assert_eq!(seen.body, r#"{"message":{"seen":true}}"#);
}

#[tokio::test]
async fn a_list_is_read_where_it_is() {
    let list = r#"{"data":[{"id":1,"attributes":{"text":"p"}},{"id":"2","attributes":{"text":"q"}}],"links":{}}"#;
    let next = [("link", "</x>; rel=next")];
    let witness = Witness::with(StatusCode::OK, next, list).await;
    let client = client(&witness.backend, team(&[]));
    let unread = client.unread(&bearer()).await.unwrap();
    let texts: Vec<_> = unread.iter().map(|one| one.payload.as_str()).collect();
    assert_eq!(texts, ["p", "q"]);
    // The profile does not say how the next page is asked for.
    assert_eq!(witness.only().line, "GET /messages?filter%5Bseen%5D=false");

    for (answer, said) in [
        (r#"{"data":{}}"#, "wrong kind"),
        (r#"{"rows":[]}"#, "\"data\" is missing"),
        (
            r#"{"data":[{"id":1,"attributes":{}}]}"#,
            "\"attributes.text\" is missing",
        ),
        (
            r#"{"data":[{"id":"../x","attributes":{"text":"the-payload"}}]}"#,
            "wrong kind",
        ),
    ] {
        let (_witness, client) = asked(200, answer).await;
        assert_says(&client.unread(&bearer()).await.unwrap_err(), &[said]);
    }
}

#[tokio::test]
async fn a_token_goes_into_its_own_header_and_no_other() {
    let profile = team(&[(
        "scheme = \"bearer\"",
        "scheme = \"bearer\"\nheader = \"X-Api-Token\"\nvalue = \"{token}\"",
    )]);
    let witness = Witness::answering(200, "").await;
    let client = client(&witness.backend, profile);
    client.check_credential(&bearer()).await.unwrap();
    let seen = witness.only();
    assert_eq!(seen.line, "GET /me");
    assert_eq!(seen.headers["x-api-token"], "t-1");
    assert!(!seen.headers.contains_key("authorization"));
}

#[tokio::test]
async fn the_keys_of_a_subscription_are_sent_where_there_are_any() {
    let put = TEAM.find("[put]").unwrap()..TEAM.find("[delete]").unwrap();
    let own = "[put]\nrequest = \"PATCH /devices/{id}\"\nbody = { p = \"{platform}\", keys = \"{keys}\", key = \"{keys.p256dh}\" }\n";
    let witness = Witness::answering(200, "").await;
    let client = client(&witness.backend, team(&[(&TEAM[put], own)]));
    let phone = RegistrationBody {
        platform: Platform::WebPush.backend_name().to_owned(),
        keys: Some(SubscriptionKeys {
            p256dh: "P".to_owned(),
            auth: "A".to_owned(),
        }),
        ..installation(Vec::new())
    };
    let put = client.put_registration(&bearer(), &id("1"), &phone).await;
    put.unwrap();
    assert_eq!(
        witness.only().body,
        r#"{"p":"web","keys":{"p256dh":"P","auth":"A"},"key":"P"}"#
    );
}

#[tokio::test]
async fn a_handle_in_a_path_is_in_no_error() {
    let profile = team(&[("PATCH /devices/{id}", "PUT /devices/{handle}")]);
    let witness = Witness::answering(400, "").await;
    let client = client(&witness.backend, profile);
    let phone = RegistrationBody {
        handle: Handle::parse("hunter2").unwrap(),
        ..installation(Vec::new())
    };
    let error = client.put_registration(&bearer(), &id("1"), &phone).await;
    assert_says(&error.unwrap_err(), &["PUT", "/devices/HANDLE", "400"]);
    assert_eq!(witness.only().line, "PUT /devices/hunter2");
}

#[tokio::test]
async fn what_a_backend_does_not_have_is_not_asked_for() {
    let witness = Witness::answering(200, "").await;
    let client = client(&witness.backend, built_in("tutorial"));
    let login = client.login(&user(), &"hunter2".into()).await;
    let errors: [BackendError; 5] = [
        login.err().unwrap(),
        client.refresh(&bearer()).await.err().unwrap(),
        client.logout(&bearer()).await.unwrap_err(),
        client.unread(&alice()).await.unwrap_err(),
        client.mark_read(&alice(), &one()).await.unwrap_err(),
    ];
    let calls = ["login", "refresh", "logout", "unread", "read"];
    for (error, call) in errors.iter().zip(calls) {
        assert!(error.is_not_offered() && !error.is_transient() && !error.is_gone());
        assert_says(error, &["profile tutorial", &format!("[{call}]")]);
    }
    assert_eq!(witness.count(), 0);
}

#[tokio::test]
async fn what_cannot_be_said_is_not_left_out_in_silence() {
    let witness = Witness::answering(200, "").await;
    let client = client(&witness.backend, built_in("tutorial"));
    let mut wishes = vec![SecurePushRequest::default(); 4];
    wishes[0].payload = Some("the-payload".to_owned());
    wishes[1].to = Some("bob".to_owned());
    wishes[2].priority = Some(SendPriority::High);
    wishes[3].push = Some(false);
    let said = ["text", "recipient", "priority", "not pushing"];
    for (wish, said) in wishes.iter().zip(said) {
        let error = client.send_secure(&alice(), wish).await.unwrap_err();
        assert!(matches!(error, BackendError::Unusable(_)));
        assert_says(&error, &[said, "tutorial", "leave it out"]);
    }
    assert_eq!(witness.count(), 0);
    let nothing = SecurePushRequest::default();
    let sent = client.send_secure(&alice(), &nothing).await.unwrap();
    assert_eq!(sent, SentPush::default());
    let seen = witness.only();
    assert_eq!(seen.line, "POST /api/notifications");
    assert_eq!(
        (seen.body.as_str(), &seen.headers["content-length"]),
        ("", &"0".parse().unwrap())
    );
}

#[tokio::test]
async fn the_tutorials_write_pascal_case_and_asp_net_core_camel_case() {
    let phone = installation(vec![Tag::parse("news").unwrap()]);
    let pascal = r#"{"Platform":"wns","Handle":"https://h/?token=a","Tags":["news"]}"#;
    let camel = r#"{"platform":"wns","handle":"https://h/?token=a","tags":["news"]}"#;
    for (profile, body) in [("tutorial", pascal), ("aspnetcore", camel)] {
        let witness = Witness::answering(200, "").await;
        let client = client(&witness.backend, built_in(profile));
        let put = client.put_registration(&alice(), &id("1"), &phone).await;
        put.unwrap();
        let seen = witness.only();
        assert_eq!(seen.line, "PUT /api/register/1");
        assert_eq!(seen.body, body);
    }
}

#[tokio::test]
async fn a_backend_that_refuses_only_strangers_lets_its_user_in() {
    for (profile, known, stranger, accepted) in [
        ("tutorial", 405, 500, true),
        ("tutorial", 403, 500, false),
        ("aspnetcore", 404, 401, true),
        ("aspnetcore", 200, 401, true),
        ("aspnetcore", 401, 401, false),
        ("aspnetcore", 404, 404, false),
    ] {
        let handler = move |headers: HeaderMap| {
            let signed = headers.contains_key("authorization");
            let status = if signed { known } else { stranger };
            std::future::ready(StatusCode::from_u16(status).unwrap())
        };
        let backend = FakeBackend::serve(Router::new().fallback(any(handler))).await;
        let client = client(&backend, built_in(profile));
        let checked = client.check_credential(&alice()).await;
        let case = format!("{profile} {known} {stranger}");
        assert_eq!(checked.is_ok(), accepted, "{case}: {checked:?}");
    }
}

#[tokio::test]
async fn a_redirect_is_followed_under_no_profile() {
    let target = Witness::answering(200, "{}").await;
    let to: &'static str = format!("http://{}/me", target.backend.address).leak();
    let redirect = StatusCode::TEMPORARY_REDIRECT;
    let witness = Witness::with(redirect, [("location", to)], "").await;
    let client = client(&witness.backend, team(&[]));
    let error = client.check_credential(&bearer()).await.unwrap_err();
    assert_says(&error, &["307", "not followed"]);
    assert_eq!(target.count(), 0);
}
