//! The embedded hub: installations in the services' database, routing by one tag.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt as _};

use crate::emulator::EmulatorError;
use crate::emulator::credentials::SenderCredentials;
use crate::emulator::origins::Origins;
use crate::emulator::push::access_tokens::AccessTokens;
use crate::lifecycle::{Clock, timeouts};
use crate::model::{Invalid, RegistrationId, TagExpression};
use crate::store::Store;
use crate::wire::app_backend::Delivery;
use crate::wire::notification_hub::{Format, PnsHandle};

use super::destination::{CheckedResolver, Destinations};
use super::senders::{ApnsToken, FcmToken, Senders, Sent, Tokens, VapidToken, WnsToken};
use super::{Content, Device, Hub, HubError, installations};

/// How many devices are posted to at once.
const AT_ONCE: usize = 16;

/// Routes by tag and posts over HTTP.
#[derive(Debug)]
pub(in crate::emulator) struct TagHub {
    store: Store,
    senders: Senders,
}

impl TagHub {
    /// A hub for the services at `own` and the hosts in `allowed`.
    pub(in crate::emulator) fn new(
        store: Store,
        clock: Clock,
        own: Arc<Origins>,
        allowed: &[String],
        credentials: SenderCredentials,
        fcm_tokens: AccessTokens,
    ) -> Result<Self, EmulatorError> {
        // The one TLS provider of the crate; whoever comes first installs it for the process.
        rustls::crypto::ring::default_provider()
            .install_default()
            .ok();
        let builder = reqwest::Client::builder();
        // The embedded services speak plain HTTP: the system's certificates are read only for others.
        let builder = if allowed.is_empty() {
            builder.tls_certs_only([])
        } else {
            builder
        };
        let client = builder
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .pool_idle_timeout(timeouts::HTTP_IDLE)
            .dns_resolver(CheckedResolver)
            .connect_timeout(timeouts::HUB_CONNECT)
            .timeout(timeouts::HUB_REQUEST)
            .user_agent("handset-hub")
            .build()
            .map_err(|error| EmulatorError::Client {
                cause: error.to_string(),
            })?;
        let tokens = Tokens {
            wns: WnsToken::new(own.local().clone(), credentials.clone()),
            apns: ApnsToken::new(credentials.clone(), clock.clone()),
            fcm: FcmToken::new(fcm_tokens, credentials.project(), clock.clone()),
            web_push: VapidToken::new(credentials, clock),
        };
        let senders = Senders::new(client, tokens, Destinations::new(own, allowed));
        Ok(Self { store, senders })
    }

    async fn deliver(&self, device: Device, form: Content) -> Delivery {
        let to = PnsHandle {
            text: device.handle,
            keys: device.keys,
        };
        let sent = self.senders.send(&to, &form).await;
        if matches!(sent, Sent::Gone(_)) {
            let handle = to.text;
            let removed = self
                .store
                .write(move |c| installations::remove_handle(c, &handle))
                .await;
            if let Err(error) = removed {
                tracing::warn!(%error, "a handle that is gone could not be removed");
            }
        }
        sent.into_delivery(device.platform)
    }
}

impl Hub for TagHub {
    fn upsert(&self, device: Device) -> BoxFuture<'_, Result<(), HubError>> {
        Box::pin(async move {
            let put = self
                .store
                .write(move |c| installations::upsert(c, &device))
                .await;
            Ok(put?)
        })
    }

    fn remove(&self, ids: Vec<RegistrationId>) -> BoxFuture<'_, Result<(), HubError>> {
        Box::pin(async move {
            let removed = self
                .store
                .write(move |c| installations::remove(c, &ids))
                .await;
            Ok(removed?)
        })
    }

    fn send(
        &self,
        to: TagExpression,
        forms: Vec<Content>,
    ) -> BoxFuture<'_, Result<Vec<Delivery>, HubError>> {
        Box::pin(async move {
            let TagExpression::Tag(tag) = to else {
                return Err(Invalid::new("tag expression", "has more than one tag").into());
            };
            let found = self
                .store
                .read(move |c| installations::with_tag(c, &tag))
                .await?;
            let of = |device: Device| {
                let platform = Format::Native(device.platform.into());
                let form = forms.iter().find(|form| form.format == platform)?;
                Some((device, form.clone()))
            };
            let meant: Vec<_> = found.into_iter().filter_map(of).collect();
            let deliveries = stream::iter(meant)
                .map(|(device, form)| self.deliver(device, form))
                .buffer_unordered(AT_ONCE)
                .collect()
                .await;
            Ok(deliveries)
        })
    }
}
