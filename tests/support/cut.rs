//! A network that can be cut: a TCP proxy that resets its connections or swallows what they carry.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use handset::lifecycle::{Scope, Spawner};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

/// The most connections at once.
const MOST: usize = 256;

/// What the network does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Network {
    /// It carries everything.
    Up,
    /// Every connection is reset, new ones too.
    Reset,
    /// Connections stay, and nothing arrives; when it is up again, what was sent arrives late.
    BlackHole,
}

/// The proxy.
pub(crate) struct Cut {
    address: SocketAddr,
    network: watch::Sender<Network>,
    _scope: Scope,
}

impl Cut {
    /// A network in front of `target` that is up.
    pub(crate) async fn before(target: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (scope, network) = (Scope::new(), watch::Sender::new(Network::Up));
        let (spawner, state) = (scope.spawner(), network.subscribe());
        scope.spawn("network", accept(listener, target, state, spawner));
        Self {
            address,
            network,
            _scope: scope,
        }
    }

    /// What `scheme` URLs it is reached by.
    pub(crate) fn url(&self, scheme: &str) -> String {
        format!("{scheme}://{}/", self.address)
    }

    pub(crate) fn set(&self, network: Network) {
        self.network.send_replace(network);
    }
}

async fn accept(
    listener: TcpListener,
    target: SocketAddr,
    network: watch::Receiver<Network>,
    spawner: Spawner,
) {
    let places = Arc::new(Semaphore::new(MOST));
    loop {
        let place = places.clone().acquire_owned().await.unwrap();
        let Ok((client, _)) = listener.accept().await else {
            continue;
        };
        let network = network.clone();
        spawner.spawn("connection", async move {
            carry(client, target, network).await;
            drop(place);
        });
    }
}

async fn carry(mut client: TcpStream, target: SocketAddr, mut network: watch::Receiver<Network>) {
    let up = network.wait_for(|network| *network != Network::BlackHole);
    let is_up = up.await.is_ok_and(|network| *network == Network::Up);
    if !is_up {
        client.set_zero_linger().ok();
        return;
    }
    let Ok(mut server) = TcpStream::connect(target).await else {
        return;
    };
    pump(&mut client, &mut server, &mut network).await;
    if *network.borrow() == Network::Reset {
        client.set_zero_linger().ok();
        server.set_zero_linger().ok();
    }
}

/// Carries bytes until one side ends or the network is reset.
async fn pump(
    client: &mut TcpStream,
    server: &mut TcpStream,
    network: &mut watch::Receiver<Network>,
) {
    let (mut from_client, mut to_client) = client.split();
    let (mut from_server, mut to_server) = server.split();
    let (mut up, mut down) = (vec![0; 16 * 1024], vec![0; 16 * 1024]);
    loop {
        let state = *network.borrow_and_update();
        if state == Network::Reset {
            return;
        }
        let open = state == Network::Up;
        let carried = tokio::select! {
            changed = network.changed() => changed.is_ok(),
            read = from_client.read(&mut up), if open => match read {
                Ok(count) if count > 0 => to_server.write_all(&up[..count]).await.is_ok(),
                Ok(_) | Err(_) => false,
            },
            read = from_server.read(&mut down), if open => match read {
                Ok(count) if count > 0 => to_client.write_all(&down[..count]).await.is_ok(),
                Ok(_) | Err(_) => false,
            },
        };
        if !carried {
            return;
        }
    }
}
