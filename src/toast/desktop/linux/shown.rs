//! Which toasts the daemon has from this phone, and what its signals say about them.

use std::collections::VecDeque;

use super::listen::{DEFAULT, Signal};
use crate::model::ToastKey;
use crate::toast::{FeedbackKind, ToastFeedback};

/// How many toasts are remembered so that a later one can take their place.
const MOST_REMEMBERED: usize = 256;

/// `NotificationClosed`: dismissed by the user.
const BY_USER: u32 = 2;

/// The daemon's ids of the latest toasts. They mean something to the one daemon that gave them.
#[derive(Default)]
pub(in crate::toast::desktop) struct ShownToasts {
    daemon: String,
    toasts: VecDeque<Toast>,
}

struct Toast {
    key: ToastKey,
    id: u32,
    /// Those of its buttons, in their order.
    arguments: Vec<String>,
    /// It was tapped: that the daemon closes it then is no news.
    tapped: bool,
}

impl ShownToasts {
    pub(super) fn is_empty(&self) -> bool {
        self.toasts.is_empty()
    }

    /// The id of the toast with `key`, when this very daemon gave it.
    pub(super) fn id(&self, daemon: &str, key: &ToastKey) -> Option<u32> {
        let mut toasts = self.toasts.iter().filter(|_| self.daemon == daemon);
        toasts.find(|toast| toast.key == *key).map(|toast| toast.id)
    }

    pub(super) fn remember(
        &mut self,
        daemon: String,
        key: &ToastKey,
        id: u32,
        arguments: Vec<String>,
    ) {
        if self.daemon != daemon {
            self.toasts.clear();
            self.daemon = daemon;
        }
        self.toasts.retain(|toast| toast.key != *key);
        if self.toasts.len() == MOST_REMEMBERED {
            self.toasts.pop_front();
        }
        self.toasts.push_back(Toast {
            key: key.clone(),
            id,
            arguments,
            tapped: false,
        });
    }

    pub(super) fn forget(&mut self, daemon: &str, key: &ToastKey) -> Option<u32> {
        let id = self.id(daemon, key);
        self.toasts.retain(|toast| toast.key != *key);
        id
    }

    /// What a signal of `sender` says, if it is the daemon's and about a toast of this phone.
    pub(super) fn hear(&mut self, sender: &str, signal: &Signal) -> Option<ToastFeedback> {
        if self.daemon != sender {
            return None;
        }
        let place = self
            .toasts
            .iter()
            .position(|toast| toast.id == signal.id())?;
        match signal {
            Signal::ActionInvoked(_, name) => self.toasts.get_mut(place)?.tap(name),
            Signal::NotificationClosed(_, reason) => {
                let toast = self.toasts.remove(place)?;
                let dismissed = !toast.tapped && *reason == BY_USER;
                dismissed.then_some(ToastFeedback {
                    key: toast.key,
                    kind: FeedbackKind::Dismissed,
                })
            }
        }
    }
}

impl Toast {
    /// A toast is tapped once: a second press comes from a daemon that is slow to close it.
    fn tap(&mut self, name: &str) -> Option<ToastFeedback> {
        let arguments = match name {
            DEFAULT => None,
            place => Some(self.arguments.get(place.parse::<usize>().ok()?)?.clone()),
        };
        if std::mem::replace(&mut self.tapped, true) {
            return None;
        }
        Some(ToastFeedback {
            key: self.key.clone(),
            kind: FeedbackKind::Tapped { arguments },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toast::tests::toast;

    fn key(name: &str) -> ToastKey {
        toast(name, "", "").key
    }

    fn one(name: &str, id: u32) -> ShownToasts {
        let mut shown = ShownToasts::default();
        let arguments = vec!["reply".to_owned(), "later".to_owned()];
        shown.remember(":1.5".to_owned(), &key(name), id, arguments);
        shown
    }

    fn invoked(id: u32, name: &str) -> Signal {
        Signal::ActionInvoked(id, name.to_owned())
    }

    #[test]
    fn ids_belong_to_the_daemon_that_gave_them() {
        let mut shown = one("m", 7);
        assert_eq!(shown.id(":1.5", &key("m")), Some(7));
        assert_eq!(shown.id(":1.9", &key("m")), None);
        shown.remember(":1.9".to_owned(), &key("n"), 1, Vec::new());
        assert_eq!(shown.id(":1.9", &key("m")), None);
        assert_eq!(shown.id(":1.5", &key("m")), None);
    }

    #[test]
    fn as_many_toasts_are_remembered_as_there_is_room_for() {
        let mut shown = ShownToasts::default();
        for number in 0..1000 {
            let key = key(&format!("m{number}"));
            shown.remember(":1.5".to_owned(), &key, number, Vec::new());
        }
        assert_eq!(shown.toasts.len(), MOST_REMEMBERED);
        assert_eq!(shown.forget(":1.5", &key("m999")), Some(999));
        assert_eq!(shown.forget(":1.5", &key("m999")), None);
    }

    #[test]
    fn a_tap_is_told_once_with_the_arguments_of_its_button() {
        for (name, arguments) in [("default", None), ("1", Some("later"))] {
            let mut shown = one("m", 7);
            let told = shown.hear(":1.5", &invoked(7, name)).unwrap();
            let arguments = arguments.map(str::to_owned);
            assert_eq!(told.key, key("m"));
            assert_eq!(told.kind, FeedbackKind::Tapped { arguments });
            assert_eq!(shown.hear(":1.5", &invoked(7, name)), None);
            let closed = Signal::NotificationClosed(7, BY_USER);
            assert_eq!(shown.hear(":1.5", &closed), None);
            assert_eq!(shown.id(":1.5", &key("m")), None);
        }
    }

    #[test]
    fn only_a_user_dismisses() {
        for (reason, told) in [(1, false), (2, true), (3, false), (4, false), (9, false)] {
            let mut shown = one("m", 7);
            let heard = shown.hear(":1.5", &Signal::NotificationClosed(7, reason));
            assert_eq!(heard.is_some(), told, "{reason}");
            assert!(shown.is_empty());
        }
    }

    #[test]
    fn what_is_not_this_phones_is_not_heard() {
        let mut shown = one("m", 7);
        assert_eq!(shown.hear(":1.6", &invoked(7, "default")), None);
        assert_eq!(shown.hear(":1.5", &invoked(8, "default")), None);
        assert_eq!(shown.hear(":1.5", &invoked(7, "2")), None);
        assert_eq!(shown.hear(":1.5", &invoked(7, "\u{202E}junk")), None);
        assert!(shown.hear(":1.5", &invoked(7, "0")).is_some());
    }
}
