//! Starting and ending the embedded services.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use secrecy::SecretString;
use url::Url;

use crate::lifecycle::{Clock, Scope, timeouts};
use crate::model::{Platform, TagExpression};
use crate::store::{Location, Store, StoreError};
use crate::telemetry::{Event, EventName};
use crate::wire::notification_hub::Format;
use crate::wire::push_administration::InForce;

use super::EmulatorError;
use super::administration::{AdminDoor, AdministrationOptions, PushAdministration};
use super::backend::AppBackend;
use super::credentials::SenderCredentials;
use super::front;
use super::hub::{HubName, NotificationHub, RemoteHubOptions};
use super::listeners::Listeners;
use super::options::{DataLocation, ServicesOptions};
use super::origins::{Listening, Origins};
use super::parts::Parts;
use super::push::fcm::Fcm;
use super::push::handles::Handles;
use super::push::queue::Queue;
use super::push::wns::Wns;
use super::roles::{Role, Roles};
use super::schema::SCHEMA;
use super::tls::{LocalNames, Tls};
use super::trace::TraceLog;
use super::urls::ServiceUrls;

/// The database's file in the data folder.
pub(super) const DATABASE: &str = "services.db";

/// The certificates' folder in the data folder.
const CERTIFICATES: &str = "tls";

/// The running services. Dropping them ends them without waiting.
#[derive(Debug)]
pub struct Services {
    address: SocketAddr,
    urls: ServiceUrls,
    roles: Roles,
    tls: Option<Arc<Tls>>,
    clock: Clock,
    hub_name: HubName,
    admin: Arc<AdminDoor>,
    trace: TraceLog,
    queue: Queue,
    backend: Arc<AppBackend>,
    wns: Arc<Wns>,
    fcm: Arc<Fcm>,
    hub: NotificationHub,
    credentials: SenderCredentials,
    store: Store,
    scope: Scope,
}

impl Services {
    /// Binds the listeners, opens the database, and serves until [`Self::shutdown`].
    ///
    /// # Errors
    /// [`EmulatorError`]: an address is taken or cannot be bound, the data folder or database is
    /// unusable, an option is, the certificates cannot be made.
    pub async fn start(options: ServicesOptions) -> Result<Self, EmulatorError> {
        let roles = options.roles;
        roles.check(options.remote_hub.is_some())?;
        let listeners = Listeners::bind(&options).await?;
        let address = listeners.http();
        let (own, urls) = whereabouts(&listeners, &options)?;
        let store = Store::open(location(&options.data).await?, SCHEMA).await?;
        let tls = certificates(&listeners, &options).await?;
        let (pass, hub_name) = (options.proxy_pass, options.hub_name.clone());
        let admin = admin_door(&options, &store).await?;
        let parts = Parts::build(options, store, Arc::new(own), admin)?;
        let Parts {
            doors,
            credentials,
            clock,
            trace,
            queue,
            handles,
            hub,
            store,
            scope,
        } = parts;
        if roles.has(Role::Backend) {
            doors.backend.take_up_registrations().await?;
            let backend = doors.backend.clone();
            scope.spawn("app backend's sweep", async move {
                // It asks the hub, and holds up nobody.
                backend.sweep_forever().await;
            });
        }
        let router = front::router(doors.clone(), roles);
        if roles.has(Role::Hub) {
            hub.start().await;
        }
        listeners.serve(&scope, router, tls.clone(), pass);
        sweep(&scope, &queue, handles, hub.clone());
        let (admin, backend) = (doors.admin, doors.backend);
        let (wns, fcm) = (doors.wns, doors.fcm);
        Ok(Self {
            address,
            urls,
            roles,
            tls,
            clock,
            hub_name,
            admin,
            trace,
            queue,
            backend,
            wns,
            fcm,
            hub,
            credentials,
            store,
            scope,
        })
    }

    /// The address that was bound.
    #[must_use]
    pub fn http_address(&self) -> SocketAddr {
        self.address
    }

