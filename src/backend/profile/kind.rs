//! The calls that a profile describes, and what each may have.

use super::placeholder::Placeholder;

/// A call of the backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::backend) enum Kind {
    Check,
    Login,
    Refresh,
    Logout,
    Create,
    Put,
    Delete,
    Send,
    Toast,
    Fetch,
    Unread,
    Read,
}

impl Kind {
    /// Its table in the file.
    pub(in crate::backend) fn name(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Login => "login",
            Self::Refresh => "refresh",
            Self::Logout => "logout",
            Self::Create => "create",
            Self::Put => "put",
            Self::Delete => "delete",
            Self::Send => "send",
            Self::Toast => "toast",
            Self::Fetch => "fetch",
            Self::Unread => "unread",
            Self::Read => "read",
        }
    }

    /// What to do where the backend does not have it.
    pub(in crate::backend) fn instead(self) -> &'static str {
        match self {
            Self::Login => "sign in with --auth basic or bring a token with --token-stdin",
            Self::Delete => "remove the registration at the backend",
            Self::Send | Self::Toast => "send from the backend itself",
            Self::Unread => "what the push service dropped is not fetched",
            Self::Check
            | Self::Refresh
            | Self::Logout
            | Self::Create
            | Self::Put
            | Self::Fetch
            | Self::Read => "the phone does without",
        }
    }

    /// What may stand in its path and query: nothing secret.
    pub(super) fn in_target(self) -> &'static [Placeholder] {
        use Placeholder::{Handle, Id, Platform, Recipient, To, User};
        match self {
            Self::Check | Self::Login | Self::Refresh | Self::Logout | Self::Unread => &[User],
            Self::Create => &[User, Handle, Platform],
            Self::Put => &[Id, User, Handle, Platform],
            Self::Delete | Self::Fetch | Self::Read => &[Id, User],
            Self::Send => &[User, To, Recipient],
            Self::Toast => &[User, To, Platform],
        }
    }

    /// What may stand in its body.
    pub(super) fn in_body(self) -> &'static [Placeholder] {
        use Placeholder::{
            AuthSecret, Handle, Id, Keys, P256dh, Password, Payload, Platform, Priority, Push,
            Recipient, Tags, To, Token, User,
        };
        match self {
            Self::Check | Self::Unread => &[User],
            Self::Login => &[User, Password],
            Self::Refresh | Self::Logout => &[User, Token],
            Self::Create => &[User, Handle, Platform, Tags, Keys, P256dh, AuthSecret],
            Self::Put => &[Id, User, Handle, Platform, Tags, Keys, P256dh, AuthSecret],
            Self::Delete | Self::Fetch | Self::Read => &[Id, User],
            Self::Send => &[User, To, Recipient, Payload, Priority, Push],
            Self::Toast => &[User, To, Platform, Payload],
        }
    }

    /// The keys that it may have besides those of every call.
    pub(super) fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Login | Self::Refresh => &["token", "expires_in", "expires_at"],
            Self::Create | Self::Put => &["id", "id_header"],
            Self::Send => &["id"],
            Self::Fetch => &["id", "payload", "read"],
            Self::Unread => &["id", "payload", "read", "items", "after"],
            Self::Check | Self::Logout | Self::Delete | Self::Toast | Self::Read => &[],
        }
    }
}
