//! `handset demo`: the main job on embedded defaults.

use std::time::Duration;

use tokio::time::Instant;

use crate::cli::arguments::Demo;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;
use crate::cli::signals::Signals;
use crate::cli::{narrator, toasters};
use crate::device::{
    Device, DeviceError, DeviceOptions, Mode, RegisterRequest, SignInRequest, SignInSecret,
    VaultChoice, Vaults,
};
use crate::emulator::{Services, ServicesOptions};
use crate::lifecycle::{Clock, Scope, timeouts};
use crate::model::{BackendOrigin, DeviceName};
use crate::settings::{AppPackage, Environment, Flags, Settings};
use crate::store::Location;
use crate::telemetry::{Event, EventName, EventReceiver, EventStream, ToastFields};
use crate::vault::Vault;
use crate::wire::app_backend::SecurePushRequest;

/// How long the toast may take.
const TOAST: Duration = Duration::from_secs(20);

pub(super) async fn run(wish: Demo, output: &Output) -> Result<Exit, Failure> {
    let begun = Instant::now();
    let mut signals = Signals::listen()?;
    let events = EventStream::default();
    let told = Scope::new();
    if output.is_json() {
        narrator::narrate(&told, &events, Clock::system(), output.clone());
    }
    let show = Show {
        wish: &wish,
        output,
        events: &events,
        begun,
    };
    let result = show.stage(&mut signals).await;
    let elapsed = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let ok = matches!(result, Ok(Exit::Done));
    events.emit(
        Event::new(Clock::system().now(), EventName::DemoFinished)
            .with("ok", ok)
            .with("elapsed_ms", elapsed),
    );
    told.shutdown(timeouts::SHUTDOWN).await;
    if ok {
        let seconds = Duration::from_millis(elapsed).as_secs_f32();
        show.step(&format!(
            "the toast carried the payload, {seconds:.2} s after the start"
        ));
    }
    result
}

/// One showing of the demo.
struct Show<'a> {
    wish: &'a Demo,
    output: &'a Output,
    events: &'a EventStream,
    begun: Instant,
}

