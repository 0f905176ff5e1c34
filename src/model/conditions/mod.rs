//! The conditions of a phone: the states of its surroundings that decide what becomes of a push.

mod access;
mod app_state;
mod system;

pub use access::BackgroundAccess;
pub use app_state::AppState;
pub use system::SystemCondition;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Invalid;

/// The network a phone has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Network {
    /// Connected, without a limit on the amount of data.
    #[default]
    Online,
    /// Connected, and each byte costs.
    Metered,
    /// Not connected: the push channel is closed.
    Offline,
}

/// The screen of a phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Screen {
    /// On and unlocked: the user is there.
    #[default]
    Unlocked,
    /// Off or locked.
    Locked,
}

/// Every condition of a phone. They stay as they are set, across restarts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Conditions {
    /// The network.
    pub network: Network,
    /// The screen.
    pub screen: Screen,
    /// Energy saver (Windows), Low Power Mode (iOS), Battery Saver (Android), a low battery
    /// (RFC 8030 §5.3).
    pub battery_saver: bool,
    /// Doze: the phone lies still, unplugged, its screen off for a while (Android).
    pub doze: bool,
    /// Do not disturb: toasts go straight to the action centre.
    pub dnd: bool,
    /// Quiet hours of Windows 8.1: background tasks wait, running ones are canceled.
    pub quiet_hours: bool,
    /// How many pushes without UI the platform lets through in an hour (iOS) counts, unless this
    /// is off, as it is on a phone that hangs on a debugger.
    pub throttle: Throttle,
    /// Where the app is.
    pub app: AppState,
    /// What the user and the system allow the app in the background.
    pub background_access: BackgroundAccess,
}

/// Whether the platform counts what it lets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Throttle {
    /// It does.
    #[default]
    On,
    /// It does not.
    Off,
}

/// One condition and its state, as `network=offline`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// `network=online|metered|offline`
    Network(Network),
    /// `screen=unlocked|locked`
    Screen(Screen),
    /// `battery_saver=on|off`
    BatterySaver(bool),
    /// `doze=on|off`
    Doze(bool),
    /// `dnd=on|off`
    DoNotDisturb(bool),
    /// `quiet_hours=on|off`
    QuietHours(bool),
    /// `throttle=on|off`
    Throttle(Throttle),
    /// `app=foreground|background|not_running|force_quit`
    App(AppState),
    /// `background_access=…`
    BackgroundAccess(BackgroundAccess),
}

