//! `DELETE` on a channel URI.

use reqwest::RequestBuilder;

use super::wns::token;
use super::{Device, client, header, send, start};

fn delete(handle: &str, access: &str, wish: &str) -> RequestBuilder {
    let request = client().delete(handle).bearer_auth(access);
    request.header("x-wns-match", wish)
}

#[tokio::test]
async fn a_removal_reaches_the_device_in_place_of_a_toast() {
    let services = start().await;
    let access = token(&services).await;
    let (mut device, handle, uaid) = Device::registered(&services, "wns").await;
    let both = delete(&handle, &access, "type:wns/toast;group=g1;tag=t1");
    let answer = send(both.header("ms-cv", "a.1").body("ignored")).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(header(&answer, "x-wns-status"), "received");
    assert_eq!(header(&answer, "x-wns-notificationstatus"), "received");
    assert_eq!(header(&answer, "ms-cv"), "a.1");
    let heard = device.hear().await;
    assert_eq!(heard["version"], header(&answer, "x-wns-msg-id"));
    let headers = &heard["headers"];
    assert_eq!(headers["x-wns-type"], "wns/toast-removal");
    assert_eq!(
        (&headers["collapse"], &headers["group"]),
        (&"t1".into(), &"g1".into())
    );
    assert!(heard.get("data").is_none(), "{heard}");
    device.ack(&heard).await;
    device.leave(&services).await;
    for wish in ["tag=t1", "tag=t1", "all"] {
        let wish = format!("type:wns/toast;{wish}");
        assert_eq!(send(delete(&handle, &access, &wish)).await.status(), 200);
    }
    let (mut device, _) = Device::greet(&services, Some(&uaid)).await;
    for tag in [Some("t1"), None] {
        let heard = device.hear().await;
        assert_eq!(heard["headers"]["collapse"].as_str(), tag);
        device.ack(&heard).await;
    }
    device.hears_nothing().await;
    services.shutdown().await;
}

#[tokio::test]
async fn a_removal_that_does_not_fit_is_refused() {
    let services = start().await;
    let access = token(&services).await;
    let (mut device, handle, _) = Device::registered(&services, "wns").await;
    let all = "type:wns/toast;all";
    let unknown = format!("{handle}x");
    let on_demand = handle.replace("token=", "token=error-410&x=");
    for (request, status) in [
        (client().delete(&handle).bearer_auth(&access), 400),
        (delete(&handle, &access, "type:wns/tile;all"), 400),
        (delete(&handle, &access, "type:wns/toast;tag=a b"), 400),
        (delete(&handle, "junk", all), 401),
        (delete(&unknown, &access, all), 404),
        (delete(&on_demand, &access, all), 410),
    ] {
        let answer = send(request).await;
        assert_eq!(answer.status(), status);
        assert_eq!(header(&answer, "x-wns-status"), "dropped");
        assert!(!header(&answer, "x-wns-error-description").is_empty());
    }
    // No sender may name what the service says to the device.
    let named = client().post(&handle).bearer_auth(&access).body("x");
    let named = named.header("x-wns-type", "wns/toast-removal");
    let named = named.header("content-type", "text/xml");
    assert_eq!(send(named).await.status(), 400);
    device.hears_nothing().await;
    services.shutdown().await;
}
