//! Token, password and payload appear nowhere but where they must.

use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use handset::device::Vaults;
use handset::lab::Lab;
use handset::model::{AuthScheme, BackendOrigin, DeviceName, UserName};
use handset::telemetry::Event;
use handset::vault::VaultKey;
use secrecy::ExposeSecret as _;
use serde_json::Value;

use crate::support::LIMIT;

const USER: &str = "quendolin";
/// The demo rule takes it in any case, and only the password is written so.
const PASSWORD: &str = "qUeNdOlIn";
const PAYLOAD: &str = "The vault opens at 23:41:07 sharp";
const PLANTED: &str = "planted-control-word";

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A secret in every form that it might be written in.
fn forms(secret: &str) -> Vec<String> {
    let mut forms = vec![secret.to_owned()];
    for skipped in 0..3 {
        // In the midst of other text base64 looks different at each offset: the inner part of
        // each is what a search would have to find.
        let shifted = [&"xx"[..skipped.min(2)], secret].concat();
        for encoded in [STANDARD.encode(&shifted), URL_SAFE_NO_PAD.encode(&shifted)] {
            let from = if skipped == 0 { 0 } else { 4 };
            let whole = encoded.trim_end_matches('=');
            forms.push(whole[from..whole.len() - 2].to_owned());
        }
    }
    forms
}

fn leaks(text: &[u8], secret: &str) -> Vec<String> {
    let text = String::from_utf8_lossy(text);
    let mut found = forms(secret);
    found.retain(|form| text.contains(form.as_str()));
    found
}

fn files_below(folder: &Path) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files_below(&path));
        } else {
            all.extend(std::fs::read(&path).unwrap());
        }
    }
    all
}

async fn token_of(vaults: &Vaults, lab: &Lab) -> String {
    let key = VaultKey {
        backend: BackendOrigin::parse(lab.services().urls().backend.as_str()).unwrap(),
        user: UserName::parse(USER).unwrap(),
        device: DeviceName::parse("phone").unwrap(),
    };
    let (_, vault) = vaults.pick(None);
    let secret = vault.get(&key).await.unwrap().unwrap();
    let stored: Value = serde_json::from_str(secret.expose_secret()).unwrap();
    stored["token"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_log_no_event_and_no_file_has_a_secret() {
    let captured = Captured::default();
    let log = captured.clone();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || log.clone())
        .init();
    for auth in [AuthScheme::Basic, AuthScheme::Bearer] {
        main_job(auth, &captured).await;
    }
}

async fn main_job(auth: AuthScheme, captured: &Captured) {
    let lab = Lab::start().await.unwrap();
    let vaults = Vaults::memory();
    let device = lab.device("phone").user(USER).password(PASSWORD).auth(auth);
    let device = device.adjust(|options| options.vaults = vaults.clone());
    let phone = device.start().await.unwrap();
    let token = token_of(&vaults, &lab).await;
    lab.backend().send_secure(USER, PAYLOAD).await.unwrap();
    assert_eq!(phone.next_toast(LIMIT).await.unwrap().body, PAYLOAD);
    if auth == AuthScheme::Bearer {
        lab.backend().expire_tokens().await.unwrap();
        lab.backend().send_secure(USER, PAYLOAD).await.unwrap();
        assert!(phone.next_toast(LIMIT).await.unwrap().asks_to_sign_in());
        phone.sign_in(USER, PASSWORD).await.unwrap();
        assert_eq!(phone.next_toast(LIMIT).await.unwrap().body, PAYLOAD);
    }
    let secrets = [token, token_of(&vaults, &lab).await, PASSWORD.to_owned()];
    let status = serde_json::to_vec(&phone.status().await.unwrap()).unwrap();
    tracing::info!("{PLANTED}");
    std::fs::write(lab.home().join("planted"), PLANTED).unwrap();
    let files = files_below(lab.home());
    lab.finish().await.unwrap();
    let events: Vec<u8> = phone.events().iter().flat_map(without_toast).collect();
    let log = captured.0.lock().unwrap().clone();

    for (place, text) in [("log", &log), ("files", &files)] {
        assert!(
            !leaks(text, PLANTED).is_empty(),
            "the search of the {place} works"
        );
    }
    for (place, text) in [
        ("log", &log),
        ("events", &events),
        ("status", &status),
        ("files", &files),
    ] {
        for secret in &secrets {
            assert!(leaks(text, secret).is_empty(), "a secret in the {place}");
        }
        // The history of toasts is in the files.
        let found = leaks(text, PAYLOAD);
        assert!(
            found.is_empty() || place == "files",
            "{found:?} in the {place}"
        );
    }
}

/// A payload's text may stand in a toast and nowhere else.
fn without_toast(event: &Event) -> Vec<u8> {
    let mut event = event.clone();
    event.toast = None;
    event.to_line().into_bytes()
}
