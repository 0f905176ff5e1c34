//! The CONNECT proxy.

use std::net::SocketAddr;

use reqwest::{ClientBuilder, Proxy, Version};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::ways::{ANY, open, port, start, trusting};
use super::{Device, LIMIT, Services, ServicesOptions, send};

fn through_proxy(services: &Services) -> ClientBuilder {
    let proxy = services.urls().proxy.clone().unwrap();
    trusting(services).proxy(Proxy::all(proxy).unwrap())
}

#[tokio::test]
async fn the_proxy_stands_for_the_push_hosts() {
    let services = start(open()).await;
    for version in [Version::HTTP_11, Version::HTTP_2] {
        let client = through_proxy(&services);
        let client = match version {
            Version::HTTP_11 => client.http1_only(),
            _ => client,
        };
        let client = client.build().unwrap();
        for (host, status, word) in [
            ("fcm.googleapis.com", 200, "FCM"),
            ("api.push.apple.com:2197", 404, "BadPath"),
            ("x.notify.windows.com:8443", 200, "FCM"),
        ] {
            let answer = send(client.get(format!("https://{host}/"))).await;
            assert_eq!(
                (answer.status().as_u16(), answer.version()),
                (status, version)
            );
            assert!(answer.text().await.unwrap().contains(word), "{host}");
        }
    }
    assert_eq!(services.shutdown().await, 0);
}

#[tokio::test]
async fn handles_under_the_real_names_are_pushed_to_through_the_proxy() {
    let real = ServicesOptions {
        real_handles: true,
        ..open()
    };
    let services = start(real).await;
    let (mut device, endpoint, _) = Device::registered(&services, "webpush").await;
    let mozilla = "https://updates.push.services.mozilla.com/wpush/";
    assert!(endpoint.starts_with(mozilla), "{endpoint}");
    let client = through_proxy(&services).build().unwrap();
    let answer = send(client.post(&endpoint).header("ttl", "60")).await;
    assert_eq!(answer.status(), 201);
    let message = super::header(&answer, "location").to_owned();
    let mozilla = "https://updates.push.services.mozilla.com/m/";
    assert!(message.starts_with(mozilla), "{message}");
    assert_eq!(device.hear().await["messageType"], "notification");
    let (_other, channel, _) = Device::registered(&services, "wns").await;
    let wns = "https://wns2-emulated.notify.windows.com/w/?token=";
    assert!(channel.starts_with(wns), "{channel}");
    services.shutdown().await;
}

/// What the proxy answers, until it hangs up.
async fn asked_of_proxy(services: &Services, request: &str) -> String {
    let proxy = SocketAddr::new(ANY.ip(), port(services.urls().proxy.as_ref()));
    let mut stream = TcpStream::connect(proxy).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    let all = stream.read_to_end(&mut bytes);
    tokio::time::timeout(LIMIT, all).await.unwrap().ok();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test]
async fn the_proxy_refuses_all_else_and_says_what_to_do() {
    let services = start(open()).await;
    for (request, status, said) in [
        (
            "CONNECT example.com:443 HTTP/1.1\r\nhost: x\r\n\r\n",
            "403",
            "--proxy-pass",
        ),
        (
            "CONNECT 127.0.0.1:22 HTTP/1.1\r\nhost: x\r\n\r\n",
            "403",
            "NO_PROXY",
        ),
        (
            "CONNECT fcm.googleapis.com.evil.example:443 HTTP/1.1\r\nhost: x\r\n\r\n",
            "403",
            "evil",
        ),
        (
            "CONNECT fcm.googleapis.com HTTP/1.1\r\nhost: x\r\n\r\n",
            "400",
            "port",
        ),
        (
            "GET http://example.com/ HTTP/1.1\r\nhost: x\r\n\r\n",
            "405",
            "HTTPS_PROXY",
        ),
        (
            "GET / HTTP/1.1\r\nhost: x\r\n\r\n",
            "400",
            "handset env --proxy",
        ),
        ("\x16\x03\x01 junk\r\n\r\n", "400", ""),
        ("junk\r\n\r\n", "400", ""),
    ] {
        let answer = asked_of_proxy(&services, request).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{request}: {answer}"
        );
        assert!(answer.contains(said), "{request}: {answer}");
    }
    let long = format!("CONNECT {}:443 HTTP/1.1\r\n\r\n", "x".repeat(64 * 1024));
    let answer = asked_of_proxy(&services, &long).await;
    assert!(!answer.contains("200 OK"), "{answer}");
    assert_eq!(services.shutdown().await, 0);
}

#[tokio::test]
async fn a_proxy_that_passes_tunnels_to_other_hosts_but_the_special_ones() {
    let passing = ServicesOptions {
        proxy_pass: true,
        ..open()
    };
    let services = start(passing).await;
    let listener = TcpListener::bind(ANY).await.unwrap();
    let target = listener.local_addr().unwrap();
    let proxy = SocketAddr::new(ANY.ip(), port(services.urls().proxy.as_ref()));
    let mut near = TcpStream::connect(proxy).await.unwrap();
    // What follows the head at once belongs to the tunnel.
    let request = format!("CONNECT {target} HTTP/1.1\r\nhost: {target}\r\n\r\nearly");
    near.write_all(request.as_bytes()).await.unwrap();
    let (mut far, _) = listener.accept().await.unwrap();
    let mut early = [0; 5];
    far.read_exact(&mut early).await.unwrap();
    assert_eq!(&early, b"early");
    far.write_all(b"answer").await.unwrap();
    drop(far);
    let mut answer = String::new();
    near.read_to_string(&mut answer).await.unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.ends_with("answer"),
        "{answer}"
    );
    drop(listener);
    for (to, status) in [
        (target.to_string(), "502"),
        ("169.254.169.254:80".to_owned(), "403"),
        ("no-such-host.invalid:1".to_owned(), "502"),
    ] {
        let request = format!("CONNECT {to} HTTP/1.1\r\nhost: x\r\n\r\n");
        let answer = asked_of_proxy(&services, &request).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{to}: {answer}"
        );
    }
    assert_eq!(services.shutdown().await, 0);
}
