//! What a device may put under its registration.

use crate::emulator::hub::Device;
use crate::model::{Platform, RegistrationId, Tag, UserName};
use crate::wire::app_backend::{MAX_TAGS, RegistrationBody};
use crate::wire::webpush;

use super::super::answer::Refusal;

/// The device that `body` describes, with the user's own tag, which no device sets by itself
/// (Mobile Services: a tag that names a user is refused, and nothing is stored).
pub(super) fn device(
    user: &UserName,
    id: RegistrationId,
    body: RegistrationBody,
) -> Result<Device, Refusal> {
    let platform = platform("Platform", &body.platform)?;
    if body.tags.len() > MAX_TAGS {
        return Err(Refusal::BadRequest(format!(
            "at most {MAX_TAGS} tags are taken beside the user's own"
        )));
    }
    if let Some(tag) = body.tags.iter().find(|tag| tag.is_reserved()) {
        return Err(Refusal::BadRequest(format!(
            "the tag {tag} names a user or an installation: only the backend sets such tags"
        )));
    }
    let keys = match platform {
        Platform::WebPush => {
            let keys = body.keys.ok_or_else(|| {
                Refusal::BadRequest("browser needs the subscription's Keys".to_owned())
            })?;
            webpush::encrypt(&keys, b"").map_err(|error| Refusal::BadRequest(error.to_string()))?;
            Some(keys)
        }
        Platform::Wns | Platform::Apns | Platform::Fcm => None,
    };
    let mut tags: Vec<Tag> = Vec::with_capacity(body.tags.len() + 1);
    for tag in body.tags.into_iter().chain([Tag::of_user(user)]) {
        // At most some sixty.
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    Ok(Device {
        id,
        platform,
        handle: body.handle,
        keys,
        tags,
    })
}

/// Reads the backend's name of a platform, given as `what`. `mpns` is one of the original's: Windows
/// Phone 7's and 8's service has ended, and nothing here stands for it.
pub(in super::super) fn platform(what: &str, name: &str) -> Result<Platform, Refusal> {
    Platform::from_backend_name(name).ok_or_else(|| {
        Refusal::BadRequest(if name.eq_ignore_ascii_case("mpns") {
            format!(
                "{what} mpns has no push service here, as Windows Phone's own has ended: use wns"
            )
        } else {
            format!("{what} must be one of wns, apns, fcmv1, gcm and browser")
        })
    })
}