    /// The base URL, with a trailing slash.
    #[must_use]
    pub fn http_url(&self) -> &Url {
        &self.urls.http
    }

    /// Where each service is reached, if it is served.
    #[must_use]
    pub fn urls(&self) -> &ServiceUrls {
        &self.urls
    }

    /// The certificate of the local authority, in PEM: what a client trusts to reach the services
    /// over HTTPS or through the proxy. None where neither is served.
    #[must_use]
    pub fn authority(&self) -> Option<&str> {
        self.tls.as_deref().map(Tls::authority)
    }

    /// The hub's name.
    #[must_use]
    pub fn hub_name(&self) -> &HubName {
        &self.hub_name
    }

    /// The `services.ready` event, with every URL of what is served, the hub's name and what push
    /// administration comes to.
    #[must_use]
    pub fn ready_event(&self) -> Event {
        let urls = self.urls.served(self.roles);
        let in_force = serde_json::to_value(self.in_force()).unwrap_or_default();
        let event = Event::new(self.clock.now(), EventName::ServicesReady);
        let event = event.with("urls", urls).with("administration", in_force);
        if self.roles.has(Role::Hub) {
            return event.with("hub", self.hub_name.as_str());
        }
        event
    }

    /// Which push services are on, and whether the embedded app backend may push.
    #[must_use]
    pub fn in_force(&self) -> InForce {
        self.admin.policy().in_force()
    }

    /// All that keeps the embedded app backend from pushing, each with its remedy, in the order in
    /// which it is to be mended.
    #[must_use]
    pub fn hurdles(&self) -> Vec<String> {
        let hurdles = self.admin.policy().hurdles().into_iter();
        hurdles.map(|hurdle| hurdle.reason).collect()
    }

    /// The token of the admin door: whoever has it may change what is in force.
    #[must_use]
    pub fn admin_token(&self) -> &SecretString {
        self.admin.token()
    }

    /// The sender credentials, with which the hub sends; under strict credentials no others are
    /// taken.
    #[must_use]
    pub fn credentials(&self) -> &SenderCredentials {
        &self.credentials
    }

    /// The services' log: what became of every push.
    #[must_use]
    pub fn trace(&self) -> &TraceLog {
        &self.trace
    }

    /// The time of day that the services go by.
    #[cfg(test)]
    pub(super) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The hub.
    #[cfg(test)]
    pub(super) fn hub(&self) -> &NotificationHub {
        &self.hub
    }

    /// How many devices have a socket open.
    #[must_use]
    pub fn connected_devices(&self) -> usize {
        self.queue.connected()
    }

    /// Ends every bearer token at once, as expiry or revocation would; says how many there were.
    ///
    /// # Errors
    /// [`EmulatorError::Store`]
    pub async fn revoke_tokens(&self) -> Result<usize, EmulatorError> {
        Ok(self.backend.tokens().revoke_all().await?)
    }

    /// Lets every registration expire: the next put of each device is answered 410. Says how many
    /// there were.
    ///
    /// # Errors
    /// [`EmulatorError::Store`]
    pub async fn expire_registrations(&self) -> Result<usize, EmulatorError> {
        Ok(self.backend.expire_registrations().await?)
    }

    /// How many registrations of a platform a native send to a tag expression would reach, such as
    /// `news && !beta`. Nothing is sent.
    ///
    /// # Errors
    /// [`EmulatorError::Option`] for what is no tag expression, and [`EmulatorError::Store`].
    pub async fn reached_by(
        &self,
        platform: Platform,
        expression: &str,
    ) -> Result<usize, EmulatorError> {
        let expression = TagExpression::parse(expression)?;
        let format = Format::Native(platform.into());
        Ok(self.hub.reached_by(format, expression).await?)
    }

    /// Ends every WNS access token: senders have to ask for new ones.
    pub fn revoke_wns_tokens(&self) {
        self.wns.tokens.revoke_all();
    }

    /// Ends every access token of FCM that was given out.
    pub fn revoke_fcm_tokens(&self) {
        self.fcm.tokens.revoke_all();
    }

