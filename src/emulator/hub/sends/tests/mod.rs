//! Sends through the embedded push services, over real sockets.

mod accepted;
mod interrupted;
mod outcomes;
mod pass;
mod scheduled;
mod tested;

use std::collections::BTreeMap;

use crate::emulator::Services;
use crate::emulator::hub::Content;
use crate::emulator::hub::asking::Precondition;
use crate::emulator::hub::notification_hub::NotificationHub;
use crate::emulator::hub::send::{Send, Target};
use crate::emulator::tests::LIMIT;
use crate::model::{Handle, RegistrationId, Tag, TagExpression};
use crate::wire::notification_hub::{
    Format, HubPlatform, MessageState, NotificationDetails, PnsHandle, Registration, Template,
};

fn handle(text: &str) -> PnsHandle {
    PnsHandle {
        text: Handle::parse(text).unwrap(),
        keys: None,
    }
}

fn registration(platform: HubPlatform, at: &str, tags: &[&str]) -> Registration {
    Registration {
        platform,
        handle: handle(at),
        tags: tags.iter().map(|tag| Tag::parse(*tag).unwrap()).collect(),
        push_variables: BTreeMap::new(),
        secondary_tile: None,
        template: None,
    }
}

fn template(body: &str) -> Option<Template> {
    Some(Template {
        name: None,
        body: body.to_owned(),
        headers: Vec::new(),
        expiry: None,
        priority: None,
    })
}

async fn put(services: &Services, id: &str, new: Registration) {
    let id = RegistrationId::parse(id).unwrap();
    services
        .hub()
        .put(id, new, Precondition::None)
        .await
        .unwrap();
}

async fn register(services: &Services, id: &str, platform: HubPlatform, at: &str, tags: &[&str]) {
    put(services, id, registration(platform, at, tags)).await;
}

async fn is_registered(services: &Services, id: &str) -> bool {
    let id = RegistrationId::parse(id).unwrap();
    services.hub().registration(id).await.unwrap().is_some()
}

fn to(expression: &str) -> Target {
    Target::Tags(TagExpression::parse(expression).unwrap())
}

fn native(platform: HubPlatform, to: Target, body: &str) -> Send {
    let content = Content::new(Format::Native(platform), body.to_owned());
    Send { to, content }
}

/// An FCM notification.
fn fcm(to: Target) -> Send {
    native(HubPlatform::FcmV1, to, r#"{"message":{"data":{"a":"1"}}}"#)
}

/// Until the send has ended.
async fn ended(hub: &NotificationHub, id: &str) -> NotificationDetails {
    let ended = async {
        loop {
            let told = hub.details(id.to_owned()).await.unwrap().unwrap();
            if told.ended.is_some() {
                return told;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LIMIT, ended).await.expect("it ends")
}

/// How often each outcome came on a platform, such as `Success=2 Skipped=1`.
fn counts(told: &NotificationDetails, platform: HubPlatform) -> String {
    let counts = told.counts.get(&platform).cloned().unwrap_or_default();
    let counts = counts
        .into_iter()
        .map(|(name, count)| format!("{name}={count}"));
    counts.collect::<Vec<_>>().join(" ")
}

async fn sent(services: &Services, send: Send) -> NotificationDetails {
    let hub = services.hub();
    let id = hub.accept(send).await.unwrap();
    ended(hub, &id).await
}

/// A listener that takes connections and never says a word; its URL.
async fn silent() -> (tokio::net::TcpListener, String) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/w/?token=silent", listener.local_addr().unwrap());
    (listener, url)
}

fn state(told: &NotificationDetails) -> MessageState {
    told.state
}