impl Conditions {
    /// Every condition with its states, as the command line takes them.
    pub const STATES: [(&'static str, &'static [&'static str]); 9] = [
        ("network", &["online", "metered", "offline"]),
        ("screen", &["unlocked", "locked"]),
        ("battery_saver", &["off", "on"]),
        ("doze", &["off", "on"]),
        ("dnd", &["off", "on"]),
        ("quiet_hours", &["off", "on"]),
        ("throttle", &["on", "off"]),
        (
            "app",
            &["background", "foreground", "not_running", "force_quit"],
        ),
        ("background_access", BackgroundAccess::NAMES),
    ];

    /// Changes one condition; true when it was another before.
    pub fn apply(&mut self, condition: Condition) -> bool {
        let before = *self;
        match condition {
            Condition::Network(network) => self.network = network,
            Condition::Screen(screen) => self.screen = screen,
            Condition::BatterySaver(on) => self.battery_saver = on,
            Condition::Doze(on) => self.doze = on,
            Condition::DoNotDisturb(on) => self.dnd = on,
            Condition::QuietHours(on) => self.quiet_hours = on,
            Condition::Throttle(throttle) => self.throttle = throttle,
            Condition::App(app) => self.app = app,
            Condition::BackgroundAccess(access) => self.background_access = access,
        }
        *self != before
    }

    /// Each condition's name and state, in the order of [`Conditions::STATES`].
    #[must_use]
    pub fn states(&self) -> [(&'static str, &'static str); 9] {
        let switch = |on: bool| if on { "on" } else { "off" };
        [
            (
                "network",
                match self.network {
                    Network::Online => "online",
                    Network::Metered => "metered",
                    Network::Offline => "offline",
                },
            ),
            (
                "screen",
                match self.screen {
                    Screen::Unlocked => "unlocked",
                    Screen::Locked => "locked",
                },
            ),
            ("battery_saver", switch(self.battery_saver)),
            ("doze", switch(self.doze)),
            ("dnd", switch(self.dnd)),
            ("quiet_hours", switch(self.quiet_hours)),
            ("throttle", switch(self.throttle == Throttle::On)),
            ("app", self.app.as_str()),
            ("background_access", self.background_access.as_str()),
        ]
    }

    /// Whether a condition of a task holds (WinRT `SystemConditionType`).
    #[must_use]
    pub fn meet(&self, condition: SystemCondition) -> bool {
        match condition {
            SystemCondition::UserPresent | SystemCondition::SessionConnected => {
                self.screen == Screen::Unlocked
            }
            SystemCondition::UserNotPresent | SystemCondition::SessionDisconnected => {
                self.screen == Screen::Locked
            }
            SystemCondition::InternetAvailable => self.network != Network::Offline,
            SystemCondition::InternetNotAvailable => self.network == Network::Offline,
            SystemCondition::FreeNetwork => self.network == Network::Online,
            SystemCondition::BackgroundWorkCostNotHigh => {
                !self.battery_saver && self.network != Network::Metered
            }
        }
    }
}

impl FromStr for Condition {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let bad = |problem: String| Invalid::new("condition", problem);
        let (name, state) = text
            .split_once('=')
            .ok_or_else(|| bad(format!("{text:.40?} is not of the form name=state")))?;
        let (_, states) = Conditions::STATES
            .iter()
            .find(|(known, _)| *known == name)
            .ok_or_else(|| {
                let names: Vec<_> = Conditions::STATES.iter().map(|(name, _)| *name).collect();
                bad(format!("{name:.40?} is none of {}", names.join(", ")))
            })?;
        let condition = match name {
            "network" => network(state).map(Self::Network),
            "screen" => screen(state).map(Self::Screen),
            "battery_saver" => switch(state).map(Self::BatterySaver),
            "doze" => switch(state).map(Self::Doze),
            "dnd" => switch(state).map(Self::DoNotDisturb),
            "quiet_hours" => switch(state).map(Self::QuietHours),
            "throttle" => switch(state).map(|on| {
                Self::Throttle(match on {
                    true => Throttle::On,
                    false => Throttle::Off,
                })
            }),
            "app" => AppState::from_name(state).map(Self::App),
            _ => BackgroundAccess::from_name(state).map(Self::BackgroundAccess),
        };
        condition.ok_or_else(|| {
            bad(format!(
                "{name} cannot be {state:.40?}, it is one of {}",
                states.join(", ")
            ))
        })
    }
}

impl Condition {
    /// Its name and its state, as the command line takes them.
    #[must_use]
    pub fn name_and_state(&self) -> (&'static str, &'static str) {
        let mut shown = Conditions::default();
        shown.apply(*self);
        let place = match self {
            Self::Network(_) => 0,
            Self::Screen(_) => 1,
            Self::BatterySaver(_) => 2,
            Self::Doze(_) => 3,
            Self::DoNotDisturb(_) => 4,
            Self::QuietHours(_) => 5,
            Self::Throttle(_) => 6,
            Self::App(_) => 7,
            Self::BackgroundAccess(_) => 8,
        };
        let states = shown.states();
        states.get(place).copied().unwrap_or_default()
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, state) = self.name_and_state();
        write!(f, "{name}={state}")
    }
}

fn network(state: &str) -> Option<Network> {
    match state {
        "online" => Some(Network::Online),
        "metered" => Some(Network::Metered),
        "offline" => Some(Network::Offline),
        _ => None,
    }
}

fn screen(state: &str) -> Option<Screen> {
    match state {
        "unlocked" => Some(Screen::Unlocked),
        "locked" => Some(Screen::Locked),
        _ => None,
    }
}

fn switch(state: &str) -> Option<bool> {
    match state {
        "on" => Some(true),
        "off" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_is_read_and_written_alike() {
        for (name, states) in Conditions::STATES {
            for state in states {
                let text = format!("{name}={state}");
                let condition: Condition = text.parse().unwrap();
                assert_eq!(condition.to_string(), text);
                let mut conditions = Conditions::default();
                conditions.apply(condition);
                assert!(conditions.states().contains(&(name, state)), "{text}");
            }
        }
    }

    #[test]
    fn the_first_state_named_is_the_usual_one_but_for_access() {
        let usual = Conditions::default().states();
        for ((name, states), (same, state)) in Conditions::STATES.iter().zip(usual) {
            assert_eq!(*name, same);
            assert!(states.contains(&state), "{name}={state}");
        }
    }

    #[test]
    fn what_is_no_condition_is_refused_with_what_would_be() {
        for (text, hint) in [
            ("network", "name=state"),
            ("network=on", "online, metered, offline"),
            ("wifi=on", "network, screen"),
            ("app=dead", "force_quit"),
            ("", "name=state"),
        ] {
            let error = text.parse::<Condition>().unwrap_err().to_string();
            assert!(error.contains(hint), "{error}");
        }
    }

    #[test]
    fn changing_to_the_same_changes_nothing() {
        let mut conditions = Conditions::default();
        assert!(conditions.apply(Condition::Network(Network::Offline)));
        assert!(!conditions.apply(Condition::Network(Network::Offline)));
        assert!(!conditions.meet(SystemCondition::InternetAvailable));
        assert!(conditions.meet(SystemCondition::InternetNotAvailable));
    }
}
