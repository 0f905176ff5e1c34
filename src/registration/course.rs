//! What to do next so that the backend knows the installation: pure decisions.

use super::Stored;
use crate::model::RegistrationId;
use crate::wire::app_backend::RegistrationBody;

/// The next thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// Ask for an id.
    Create,
    /// Put the installation under this id.
    Put(RegistrationId),
    /// Nothing: the backend has acknowledged it.
    Done(RegistrationId),
}

/// The way to an acknowledged installation. It ends: an id is given up for a new one once.
#[derive(Debug)]
pub(super) struct Course {
    stored: Option<Stored>,
    wanted: RegistrationBody,
    renewed: bool,
    changed: bool,
}

/// The backend does not know an id it has just given out.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct GoneAgain;

impl Course {
    /// From what is stored to what is wanted; with `force` it is put even if nothing differs.
    pub(super) fn new(stored: Option<Stored>, wanted: RegistrationBody, force: bool) -> Self {
        let stored = stored.map(|stored| Stored {
            acknowledged: stored.acknowledged.filter(|_| !force),
            ..stored
        });
        Self {
            stored,
            wanted,
            renewed: false,
            changed: false,
        }
    }

    pub(super) fn next(&self) -> Step {
        match &self.stored {
            None => Step::Create,
            Some(stored) if stored.acknowledged.as_ref() == Some(&self.wanted) => {
                Step::Done(stored.id.clone())
            }
            Some(stored) => Step::Put(stored.id.clone()),
        }
    }

    /// The backend gave an id.
    pub(super) fn created(&mut self, id: RegistrationId) {
        self.stored = Some(Stored {
            id,
            acknowledged: None,
            acknowledged_at: None,
        });
    }

    /// The backend acknowledged the installation under this id.
    pub(super) fn put(&mut self, id: RegistrationId) {
        self.changed = true;
        self.stored = Some(Stored {
            id,
            acknowledged: Some(self.wanted.clone()),
            acknowledged_at: None,
        });
    }

    /// The id that was stored was given up for a new one already.
    pub(super) fn renews(&mut self) {
        self.renewed = true;
    }

    /// The backend does not know the id.
    pub(super) fn gone(&mut self) -> Result<(), GoneAgain> {
        self.stored = None;
        if std::mem::replace(&mut self.renewed, true) {
            return Err(GoneAgain);
        }
        Ok(())
    }

    pub(super) fn wanted(&self) -> &RegistrationBody {
        &self.wanted
    }

    /// True once something was put.
    pub(super) fn changed(&self) -> bool {
        self.changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Handle, Platform, Tag};
    use crate::registration::Wanted;

    fn wanted(handle: &str, tags: &[&str]) -> RegistrationBody {
        Wanted {
            platform: Platform::Wns,
            handle: Handle::parse(handle).unwrap(),
            keys: None,
            tags: tags.iter().map(|tag| Tag::parse(*tag).unwrap()).collect(),
        }
        .body()
    }

    fn id(text: &str) -> RegistrationId {
        RegistrationId::parse(text).unwrap()
    }

    fn stored(acknowledged: Option<RegistrationBody>) -> Option<Stored> {
        Some(Stored {
            id: id("1"),
            acknowledged,
            acknowledged_at: None,
        })
    }

    #[test]
    fn a_new_device_asks_for_an_id_and_puts() {
        let mut course = Course::new(None, wanted("h", &[]), false);
        assert_eq!(course.next(), Step::Create);
        course.created(id("1"));
        assert_eq!(course.next(), Step::Put(id("1")));
        assert!(!course.changed());
        course.put(id("1"));
        assert_eq!(course.next(), Step::Done(id("1")));
        assert!(course.changed());
    }

    #[test]
    fn a_backend_may_say_another_id_when_it_is_put() {
        let mut course = Course::new(None, wanted("h", &[]), false);
        course.created(id("own"));
        course.put(id("7"));
        assert_eq!(course.next(), Step::Done(id("7")));
    }

    #[test]
    fn what_was_acknowledged_is_not_put_again_unless_forced() {
        let known = || stored(Some(wanted("h", &["b", "a"])));
        let same = || wanted("h", &["A", "b", "a"]);
        assert_eq!(
            Course::new(known(), same(), false).next(),
            Step::Done(id("1"))
        );
        assert_eq!(
            Course::new(known(), same(), true).next(),
            Step::Put(id("1"))
        );
        for other in [wanted("h2", &["a", "b"]), wanted("h", &["a"])] {
            assert_eq!(
                Course::new(known(), other, false).next(),
                Step::Put(id("1"))
            );
        }
        // Nobody knows whether the last put arrived.
        assert_eq!(
            Course::new(stored(None), same(), false).next(),
            Step::Put(id("1"))
        );
    }

    #[test]
    fn an_id_is_given_up_once() {
        let mut course = Course::new(stored(None), wanted("h", &[]), false);
        course.gone().unwrap();
        assert_eq!(course.next(), Step::Create);
        course.created(id("2"));
        assert_eq!(course.next(), Step::Put(id("2")));
        assert_eq!(course.gone(), Err(GoneAgain));
    }
}
