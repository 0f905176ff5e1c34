//! Every message that both sides speak, one file per protocol, with the Web Push encryption.
//! Pure: text and bytes in, values out, no I/O.

pub mod apns;
pub mod apns_push;
pub mod app_backend;
pub mod badge_xml;
pub mod fcm;
pub mod fcm_message;
mod json;
mod localised;
pub mod notification_hub;
pub mod push_administration;
pub mod push_socket;
pub mod secure_push;
pub mod toast_xml;
pub mod todo_list;
pub mod webpush;
pub mod wns;
pub(crate) mod xml;
