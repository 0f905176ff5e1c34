//! What became of a notification at one device, and how often.

use std::collections::BTreeMap;

use crate::wire::notification_hub::{HubPlatform, OutcomeCount};

/// What became of a notification at one device, by the service's own names for it (Microsoft, "Get
/// notification message telemetry", and the metrics of Notification Hubs).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Outcome {
    /// The push service took it.
    Success,
    /// The push service did not know the handle.
    BadChannel,
    /// The handle was given back, or has expired.
    ExpiredChannel,
    /// The handle belongs to another app.
    WrongChannel,
    /// Too much came for the device.
    ChannelThrottled,
    /// The device is away, and its platform keeps no such push.
    ChannelDisconnected,
    /// The push service dropped it for another reason.
    Dropped,
    /// Too much came from the hub.
    Throttled,
    /// The hub's credentials were not taken.
    InvalidCredentials,
    /// The access token was not taken.
    InvalidToken,
    /// The access token is good for another app.
    WrongToken,
    /// The token endpoint could not be reached, or gave none.
    TokenProviderUnreachable,
    /// The notification is not what the push service takes.
    InvalidNotificationFormat,
    /// It is too large for the push service.
    InvalidNotificationSize,
    /// The push service could not be reached, or did not answer in time.
    PnsUnreachable,
    /// It is off, busy, or there is none here.
    PnsUnavailable,
    /// It failed.
    PnsServerError,
    /// It answered something that it should not.
    PnsInterfaceError,
    /// The device had it already, under another registration.
    Skipped,
}

impl Outcome {
    /// The name in telemetry.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Success => "Success",
            Self::BadChannel => "BadChannel",
            Self::ExpiredChannel => "ExpiredChannel",
            Self::WrongChannel => "WrongChannel",
            Self::ChannelThrottled => "ChannelThrottled",
            Self::ChannelDisconnected => "ChannelDisconnected",
            Self::Dropped => "Dropped",
            Self::Throttled => "Throttled",
            Self::InvalidCredentials => "InvalidCredentials",
            Self::InvalidToken => "InvalidToken",
            Self::WrongToken => "WrongToken",
            Self::TokenProviderUnreachable => "TokenProviderUnreachable",
            Self::InvalidNotificationFormat => "InvalidNotificationFormat",
            Self::InvalidNotificationSize => "InvalidNotificationSize",
            Self::PnsUnreachable => "PnsUnreachable",
            Self::PnsUnavailable => "PnsUnavailable",
            Self::PnsServerError => "PnsServerError",
            Self::PnsInterfaceError => "PnsInterfaceError",
            Self::Skipped => "Skipped",
        }
    }

    /// True when the handle is none any more: it is to be removed.
    pub(super) fn is_gone(self) -> bool {
        matches!(self, Self::BadChannel | Self::ExpiredChannel)
    }

    /// True when the platform gave it up by a rule of its own.
    pub(super) fn is_dropped(self) -> bool {
        matches!(self, Self::Dropped | Self::ChannelDisconnected)
    }
}

/// How often each outcome came, by platform.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Counts(BTreeMap<HubPlatform, OutcomeCount>);

impl Counts {
    pub(super) fn add(&mut self, platform: HubPlatform, outcome: Outcome) {
        let counts = self.0.entry(platform).or_default();
        *counts.entry(outcome.name().to_owned()).or_default() += 1;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As a column has it: JSON, platforms by their formats' names.
    pub(super) fn write(&self) -> String {
        let named = self.0.iter();
        let named: BTreeMap<&str, &OutcomeCount> = named
            .map(|(platform, counts)| (platform.format_name(), counts))
            .collect();
        serde_json::to_string(&named).unwrap_or_default()
    }

    pub(super) fn read(column: &str) -> serde_json::Result<Self> {
        let named: BTreeMap<String, OutcomeCount> = serde_json::from_str(column)?;
        let known = |(name, counts): (String, OutcomeCount)| {
            Some((HubPlatform::from_format_name(&name)?, counts))
        };
        Ok(Self(named.into_iter().filter_map(known).collect()))
    }

    pub(super) fn into_map(self) -> BTreeMap<HubPlatform, OutcomeCount> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_read_back() {
        let mut counts = Counts::default();
        assert!(counts.is_empty());
        counts.add(HubPlatform::Windows, Outcome::Success);
        counts.add(HubPlatform::Windows, Outcome::Success);
        counts.add(HubPlatform::Apple, Outcome::ExpiredChannel);
        let column = counts.write();
        assert_eq!(
            column,
            r#"{"apple":{"ExpiredChannel":1},"windows":{"Success":2}}"#
        );
        assert_eq!(Counts::read(&column).unwrap(), counts);
        assert!(Counts::read("{").is_err());
    }
}
