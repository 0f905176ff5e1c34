//! A hub elsewhere, such as one of Azure, asked over the REST API of Azure Notification Hubs as any
//! app backend asks it.
//!
//! Devices are installations there, under the ids of their registrations. A hub answers a send before
//! it delivers, so that the sender hears that each platform's push was taken, and no more.

mod client;
mod exchange;
mod options;
mod problem;
mod sending;
#[cfg(test)]
mod tests;
mod token;

use std::collections::BTreeMap;

use futures_util::future::BoxFuture;
use futures_util::stream::{self, TryStreamExt as _};
use reqwest::{Method, StatusCode};
use url::Url;

use crate::emulator::EmulatorError;
use crate::emulator::administration::Policy;
use crate::lifecycle::Clock;
use crate::model::{Invalid, RegistrationId, TagExpression};
use crate::wire::app_backend::Delivery;
use crate::wire::notification_hub::{HubPlatform, Installation, PnsHandle};

use super::{Content, Device, Hub, HubError};
use exchange::{Link, Request};
pub use options::RemoteHubOptions;
use problem::Problem;
use token::SasTokens;

/// The installation that is asked for to see whether the hub answers.
const CHECKED: &str = "handset-check";

/// How many installations are removed at once.
const AT_ONCE: usize = 8;

/// A hub elsewhere.
#[derive(Debug)]
pub(in crate::emulator) struct RemoteHub {
    link: Link,
    host: String,
    name: String,
    policy: Policy,
    /// The domain that the backend speaks for.
    domain: String,
}

impl RemoteHub {
    /// Nothing is connected yet.
    ///
    /// # Errors
    /// [`EmulatorError::Option`] for a file of authorities that cannot be used, or plain http beyond
    /// this machine; [`EmulatorError::Client`].
    pub(in crate::emulator) fn new(
        options: RemoteHubOptions,
        policy: Policy,
        domain: String,
        clock: Clock,
    ) -> Result<Self, EmulatorError> {
        let client = client::build(&options.endpoint, options.ca_file.as_deref())?;
        let hub = below(&options.endpoint, &options.name)?;
        let link = Link {
            client,
            tokens: SasTokens::new(options.key, hub.clone(), clock),
            hub,
        };
        Ok(Self {
            link,
            host: options::host_of(&options.endpoint),
            name: options.name,
            policy,
            domain,
        })
    }

    /// Warns when the hub cannot be used.
    pub(in crate::emulator) async fn check(&self) {
        match self.answers().await {
            Ok(()) => tracing::info!(
                host = self.host,
                hub = self.name,
                "the hub elsewhere answers"
            ),
            Err(problem) => tracing::warn!("the hub {} {problem}", self.host),
        }
    }

    /// Asks the hub for an installation, which there need not be: whoever may put one may do that.
    /// What is wrong, to stand behind the hub's host.
    pub(in crate::emulator) async fn answers(&self) -> Result<(), String> {
        let request = Request {
            method: Method::GET,
            path: &["installations", CHECKED],
            repeatable: true,
            ..Request::default()
        };
        match self.link.ask(&request).await {
            Err(problem) if !is_no_installation(&problem) => Err(problem.in_words(&self.name)),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    async fn put(&self, device: Device) -> Result<(), HubError> {
        let id = device.id.as_str().to_owned();
        let handle = device.handle.as_str().to_owned();
        let body = installation(device)?.write();
        let request = Request {
            method: Method::PUT,
            path: &["installations", &id],
            content_type: Some("application/json"),
            body: body.into(),
            repeatable: true,
            private: vec![&handle],
            ..Request::default()
        };
        let put = self.link.ask(&request).await;
        put.map(drop).map_err(|problem| self.error(problem))
    }

    async fn delete(&self, id: RegistrationId) -> Result<(), HubError> {
        let request = Request {
            method: Method::DELETE,
            path: &["installations", id.as_str()],
            repeatable: true,
            ..Request::default()
        };
        match self.link.ask(&request).await {
            Ok(_) => Ok(()),
            Err(problem) if is_no_installation(&problem) => Ok(()),
            Err(problem) => Err(self.error(problem)),
        }
    }

    fn error(&self, problem: Problem) -> HubError {
        problem.into_error(&self.host, &self.name)
    }
}

impl Hub for RemoteHub {
    fn upsert(&self, device: Device) -> BoxFuture<'_, Result<(), HubError>> {
        Box::pin(self.put(device))
    }

    fn remove(&self, ids: Vec<RegistrationId>) -> BoxFuture<'_, Result<(), HubError>> {
        Box::pin(async move {
            stream::iter(ids.into_iter().map(Ok))
                .map_ok(|id| self.delete(id))
                .try_buffer_unordered(AT_ONCE)
                .try_for_each(|()| std::future::ready(Ok(())))
                .await
        })
    }

    fn send(
        &self,
        to: TagExpression,
        forms: Vec<Content>,
    ) -> BoxFuture<'_, Result<Vec<Delivery>, HubError>> {
        Box::pin(self.send_all(to, forms))
    }
}

/// The hub's own URL.
fn below(endpoint: &Url, name: &str) -> Result<Url, Invalid> {
    let mut url = endpoint.clone();
    url.set_query(None);
    url.path_segments_mut()
        .map_err(|()| Invalid::new("hub", "has an endpoint that has no path"))?
        .clear()
        .push(name);
    Ok(url)
}

/// The device as the hub keeps it. The user stands in a tag, as in the embedded hub.
///
/// # Errors
/// [`Invalid`] for a handle that is none of its platform's: no hub takes it.
fn installation(device: Device) -> Result<Installation, Invalid> {
    let platform = HubPlatform::from(device.platform);
    Ok(Installation {
        id: device.id.into(),
        platform,
        handle: PnsHandle::parse(platform, device.handle.as_str(), device.keys)?,
        channel_expired: false,
        tags: device.tags,
        user_id: None,
        expires: None,
        push_variables: BTreeMap::new(),
        templates: BTreeMap::new(),
        secondary_tiles: BTreeMap::new(),
    })
}

/// True for a 404 about the installation, not about the hub.
fn is_no_installation(problem: &Problem) -> bool {
    match problem {
        Problem::Answer {
            status: StatusCode::NOT_FOUND,
            detail,
            ..
        } => detail
            .as_ref()
            .is_none_or(|detail| !detail.contains("No service is hosted")),
        Problem::Answer { .. }
        | Problem::Unreachable(_)
        | Problem::Tls(_)
        | Problem::TimedOut
        | Problem::Interrupted(_)
        | Problem::ServiceOff(_)
        | Problem::Unusable => false,
    }
}
