//! What each call sends, and what it takes for a success.

mod notifications;
mod registrations;
mod sign_in;

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::routing::any;

use crate::backend::testing::FakeBackend;
use crate::model::{Handle, RegistrationId, Tag};
use crate::wire::app_backend::RegistrationBody;

#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) line: String,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

/// A backend that gives every request the same answer and remembers what it saw.
pub(super) struct Witness {
    pub(super) backend: FakeBackend,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Witness {
    pub(super) async fn answering(status: u16, answer: &'static str) -> Self {
        Self::with(StatusCode::from_u16(status).unwrap(), [], answer).await
    }

    /// As [`Witness::answering`], with more headers.
    pub(super) async fn with<const N: usize>(
        status: StatusCode,
        more: [(&'static str, &'static str); N],
        answer: &'static str,
    ) -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = seen.clone();
        let handler = move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
            let body = String::from_utf8(body.to_vec()).unwrap();
            let line = format!("{method} {uri}");
            log.lock().unwrap().push(Seen {
                line,
                headers,
                body,
            });
            std::future::ready((status, more, answer))
        };
        let backend = FakeBackend::serve(Router::new().fallback(any(handler))).await;
        Self { backend, seen }
    }

    /// How many requests came.
    pub(super) fn count(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    pub(super) fn only(&self) -> Seen {
        let seen = self.seen.lock().unwrap();
        assert_eq!(seen.len(), 1, "{seen:?}");
        seen[0].clone()
    }
}

pub(super) fn id(text: &str) -> RegistrationId {
    RegistrationId::parse(text).unwrap()
}

pub(super) fn installation(tags: Vec<Tag>) -> RegistrationBody {
    RegistrationBody {
        platform: "wns".to_owned(),
        handle: Handle::parse("https://h/?token=a").unwrap(),
        keys: None,
        tags,
    }
}
