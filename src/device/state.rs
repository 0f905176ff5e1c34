//! What a phone is at the moment: one value with one owner. What follows from it, such as whose
//! pushes are handled, is worked out here and nowhere else.

use std::sync::Arc;

use tokio::sync::watch;

use super::{DeviceError, ErrorKind, Mode};
use crate::backend::BackendClient;
use crate::background::Owner;
use crate::model::{
    Account, AppState, Condition, Conditions, Handle, Network, Platform, Subscription,
};
use crate::session::Session;

/// The way to one backend as one user.
pub(super) struct Link {
    pub(super) account: Account,
    pub(super) client: BackendClient,
    pub(super) session: Session,
}

/// The channel as it was seen last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Line {
    /// Not open; what went wrong last, if anything did.
    Closed(Option<LineProblem>),
    /// Open, with a handle.
    Open(OpenLine),
}

/// Why the channel is not open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LineProblem {
    pub(super) text: String,
    /// What kind of trouble it is, where trying again changes nothing until somebody changes
    /// something.
    pub(super) lasting: Option<ErrorKind>,
}

/// An open channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OpenLine {
    pub(super) service: String,
    pub(super) platform: Platform,
    pub(super) handle: Handle,
    pub(super) subscription: Option<Subscription>,
}

/// Whether the backend has the handle.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) enum Registered {
    /// Not yet, or not any more; what went wrong last, if anything did.
    #[default]
    No,
    /// It could not be done yet.
    Failed(String),
    /// It cannot be done until somebody changes something: what kind of trouble it is, and why.
    Refused(ErrorKind, String),
    /// Under this id.
    As(String),
    /// There is no backend to tell.
    NotNeeded,
}

impl Registered {
    /// True when waiting changes nothing any more.
    fn is_settled(&self) -> bool {
        match self {
            Self::As(_) | Self::NotNeeded | Self::Refused(..) => true,
            Self::No | Self::Failed(_) => false,
        }
    }
}

/// A phone at a moment.
#[derive(Clone)]
pub(super) struct PhoneState {
    /// How much of it is switched on.
    pub(super) on: Option<Mode>,
    /// Who is signed in, or was, and where.
    pub(super) link: Option<Arc<Link>>,
    pub(super) line: Line,
    /// Whether the backend has acknowledged the handle and tags.
    pub(super) registered: Registered,
    pub(super) conditions: Conditions,
    /// Counts the changes after which the channel must be opened anew.
    pub(super) channel_version: u64,
}

impl PhoneState {
    /// Whose pushes are handled.
    fn owner(&self) -> Option<Owner> {
        if self.on == Some(Mode::WithoutBackend) {
            return Some(Owner::nobody());
        }
        self.link.as_ref().map(|link| Owner::from(&link.account))
    }

    /// Where the app is: nowhere on a phone that is off.
    pub(super) fn app_state(&self) -> AppState {
        match self.on {
            Some(Mode::Whole | Mode::WithoutBackend) => self.conditions.app,
            Some(Mode::RegisterOnly) | None => AppState::NotRunning,
        }
    }

    pub(super) fn is_on(&self) -> bool {
        self.on.is_some()
    }

