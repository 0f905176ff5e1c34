//! The child process in which the code under test runs, and what a test can tell it to do.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{ChildStdin, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use handset::lifecycle::Scope;
use handset::model::{
    BackendOrigin, DeviceName, DisplayText, MessageId, ToastContent, ToastKey, ToastTemplate,
    UserName,
};
use handset::toast::{
    DesktopOptions, DesktopRenderer, FeedbackKind, PacedRenderer, Package, Renderer,
    TerminalRenderer, TerminalStyle, ToastFeedback, Toaster, feedback,
};
use handset::vault::{Vault, VaultError, VaultKey};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use crate::session::{Process, Session};

/// How long the code under test may take, for tests in which nothing hangs.
pub(crate) const AMPLE: Duration = Duration::from_secs(10);

/// How long it may take in tests that wait for a time-out.
pub(crate) const SHORT: Duration = Duration::from_millis(1500);

/// Names the limit in the child's environment, in milliseconds.
const LIMIT: &str = "HANDSET_ACTOR_LIMIT_MS";

/// Begins each answer, since the test runner prints to the same place.
const MARK: &str = ">> ";

/// What the child is told to do.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Request {
    Get(String),
    Set(String, String),
    Delete(String),
    ProbeVault,
    Show {
        key: String,
        title: String,
        body: String,
    },
    /// A toast with all its parts.
    ShowWhole(ToastContent),
    /// Listens to what the user does, and draws no burst where `paced`.
    Listen {
        paced: bool,
    },
    /// Waits for what the user does.
    Feedback,
    /// Lets this much time pass, in milliseconds.
    Pass(u64),
    Remove(String),
    Revive,
    ProbeDaemon,
}

/// What the child answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Answer {
    Done,
    Nothing,
    Secret(String),
    Shown {
        renderer: String,
        /// The name and the error's variant of each renderer before.
        failures: Vec<(String, String)>,
    },
    /// The key, and what the user did with that toast: the arguments of a button, if it was one.
    Tapped(String, Option<String>),
    Dismissed(String),
    Daemon {
        name: String,
        capabilities: Vec<String>,
    },
    /// The error's variant and text.
    Failed(String, String),
}

impl Answer {
    /// The error's variant, or what else it is.
    pub(crate) fn error(&self) -> &str {
        let Self::Failed(variant, _) = self else {
            panic!("no error but {self:?}");
        };
        variant
    }
}

/// A child process that does what it is told.
pub(crate) struct Actor {
    input: ChildStdin,
    answers: Receiver<String>,
    _process: Process,
}

impl Actor {
    /// Starts the child in `session`; each call of the code under test has `limit`.
    pub(crate) fn start(session: &Session, limit: Duration) -> Self {
        let own = std::env::current_exe().expect("a test has a file");
        let mut command = session.command(own);
        command
            .args(["--exact", "actor::answers_what_it_is_asked", "--nocapture"])
            .env(LIMIT, limit.as_millis().to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut process = Process::spawn(&mut command);
        let input = process.child().stdin.take().expect("its input is a pipe");
        let output = process.child().stdout.take().expect("its output is a pipe");
        let (tell, answers) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if let Some((_, answer)) = line.split_once(MARK) {
                    tell.send(answer.to_owned()).ok();
                }
            }
        });
        Self {
            input,
            answers,
            _process: process,
        }
    }

    /// Tells the child to do something and waits until it is done.
    pub(crate) fn ask(&mut self, request: Request) -> Answer {
        let line = serde_json::to_string(&request).expect("a request is text");
        writeln!(self.input, "{line}").expect("the child listens");
        let answer = self.answers.recv_timeout(Duration::from_secs(25));
        let answer = answer.unwrap_or_else(|_| panic!("no answer to {request:?}"));
        serde_json::from_str(&answer).expect("an answer is understood")
    }

    pub(crate) fn get(&mut self, user: &str) -> Answer {
        self.ask(Request::Get(user.to_owned()))
    }

    pub(crate) fn set(&mut self, user: &str, secret: &str) -> Answer {
        self.ask(Request::Set(user.to_owned(), secret.to_owned()))
    }

    pub(crate) fn show(&mut self, key: &str, title: &str, body: &str) -> Answer {
        self.ask(Request::Show {
            key: key.to_owned(),
            title: title.to_owned(),
            body: body.to_owned(),
        })
    }
}

/// The code under test.
struct Stage {
    vault: Vault,
    desktop: Option<Arc<dyn Renderer>>,
    toaster: Toaster,
    limit: Duration,
    scope: Scope,
    feedback: Option<tokio::sync::mpsc::Receiver<ToastFeedback>>,
}

impl Stage {
    fn real(limit: Duration) -> Self {
        let desktop: Arc<dyn Renderer> = Arc::new(DesktopRenderer::new(DesktopOptions {
            package: Some(Package::new(std::env::temp_dir().join("app"))),
            icon_folder: Some(std::env::temp_dir().join("icon")),
            limit,
            pause: Duration::from_secs(600),
            ..DesktopOptions::default()
        }));
        let style = TerminalStyle {
            width: 80,
            colour: false,
            boxed: true,
        };
        let terminal = TerminalRenderer::new(Box::new(std::io::sink()), style);
        Self {
            vault: Vault::os(limit),
            toaster: Toaster::new(vec![desktop.clone(), Arc::new(terminal)]),
            desktop: Some(desktop),
            limit,
            scope: Scope::new(),
            feedback: None,
        }
    }

