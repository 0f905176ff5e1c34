//! Strict credentials: the generated ones are taken on every platform, others on none.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::RequestBuilder;
use rsa::RsaPrivateKey;
use rsa::pkcs1v15::SigningKey;
use rsa::pkcs8::DecodePrivateKey as _;
use rsa::signature::{SignatureEncoding as _, Signer as _};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json as value};
use sha2::Sha256;

use super::backend::{push, register};
use super::wns::raw;
use super::{Device, Services, client, json, options, send, url};
use crate::emulator::{SenderCredentials, ServicesOptions};
use crate::wire::webpush::{DeviceKeys, encrypt};

const FORM: &str = "application/x-www-form-urlencoded";

async fn start() -> Services {
    Services::start(ServicesOptions {
        strict_credentials: true,
        ..options()
    })
    .await
    .unwrap()
}

async fn refused(request: RequestBuilder) -> (u16, Value) {
    let answer = send(request).await;
    (answer.status().as_u16(), json(answer).await)
}

async fn accepted(request: RequestBuilder) {
    let answer = send(request).await;
    assert!(answer.status().is_success(), "{answer:?}");
}

fn form(services: &Services, path: &str, fields: &[(&str, &str)]) -> RequestBuilder {
    let form = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    let request = client().post(url(services, path));
    request.header("content-type", FORM).body(form)
}

#[tokio::test]
async fn the_hub_reaches_every_platform() {
    let services = start().await;
    let keys = DeviceKeys::generate();
    let mut devices = Vec::new();
    for (platform, name) in [
        ("wns", "wns"),
        ("apns", "apns"),
        ("fcm", "gcm"),
        ("webpush", "browser"),
    ] {
        let (device, handle, _) = Device::registered(&services, platform).await;
        let keys = (platform == "webpush").then(|| keys.public());
        let body = value!({"Platform": name, "Handle": handle, "Keys": keys});
        register(&services, "alice", &body).await;
        devices.push(device);
    }
    let sent = push(&services, "alice", value!({})).await;
    let deliveries = sent["Deliveries"].as_array().unwrap();
    assert_eq!(deliveries.len(), 4, "{sent}");
    for delivery in deliveries {
        assert_eq!(delivery["Outcome"], "received", "{delivery}");
    }
    for device in &mut devices {
        device.hear().await;
    }
    // Nothing of that needed the RSA key.
    assert!(services.credentials().known_service_account().is_none());
    services.shutdown().await;
}

#[tokio::test]
async fn wns_gives_its_own_client_a_token() {
    let services = start().await;
    let (mut device, handle, _) = Device::registered(&services, "wns").await;
    let (own, other) = (services.credentials(), SenderCredentials::generate());
    let flows = [
        ("accesstoken.srf", "notify.windows.com"),
        (
            "tenant/oauth2/v2.0/token",
            "https://wns.windows.com/.default",
        ),
    ];
    for (path, scope) in flows {
        let token = |id: &str, secret: &str| {
            let fields = [
                ("grant_type", "client_credentials"),
                ("client_id", id),
                ("client_secret", secret),
                ("scope", scope),
            ];
            form(&services, path, &fields)
        };
        let (wns, foreign) = (own.wns(), other.wns());
        for (id, secret) in [
            (foreign.id(), foreign.secret()),
            (wns.id(), foreign.secret()),
            (foreign.id(), wns.secret()),
        ] {
            let (status, body) = refused(token(id, secret.expose_secret())).await;
            assert_eq!((status, &body["error"]), (400, &"invalid_client".into()));
        }
        let answer = send(token(wns.id(), wns.secret().expose_secret())).await;
        let token = json(answer).await["access_token"]
            .as_str()
            .unwrap()
            .to_owned();
        accepted(raw(&handle, &token, "1")).await;
        device.hear().await;
    }
    assert_eq!(send(raw(&handle, "made-up", "1")).await.status(), 401);
    services.shutdown().await;
}

#[tokio::test]
async fn apns_takes_tokens_of_its_own_key() {
    let services = start().await;
    let (mut device, token, _) = Device::registered(&services, "apns").await;
    let with = |credentials: &SenderCredentials| {
        let bearer = credentials.apns().provider_token(services.clock().now());
        client()
            .post(url(&services, &format!("3/device/{token}")))
            .bearer_auth(bearer.expose_secret())
            .header("apns-topic", "com.example.app")
            .body("{}")
    };
    let (status, body) = refused(with(&SenderCredentials::generate())).await;
    assert_eq!(
        (status, &body["reason"]),
        (403, &"InvalidProviderToken".into())
    );
    accepted(with(services.credentials())).await;
    device.hear().await;
    services.shutdown().await;
}

