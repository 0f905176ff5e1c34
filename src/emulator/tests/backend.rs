//! The app backend as a phone and a sender meet it.

use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json as value};

use super::device::content;
use super::{
    Device, Services, ServicesOptions, client, header, json, options, pass, send, start,
    start_simulated, url,
};
use crate::emulator::Users;
use crate::wire::webpush::DeviceKeys;

pub(super) fn request(
    services: &Services,
    method: Method,
    path: &str,
    user: &str,
) -> RequestBuilder {
    let request = client().request(method, url(services, path));
    request.basic_auth(user, Some(user))
}

async fn login(services: &Services, user: &str) -> String {
    let body = value!({"username": user, "password": user}).to_string();
    let answer = send(client().post(url(services, "api/login")).body(body)).await;
    assert_eq!(answer.status(), 200);
    let answer = json(answer).await;
    assert_eq!(answer["expires_in"], 3600);
    answer["token"].as_str().unwrap().to_owned()
}

/// Registers `handle` for `user`; the registration's id.
pub(super) async fn register(services: &Services, user: &str, body: &Value) -> String {
    let created = send(request(services, Method::POST, "api/register", user)).await;
    let id = json(created).await.as_str().unwrap().to_owned();
    assert_eq!(put(services, user, &id, body).await, 200);
    id
}

pub(super) async fn put(services: &Services, user: &str, id: &str, body: &Value) -> u16 {
    let path = format!("api/register/{id}");
    let request = request(services, Method::PUT, &path, user).body(body.to_string());
    send(request).await.status().as_u16()
}

pub(super) fn wns(handle: &str) -> Value {
    value!({"Platform": "wns", "Handle": handle, "Tags": ["news"]})
}

pub(super) async fn push(services: &Services, from: &str, body: Value) -> Value {
    let request = request(services, Method::POST, "api/notifications", from);
    let answer = send(request.body(body.to_string())).await;
    assert_eq!(answer.status(), 201);
    let location = header(&answer, "location").to_owned();
    let answer = json(answer).await;
    assert_eq!(
        location,
        format!("/api/notifications/{}", answer["Id"].as_str().unwrap())
    );
    answer
}

pub(super) async fn status(request: RequestBuilder) -> u16 {
    send(request).await.status().as_u16()
}

