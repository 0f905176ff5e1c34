//! Starting and ending the embedded services.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;
use tokio::net::TcpListener;
use url::Url;

use crate::lifecycle::{Clock, Scope, serve_http, timeouts};
use crate::model::Invalid;
use crate::store::{Location, Store};
use crate::telemetry::{Event, EventName};

use super::EmulatorError;
use super::backend::AppBackend;
use super::credentials::SenderCredentials;
use super::front::{self, Doors};
use super::hub::OwnOrigin;
use super::options::{DataLocation, ServicesOptions};
use super::parts::Parts;
use super::push::fcm::Fcm;
use super::push::handles::Handles;
use super::push::queue::Queue;
use super::push::wns::Wns;
use super::schema::SCHEMA;
use super::trace::TraceLog;

/// The database's file in the data folder.
const DATABASE: &str = "services.db";

/// The most connections at once that are not device sockets.
const MOST_CONNECTIONS: usize = 4096;

/// Where the services are reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServiceUrls {
    /// The base of everything below.
    pub http: Url,
    /// The app backend, as `handset login --backend` takes it.
    pub backend: Url,
    /// The device socket, as `handset run --push` takes it.
    pub push: Url,
    /// WNS's token endpoint for UWP apps.
    pub wns_token: Url,
    /// The base of APNs, as senders name its host.
    pub apns: Url,
    /// The base of FCM, as senders name its host.
    pub fcm: Url,
    /// Google's token endpoint, as a service account's `token_uri`.
    pub fcm_token: Url,
    /// The base of Web Push endpoints.
    pub webpush: Url,
}

/// The running services. Dropping them ends them without waiting.
#[derive(Debug)]
pub struct Services {
    address: SocketAddr,
    urls: ServiceUrls,
    clock: Clock,
    trace: TraceLog,
    queue: Queue,
    backend: Arc<AppBackend>,
    wns: Arc<Wns>,
    fcm: Arc<Fcm>,
    credentials: SenderCredentials,
    store: Store,
    scope: Scope,
}

impl Services {
    /// Binds the listener, opens the database, and serves until [`Self::shutdown`].
    ///
    /// # Errors
    /// [`EmulatorError`]: the address is taken or cannot be bound, the data folder or database is
    /// unusable, an option is.
    pub async fn start(options: ServicesOptions) -> Result<Self, EmulatorError> {
        if let Some(public) = &options.public_url {
            check_public(public)?;
        }
        let listener = bind(options.http).await?;
        let bound = |cause| EmulatorError::Bind {
            address: options.http,
            cause,
        };
        let address = listener.local_addr().map_err(bound)?;
        let local = url_of(reachable(address))?;
        let public = options.public_url.clone().unwrap_or_else(|| local.clone());
        let store = Store::open(location(&options.data).await?, SCHEMA).await?;
        let parts = Parts::build(
            options,
            store,
            OwnOrigin {
                local: local.clone(),
                public,
            },
        )?;
        let Parts {
            doors,
            credentials,
            clock,
            trace,
            queue,
            handles,
            store,
            scope,
        } = parts;
        serve(&scope, listener, doors.clone());
        sweep(&scope, &doors, &queue, handles);
        let (backend, wns, fcm) = (doors.backend, doors.wns, doors.fcm);
        let urls = ServiceUrls::under(local)?;
        Ok(Self {
            address,
            urls,
            clock,
            trace,
            queue,
            backend,
            wns,
            fcm,
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

    /// Where each service is reached.
    #[must_use]
    pub fn urls(&self) -> &ServiceUrls {
        &self.urls
    }

    /// The `services.ready` event, with every URL.
    #[must_use]
    pub fn ready_event(&self) -> Event {
        let urls = serde_json::to_value(&self.urls).unwrap_or_default();
        let event = Event::new(self.clock.now(), EventName::ServicesReady);
        event.with("urls", urls)
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
            backend,
            wns,
            fcm,
            queue,
            ..
        } = self;
        let left = scope.shutdown(timeouts::SHUTDOWN).await;
        drop((scope, backend, wns, fcm, queue));
        store.close().await;
        left
    }
}

impl ServiceUrls {
    fn under(http: Url) -> Result<Self, Invalid> {
        let join = |path: &str| {
            http.join(path)
                .map_err(|error| Invalid::new("service URL", error.to_string()))
        };
        let mut push = http.clone();
        push.set_scheme("ws")
            .map_err(|()| Invalid::new("service URL", "cannot be a WebSocket URL"))?;
        Ok(Self {
            backend: http.clone(),
            push,
            wns_token: join("accesstoken.srf")?,
            apns: http.clone(),
            fcm: http.clone(),
            fcm_token: join("token")?,
            webpush: join("wpush/")?,
            http,
        })
    }
}

fn serve(scope: &Scope, listener: TcpListener, doors: Doors) {
    let router = front::router(doors);
    let served = serve_http(listener, router, MOST_CONNECTIONS, scope.spawner());
    scope.spawn("embedded services", served);
}

/// Looks again and again for what has expired.
fn sweep(scope: &Scope, doors: &Doors, queue: &Queue, handles: Handles) {
    let (backend, queue) = (doors.backend.clone(), queue.clone());
    scope.spawn("embedded services' sweep", async move {
        loop {
            tokio::time::sleep(timeouts::SERVICE_SWEEP).await;
            let swept = async {
                queue.sweep().await?;
                handles.sweep().await?;
                backend.sweep().await
            };
            if let Err(error) = swept.await {
                tracing::warn!(%error, "what has expired could not be swept");
            }
        }
    });
}

async fn bind(address: SocketAddr) -> Result<TcpListener, EmulatorError> {
    TcpListener::bind(address).await.map_err(|cause| {
        if cause.kind() == std::io::ErrorKind::AddrInUse {
            EmulatorError::AddressTaken { address }
        } else {
            EmulatorError::Bind { address, cause }
        }
    })
}

/// Where this process reaches a listener that may be bound to every address.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

fn url_of(address: SocketAddr) -> Result<Url, Invalid> {
    Url::parse(&format!("http://{address}/"))
        .map_err(|error| Invalid::new("listening address", error.to_string()))
}

fn check_public(url: &Url) -> Result<(), Invalid> {
    let usable = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    if usable {
        return Ok(());
    }
    Err(Invalid::new(
        "public URL",
        "must be http or https with a host and nothing behind it, such as http://push.example:8480",
    ))
}

async fn location(data: &DataLocation) -> Result<Location, EmulatorError> {
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
