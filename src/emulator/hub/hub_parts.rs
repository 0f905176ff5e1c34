//! What a hub is made of.

use std::sync::Arc;
use std::time::Duration;

use crate::emulator::administration::Policy;
use crate::emulator::credentials::SenderCredentials;
use crate::emulator::origins::Origins;
use crate::emulator::push::access_tokens::AccessTokens;
use crate::lifecycle::{Clock, Spawner};
use crate::store::Store;

/// What a hub is made of.
pub(in crate::emulator) struct HubParts<'a> {
    pub(in crate::emulator) store: Store,
    pub(in crate::emulator) clock: Clock,
    /// Where the embedded push services are.
    pub(in crate::emulator) own: Arc<Origins>,
    /// Other hosts that may be posted to.
    pub(in crate::emulator) allowed: &'a [String],
    pub(in crate::emulator) credentials: SenderCredentials,
    pub(in crate::emulator) fcm_tokens: AccessTokens,
    pub(in crate::emulator) policy: Policy,
    pub(in crate::emulator) spawner: Spawner,
    pub(in crate::emulator) lifetime: Option<Duration>,
}