    /// True when the backend is reached, or not, as before: over a network, signed in as then.
    pub(super) fn same_way_to_backend(&self, before: &Self) -> bool {
        let same_link = match (&self.link, &before.link) {
            (Some(now), Some(before)) => Arc::ptr_eq(now, before),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        same_link && self.is_online() == before.is_online()
    }

    pub(super) fn is_online(&self) -> bool {
        self.conditions.network != Network::Offline
    }

    /// True when nothing more comes of waiting for it to be ready.
    pub(super) fn is_settled(&self) -> bool {
        matches!(self.line, Line::Open(_)) && self.registered.is_settled()
    }

    /// What keeps it from being ready.
    pub(super) fn problem(&self) -> Option<String> {
        if !self.is_online() {
            return Some(DeviceError::Offline.to_string());
        }
        match (&self.line, &self.registered) {
            (Line::Closed(problem), _) => problem.as_ref().map(|problem| problem.text.clone()),
            (Line::Open(_), Registered::Failed(problem) | Registered::Refused(_, problem)) => {
                Some(problem.clone())
            }
            (Line::Open(_), Registered::No | Registered::As(_) | Registered::NotNeeded) => None,
        }
    }

    fn reopen(&mut self) {
        self.line = Line::Closed(None);
        self.registered = Registered::No;
        self.channel_version += 1;
    }
}

/// The state of a device, and everybody who waits for a change of it.
pub(super) struct State {
    now: watch::Sender<PhoneState>,
    owner: watch::Sender<Option<Owner>>,
    conditions: watch::Sender<Conditions>,
    /// That of the last handle.
    platform: watch::Sender<Platform>,
}

impl State {
    pub(super) fn new(conditions: Conditions, platform: Platform) -> Self {
        Self {
            now: watch::Sender::new(PhoneState {
                on: None,
                link: None,
                line: Line::Closed(None),
                registered: Registered::No,
                conditions,
                channel_version: 0,
            }),
            owner: watch::Sender::new(None),
            conditions: watch::Sender::new(conditions),
            platform: watch::Sender::new(platform),
        }
    }

    /// The phone as it is.
    pub(super) fn now(&self) -> PhoneState {
        self.now.borrow().clone()
    }

    pub(super) fn link(&self) -> Option<Arc<Link>> {
        self.now.borrow().link.clone()
    }

    pub(super) fn owner(&self) -> Option<Owner> {
        self.owner.borrow().clone()
    }

    pub(super) fn conditions(&self) -> Conditions {
        *self.conditions.borrow()
    }

    /// Every change of the phone.
    pub(super) fn watch(&self) -> watch::Receiver<PhoneState> {
        self.now.subscribe()
    }

    /// Whose pushes are handled, and every change of it.
    pub(super) fn watch_owner(&self) -> watch::Receiver<Option<Owner>> {
        self.owner.subscribe()
    }

    /// The conditions, and every change of them.
    pub(super) fn watch_conditions(&self) -> watch::Receiver<Conditions> {
        self.conditions.subscribe()
    }

    /// The platform whose rules hold, and every change of it.
    pub(super) fn watch_platform(&self) -> watch::Receiver<Platform> {
        self.platform.subscribe()
    }

    /// Switches on what `mode` says, and returns what was on before: a phone that is on already
    /// stays as it is, but for one that only registers.
    pub(super) fn switch_on(&self, mode: Mode) -> Option<Mode> {
        self.change(|phone| {
            let before = phone.on;
            if matches!(before, None | Some(Mode::RegisterOnly)) {
                phone.on = Some(mode);
            }
            before
        })
    }

    /// There is a way to the account's backend; nobody was asked yet.
    pub(super) fn found(&self, link: Arc<Link>) {
        self.change(|phone| phone.link = Some(link));
    }

    /// Somebody signed in: at another backend the channel is opened anew.
    pub(super) fn signed_in(&self, link: Arc<Link>) {
        self.change(|phone| {
            let other_backend = phone
                .link
                .as_ref()
                .is_none_or(|before| before.account.backend != link.account.backend);
            phone.link = Some(link);
            if other_backend {
                phone.reopen();
            }
            phone.registered = Registered::No;
        });
    }

    /// The channel is open.
    pub(super) fn opened(&self, line: OpenLine, new_handle: bool) {
        self.change(|phone| {
            if new_handle {
                phone.registered = Registered::No;
            }
            phone.line = Line::Open(line);
        });
    }

    /// The channel is closed. The backend still has the handle; the phone is not ready all the same.
    pub(super) fn closed(&self, problem: Option<LineProblem>) {
        self.change(|phone| {
            phone.line = Line::Closed(problem);
            if matches!(
                phone.registered,
                Registered::Failed(_) | Registered::Refused(..)
            ) {
                phone.registered = Registered::No;
            }
        });
    }

    /// What the channel is opened with has changed.
    pub(super) fn reopen_channel(&self) {
        self.change(PhoneState::reopen);
    }