/// An assertion as Google's libraries write it; `kid` only where it is given.
fn assertion(services: &Services, pem: &str, email: &str, kid: Option<&str>) -> String {
    let now = services.clock().now().as_second();
    let mut head = value!({"alg": "RS256", "typ": "JWT"});
    if let Some(kid) = kid {
        head["kid"] = kid.into();
    }
    let claims = value!({
        "iss": email, "aud": "https://oauth2.googleapis.com/token", "iat": now, "exp": now + 3600,
        "scope": "https://www.googleapis.com/auth/firebase.messaging",
    });
    let text = [head, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
    let text = text.join(".");
    let key = SigningKey::<Sha256>::new(RsaPrivateKey::from_pkcs8_pem(pem).unwrap());
    let signature = URL_SAFE_NO_PAD.encode(key.sign(text.as_bytes()).to_vec());
    format!("{text}.{signature}")
}

#[tokio::test]
async fn fcm_takes_assertions_of_its_own_service_account() {
    let services = start().await;
    let token = |assertion: &str| {
        let grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
        let fields = [("grant_type", grant), ("assertion", assertion)];
        form(&services, "token", &fields)
    };
    let foreign = SenderCredentials::generate();
    let foreign = foreign.service_account().await.unwrap();
    let foreign_pem = foreign.private_key().expose_secret();
    let email = "handset@handset-emulated.iam.gserviceaccount.com";
    // Before and after anybody asked for the service account.
    for _ in 0..2 {
        let (status, body) = refused(token(&assertion(&services, foreign_pem, email, None))).await;
        assert_eq!((status, &body["error"]), (400, &"invalid_grant".into()));
        services.credentials().service_account().await.unwrap();
    }
    let own = services.credentials().service_account().await.unwrap();
    let (email, pem) = (own.client_email(), own.private_key().expose_secret());
    for (email, pem, kid) in [
        ("a@b.example", pem, Some(own.key_id())),
        (email, pem, Some(foreign.key_id())),
        (email, foreign_pem, Some(own.key_id())),
    ] {
        let (status, body) = refused(token(&assertion(&services, pem, email, kid))).await;
        assert_eq!((status, &body["error"]), (400, &"invalid_grant".into()));
    }
    let refresh = [
        ("grant_type", "refresh_token"),
        ("client_id", "a"),
        ("client_secret", "b"),
        ("refresh_token", "c"),
    ];
    assert_eq!(refused(form(&services, "token", &refresh)).await.0, 400);
    for kid in [None, Some(own.key_id())] {
        let answer = send(token(&assertion(&services, pem, email, kid))).await;
        assert_eq!(answer.status(), 200);
    }
    services.shutdown().await;
}

#[tokio::test]
async fn fcm_takes_its_own_tokens_for_its_own_project() {
    let services = start().await;
    let (mut device, handle, _) = Device::registered(&services, "fcm").await;
    let own = services.credentials().service_account().await.unwrap();
    let assertion = assertion(
        &services,
        own.private_key().expose_secret(),
        own.client_email(),
        None,
    );
    let fields = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
        ("assertion", &assertion),
    ];
    let answer = json(send(form(&services, "token", &fields)).await).await;
    let token = answer["access_token"].as_str().unwrap();
    let to = |project: &str, token: &str| {
        let body = value!({"message": {"token": handle, "data": {"a": "b"}}});
        client()
            .post(url(
                &services,
                &format!("v1/projects/{project}/messages:send"),
            ))
            .bearer_auth(token)
            .header("content-type", "application/json")
            .body(body.to_string())
    };
    let (status, body) = refused(to(own.project(), "ya29.any")).await;
    assert_eq!(
        (status, &body["error"]["status"]),
        (401, &"UNAUTHENTICATED".into())
    );
    let (status, body) = refused(to("other-project", token)).await;
    let error = &body["error"];
    assert_eq!(
        (status, &error["status"]),
        (403, &"PERMISSION_DENIED".into())
    );
    assert_eq!(error["details"][0]["reason"], "IAM_PERMISSION_DENIED");
    accepted(to(own.project(), token)).await;
    device.hear().await;
    services.shutdown().await;
}

#[tokio::test]
async fn web_push_takes_its_own_application_server() {
    let services = start().await;
    let keys = DeviceKeys::generate();
    let (mut device, _) = Device::greet(&services, None).await;
    let answer = device.register(value!({})).await;
    let endpoint = answer["pushEndpoint"].as_str().unwrap();
    let body = encrypt(&keys.public(), b"hello").unwrap();
    let push = || {
        client()
            .post(endpoint)
            .header("ttl", "60")
            .header("content-encoding", "aes128gcm")
            .body(body.clone())
    };
    let header = |credentials: &SenderCredentials| {
        let audience = services.http_url().origin().ascii_serialization();
        let now = services.clock().now();
        let header = credentials.vapid().authorization(&audience, now);
        header.expose_secret().to_owned()
    };
    let foreign = header(&SenderCredentials::generate());
    // The right key's name under another's signature.
    let own = header(services.credentials());
    let forged = format!(
        "{}, k={}",
        foreign.split_once(',').unwrap().0,
        own.split_once("k=").unwrap().1
    );
    for request in [
        push(),
        push().header("authorization", foreign),
        push().header("authorization", forged),
    ] {
        let (status, body) = refused(request).await;
        assert_eq!((status, &body["errno"]), (401, &109.into()), "{body}");
    }
    // An endpoint that asks for an error is no way round.
    let asking = url(&services, "wpush/v1/error-410");
    let (status, body) = refused(client().post(asking).header("ttl", "60")).await;
    assert_eq!((status, &body["errno"]), (401, &109.into()), "{body}");
    accepted(push().header("authorization", own)).await;
    let heard = device.hear().await;
    assert!(heard["data"].is_string(), "{heard}");
    services.shutdown().await;
}
