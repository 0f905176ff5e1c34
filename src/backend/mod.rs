//! The typed client of the app backend's REST API.
//!
//! One [`BackendClient`] speaks to one [`crate::model::BackendOrigin`]. It follows no redirect, refuses plain http
//! beyond this machine unless it is allowed by name, bounds every answer in time and size, and says
//! in each [`BackendError`] what was asked, what came back and what to do. Paths, property names and
//! statuses are those of its [`BackendProfile`]; which token is used, and when, is the session's to
//! decide.

mod address;
mod body;
mod client;
mod credential;
mod error;
mod exchange;
mod failure;
mod fields;
mod hub_refusal;
mod notifications;
mod probe;
mod profile;
mod reading;
mod registrations;
mod retry_after;
mod sign_in;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use client::{BackendClient, BackendOptions, TimeOuts};
pub use credential::Credential;
pub use error::BackendError;
pub use notifications::{MOST_PAGES, SentPush};
pub use profile::{BackendProfile, BackendProfileError};
