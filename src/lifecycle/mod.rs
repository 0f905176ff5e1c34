//! How work begins, waits and ends: owned tasks, a clock, backoff, named time-outs, and threads
//! of their own for calls that block. A listener's connections are owned tasks too, and a client
//! goes only where it is meant to.

mod backoff;
mod causes;
mod clock;
mod http;
mod http_client;
mod scope;
pub mod timeouts;
mod worker;

pub use backoff::Backoff;
pub use causes::{any_cause, innermost};
pub use clock::Clock;
pub use http::{ChooseTls, ClientCertificate, HttpServer, serve_http, take_connections};
pub use http_client::{http_client, stay_here, trust};
pub use scope::{Scope, Spawner};
pub use worker::{Worker, WorkerError};
