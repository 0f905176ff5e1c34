//! Plain toasts (the Notify Users tutorial): text that a platform shows by itself.
//!
//! They go to the named user's devices of one platform. The tutorial's backend also sends to
//! whoever has the tag `from:{sender}`; as anybody may set that tag, this one does not.

use std::sync::Arc;

use axum::response::Response;
use url::form_urlencoded;

use crate::model::{DisplayText, Platform, UserName};
use crate::wire::app_backend::{MAX_TOAST, ToastAnswer};

use super::AppBackend;
use super::answer::{Refusal, json, read_json};
use super::caller::Caller;
use super::{forms, registration};

/// `POST /api/notifications?pns=…&to_tag=…` with the text as a JSON string.
pub(super) async fn send(
    backend: &Arc<AppBackend>,
    caller: &Caller,
    query: &str,
    body: &[u8],
) -> Result<Response, Refusal> {
    let Query { platform, to } = read_query(query)?;
    let text: String = read_json(body)?;
    if text.len() > MAX_TOAST {
        return Err(Refusal::TooLarge("the toast is larger than 2 KiB"));
    }
    let text = DisplayText::new(&text);
    if text.is_empty() {
        return Err(Refusal::BadRequest("the toast has no text".into()));
    }
    let text = format!("From {}: {}", caller.user, text.as_str());
    let forms = forms::toasts([platform], &text)?;
    let (sender, receiver) = (backend.clone(), to.clone());
    let sent = backend.to_its_end(async move { Ok(sender.push(&receiver, forms).await?) });
    let deliveries = sent.await?;
    Ok(json(ToastAnswer {
        to: to.to_string(),
        deliveries,
    }))
}

struct Query {
    platform: Platform,
    to: UserName,
}

fn read_query(query: &str) -> Result<Query, Refusal> {
    let bad = |problem: &str| Refusal::BadRequest(problem.to_owned());
    let (mut pns, mut to) = (None, None);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match name.to_ascii_lowercase().as_str() {
            "pns" if pns.is_none() => pns = Some(value),
            "to_tag" if to.is_none() => to = Some(value),
            _ => return Err(bad("only pns and to_tag are taken, each once")),
        }
    }
    let pns = pns.ok_or_else(|| bad("pns is missing"))?;
    let platform = registration::platform("pns", &pns)?;
    let to = to.ok_or_else(|| bad("to_tag is missing: name the user it is for"))?;
    Ok(Query {
        platform,
        to: UserName::parse(&to)?,
    })
}
