//! Keyring and toasts on real parts: gnome-keyring, and dunst on an X server without a screen.
//!
//! Each test starts a private bus and whatever shall be on it, and ends them by their process
//! ids. The code under test finds its bus in the environment, so it runs in a child process, the
//! [`actor`], which does what a test tells it line by line. `tests/run` brings what these tests
//! need and runs them all.
#![cfg(target_os = "linux")]
#![expect(
    clippy::expect_used,
    reason = "a test whose session cannot be set up has failed"
)]

mod actor;
mod daemon;
mod feedback;
mod impostor;
mod keyring;
mod phone;
mod screen;
mod script;
mod session;
mod toast;
mod vault;