    async fn listen(&mut self, paced: bool) -> Answer {
        let Some(desktop) = self.desktop.take() else {
            return Answer::Nothing;
        };
        let desktop: Arc<dyn Renderer> = match paced {
            true => Arc::new(PacedRenderer::new(desktop, "handset")),
            false => desktop,
        };
        self.toaster = Toaster::new(vec![desktop]);
        let (sender, receiver) = feedback();
        self.feedback = Some(receiver);
        let (toaster, off) = (self.toaster.clone(), self.scope.token().clone());
        self.scope.spawn_to_end("toasts", async move {
            toaster.serve(&sender, &off).await;
        });
        tokio::task::yield_now().await;
        Answer::Done
    }

    async fn next_feedback(&mut self) -> Answer {
        let next = async { self.feedback.as_mut()?.recv().await };
        match tokio::time::timeout(self.limit, next).await {
            Ok(Some(ToastFeedback { key, kind })) => match kind {
                FeedbackKind::Tapped { arguments } => Answer::Tapped(key.to_string(), arguments),
                FeedbackKind::Dismissed => Answer::Dismissed(key.to_string()),
            },
            Ok(None) | Err(_) => Answer::Nothing,
        }
    }

    async fn act(&mut self, request: Request) -> Answer {
        match request {
            Request::Get(user) => match self.vault.get(&key_of(&user)).await {
                Ok(Some(secret)) => Answer::Secret(secret.expose_secret().to_owned()),
                Ok(None) => Answer::Nothing,
                Err(error) => failed(&error),
            },
            Request::Set(user, secret) => {
                let secret = SecretString::from(secret);
                done(self.vault.set(&key_of(&user), secret).await)
            }
            Request::Delete(user) => done(self.vault.delete(&key_of(&user)).await),
            Request::ProbeVault => done(self.vault.probe().await),
            Request::Show { key, title, body } => {
                let key = toast_key(&key);
                let template = ToastTemplate::ToastText02;
                self.show(&ToastContent::new(key, title, body, template))
                    .await
            }
            Request::ShowWhole(content) => self.show(&content).await,
            Request::Listen { paced } => self.listen(paced).await,
            Request::Feedback => self.next_feedback().await,
            Request::Pass(millis) => {
                tokio::time::sleep(Duration::from_millis(millis)).await;
                Answer::Done
            }
            Request::Remove(key) => {
                self.toaster.remove(&toast_key(&key)).await;
                Answer::Done
            }
            Request::Revive => {
                self.toaster.revive();
                Answer::Done
            }
            Request::ProbeDaemon => match DesktopRenderer::probe(self.limit).await {
                Ok(info) => Answer::Daemon {
                    name: info.name.to_string(),
                    capabilities: info
                        .capabilities
                        .iter()
                        .map(DisplayText::to_string)
                        .collect(),
                },
                Err(error) => failed(&error),
            },
        }
    }

    async fn show(&self, content: &ToastContent) -> Answer {
        let shown = self.toaster.show(content).await;
        let failures = shown.failures.iter();
        Answer::Shown {
            renderer: shown.renderer.to_owned(),
            failures: failures
                .map(|(name, error)| ((*name).to_owned(), variant(error)))
                .collect(),
        }
    }
}

fn key_of(user: &str) -> VaultKey {
    VaultKey {
        backend: BackendOrigin::parse("http://127.0.0.1:8480").expect("a URL"),
        user: UserName::parse(user).expect("a user name"),
        device: DeviceName::default(),
    }
}

pub(crate) fn toast_key(key: &str) -> ToastKey {
    ToastKey::of_message(&MessageId::parse(key).expect("a message id"))
}

fn done(result: Result<(), VaultError>) -> Answer {
    match result {
        Ok(()) => Answer::Done,
        Err(error) => failed(&error),
    }
}

fn failed<E: std::fmt::Debug + std::fmt::Display>(error: &E) -> Answer {
    Answer::Failed(variant(error), error.to_string())
}

/// The variant of an error: the first word of its debug form.
fn variant(error: &impl std::fmt::Debug) -> String {
    let text = format!("{error:?}");
    let end = text.find(|c: char| !c.is_alphanumeric());
    text[..end.unwrap_or(text.len())].to_owned()
}

/// In a child this answers the test that started it, until that closes the input. By itself it
/// tries out the conversation on a vault in memory.
#[tokio::test]
#[expect(
    clippy::disallowed_methods,
    reason = "the environment is how a child knows that it is one"
)]
async fn answers_what_it_is_asked() {
    let Ok(limit) = std::env::var(LIMIT) else {
        return converses_on_a_vault_in_memory().await;
    };
    let limit = Duration::from_millis(limit.parse().expect("the limit is a number"));
    let mut stage = Stage::real(limit);
    let mut stdout = std::io::stdout();
    for line in std::io::stdin().lines().map_while(Result::ok) {
        let request = serde_json::from_str(&line).expect("a request is understood");
        let answer = serde_json::to_string(&stage.act(request).await).expect("an answer is text");
        writeln!(stdout, "{MARK}{answer}").expect("the test listens");
        stdout.flush().expect("the test listens");
    }
}

async fn converses_on_a_vault_in_memory() {
    let mut stage = Stage {
        vault: Vault::memory(),
        desktop: None,
        toaster: Toaster::none(),
        limit: AMPLE,
        scope: Scope::new(),
        feedback: None,
    };
    let set = Request::Set("alice".to_owned(), "secret".to_owned());
    assert_eq!(stage.act(set).await, Answer::Done);
    let get = Request::Get("alice".to_owned());
    assert_eq!(stage.act(get).await, Answer::Secret("secret".to_owned()));
    assert_eq!(variant(&VaultError::NoProvider), "NoProvider");
}
