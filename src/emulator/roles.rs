//! Which of the embedded services are served: all of them, or some alone.

use std::fmt;

use crate::model::Invalid;

/// A part of the embedded services that can be served without the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The app backend.
    Backend,
    /// The notification hub.
    Hub,
    /// The push services and the device socket.
    Push,
}

impl Role {
    /// Every part.
    pub const ALL: [Self; 3] = [Self::Backend, Self::Hub, Self::Push];

    /// The name on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Backend => "backend",
            Self::Hub => "hub",
            Self::Push => "push",
        }
    }
}

/// The parts that are served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Roles {
    backend: bool,
    hub: bool,
    push: bool,
}

impl Roles {
    /// Everything.
    #[must_use]
    pub fn all() -> Self {
        Self::only(&Role::ALL)
    }

    /// These alone.
    #[must_use]
    pub fn only(roles: &[Role]) -> Self {
        Self {
            backend: roles.contains(&Role::Backend),
            hub: roles.contains(&Role::Hub),
            push: roles.contains(&Role::Push),
        }
    }

    /// True when this part is served.
    #[must_use]
    pub fn has(self, role: Role) -> bool {
        match role {
            Role::Backend => self.backend,
            Role::Hub => self.hub,
            Role::Push => self.push,
        }
    }

    /// True when every part is served.
    #[must_use]
    pub fn is_all(self) -> bool {
        self == Self::all()
    }

    /// Checks that what is served has what it needs; `hub_elsewhere` says that the app backend sends
    /// through a hub elsewhere.
    ///
    /// # Errors
    /// [`Invalid`] says what is missing or superfluous, and the remedy.
    pub fn check(self, hub_elsewhere: bool) -> Result<(), Invalid> {
        let Self { backend, hub, push } = self;
        let bad = |what, problem: &str| Err(Invalid::new(what, problem));
        if !(backend || hub || push) {
            return bad("--only", "serves nothing: name backend, hub or push");
        }
        if hub && !push {
            return bad(
                "--only",
                "leaves the hub without the push services that it sends through: add push",
            );
        }
        if backend && !hub && !hub_elsewhere {
            return bad(
                "--only",
                "leaves the app backend without a hub: add hub and push, or name a hub elsewhere with --hub",
            );
        }
        if hub_elsewhere && !backend {
            return bad(
                "--hub",
                "is what the app backend sends through, which is not served: add backend to --only, or leave out --hub",
            );
        }
        Ok(())
    }
}

impl Default for Roles {
    fn default() -> Self {
        Self::all()
    }
}

impl fmt::Display for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let served = Role::ALL.into_iter().filter(|role| self.has(*role));
        let names: Vec<&str> = served.map(Role::as_str).collect();
        f.write_str(&names.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_that_cannot_work_are_refused_with_the_remedy() {
        use Role::{Backend, Hub, Push};
        for (roles, elsewhere, remedy) in [
            (&[Backend, Hub, Push][..], false, None),
            (&[Backend, Hub, Push], true, None),
            (&[Push], false, None),
            (&[Hub, Push], false, None),
            (&[Backend], true, None),
            (&[Backend, Push], true, None),
            (&[], false, Some("name backend")),
            (&[Hub], false, Some("add push")),
            (&[Backend], false, Some("--hub")),
            (&[Backend, Push], false, Some("--hub")),
            (&[Push], true, Some("leave out --hub")),
        ] {
            let checked = Roles::only(roles).check(elsewhere);
            match remedy {
                None => assert_eq!(checked, Ok(()), "{roles:?}"),
                Some(remedy) => {
                    let said = checked.unwrap_err().to_string();
                    assert!(said.contains(remedy), "{roles:?}: {said}");
                }
            }
        }
        assert_eq!(Roles::only(&[Push, Backend]).to_string(), "backend,push");
    }
}
