//! Describing a phone before it is switched on.

use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use secrecy::SecretString;

use super::event_log::EventLog;
use super::station::Station;
use super::{Lab, LabError, Phone};
use crate::device::{
    Device, DeviceFolder, DeviceOptions, Mode, RegisterRequest, SignInRequest, SignInSecret, Vaults,
};
use crate::model::{AuthScheme, BackendOrigin, Condition, DeviceName, Platform, Tag, UserName};
use crate::store::Location;
use crate::telemetry::EventStream;
use crate::toast::{RecorderRenderer, Toaster};

/// The first and the longest wait before a lab's phone opens its channel again, and before it
/// tries a push again: nobody wants to wait for them.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(500));

type Change<'a> = Box<dyn FnOnce(&mut DeviceOptions) + Send + 'a>;

/// A phone to be. What is not said is as a new phone has it: WNS, nobody signed in, the lab's own
/// services.
#[must_use = "a phone is there only once it is started"]
pub struct DeviceBuilder<'a> {
    lab: &'a Lab,
    name: String,
    user: Option<String>,
    password: Option<SecretString>,
    auth: AuthScheme,
    platform: Platform,
    tags: Vec<String>,
    backend: String,
    push: String,
    mode: Mode,
    conditions: Vec<String>,
    adjust: Vec<Change<'a>>,
}

impl<'a> DeviceBuilder<'a> {
    pub(super) fn new(lab: &'a Lab, name: String) -> Self {
        let urls = lab.services.urls();
        Self {
            lab,
            name,
            user: None,
            password: None,
            auth: AuthScheme::Bearer,
            platform: Platform::Wns,
            tags: Vec::new(),
            backend: urls.backend.to_string(),
            push: urls.push.to_string(),
            mode: Mode::Whole,
            conditions: Vec::new(),
            adjust: Vec::new(),
        }
    }

    /// Signs this user in before the phone is on, with a password that equals the name unless
    /// [`DeviceBuilder::password`] says otherwise.
    pub fn user(mut self, name: impl Into<String>) -> Self {
        self.user = Some(name.into());
        self
    }

    /// The user's password.
    pub fn password(mut self, password: impl Into<SecretString>) -> Self {
        self.password = Some(password.into());
        self
    }

    /// How it signs in: with a bearer token unless told otherwise, since only that can end.
    pub fn auth(mut self, auth: AuthScheme) -> Self {
        self.auth = auth;
        self
    }

    /// The push platform.
    pub fn platform(mut self, platform: Platform) -> Self {
        self.platform = platform;
        self
    }

    /// One more tag to register.
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.tags.push(tag.into());
        self
    }

    /// Another app backend than the lab's.
    pub fn backend(mut self, url: impl Into<String>) -> Self {
        self.backend = url.into();
        self
    }

    /// Another push service than the lab's.
    pub fn push(mut self, url: impl Into<String>) -> Self {
        self.push = url.into();
        self
    }

    /// A phone that knows no backend: it has a handle and shows visible pushes.
    pub fn without_backend(mut self) -> Self {
        self.mode = Mode::WithoutBackend;
        self
    }

    /// A condition that holds before the phone is switched on, as `network=offline`.
    pub fn condition(mut self, condition: impl Into<String>) -> Self {
        self.conditions.push(condition.into());
        self
    }

    /// Changes anything else, such as a time-out.
    pub fn adjust(mut self, change: impl FnOnce(&mut DeviceOptions) + Send + 'a) -> Self {
        self.adjust.push(Box::new(change));
        self
    }

    /// Switches the phone on and waits until it is ready: its channel is open, and, with a user,
    /// its handle registered.
    ///
    /// # Errors
    /// [`LabError::NameTaken`], [`LabError::Invalid`], [`LabError::Device`], or
    /// [`LabError::NoEvent`] when the channel does not open in time.
    pub async fn start(self) -> Result<Phone, LabError> {
        let (lab, is_user) = (self.lab, self.user.is_some());
        let waits_for_registration = is_user || self.mode == Mode::WithoutBackend;
        let phone = self.start_at_once().await?;
        if waits_for_registration {
            phone.device()?.ready(lab.ready_within).await?;
        }
        phone.opened(lab.ready_within).await?;
        Ok(phone)
    }

    /// As [`DeviceBuilder::start`], without waiting for anything but the sign-in.
    ///
    /// # Errors
    /// [`LabError::NameTaken`], [`LabError::Invalid`] or [`LabError::Device`].
    pub async fn start_at_once(mut self) -> Result<Phone, LabError> {
        let name = DeviceName::parse(std::mem::take(&mut self.name))?;
        if self.lab.stations().contains_key(&name) {
            return Err(LabError::NameTaken(name.to_string()));
        }
        let sign_in = self.sign_in()?;
        let configuration = self.configuration()?;
        let conditions = self.conditions.iter().map(|condition| condition.parse());
        let conditions = conditions.collect::<Result<Vec<Condition>, _>>()?;
        let station = Arc::new(self.station(name.clone()));
        let prepare = async |device: &Device| {
            device.configure(configuration).await?;
            if let Some(request) = sign_in {
                device.sign_in(request).await?;
            }
            device.set_conditions(&conditions).await?;
            Ok(())
        };
        station.turn_on_with(prepare).await?;
        let mut stations = self.lab.stations();
        if stations.contains_key(&name) {
            return Err(LabError::NameTaken(name.to_string()));
        }
        stations.insert(name, station.clone());
        Ok(Phone::new(station))
    }

    fn sign_in(&self) -> Result<Option<SignInRequest>, LabError> {
        let Some(user) = &self.user else {
            return Ok(None);
        };
        let password = self.password.clone();
        Ok(Some(SignInRequest {
            backend: BackendOrigin::parse(&self.backend)?,
            user: UserName::parse(user)?,
            secret: SignInSecret::Password(password.unwrap_or_else(|| user.as_str().into())),
            auth: Some(self.auth),
            backend_profile: None,
            vault: None,
            push: None,
            ca: None,
            allow_http: Vec::new(),
        }))
    }

    fn configuration(&self) -> Result<RegisterRequest, LabError> {
        let tags: Result<Vec<Tag>, _> = self.tags.iter().map(Tag::parse).collect();
        Ok(RegisterRequest {
            platform: Some(self.platform),
            tags: Some(tags?),
            push: Some(self.push.clone()),
            vapid_key: None,
        })
    }

    fn station(&mut self, name: DeviceName) -> Station {
        let folder = DeviceFolder::new(self.lab.home(), &name);
        let (recorder, events) = (RecorderRenderer::new(), EventStream::default());
        let location = Location::File(folder.database());
        let mut options = DeviceOptions::new(name, location, Vaults::memory());
        options.toaster = Toaster::new(vec![Arc::new(recorder.clone())]);
        options.events = events.clone();
        (
            options.channel.backoff_first,
            options.channel.backoff_longest,
        ) = BACKOFF;
        (options.tasks.retry_first, options.tasks.retry_longest) = BACKOFF;
        for change in self.adjust.drain(..) {
            change(&mut options);
        }
        Station {
            log: EventLog::of(&options.events, &self.lab.scope),
            folder,
            options,
            mode: self.mode,
            auth: self.auth,
            backend: self.backend.clone(),
            recorder,
            on: Mutex::new(None),
            since: AtomicUsize::new(0),
        }
    }
}
