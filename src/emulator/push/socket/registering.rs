//! Answers to `register`: a handle of the platform that was asked for.

use uuid::Uuid;

use crate::emulator::push::handles::{Handles, Wanted};
use crate::emulator::push::{apns, fcm, webpush};
use crate::model::Platform;
use crate::store::StoreError;
use crate::wire::push_socket::ServerFrame;

/// `status`: the key is none of the platform's.
const BAD_KEY: u16 = 400;

/// `status`: the device has too many handles.
const TOO_MANY: u16 = 429;

/// What a device asked.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) channel_id: Uuid,
    pub(super) key: Option<String>,
    /// Without one it is a plain autopush client, which gets a Web Push endpoint.
    pub(super) platform: Option<Platform>,
}

/// The answer, and the device's number once it has a handle.
pub(super) async fn register(
    handles: &Handles,
    uaid: Uuid,
    asked: Asked,
) -> Result<(ServerFrame, Option<i64>), StoreError> {
    let channel_id = asked.channel_id;
    let platform = asked.platform.unwrap_or(Platform::WebPush);
    let refused = |status| Ok((refusal(channel_id, status), None));
    let sender = match &asked.key {
        None => None,
        Some(key) => match sender(platform, key) {
            Some(sender) => sender,
            None => return refused(BAD_KEY),
        },
    };
    let extended = asked.platform.is_some();
    let wanted = Wanted {
        uaid,
        channel_id,
        platform,
        sender,
        extended,
    };
    let Some(minted) = handles.mint(wanted).await? else {
        return refused(TOO_MANY);
    };
    // An APNs or FCM token is no URL that anybody could post to.
    let is_address = matches!(platform, Platform::Wns | Platform::WebPush);
    let frame = ServerFrame::Register {
        channel_id,
        status: 200,
        push_endpoint: is_address.then(|| minted.handle.clone()),
        handle: extended.then_some(minted.handle),
        platform: asked.platform,
        expires_in: minted.expires_in,
    };
    Ok((frame, Some(minted.agent)))
}

/// Who alone may send, in the platform's own sense; none where the key is no such thing. WNS has
/// no such key: access tokens stand for the app.
fn sender(platform: Platform, key: &str) -> Option<Option<Vec<u8>>> {
    let plain = || Some(key.as_bytes().to_vec());
    match platform {
        Platform::WebPush => webpush::read_key(key).map(Some),
        Platform::Apns => apns::is_topic(key).then(plain),
        Platform::Fcm => fcm::is_project(key).then(plain),
        Platform::Wns => Some(None),
    }
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
