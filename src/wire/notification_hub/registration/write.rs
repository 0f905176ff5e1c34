//! Writing entries and feeds, elements in the order that .NET's data contracts need.

use jiff::Timestamp;
use serde_json::json;
use url::Url;

use super::super::HubPlatform;
use super::super::markup::{ATOM, CONNECT, INSTANCE, METADATA};
use super::super::markup::{attribute, document, element, millis, seconds, text};
use super::{Registration, StoredRegistration, Template, header_prefix, kind_name};

/// The expiry of a registration that never expires.
const NEVER: &str = "9999-12-31T23:59:59.999";

/// One stored registration as an entry; `at` is its URL. The elements stand in the order that .NET's
/// data contracts need. Times are written to the second, its expiry to the millisecond.
#[must_use]
pub fn write_entry(stored: &StoredRegistration, at: &Url) -> String {
    let mut out = String::new();
    push_entry(&mut out, stored, at, &format!(r#" xmlns="{ATOM}""#));
    out
}

/// A list of stored registrations, each with its URL, as a feed.
#[must_use]
pub fn write_feed(stored: &[(StoredRegistration, Url)], at: &Url, now: Timestamp) -> String {
    let mut out = format!(r#"<feed xmlns="{ATOM}"><title type="text">Registrations</title>"#);
    element(&mut out, "id", at.as_str());
    element(&mut out, "updated", &seconds(now));
    push_link(&mut out, at);
    for (registration, url) in stored {
        push_entry(&mut out, registration, url, "");
    }
    out.push_str("</feed>");
    out
}

/// An entry, whose namespace is declared by itself or by the feed around it.
fn push_entry(out: &mut String, stored: &StoredRegistration, at: &Url, namespace: &str) {
    let etag = format!("W/\"{}\"", stored.etag);
    let etag = attribute(&etag);
    out.push_str(&format!(
        r#"<entry a:etag="{etag}"{namespace} xmlns:a="{METADATA}">"#
    ));
    element(out, "id", at.as_str());
    let id = text(stored.id.as_str());
    out.push_str(&format!(r#"<title type="text">{id}</title>"#));
    let updated = seconds(stored.updated);
    element(out, "published", &updated);
    element(out, "updated", &updated);
    push_link(out, at);
    push_content(out, stored);
    out.push_str("</entry>");
}

fn push_link(out: &mut String, at: &Url) {
    let href = attribute(at.as_str());
    out.push_str(&format!(r#"<link rel="self" href="{href}"/>"#));
}

fn push_content(out: &mut String, stored: &StoredRegistration) {
    let registration = &stored.registration;
    let kind = kind_name(registration.platform);
    let template = registration.template.as_ref().map_or("", |_| "Template");
    let name = format!("{kind}{template}RegistrationDescription");
    out.push_str(&format!(
        r#"<content type="application/xml"><{name} xmlns="{CONNECT}" xmlns:i="{INSTANCE}">"#
    ));
    let expires = stored.expires.map_or_else(|| NEVER.to_owned(), millis);
    element(out, "ETag", &stored.etag.to_string());
    element(out, "ExpirationTime", &expires);
    element(out, "RegistrationId", stored.id.as_str());
    push_routing(out, registration);
    push_handle(out, registration);
    if let Some(template) = &registration.template {
        push_template(out, registration.platform, template);
    }
    out.push_str(&format!("</{name}></content>"));
}

fn push_routing(out: &mut String, registration: &Registration) {
    if !registration.tags.is_empty() {
        let tags: Vec<&str> = registration.tags.iter().map(|tag| tag.as_str()).collect();
        element(out, "Tags", &tags.join(","));
    }
    if !registration.push_variables.is_empty() {
        element(
            out,
            "PushVariables",
            &json!(registration.push_variables).to_string(),
        );
    }
}

fn push_handle(out: &mut String, registration: &Registration) {
    let handle = registration.handle.text.as_str();
    match registration.platform {
        HubPlatform::Windows | HubPlatform::WindowsPhone => {
            element(out, "ChannelUri", handle);
            push_some(
                out,
                "SecondaryTileName",
                registration.secondary_tile.as_deref(),
            );
        }
        HubPlatform::Apple => element(out, "DeviceToken", handle),
        HubPlatform::FcmV1 => element(out, "FcmV1RegistrationId", handle),
        HubPlatform::Gcm => element(out, "GcmRegistrationId", handle),
        HubPlatform::Adm => element(out, "AdmRegistrationId", handle),
        HubPlatform::Xiaomi => element(out, "XiaomiRegistrationId", handle),
        HubPlatform::Baidu => {
            let (user, channel) = handle.split_once('-').unwrap_or((handle, ""));
            element(out, "BaiduUserId", user);
            element(out, "BaiduChannelId", channel);
        }
        HubPlatform::Browser => {
            element(out, "Endpoint", handle);
            if let Some(keys) = &registration.handle.keys {
                element(out, "P256DH", &keys.p256dh);
                element(out, "Auth", &keys.auth);
            }
        }
    }
}

fn push_template(out: &mut String, platform: HubPlatform, template: &Template) {
    let name = template.name.as_deref();
    let body = document(&template.body);
    out.push_str(&format!("<BodyTemplate>{body}</BodyTemplate>"));
    match platform {
        // .NET requires the list of headers there, even when it is empty.
        HubPlatform::Windows | HubPlatform::WindowsPhone => {
            push_headers(out, platform, &template.headers);
            push_some(out, "TemplateName", name);
        }
        HubPlatform::Apple => {
            push_some(out, "Expiry", template.expiry.as_deref());
            push_some(out, "TemplateName", name);
            push_some(out, "Priority", template.priority.as_deref());
            if !template.headers.is_empty() {
                push_headers(out, platform, &template.headers);
            }
        }
        HubPlatform::FcmV1
        | HubPlatform::Gcm
        | HubPlatform::Browser
        | HubPlatform::Adm
        | HubPlatform::Baidu
        | HubPlatform::Xiaomi => push_some(out, "TemplateName", name),
    }
}

fn push_headers(out: &mut String, platform: HubPlatform, headers: &[(String, String)]) {
    let Some(prefix) = header_prefix(platform) else {
        return;
    };
    out.push_str(&format!("<{prefix}Headers>"));
    for (name, value) in headers {
        out.push_str(&format!("<{prefix}Header>"));
        element(out, "Header", name);
        element(out, "Value", value);
        out.push_str(&format!("</{prefix}Header>"));
    }
    out.push_str(&format!("</{prefix}Headers>"));
}

fn push_some(out: &mut String, name: &str, content: Option<&str>) {
    if let Some(content) = content {
        element(out, name, content);
    }
}
