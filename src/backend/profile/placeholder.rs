//! What a profile's templates may have put in, and the values that are.

use crate::model::{SubscriptionKeys, Tag};

/// A name in braces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::backend) enum Placeholder {
    /// The registration's or the notification's id.
    Id,
    /// Who is signed in, or signs in.
    User,
    /// What that user signs in with.
    Password,
    /// The token in use.
    Token,
    /// The push service's handle.
    Handle,
    /// The platform, by the profile's name.
    Platform,
    /// The tags: a list.
    Tags,
    /// The keys of a Web Push subscription: an object.
    Keys,
    /// One of these keys.
    P256dh,
    /// The other.
    AuthSecret,
    /// The secret text that is sent.
    Payload,
    /// Whom it is for, where the user names somebody.
    To,
    /// Whom it is for: the user who sends it where nobody is named.
    Recipient,
    /// How urgent it is, where the user says so.
    Priority,
    /// False where the payload is only to be stored.
    Push,
}

/// What stands in braces.
const NAMES: [(&str, Placeholder); 15] = [
    ("id", Placeholder::Id),
    ("user", Placeholder::User),
    ("password", Placeholder::Password),
    ("token", Placeholder::Token),
    ("handle", Placeholder::Handle),
    ("platform", Placeholder::Platform),
    ("tags", Placeholder::Tags),
    ("keys", Placeholder::Keys),
    ("keys.p256dh", Placeholder::P256dh),
    ("keys.auth", Placeholder::AuthSecret),
    ("payload", Placeholder::Payload),
    ("to", Placeholder::To),
    ("recipient", Placeholder::Recipient),
    ("priority", Placeholder::Priority),
    ("push", Placeholder::Push),
];

impl Placeholder {
    /// The placeholder of this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        let found = NAMES.iter().find(|(known, _)| *known == name);
        found.map(|(_, placeholder)| *placeholder)
    }

    /// Its name, without braces.
    pub(super) fn name(self) -> &'static str {
        let found = NAMES.iter().find(|(_, known)| *known == self);
        found.map_or("", |(name, _)| name)
    }

    /// True when its value is no text, and so cannot stand beside other text.
    pub(super) fn is_whole(self) -> bool {
        matches!(self, Self::Tags | Self::Keys | Self::Push)
    }

    /// A list of these for an error: `{id}, {user}`.
    pub(super) fn listed(all: &[Self]) -> String {
        let names: Vec<String> = all
            .iter()
            .map(|one| format!("{{{}}}", one.name()))
            .collect();
        names.join(", ")
    }
}

/// The values for one call. What is absent is left out of a body or a query.
#[derive(Default, Clone, Copy)]
pub(in crate::backend) struct Values<'a> {
    pub(in crate::backend) id: Option<&'a str>,
    pub(in crate::backend) user: Option<&'a str>,
    pub(in crate::backend) password: Option<&'a str>,
    pub(in crate::backend) token: Option<&'a str>,
    pub(in crate::backend) handle: Option<&'a str>,
    pub(in crate::backend) platform: Option<&'a str>,
    pub(in crate::backend) tags: Option<&'a [Tag]>,
    pub(in crate::backend) keys: Option<&'a SubscriptionKeys>,
    pub(in crate::backend) payload: Option<&'a str>,
    pub(in crate::backend) to: Option<&'a str>,
    pub(in crate::backend) recipient: Option<&'a str>,
    pub(in crate::backend) priority: Option<&'a str>,
    pub(in crate::backend) push: Option<bool>,
}

/// A value as it stands in a JSON body.
pub(super) enum Given<'a> {
    Text(&'a str),
    Flag(bool),
    Tags(&'a [Tag]),
    Keys(&'a SubscriptionKeys),
}

impl<'a> Values<'a> {
    /// A value, if there is one.
    pub(super) fn of(&self, placeholder: Placeholder) -> Option<Given<'a>> {
        match placeholder {
            Placeholder::Tags => self.tags.map(Given::Tags),
            Placeholder::Keys => self.keys.map(Given::Keys),
            Placeholder::Push => self.push.map(Given::Flag),
            Placeholder::Id
            | Placeholder::User
            | Placeholder::Password
            | Placeholder::Token
            | Placeholder::Handle
            | Placeholder::Platform
            | Placeholder::P256dh
            | Placeholder::AuthSecret
            | Placeholder::Payload
            | Placeholder::To
            | Placeholder::Recipient
            | Placeholder::Priority => self.text(placeholder).map(Given::Text),
        }
    }

    /// A value that is text, if there is one.
    pub(super) fn text(&self, placeholder: Placeholder) -> Option<&'a str> {
        match placeholder {
            Placeholder::Id => self.id,
            Placeholder::User => self.user,
            Placeholder::Password => self.password,
            Placeholder::Token => self.token,
            Placeholder::Handle => self.handle,
            Placeholder::Platform => self.platform,
            Placeholder::P256dh => self.keys.map(|keys| keys.p256dh.as_str()),
            Placeholder::AuthSecret => self.keys.map(|keys| keys.auth.as_str()),
            Placeholder::Payload => self.payload,
            Placeholder::To => self.to,
            Placeholder::Recipient => self.recipient,
            Placeholder::Priority => self.priority,
            Placeholder::Tags | Placeholder::Keys | Placeholder::Push => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_placeholder_has_one_name() {
        for (name, placeholder) in NAMES {
            assert_eq!(Placeholder::named(name), Some(placeholder));
            assert_eq!(placeholder.name(), name);
        }
        assert_eq!(Placeholder::named("Id"), None);
        assert_eq!(
            Placeholder::listed(&[Placeholder::Id, Placeholder::P256dh]),
            "{id}, {keys.p256dh}"
        );
    }
}