    pub(super) fn registered(&self, registered: Registered) {
        self.change(|phone| phone.registered = registered);
    }

    /// Changes conditions; true where one was another before. Of each such one `told` hears, with
    /// the earlier states, before anything follows from the change.
    pub(super) fn set_conditions(
        &self,
        wanted: &[Condition],
        told: impl Fn(Condition, Conditions),
    ) -> bool {
        self.change(|phone| {
            let mut changed = false;
            for condition in wanted {
                let before = phone.conditions;
                if phone.conditions.apply(*condition) {
                    changed = true;
                    told(*condition, before);
                }
            }
            changed
        })
    }

    /// The only place where the phone changes, so that what follows from it changes with it.
    fn change<T: Default>(&self, change: impl FnOnce(&mut PhoneState) -> T) -> T {
        let mut answer = T::default();
        self.now.send_modify(|phone| {
            answer = change(phone);
            let owner = phone.owner();
            tell(&self.owner, owner);
            tell(&self.conditions, phone.conditions);
            if let Line::Open(line) = &phone.line {
                tell(&self.platform, line.platform);
            }
        });
        answer
    }
}

/// Sends a value where it is another than before.
fn tell<T: PartialEq>(to: &watch::Sender<T>, value: T) {
    to.send_if_modified(|before| {
        let other = *before != value;
        *before = value;
        other
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open() -> OpenLine {
        OpenLine {
            service: "ws://127.0.0.1:1".to_owned(),
            platform: Platform::Wns,
            handle: Handle::parse("https://example.org/h").unwrap(),
            subscription: None,
        }
    }

    #[test]
    fn a_phone_without_a_backend_is_nobodys() {
        let state = State::new(Conditions::default(), Platform::Wns);
        assert_eq!(state.owner(), None);
        assert_eq!(state.switch_on(Mode::WithoutBackend), None);
        assert_eq!(state.owner(), Some(Owner::nobody()));
        assert_eq!(state.switch_on(Mode::Whole), Some(Mode::WithoutBackend));
        assert_eq!(state.owner(), Some(Owner::nobody()));
    }

    #[test]
    fn it_is_ready_only_with_an_open_channel_and_a_registered_handle() {
        let state = State::new(Conditions::default(), Platform::Wns);
        state.registered(Registered::NotNeeded);
        assert!(!state.now().is_settled());
        state.opened(open(), false);
        assert!(state.now().is_settled());
        state.opened(open(), true);
        assert!(!state.now().is_settled());
        state.registered(Registered::As("1".to_owned()));
        state.closed(None);
        assert!(!state.now().is_settled());
        assert_eq!(state.now().registered, Registered::As("1".to_owned()));
    }

    #[test]
    fn a_refusal_is_forgotten_with_the_channel_it_was_for() {
        let state = State::new(Conditions::default(), Platform::Wns);
        state.opened(open(), true);
        state.registered(Registered::Refused(ErrorKind::Failed, "no".to_owned()));
        assert_eq!(state.now().problem().as_deref(), Some("no"));
        state.closed(None);
        assert_eq!(state.now().registered, Registered::No);
    }

    #[test]
    fn only_conditions_that_change_are_told() {
        let state = State::new(Conditions::default(), Platform::Wns);
        let mut told = state.watch_conditions();
        let offline = Condition::Network(Network::Offline);
        let dnd = Condition::DoNotDisturb(false);
        let said = std::cell::RefCell::new(Vec::new());
        let tell = |condition, _| said.borrow_mut().push(condition);
        assert!(state.set_conditions(&[offline, dnd], tell));
        assert_eq!(said.borrow().len(), 1);
        assert!(told.has_changed().unwrap());
        assert_eq!(told.borrow_and_update().network, Network::Offline);
        assert_eq!(
            state.now().problem(),
            Some(DeviceError::Offline.to_string())
        );
        assert!(!state.set_conditions(&[offline], |_, _| ()));
        assert!(!told.has_changed().unwrap());
    }
}
