//! Audiences, as each SDK writes them: for which addresses a token is good.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use reqwest::Method;
use secrecy::ExposeSecret as _;
use sha2::Sha256;
use url::form_urlencoded::byte_serialize;

use super::{FULL, Hub};
use crate::emulator::tests::send;

/// A token over an audience that stands as it is given, its parts in this order.
fn sign(hub: &Hub, resource: &str, order: [usize; 4]) -> String {
    let expires = hub.0.clock().now().as_second() + 300;
    let key = hub.key(FULL);
    let mut mac = Hmac::<Sha256>::new_from_slice(key.key.expose_secret().as_bytes()).unwrap();
    mac.update(format!("{resource}\n{expires}").as_bytes());
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    let signature: String = byte_serialize(signature.as_bytes()).collect();
    let parts = [
        format!("sr={resource}"),
        format!("sig={signature}"),
        format!("se={expires}"),
        format!("skn={FULL}"),
    ];
    let parts = order.map(|at| parts[at].as_str()).join("&");
    format!("SharedAccessSignature {parts}")
}

fn encoded(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}

async fn status(hub: &Hub, token: &str, path: &str) -> u16 {
    let request = hub.unsigned(Method::GET, path).header("authorization", token);
    send(request).await.status().as_u16()
}

#[tokio::test]
async fn every_sdks_audience_is_taken() {
    let hub = Hub::open().await;
    let path = "/handset/registrations/Abc?api-version=2020-06";
    let port = hub.0.http_address().port();
    for (resource, order) in [
        // @azure/notification-hubs
        (format!("https%3A%2F%2F127.0.0.1%3A{port}%2F"), [0, 1, 2, 3]),
        // .NET
        (
            "http%3a%2f%2f127.0.0.1%2fhandset%2fregistrations%2fabc%2f".to_owned(),
            [0, 1, 2, 3],
        ),
        // azure-sb
        (
            encoded(&format!(
                "https://127.0.0.1:{port}/handset/registrations/abc?api-version=2015-01"
            ))
            .to_lowercase(),
            [1, 2, 3, 0],
        ),
        // Java
        (
            encoded(&format!("https://127.0.0.1:{port}{path}").to_lowercase()),
            [0, 1, 3, 2],
        ),
        ("sb%3A%2F%2F127.0.0.1%2Fhandset".to_owned(), [3, 2, 1, 0]),
    ] {
        let token = sign(&hub, &resource, order);
        assert_eq!(status(&hub, &token, path).await, 404, "{resource}");
    }
    hub.close().await;
}

/// An audience, and whether it is for `/handset/registrations/abc` at 127.0.0.1.
#[derive(Debug)]
struct Audience {
    url: String,
    good: bool,
}

fn audiences() -> impl Strategy<Value = Audience> {
    let schemes = prop::sample::select(vec!["http", "https", "sb", "HTTPS"]);
    let hosts = prop::sample::select(vec![
        ("127.0.0.1", true),
        ("127.0.0.2", false),
        ("127.0.0.1.example", false),
        ("localhost", false),
        ("127.0.0.1@evil.example", false),
        ("", false),
    ]);
    let ports = prop::sample::select(vec!["", ":443", ":1", ":8443"]);
    let paths = prop::sample::select(vec![
        ("", true),
        ("/", true),
        ("/handset", true),
        ("/handset/", true),
        ("/HANDSET/Registrations", true),
        ("/handset/registrations/abc", true),
        ("/handset/registrations/abc/", true),
        ("/hand", false),
        ("/handset/reg", false),
        ("/handset/registrations/ab", false),
        ("/handset/registrations/abcd", false),
        ("/handset/registrations/abc/d", false),
        ("/handset/messages", false),
        ("/other", false),
    ]);
    let queries = prop::sample::select(vec!["", "?api-version=2015-01", "?a=/other"]);
    (schemes, hosts, ports, paths, queries).prop_map(|(scheme, host, port, path, query)| Audience {
        url: format!("{scheme}://{}{port}{}{query}", host.0, path.0),
        good: host.1 && path.1,
    })
}

#[test]
fn a_token_opens_what_its_audience_covers_and_nothing_else() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let hub = runtime.block_on(Hub::open());
    let mut runner = TestRunner::new(Config::with_cases(200));
    let strategy = (audiences(), any::<bool>(), prop::sample::select(vec![
        [0, 1, 2, 3],
        [1, 2, 3, 0],
        [3, 2, 1, 0],
    ]));
    let run = runner.run(&strategy, |(audience, lower, order)| {
        let resource = encoded(&audience.url);
        let resource = if lower { resource.to_lowercase() } else { resource };
        let token = sign(&hub, &resource, order);
        let found = runtime.block_on(status(&hub, &token, "/handset/registrations/abc"));
        prop_assert_eq!(found, if audience.good { 404 } else { 401 });
        Ok(())
    });
    runtime.block_on(hub.close());
    run.unwrap();
}
