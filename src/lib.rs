//! handset: a phone for your desktop.

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
