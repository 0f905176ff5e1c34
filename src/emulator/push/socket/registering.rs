//! Answers to `register`: a handle of the platform that was asked for.

use uuid::Uuid;

use crate::emulator::push::handles::{Handles, Wanted};
use crate::emulator::push::webpush;
use crate::model::Platform;
use crate::store::StoreError;
use crate::wire::push_socket::ServerFrame;

/// `status`: the VAPID key is no key.
const BAD_KEY: u16 = 400;

/// `status`: the device has too many handles.
const TOO_MANY: u16 = 429;

/// `status`: the platform's service is not embedded.
const NOT_SERVED: u16 = 501;

/// What a device asked.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) channel_id: Uuid,
    pub(super) key: Option<String>,
    /// Without one it is a plain autopush client, which gets a Web Push endpoint.
    pub(super) platform: Option<Platform>,
}

/// The answer, and the device's number once it has a handle. A platform without an embedded
/// service is answered 501 and without a handle.
pub(super) async fn register(
    handles: &Handles,
    uaid: Uuid,
    asked: Asked,
) -> Result<(ServerFrame, Option<i64>), StoreError> {
    let channel_id = asked.channel_id;
    let platform = asked.platform.unwrap_or(Platform::WebPush);
    let refused = |status| Ok((refusal(channel_id, status), None));
    let vapid_key = match (platform, &asked.key) {
        (Platform::Apns | Platform::Fcm, _) => return refused(NOT_SERVED),
        (Platform::WebPush, Some(key)) => match webpush::read_key(key) {
            Some(key) => Some(key),
            None => return refused(BAD_KEY),
        },
        (Platform::Wns, _) | (Platform::WebPush, None) => None,
    };
    let extended = asked.platform.is_some();
    let wanted = Wanted {
        uaid,
        channel_id,
        platform,
        vapid_key,
        extended,
    };
    let Some(minted) = handles.mint(wanted).await? else {
        return refused(TOO_MANY);
    };
    let frame = ServerFrame::Register {
        channel_id,
        status: 200,
        push_endpoint: Some(minted.handle.clone()),
        handle: extended.then_some(minted.handle),
        platform: asked.platform,
        expires_in: minted.expires_in,
    };
    Ok((frame, Some(minted.agent)))
}

fn refusal(channel_id: Uuid, status: u16) -> ServerFrame {
    ServerFrame::Register {
        channel_id,
        status,
        push_endpoint: None,
        handle: None,
        platform: None,
        expires_in: None,
    }
}
