mod patches;
mod property;
mod refusals;
mod samples;

use super::*;
use crate::model::Invalid;

fn read(json: &str) -> Result<Installation, Invalid> {
    Installation::read(json.as_bytes())
}

fn tags(tags: &[Tag]) -> Vec<&str> {
    tags.iter().map(Tag::as_str).collect()
}

/// An installation of Windows with all that one can have.
const FULL: &str = r#"{"installationId":"i","pushChannel":"https://a.example/1","pushChannelExpired":true,"platform":"wns","expirationTime":"2030-01-02T03:04:05.678Z","userId":"bob","tags":["a","B"],"pushVariables":{"n":"v"},"templates":{"t":{"body":"<toast/>","headers":{"X-WNS-Type":"wns/toast"},"expiry":"$(e)","tags":["tt"]}},"secondaryTiles":{"tile":{"pushChannel":"https://a.example/2","pushChannelExpired":false,"tags":["x"],"templates":{"u":{"body":"b"}}}}}"#;
