//! What the control API and the command line both do with a device.

use serde_json::{Value, json};

use super::api::{
    BadgeBody, BadgeState, Cleared, ConditionsBody, LoginBody, RegisterBody, Registered, SendBody,
    Sent, SignedIn, TapBody, TasksQuery,
};
use crate::action_centre::ShownToast;
use crate::background::InstanceRecord;
use crate::device::{
    Device, DeviceError, Profile, RegisterRequest, SignInCheck, SignInRequest, SignInSecret,
    Status, Tapped,
};
use crate::lifecycle::timeouts;
use crate::model::{Condition, Conditions, Invalid};
use crate::wire::app_backend::SecurePushRequest;

/// Signs in.
///
/// # Errors
/// [`DeviceError`]
pub async fn login(device: &Device, body: &LoginBody) -> Result<SignedIn, DeviceError> {
    let secret = match (&body.password, &body.token) {
        (Some(password), None) => SignInSecret::Password(password.clone()),
        (None, Some(token)) => SignInSecret::Token(token.clone()),
        (Some(_), Some(_)) | (None, None) => {
            return Err(
                Invalid::new("sign-in", "needs a password or a token, and not both").into(),
            );
        }
    };
    device
        .sign_in(SignInRequest {
            backend: body.backend.clone(),
            user: body.user.clone(),
            secret,
            auth: body.auth,
            backend_profile: body.backend_profile.clone(),
            vault: body.vault,
            push: body.push.clone(),
            ca: body.ca.clone(),
            allow_http: body.allow_http.clone(),
        })
        .await?;
    let status = device.status().await;
    Ok(SignedIn {
        device: status.device,
        user: body.user.to_string(),
        backend: body.backend.to_string(),
        vault: status.vault.unwrap_or_default(),
    })
}

/// Signs out.
///
/// # Errors
/// [`DeviceError`]
pub async fn logout(device: &Device) -> Result<Value, DeviceError> {
    let user = device.status().await.user;
    let deregistered = device.sign_out().await?;
    Ok(json!({"user": user, "signed_in": false, "registered": !deregistered}))
}

/// Registers the handle.
///
/// # Errors
/// [`DeviceError`]
pub async fn register(device: &Device, body: &RegisterBody) -> Result<Registered, DeviceError> {
    let request = RegisterRequest {
        platform: body.platform,
        tags: body.tags.clone(),
        push: body.push.clone(),
        vapid_key: body.vapid_key.clone(),
    };
    let registration_id = device.register(request, timeouts::REGISTER).await?;
    let status = device.status().await;
    Ok(Registered {
        device: status.device,
        registration_id,
        platform: status.platform,
        handle: status.handle,
        tags: status.tags,
    })
}

/// Removes the registration.
///
/// # Errors
/// [`DeviceError`]
pub async fn unregister(device: &Device) -> Result<Value, DeviceError> {
    device.unregister().await?;
    Ok(json!({"registered": false}))
}

/// Asks the backend for a secure push.
///
/// # Errors
/// [`DeviceError`]
pub async fn send(device: &Device, body: &SendBody) -> Result<Sent, DeviceError> {
    let request = SecurePushRequest {
        payload: body.text.clone(),
        to: body.to.as_ref().map(ToString::to_string),
        priority: body.priority,
        push: body.no_push.then_some(false),
    };
    let sent = device.send(&request).await?;
    Ok(Sent {
        notification: sent.id.map(|id| id.to_string()),
        to: sent.to,
        deliveries: sent.deliveries.into_iter().map(Into::into).collect(),
    })
}

/// The phone's conditions.
#[must_use]
pub fn conditions(device: &Device) -> Conditions {
    device.conditions()
}

/// Changes the phone's conditions.
///
/// # Errors
/// [`DeviceError`]
pub async fn set_conditions(
    device: &Device,
    body: &ConditionsBody,
) -> Result<Conditions, DeviceError> {
    let wanted = body
        .set
        .iter()
        .map(|text| text.parse())
        .collect::<Result<Vec<Condition>, Invalid>>()?;
    device.set_conditions(&wanted).await
}

/// The device's status.
pub async fn status(device: &Device) -> Status {
    device.status().await
}

/// Whether the backend takes the device's token.
///
/// # Errors
/// [`DeviceError`]
pub async fn check_sign_in(device: &Device) -> Result<SignInCheck, DeviceError> {
    device.check_sign_in().await
}

/// What the device remembers about itself.
#[must_use]
pub fn profile(device: &Device) -> Profile {
    device.profile()
}

/// The toasts in the action centre.
///
/// # Errors
/// [`DeviceError`]
pub async fn toasts(device: &Device) -> Result<Vec<ShownToast>, DeviceError> {
    device.toasts().await
}

/// The user taps a toast, or one of its buttons.
///
/// # Errors
/// [`DeviceError`]
pub async fn tap(device: &Device, id: i64, body: &TapBody) -> Result<Tapped, DeviceError> {
    device.tap(id, body.action.as_deref()).await
}

/// The user sweeps a toast away.
///
/// # Errors
/// [`DeviceError`]
pub async fn dismiss(device: &Device, id: i64) -> Result<ShownToast, DeviceError> {
    device.dismiss(id).await
}

/// Clears the action centre.
///
/// # Errors
/// [`DeviceError`]
pub async fn clear(device: &Device) -> Result<Cleared, DeviceError> {
    let cleared = device.clear().await?;
    Ok(Cleared { cleared })
}

/// The badge on the app's icon.
#[must_use]
pub fn badge(device: &Device) -> BadgeState {
    device.badge().into()
}

/// Puts a badge on the app's icon.
///
/// # Errors
/// [`DeviceError`]
pub async fn set_badge(device: &Device, body: &BadgeBody) -> Result<BadgeState, DeviceError> {
    device.set_badge(body.badge).await?;
    Ok(badge(device))
}

/// The instances of background tasks that ran last, the latest first.
///
/// # Errors
/// [`DeviceError`]
pub async fn tasks(device: &Device, query: TasksQuery) -> Result<Vec<InstanceRecord>, DeviceError> {
    device.tasks(query.limit.unwrap_or(TasksQuery::USUAL)).await
}

/// One instance of a background task.
///
/// # Errors
/// [`DeviceError`], also when there is none of that number any more.
pub async fn task(device: &Device, id: u64) -> Result<InstanceRecord, DeviceError> {
    let found = device.task(id).await?.filter(|record| record.id == id);
    let missing = format!("{id} is not remembered: `handset tasks` lists those that are");
    Ok(found.ok_or_else(|| Invalid::new("task instance", missing))?)
}
