//! A phone for your desktop: a simulated mobile device with a background-task runtime, and the
//! app backend, hub and push services around it.
//!
//! - To test a push from end to end, begin with [`lab`]: it starts everything in one process and
//!   lets a test ask what the phone showed.
//! - To run a phone against services of your own, open a [`device::Device`].
//! - To run the services for devices or senders of your own, start [`emulator::Services`].
//! - To give the background-task runtime work of your own, implement [`background::EntryPoint`].
//!
//! The phone and the services never call each other: they meet over sockets alone, so each can be
//! exchanged for the real thing.
//!
//! # The way of a push
//!
//! The app backend stores a payload and sends its ID to the push service, which answers and
//! delivers it on the device's socket. [`channel`] parses the frame into a bounded
//! [`model::RawNotification`]; [`background::Inbox`] makes it durable, and only then it is
//! acknowledged. The [`background::Dispatcher`] runs the registered task for it as an instance with
//! a budget; the task fetches the payload through [`backend`] with the token of the [`session`],
//! shows a toast through [`toast`], and the push is finished in the same journal. Each step emits a
//! [`telemetry::Event`].
//!
//! # Errors
//!
//! Each room has one error type whose text names the thing, the cause and the remedy, and which
//! answers questions such as `is_transient()` or `needs_sign_in()`.

pub mod action_centre;
pub mod backend;
pub mod background;
pub mod channel;
pub mod cli;
pub mod control;
pub mod device;
pub mod emulator;
pub mod lab;
pub mod lifecycle;
pub mod model;
pub mod registration;
pub mod session;
pub mod settings;
pub mod store;
pub mod telemetry;
pub mod toast;
pub mod vault;
pub mod wire;

/// The examples of the README, compiled and run with the documentation's.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