#[tokio::test]
async fn without_the_right_credentials_everything_is_401() {
    let services = start().await;
    let me = url(&services, "api/notifications/1");
    for value in [
        "",
        "Basic",
        "Basic !!!",
        "Basic YQ==",
        "Bearer ",
        "Bearer junk",
        "Digest x",
    ] {
        let answer = send(client().get(&me).header("authorization", value)).await;
        assert_eq!(answer.status(), 401, "{value:?}");
        assert_eq!(
            answer.headers().get_all("www-authenticate").iter().count(),
            2
        );
    }
    assert_eq!(status(client().get(&me)).await, 401);
    assert_eq!(
        status(client().get(&me).basic_auth("alice", Some("wrong"))).await,
        401
    );
    assert_eq!(
        status(client().get(&me).basic_auth("Alice", Some("alice"))).await,
        404
    );
    let lower = "basic YWxpY2U6YWxpY2U";
    assert_eq!(
        status(client().get(&me).header("authorization", lower)).await,
        404
    );
    for (body, expected) in [
        (r#"{"username":"alice","password":"wrong"}"#, 401),
        (r#"{"username":"a b","password":"a b"}"#, 401),
        ("{}", 400),
        ("junk", 400),
    ] {
        let login = client().post(url(&services, "api/login")).body(body);
        let answer = send(login).await;
        assert_eq!(answer.status(), expected, "{body}");
        let said = json(answer).await["Message"].to_string();
        assert!(!said.contains("Basic"), "{said}");
        assert_eq!(said.contains("password is wrong"), expected == 401);
    }
    services.shutdown().await;
}

#[tokio::test]
async fn a_bearer_token_expires_and_can_be_renewed_and_ended() {
    let services = start_simulated().await;
    let get = |token: &str| {
        client()
            .get(url(&services, "api/notifications/1"))
            .bearer_auth(token)
    };
    let first = login(&services, "Alice").await;
    assert_eq!(status(get(&first)).await, 404, "signed in");
    let refresh = client()
        .post(url(&services, "api/login/refresh"))
        .bearer_auth(&first);
    let second = json(send(refresh).await).await["token"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        status(get(&first)).await,
        404,
        "it still serves what is on its way"
    );
    pass(Duration::from_secs(61)).await;
    assert_eq!(status(get(&first)).await, 401);
    assert_eq!(status(get(&second)).await, 404);
    let logout = client()
        .post(url(&services, "api/logout"))
        .bearer_auth(&second);
    assert_eq!(status(logout).await, 204);
    assert_eq!(status(get(&second)).await, 401);
    let third = login(&services, "alice").await;
    pass(Duration::from_secs(3600)).await;
    assert_eq!(status(get(&third)).await, 401);
    let fourth = login(&services, "alice").await;
    assert!(services.revoke_tokens().await.unwrap() >= 1);
    assert_eq!(status(get(&fourth)).await, 401);
    let basic = request(&services, Method::POST, "api/login/refresh", "alice");
    assert_eq!(status(basic).await, 401, "only a bearer token is exchanged");
    services.shutdown().await;
}

#[tokio::test]
async fn a_users_file_replaces_the_demo_rule() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("users");
    let hash = "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$";
    std::fs::write(&path, format!("alice:{hash}")).unwrap();
    assert!(
        Users::load(&path).await.is_err(),
        "a hash without its end is refused"
    );
    std::fs::write(&path, format!("alice:{}", hash_of("s3cret"))).unwrap();
    let users = Users::load(&path).await.unwrap();
    let services = Services::start(ServicesOptions { users, ..options() })
        .await
        .unwrap();
    let get = |user, password| {
        let request = client().get(url(&services, "api/notifications/1"));
        request.basic_auth(user, Some(password))
    };
    assert_eq!(status(get("alice", "s3cret")).await, 404);
    assert_eq!(status(get("alice", "s3cret")).await, 404, "remembered");
    assert_eq!(status(get("alice", "alice")).await, 401);
    assert_eq!(status(get("bob", "bob")).await, 401);
    services.shutdown().await;
}

fn hash_of(password: &str) -> String {
    use argon2::password_hash::PasswordHasher as _;
    let params = argon2::Params::new(64, 1, 1, None).unwrap();
    argon2::Argon2::from(params)
        .hash_password(password.as_bytes())
        .unwrap()
        .to_string()
}

#[tokio::test]
async fn a_secure_push_reaches_its_user_alone_and_carries_only_the_id() {
    let services = start().await;
    let (mut alice, alices, _) = Device::registered(&services, "wns").await;
    let (mut bob, bobs, _) = Device::registered(&services, "wns").await;
    register(&services, "alice", &wns(&alices)).await;
    register(&services, "bob", &wns(&bobs)).await;
    let sent = push(
        &services,
        "bob",
        value!({"to": "ALICE", "payload": "Your code is 4711"}),
    )
    .await;
    let id = sent["Id"].as_str().unwrap();
    assert_eq!(sent["Deliveries"][0]["Outcome"], "received");
    assert_eq!(sent["Deliveries"].as_array().unwrap().len(), 1);
    let heard = alice.hear().await;
    assert_eq!(content(&heard), id);
    assert_eq!(heard["version"], sent["Deliveries"][0]["Message"]);
    bob.hears_nothing().await;
    let path = format!("api/notifications/{id}");
    let own = json(send(request(&services, Method::GET, &path, "alice")).await).await;
    assert_eq!(
        own,
        value!({"Id": id, "Payload": "Your code is 4711", "Read": false})
    );
    assert_eq!(
        status(request(&services, Method::GET, &path, "bob")).await,
        404
    );
    assert_eq!(
        status(request(
            &services,
            Method::PUT,
            &format!("{path}/read"),
            "bob"
        ))
        .await,
        404
    );
    services.shutdown().await;
}

#[tokio::test]
async fn hostile_requests_are_answered_and_change_nothing() {
    let services = start().await;
    let long = "x".repeat(10_240);
    for id in [
        "..%2f..%2fadmin",
        "%2e%2e",
        "a%00b",
        "a%0ab",
        "%ff",
        long.as_str(),
    ] {
        let answer = request(
            &services,
            Method::GET,
            &format!("api/notifications/{id}"),
            "alice",
        );
        let answered = status(answer).await;
        assert!(matches!(answered, 400 | 404), "{id:.20}: {answered}");
    }
    let post =
        |body: String| request(&services, Method::POST, "api/notifications", "alice").body(body);
    for (body, expected) in [
        ("junk".to_owned(), 400),
        (r#"{"to":"a b"}"#.to_owned(), 400),
        (r#"{"payload":7}"#.to_owned(), 400),
        (
            value!({"payload": "x".repeat(16 * 1024 + 1)}).to_string(),
            413,
        ),
        ("x".repeat(70_000), 413),
    ] {
        assert_eq!(status(post(body)).await, expected);
    }
    let plain = request(
        &services,
        Method::POST,
        "api/notifications?pns=wns&to_tag=bob",
        "alice",
    );
    assert_eq!(status(plain).await, 400);
    let nobody = push(&services, "alice", value!({"to": "nobody"})).await;
    assert_eq!(nobody["Deliveries"], value!([]));
    services.shutdown().await;
}

#[tokio::test]
async fn the_hub_says_what_became_of_each_push() {
    let services = start().await;
    let (device, handle, _) = Device::registered(&services, "wns").await;
    register(&services, "alice", &wns(&handle)).await;
    device.leave(&services).await;
    let outcome = |sent: &Value| sent["Deliveries"][0]["Outcome"].as_str().map(str::to_owned);
    let sent = push(&services, "alice", value!({})).await;
    assert_eq!(outcome(&sent).as_deref(), Some("dropped"), "{sent}");
    services.revoke_wns_tokens();
    let sent = push(&services, "alice", value!({})).await;
    assert_eq!(
        outcome(&sent).as_deref(),
        Some("dropped"),
        "the token is renewed: {sent}"
    );
    let gone = url(&services, "w/?token=unknown");
    register(&services, "bob", &wns(&gone)).await;
    let sent = push(&services, "bob", value!({})).await;
    assert_eq!(outcome(&sent).as_deref(), Some("refused"), "{sent}");
    let sent = push(&services, "bob", value!({})).await;
    assert_eq!(
        sent["Deliveries"],
        value!([]),
        "a handle that is gone is removed"
    );
    register(&services, "carol", &wns("http://127.0.0.1:1/w/?token=a")).await;
    let sent = push(&services, "carol", value!({})).await;
    assert!(
        sent["Deliveries"][0]["Reason"]
            .as_str()
            .unwrap()
            .contains("allowed"),
        "{sent}"
    );
    services.shutdown().await;
}

#[tokio::test]
async fn a_web_push_device_gets_the_id_encrypted() {
    use base64::Engine as _;
    let services = start().await;
    let (mut device, endpoint, _) = Device::registered(&services, "webpush").await;
    let keys = DeviceKeys::generate();
    let public = keys.public();
    let body = value!({
        "platform": "browser", "handle": endpoint, "tags": null,
        "keys": {"p256dh": public.p256dh, "auth": public.auth},
    });
    register(&services, "alice", &body).await;
    let sent = push(&services, "alice", value!({})).await;
    let heard = device.hear().await;
    assert_eq!(heard["headers"]["platform"], "webpush");
    assert_eq!(heard["version"], sent["Deliveries"][0]["Message"]);
    let data = heard["data"].as_str().unwrap();
    let data = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(data)
        .unwrap();
    assert_eq!(
        keys.decrypt(&data).unwrap(),
        sent["Id"].as_str().unwrap().as_bytes()
    );
    services.shutdown().await;
}