impl Show<'_> {
    /// Builds everything, plays, and tidies up whatever happens.
    async fn stage(&self, signals: &mut Signals) -> Result<Exit, Failure> {
        let home = tempfile::Builder::new()
            .prefix("handset-demo-")
            .tempdir()
            .map_err(|error| {
                Failure::failed(format!("no temporary folder could be made: {error}"))
            })?;
        let services = Services::start(ServicesOptions {
            http: ([127, 0, 0, 1], 0).into(),
            ..ServicesOptions::default()
        })
        .await?;
        self.events.emit(services.ready_event());
        self.step(&format!(
            "app backend, hub and push services on {}",
            services.http_url()
        ));
        let exit = self.act(home.path(), &services, signals).await;
        services.shutdown().await;
        exit
    }

    async fn act(
        &self,
        home: &std::path::Path,
        services: &Services,
        signals: &mut Signals,
    ) -> Result<Exit, Failure> {
        // A keyring or a notification daemon that hangs takes seconds to be given up.
        let device = tokio::select! {
            device = self.device(home) => device?,
            exit = signals.ended(self.output) => return Ok(exit),
        };
        let played = tokio::select! {
            played = self.play(&device, services) => played.map(|()| Exit::Done),
            exit = signals.ended(self.output) => Ok(exit),
        };
        let tidied = tidy_up(device, self.output).await;
        played.and_then(|exit| tidied.map(|()| exit))
    }

    async fn device(&self, home: &std::path::Path) -> Result<Device, Failure> {
        let flags = Flags {
            home: Some(home.to_owned()),
            device: None,
        };
        let settings = Settings::gather(flags, &Environment::default())?;
        let app = AppPackage::read(None)?;
        let (vault, toaster) = tokio::join!(
            self.vault(),
            toasters::choose(
                self.wish.toast.map(Into::into),
                timeouts::KEYRING_DEMO,
                &settings.home,
                &app,
                self.output
            )
        );
        self.step(&toaster.why);
        // Beside a phone of the same name this one keeps its own entry in the keyring.
        let name = format!("demo-{:08x}", rand::random::<u32>());
        let name = DeviceName::parse(name).map_err(|error| Failure::failed(error.to_string()))?;
        let database = home.join("handset.db");
        let mut options = DeviceOptions::new(name, Location::File(database), vault);
        options.events = self.events.clone();
        options.toaster = toaster.toaster;
        Ok(Device::open(options).await?)
    }

    /// The OS keyring if it answers in time, else memory, said aloud.
    async fn vault(&self) -> Vaults {
        let os = Vaults::of_device(std::path::PathBuf::new(), timeouts::KEYRING_DEMO);
        match Vault::os(timeouts::KEYRING_DEMO).probe().await {
            Ok(()) => {
                self.step("the token will be in the OS keyring");
                os.forced(VaultChoice::Os)
            }
            Err(error) => {
                tracing::info!(%error, "no keyring");
                self.step("there is no keyring: the token will be in memory");
                Vaults::memory()
            }
        }
    }

    async fn play(&self, device: &Device, services: &Services) -> Result<(), Failure> {
        let mut events = self.events.listen();
        let backend =
            BackendOrigin::parse(services.urls().backend.as_str()).map_err(DeviceError::from)?;
        device
            .sign_in(SignInRequest {
                backend,
                user: self.wish.user.clone(),
                // The demo rule of the embedded backend.
                secret: SignInSecret::Password(self.wish.user.as_str().into()),
                auth: None,
                backend_profile: None,
                vault: None,
                push: None,
                ca: None,
                allow_http: Vec::new(),
            })
            .await?;
        self.step(&format!("signed in as {}", self.wish.user));
        device
            .configure(RegisterRequest {
                platform: Some(self.wish.platform),
                ..RegisterRequest::default()
            })
            .await?;
        device.turn_on(Mode::Whole).await?;
        device.ready(timeouts::REGISTER).await?;
        let status = device.status().await;
        self.step(&format!(
            "channel open, {} handle registered",
            status.platform
        ));
        let sent = device
            .send(&SecurePushRequest {
                payload: Some(self.wish.message.clone()),
                ..SecurePushRequest::default()
            })
            .await?;
        let id = sent
            .id
            .ok_or_else(|| Failure::failed("the backend did not say which payload it stored"))?;
        self.step(&format!(
            "secure push sent: it carries the ID {id} and nothing else"
        ));
        let toast = tokio::time::timeout(TOAST, toast_of(&mut events, id.as_str()))
            .await
            .map_err(|_| {
                Failure::new(
                    Exit::TimedOut,
                    "the toast did not come; look at it with `handset demo -vv`",
                )
            })??;
        if toast.body != self.wish.message {
            return Err(Failure::failed(format!(
                "the toast says {:?} instead of {:?}",
                toast.body, self.wish.message
            )));
        }
        Ok(())
    }

    fn step(&self, text: &str) {
        let at = format!("{:>6.3} s", self.begun.elapsed().as_secs_f32());
        self.output
            .note(format!("{}  {text}", self.output.dim(&at)));
    }
}

/// The toast that shows the payload `id`.
async fn toast_of(events: &mut EventReceiver, id: &str) -> Result<ToastFields, Failure> {
    loop {
        let event = events
            .next()
            .await
            .map_err(|error| Failure::failed(error.to_string()))?
            .ok_or_else(|| Failure::failed("the phone went away"))?;
        let this = event.text("notification") == Some(id);
        match (event.event, event.toast) {
            (EventName::ToastShown | EventName::ToastUpdated, Some(toast)) if this => {
                return Ok(toast);
            }
            (EventName::PushDropped, _) => {
                let reason = event
                    .fields
                    .get("detail")
                    .or_else(|| event.fields.get("reason"));
                return Err(Failure::failed(format!(
                    "the push was dropped: {}",
                    reason.unwrap_or_default()
                )));
            }
            _ => {}
        }
    }
}

/// Takes the token out of the keyring again and switches everything off.
async fn tidy_up(device: Device, output: &Output) -> Result<(), Failure> {
    if device.profile().account.is_some()
        && let Err(error) = device.sign_out().await
    {
        output.warning(&format!(
            "the demo's entry may still be in the keyring: {error}"
        ));
    }
    device.shutdown().await;
    Ok(())
}