    /// Ends every socket and request, waits for all of them, and closes the database. Returns how
    /// many tasks did not end in time.
    pub async fn shutdown(self) -> usize {
        let Self {
            scope,
            store,
            admin,
            backend,
            wns,
            fcm,
            hub,
            queue,
            ..
        } = self;
        let left = scope.shutdown(timeouts::SHUTDOWN).await;
        drop((scope, admin, backend, wns, fcm, hub, queue));
        store.close().await;
        left
    }
}

/// The rules of push administration in the services' database, behind their door.
async fn admin_door(
    options: &ServicesOptions,
    store: &Store,
) -> Result<Arc<AdminDoor>, StoreError> {
    let ephemeral = options.data == DataLocation::Ephemeral;
    let hub = options.remote_hub.as_ref();
    let alone = hub.filter(|_| !options.roles.has(Role::Hub));
    let options = AdministrationOptions {
        hub_elsewhere: alone.map(RemoteHubOptions::shown),
        ..options.administration.clone()
    };
    let rules = PushAdministration::of(store.clone(), options, ephemeral).await?;
    Ok(Arc::new(AdminDoor::new(rules)))
}

/// The services' own names, and where each of them is reached.
fn whereabouts(
    listeners: &Listeners,
    options: &ServicesOptions,
) -> Result<(Origins, ServiceUrls), EmulatorError> {
    let (http, https) = (listeners.http_url()?, listeners.https_url()?);
    let own = Origins::new(Listening {
        http: http.clone(),
        https: https.clone(),
        tls: listeners.want_tls(),
        public: options.public_host.as_ref(),
        real: options.real_handles,
    })?;
    let mut hub = own.named(None);
    hub.set_path(options.hub_name.as_str());
    let urls = ServiceUrls::new(http, https, listeners.proxy_url()?, hub)?;
    Ok((own, urls))
}

/// The certificates, where a listener wants some; they stay with the data.
async fn certificates(
    listeners: &Listeners,
    options: &ServicesOptions,
) -> Result<Option<Arc<Tls>>, EmulatorError> {
    if !listeners.want_tls() {
        return Ok(None);
    }
    let public = options.public_host.as_ref().map(|public| &public.host);
    let names = LocalNames::new(&listeners.addresses(), public);
    let folder = match &options.data {
        DataLocation::Ephemeral => None,
        DataLocation::Directory(folder) => Some(folder.join(CERTIFICATES)),
    };
    Ok(Some(Arc::new(Tls::obtain(folder, names).await?)))
}

/// Looks again and again for what has expired.
fn sweep(scope: &Scope, queue: &Queue, handles: Handles, hub: NotificationHub) {
    let queue = queue.clone();
    scope.spawn("embedded services' sweep", async move {
        loop {
            tokio::time::sleep(timeouts::SERVICE_SWEEP).await;
            // One that fails holds up none of the others.
            let swept: [(_, Result<_, StoreError>); 3] = [
                ("pushes", queue.sweep().await.map(drop)),
                ("handles", handles.sweep().await.map(drop)),
                ("hub", hub.sweep().await),
            ];
            for (what, swept) in swept {
                if let Err(error) = swept {
                    tracing::warn!(%error, what, "what has expired could not be swept");
                }
            }
        }
    });
}

pub(super) async fn location(data: &DataLocation) -> Result<Location, EmulatorError> {
    match data {
        DataLocation::Ephemeral => Ok(Location::Memory),
        DataLocation::Directory(folder) => {
            make_private(folder)
                .await
                .map_err(|cause| EmulatorError::Data {
                    path: folder.display().to_string(),
                    cause,
                })?;
            Ok(Location::File(folder.join(DATABASE)))
        }
    }
}

/// Makes the folder for its owner alone; one that is there already stays as it is.
async fn make_private(folder: &Path) -> std::io::Result<()> {
    let mut builder = tokio::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    builder.mode(0o700);
    builder.create(folder).await
}
