//! The bodies of the control API.

use std::path::PathBuf;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::backend::BackendProfile;
use crate::device::{ErrorKind, VaultChoice};
use crate::model::{AuthScheme, BackendOrigin, Badge, Platform, Tag, UserName};
use crate::wire::app_backend::{Delivery, DeliveryOutcome, SendPriority};

/// The largest body, in bytes.
pub(super) const MAX_BODY: usize = 64 * 1024;

/// Body of `POST /v1/login`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoginBody {
    /// The backend.
    pub backend: BackendOrigin,
    /// The user.
    pub user: UserName,
    /// The password; exactly one of this and `token` is given.
    #[serde(default)]
    pub password: Option<SecretString>,
    /// A bearer token of the team's own identity provider.
    #[serde(default)]
    pub token: Option<SecretString>,
    /// How the password is used; as the backend's profile says, without it.
    #[serde(default)]
    pub auth: Option<AuthScheme>,
    /// How the backend is spoken to; as it was at the last sign-in there, without it.
    #[serde(default)]
    pub backend_profile: Option<BackendProfile>,
    /// Where the token is to live.
    #[serde(default)]
    pub vault: Option<VaultChoice>,
    /// Where the channel is to be opened.
    #[serde(default)]
    pub push: Option<String>,
    /// Further certificate authorities.
    #[serde(default)]
    pub ca: Option<PathBuf>,
    /// Hosts that may be spoken to in plain http.
    #[serde(default)]
    pub allow_http: Vec<String>,
}

/// Answer of `POST /v1/login`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedIn {
    /// The device.
    pub device: String,
    /// The user.
    pub user: String,
    /// The backend.
    pub backend: String,
    /// Where the token lives now.
    pub vault: String,
}

/// Body of `POST /v1/register`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegisterBody {
    /// The platform.
    #[serde(default)]
    pub platform: Option<Platform>,
    /// The tags, in the place of the earlier ones.
    #[serde(default)]
    pub tags: Option<Vec<Tag>>,
    /// Where the channel is opened.
    #[serde(default)]
    pub push: Option<String>,
    /// The sender's VAPID key.
    #[serde(default)]
    pub vapid_key: Option<String>,
}

/// Answer of `POST /v1/register`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registered {
    /// The device.
    pub device: String,
    /// The registration's id.
    pub registration_id: String,
    /// The platform of the handle.
    pub platform: Platform,
    /// The handle.
    pub handle: Option<String>,
    /// The tags besides the user's own.
    pub tags: Vec<String>,
}

/// Body of `POST /v1/send`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SendBody {
    /// The secret text.
    #[serde(default)]
    pub text: Option<String>,
    /// The user it is for.
    #[serde(default)]
    pub to: Option<UserName>,
    /// How urgent it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<SendPriority>,
    /// The payload is only stored, for a sender that pushes its id itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub no_push: bool,
}

/// Answer of `POST /v1/send`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// The payload's id, where the backend says it.
    pub notification: Option<String>,
    /// The user it was sent to, where the backend says it.
    pub to: Option<String>,
    /// What became of it at each device, where the backend says it.
    pub deliveries: Vec<SentTo>,
}

/// What became of a push at one device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentTo {
    /// The device's platform.
    pub platform: String,
    /// What the platform's push service answered.
    pub outcome: DeliveryOutcome,
    /// The push service's message id, where it gave one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub message: Option<String>,
    /// Why it was not received, in words.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
}

impl From<Delivery> for SentTo {
    fn from(delivery: Delivery) -> Self {
        Self {
            platform: delivery.platform,
            outcome: delivery.outcome,
            message: delivery.message,
            reason: delivery.reason,
        }
    }
}

/// Body of `POST /v1/conditions`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConditionsBody {
    /// The conditions to change, such as `network=offline`.
    pub set: Vec<String>,
}

/// Query of `GET /v1/tasks`.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TasksQuery {
    /// The most instances to list [default: [`TasksQuery::USUAL`]].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
}

impl TasksQuery {
    /// How many instances are listed where nobody says how many.
    pub const USUAL: usize = 20;
}

/// Body of `POST /v1/toasts/{id}/tap`; without a body the toast itself is tapped.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TapBody {
    /// The arguments, or the caption, of the button that is pressed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
}

/// Answer of `POST /v1/toasts/clear`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cleared {
    /// How many toasts stood in the action centre.
    pub cleared: usize,
}

/// Body of `POST /v1/badge`.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BadgeBody {
    /// `none`, a number, or a glyph of the badge schema.
    pub badge: Badge,
}

/// Answer of `GET` and `POST /v1/badge`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadgeState {
    /// `none`, the number, or the glyph.
    pub badge: Badge,
    /// What stands on the icon, such as `99+`; nothing when there is no badge.
    pub shown: Option<String>,
}

impl From<Badge> for BadgeState {
    fn from(badge: Badge) -> Self {
        Self {
            badge,
            shown: badge.shown(),
        }
    }
}

/// What a refused call answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControlFailure {
    /// What went wrong and what to do, for people.
    pub error: String,
    /// What kind of trouble it is.
    pub kind: ErrorKind,
}
