//! Numbers of platforms, formats and states, as rows have them. They are never given anew.

use crate::model::Invalid;
use crate::wire::notification_hub::{Format, HubPlatform, MessageState};

/// Of which kind the targets of a format are.
pub(in crate::emulator::hub) fn format_code(format: Format) -> i64 {
    match format {
        Format::Template => 0,
        Format::Native(platform) => platform_code(platform),
    }
}

pub(super) fn platform_code(platform: HubPlatform) -> i64 {
    match platform {
        HubPlatform::Windows => 1,
        HubPlatform::Apple => 2,
        HubPlatform::FcmV1 => 3,
        HubPlatform::Gcm => 4,
        HubPlatform::Browser => 5,
        HubPlatform::Adm => 6,
        HubPlatform::Baidu => 7,
        HubPlatform::Xiaomi => 8,
        HubPlatform::WindowsPhone => 9,
    }
}

pub(super) fn read_platform(code: i64) -> Result<HubPlatform, Invalid> {
    HubPlatform::ALL
        .into_iter()
        .find(|platform| platform_code(*platform) == code)
        .ok_or_else(|| Invalid::new("platform", format!("has no number {code}")))
}

const STATES: [MessageState; 6] = [
    MessageState::Enqueued,
    MessageState::Processing,
    MessageState::Completed,
    MessageState::NoTargetFound,
    MessageState::Abandoned,
    MessageState::Cancelled,
];

pub(super) fn state_code(state: MessageState) -> i64 {
    let place = STATES.iter().position(|known| *known == state);
    place.map_or(-1, |place| i64::try_from(place).unwrap_or(-1))
}

pub(super) fn read_state(code: i64) -> MessageState {
    usize::try_from(code)
        .ok()
        .and_then(|place| STATES.get(place).copied())
        .unwrap_or(MessageState::Unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_reads_back() {
        for platform in HubPlatform::ALL {
            assert_eq!(read_platform(platform_code(platform)).unwrap(), platform);
        }
        assert!(read_platform(0).is_err() && read_platform(10).is_err());
        for state in STATES {
            assert_eq!(read_state(state_code(state)), state);
        }
        assert_eq!(
            read_state(state_code(MessageState::Unknown)),
            MessageState::Unknown
        );
    }
}
