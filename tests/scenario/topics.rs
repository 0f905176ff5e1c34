//! Phones that are subscribed to topics of FCM by their developer's server.

use handset::lab::{Lab, Phone};
use handset::model::Platform;
use serde_json::json;

use crate::support::LIMIT;
use crate::support::fcm::FcmSender;

async fn android(lab: &Lab, name: &str, user: &str) -> Phone {
    let device = lab.device(name).user(user).platform(Platform::Fcm);
    device.start().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_to_topics_is_shown_by_the_phones_that_are_meant() {
    let lab = Lab::start().await.unwrap();
    let (one, two) = (
        android(&lab, "one", "alice").await,
        android(&lab, "two", "bob").await,
    );
    let (of_one, of_two) = (
        FcmSender::to(&lab, &one).await,
        FcmSender::to(&lab, &two).await,
    );
    of_one.change_topic("batchAdd", "news").await;
    of_two.change_topic("batchAdd", "news").await;
    of_two.change_topic("batchAdd", "sport").await;
    let publish = async |target: (&str, &str), title: &str| {
        let notification = json!({"title": title, "body": "b"});
        let message = json!({target.0: target.1, "notification": notification});
        of_one.publish(message).await;
    };
    let next = async |phone: &Phone| phone.next_toast(LIMIT).await.unwrap().title;
    publish(("topic", "news"), "to both").await;
    assert_eq!(
        (next(&one).await, next(&two).await),
        ("to both".into(), "to both".into())
    );
    let condition = "'news' in topics && !('sport' in topics)";
    publish(("condition", condition), "to one").await;
    assert_eq!(next(&one).await, "to one");
    of_one.change_topic("batchRemove", "news").await;
    publish(("topic", "news"), "to two").await;
    assert_eq!(next(&two).await, "to two");
    of_one
        .send(json!({"notification": {"title": "alone", "body": "b"}}))
        .await;
    assert_eq!(next(&one).await, "alone");
    assert_eq!((one.shown_toasts().len(), two.shown_toasts().len()), (3, 2));
    lab.finish().await.unwrap();
}
