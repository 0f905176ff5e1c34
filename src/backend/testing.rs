//! A backend for tests: any router on a free loopback port, and raw listeners that misbehave.

use std::time::Duration;

use axum::Router;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::{BackendClient, BackendOptions, TimeOuts};
use crate::lifecycle::{Clock, Scope};
use crate::model::BackendOrigin;

/// A server that lives as long as this value.
pub(crate) struct FakeBackend {
    /// Where it listens, `127.0.0.1:port`.
    pub(crate) address: String,
    _scope: Scope,
}

impl FakeBackend {
    /// Serves `router`.
    pub(crate) async fn serve(router: Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let scope = Scope::new();
        scope.spawn("fake backend", async move {
            axum::serve(listener, router).await.unwrap();
        });
        Self {
            address,
            _scope: scope,
        }
    }

    /// Answers the first bytes of every connection with `answer` and closes it; without an answer
    /// it closes at once.
    pub(crate) async fn raw(answer: &'static [u8]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let scope = Scope::new();
        scope.spawn("raw listener", async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let mut request = [0; 4096];
                if socket.read(&mut request).await.is_ok() {
                    socket.write_all(answer).await.ok();
                    socket.shutdown().await.ok();
                }
            }
        });
        Self {
            address,
            _scope: scope,
        }
    }

    /// Its URL.
    pub(crate) fn origin(&self) -> BackendOrigin {
        BackendOrigin::parse(&format!("http://{}", self.address)).unwrap()
    }

    /// A client of it.
    pub(crate) fn client(&self) -> BackendClient {
        BackendClient::new(BackendOptions::new(self.origin())).unwrap()
    }

    /// A client of it that waits for nothing longer than `limit`.
    pub(crate) fn hasty_client(&self, limit: Duration) -> BackendClient {
        let time_outs = TimeOuts {
            connect: limit,
            request: limit,
        };
        BackendClient::with(
            BackendOptions::new(self.origin()),
            time_outs,
            Clock::system(),
        )
        .unwrap()
    }
}
