//! A push server that knows no platforms: the device becomes a Web Push device, and says so.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use handset::lab::Lab;
use handset::model::Platform;
use handset::wire::webpush::{DeviceKeys, encrypt};

use crate::support::push_server::PushServer;
use crate::support::{LIMIT, dropped_because, eventually};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_becomes_a_web_push_device_and_reads_what_is_sealed_for_it() {
    let lab = Lab::start().await.unwrap();
    let server = PushServer::start().await;
    let device = lab.device("phone").user("alice").push(server.url());
    let phone = device.platform(Platform::Wns).start().await.unwrap();
    let status = phone.status().await.unwrap();
    assert_eq!(status.platform, Platform::WebPush);
    let subscription = status.subscription.unwrap();
    assert_eq!(
        status.handle.as_deref(),
        Some(subscription.endpoint.as_str())
    );
    assert_eq!(server.frames("register")[0]["platform"], "wns");

    let sent = lab.backend().send_secure("alice", "sealed").await.unwrap();
    let id = sent.id.unwrap();
    let foreign = encrypt(&DeviceKeys::generate().public(), b"1").unwrap();
    server.notify("foreign", &URL_SAFE_NO_PAD.encode(foreign));
    dropped_because(&phone, "undecryptable").await;
    eventually("it is told", || server.ack_of("foreign") == Some(101)).await;

    let sealed = encrypt(&subscription.keys, id.as_str().as_bytes()).unwrap();
    for _ in 0..3 {
        server.notify("own", &URL_SAFE_NO_PAD.encode(&sealed));
    }
    assert_eq!(phone.next_toast(LIMIT).await.unwrap().body, "sealed");
    eventually("it is acknowledged", || server.ack_of("own") == Some(100)).await;
    assert_eq!(
        phone.shown_toasts().len(),
        1,
        "one message, however often it comes"
    );
    lab.finish().await.unwrap();
}
