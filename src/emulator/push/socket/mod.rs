//! The device socket: the Mozilla push (autopush) WebSocket protocol with handset's `platform`
//! extension. The conversation is a pure state machine; the driver does its reading and writing.

mod close;
mod conversation;
mod driver;
mod greeting;
#[cfg(test)]
mod property_tests;
mod registering;

use std::sync::Arc;

use axum::extract::ws::WebSocketUpgrade;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use tokio::sync::Semaphore;

use crate::emulator::options::SocketTimings;
use crate::lifecycle::Spawner;
use crate::wire::push_socket::MAX_FRAME;

use super::handles::Handles;
use super::queue::Queue;
use driver::Driver;

/// The most device sockets at once: about what one process may hold.
const MOST_SOCKETS: usize = 20_000;

/// The largest frame that is read to its end, in bytes, so that its sender gets a clean close; one
/// that is larger still is cut off.
const MAX_READ: usize = 4 * MAX_FRAME;

/// The read buffer of a socket, in bytes: small, as there may be thousands.
const READ_BUFFER: usize = 512;

/// The device socket's front door.
#[derive(Debug)]
pub(in crate::emulator) struct DeviceSockets {
    handles: Handles,
    queue: Queue,
    timings: SocketTimings,
    spawner: Spawner,
    places: Arc<Semaphore>,
}

impl DeviceSockets {
    pub(in crate::emulator) fn new(
        handles: Handles,
        queue: Queue,
        timings: SocketTimings,
        spawner: Spawner,
    ) -> Self {
        let places = Arc::new(Semaphore::new(MOST_SOCKETS));
        Self {
            handles,
            queue,
            timings,
            spawner,
            places,
        }
    }

    /// Takes a device's connection; 503 where there are too many.
    pub(in crate::emulator) fn upgrade(&self, upgrade: WebSocketUpgrade) -> Response {
        let Ok(place) = self.places.clone().try_acquire_owned() else {
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        };
        let spawner = self.spawner.clone();
        let (handles, queue, timings) = (self.handles.clone(), self.queue.clone(), self.timings);
        let ending = spawner.token().clone();
        upgrade
            .max_message_size(MAX_READ)
            .max_frame_size(MAX_READ)
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(0)
            .max_write_buffer_size(2 * MAX_FRAME)
            .on_upgrade(move |socket| async move {
                // Boxed, as there may be thousands, and a task has more than one place for what it owns.
                let driver = Box::new(Driver {
                    socket,
                    handles,
                    queue,
                    timings,
                    ending,
                    _place: place,
                });
                spawner.spawn_to_end("device socket", driver.run());
            })
    }
}
