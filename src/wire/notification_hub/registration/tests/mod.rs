mod hostile;
mod property;
mod samples;

use url::Url;

use super::*;
use crate::model::{Handle, Invalid, SubscriptionKeys};

/// An entry around a description, as SDKs send it.
fn entry(description: &str) -> String {
    format!(
        r#"<entry xmlns="http://www.w3.org/2005/Atom"><content type="application/xml">{description}</content></entry>"#
    )
}

/// The entry as an SDK sends it.
fn written(registration: &Registration, updated: Timestamp) -> String {
    let stored = StoredRegistration {
        id: RegistrationId::parse("1").unwrap(),
        etag: 1,
        expires: None,
        updated,
        registration: registration.clone(),
    };
    let entry = write_entry(&stored, &Url::parse("https://localhost/").unwrap());
    let content = entry.find("<content").unwrap();
    let of_the_hub = entry.find("<ETag>").unwrap();
    let (_, rest) = entry.split_once("</RegistrationId>").unwrap();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\
         <entry xmlns=\"http://www.w3.org/2005/Atom\"><updated>{}</updated>{}{rest}",
        super::super::markup::millis(updated),
        &entry[content..of_the_hub]
    )
}

fn read(description: &str) -> Result<Registration, Invalid> {
    Registration::read(entry(description).as_bytes())
}

fn tags(registration: &Registration) -> Vec<&str> {
    registration.tags.iter().map(Tag::as_str).collect()
}

/// A native registration of each platform, and the text of its handle on the wire.
fn native(platform: HubPlatform) -> Registration {
    let text = match platform {
        HubPlatform::Windows | HubPlatform::WindowsPhone => {
            "https://db5p.notify.windows.com/w/?token=c2%2b%2f"
        }
        HubPlatform::Apple => "62BCD348",
        HubPlatform::Browser => "https://updates.push.services.mozilla.com/wpush/v2/dc1a",
        HubPlatform::Baidu => "userId-channel-Id",
        HubPlatform::FcmV1 | HubPlatform::Gcm | HubPlatform::Adm | HubPlatform::Xiaomi => {
            "e1a3:APA91b"
        }
    };
    let keys = SubscriptionKeys {
        p256dh: "opOQ".to_owned(),
        auth: "JVhR".to_owned(),
    };
    Registration {
        platform,
        handle: PnsHandle {
            text: Handle::parse(text).unwrap(),
            keys: (platform == HubPlatform::Browser).then_some(keys),
        },
        tags: vec![Tag::parse("t").unwrap()],
        push_variables: BTreeMap::new(),
        secondary_tile: None,
        template: None,
    }
}

fn template(body: &str) -> Template {
    Template {
        name: Some("tmpl1".to_owned()),
        body: body.to_owned(),
        headers: Vec::new(),
        expiry: None,
        priority: None,
    }
}
