//! Whoever has the channel URI can post anything: each push ends with a reason, and the phone goes
//! on.

use handset::lab::Lab;
use handset::telemetry::EventName;

use crate::support::wns::WnsSender;
use crate::support::{LIMIT, dropped_because, events_of, eventually};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_pushes_are_dropped_with_a_reason_and_the_next_one_is_shown() {
    let lab = Lab::start().await.unwrap();
    let phone = lab.device("phone").user("alice").start().await.unwrap();
    let sender = WnsSender::to(&lab, &phone).await;
    let unusable: [&[u8]; 9] = [
        b"   ",
        b"{}",
        b"../../admin",
        b"..",
        b"{\"secureId\":\"../../admin\"}",
        b"\xff\xfe\x00\x01",
        b"1?x=1",
        b"1\r\nX-Injected: yes",
        &[b'x'; 5000],
    ];
    for body in unusable {
        let answer = sender.raw(body).await;
        assert_eq!((answer.code, answer.status.as_str()), (200, "received"));
        let dropped = phone
            .wait_for("the push's end", LIMIT, |event| {
                event.event == EventName::PushDropped
                    && event.text("message") == Some(answer.message.as_str())
            })
            .await
            .unwrap();
        assert_eq!(dropped.text("reason"), Some("no_notification_id"));
        assert!(
            dropped
                .text("detail")
                .is_some_and(|detail| detail.len() < 400)
        );
    }
    assert_eq!(sender.raw(vec![b'1'; 10_240]).await.code, 413);
    let empty = [("content-length", "0")];
    assert_eq!(sender.post("wns/raw", "", &empty).await.code, 400);
    assert_eq!(sender.raw("nobody-knows-this").await.code, 200);
    dropped_because(&phone, "payload_gone").await;
    sender.post("wns/tile", "<tile/>", &[]).await;
    dropped_because(&phone, "unsupported_type").await;
    assert!(phone.shown_toasts().is_empty());

    lab.backend()
        .send_secure("alice", "still here")
        .await
        .unwrap();
    assert_eq!(phone.next_toast(LIMIT).await.unwrap().body, "still here");
    assert_eq!(events_of(&phone, EventName::ChannelOpened).len(), 1);
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visible_push_is_shown_as_it_is_and_its_markup_is_text() {
    let lab = Lab::start().await.unwrap();
    let phone = lab.device("phone").without_backend().start().await.unwrap();
    let sender = WnsSender::to(&lab, &phone).await;
    let xml = "<toast><visual><binding template=\"ToastText02\">\
               <text id=\"1\">&lt;b&gt;Hello&lt;/b&gt;</text>\
               <text id=\"2\">1 &amp; 2 &lt;a href=\"x\"&gt;\u{202E}</text>\
               </binding></visual></toast>";
    sender.post("wns/toast", xml, &[]).await;
    let toast = phone.next_toast(LIMIT).await.unwrap();
    assert_eq!(toast.title, "<b>Hello</b>");
    assert_eq!(toast.body, "1 & 2 <a href=\"x\">");

    let bomb = "<!DOCTYPE t [<!ENTITY a \"aaaaaaaa\"><!ENTITY b \"&a;&a;&a;\">]>\
                <toast><visual><binding template=\"ToastText01\"><text>&b;</text>\
                </binding></visual></toast>";
    for broken in ["<toast>", "no xml at all", bomb] {
        let before = events_of(&phone, EventName::PushDropped).len();
        sender.post("wns/toast", broken, &[]).await;
        eventually("it is dropped", || {
            events_of(&phone, EventName::PushDropped).len() > before
        })
        .await;
    }
    dropped_because(&phone, "unreadable_toast").await;
    assert_eq!(sender.raw("1").await.status, "received");
    dropped_because(&phone, "no_backend").await;
    assert_eq!(phone.shown_toasts().len(), 1);
    lab.finish().await.unwrap();
}
