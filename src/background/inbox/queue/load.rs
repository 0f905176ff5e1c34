//! How much the inbox may hold, in all and for each owner: somebody who never signs in again must
//! not take the room of who is signed in.

use std::collections::HashMap;

use super::Owner;

/// What is held, or may be.
#[derive(Debug, Clone, Copy, Default)]
struct Load {
    pushes: usize,
    bytes: usize,
}

/// What one device holds unfinished at most; past it the service keeps what comes.
const MOST: Load = Load {
    pushes: 10_000,
    bytes: 32 * 1024 * 1024,
};

/// What it holds for one owner at most.
const MOST_OF_OWNER: Load = Load {
    pushes: 5_000,
    bytes: 16 * 1024 * 1024,
};

impl Load {
    fn takes(self, size: usize, most: Self) -> bool {
        self.pushes < most.pushes && self.bytes.saturating_add(size) <= most.bytes
    }

    /// A quarter is free again, so that who was turned away does not come back for each place.
    fn has_room(self, most: Self) -> bool {
        self.pushes <= most.pushes / 4 * 3 && self.bytes <= most.bytes / 4 * 3
    }

    fn add(&mut self, size: usize) {
        self.pushes += 1;
        self.bytes += size;
    }

    fn take_away(&mut self, size: usize) {
        self.pushes = self.pushes.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(size);
    }
}

/// What is held.
#[derive(Debug, Default)]
pub(super) struct Loads {
    all: Load,
    owners: HashMap<Owner, Load>,
}

impl Loads {
    pub(super) fn count(&self) -> usize {
        self.all.pushes
    }

    pub(super) fn takes(&self, owner: &Owner, size: usize) -> bool {
        self.all.takes(size, MOST) && self.of(owner).takes(size, MOST_OF_OWNER)
    }

    pub(super) fn has_room(&self, owner: &Owner) -> bool {
        self.all.has_room(MOST) && self.of(owner).has_room(MOST_OF_OWNER)
    }

    pub(super) fn add(&mut self, owner: &Owner, size: usize) {
        self.all.add(size);
        self.owners.entry(owner.clone()).or_default().add(size);
    }

    pub(super) fn take_away(&mut self, owner: &Owner, size: usize) {
        self.all.take_away(size);
        if let Some(load) = self.owners.get_mut(owner) {
            load.take_away(size);
            if load.pushes == 0 {
                self.owners.remove(owner);
            }
        }
    }

    fn of(&self, owner: &Owner) -> Load {
        self.owners.get(owner).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_owner_leaves_room_for_another() {
        let (alice, bob) = (Owner::stored("alice".to_owned()), Owner::nobody());
        let mut loads = Loads::default();
        while loads.takes(&alice, 8 * 1024) {
            loads.add(&alice, 8 * 1024);
        }
        assert_eq!(loads.count(), 2048, "16 MiB come before 5,000");
        assert!(loads.takes(&bob, 8 * 1024) && loads.has_room(&bob));
        loads.take_away(&alice, 8 * 1024);
        assert!(loads.takes(&alice, 8 * 1024) && !loads.has_room(&alice));
        while !loads.has_room(&alice) {
            loads.take_away(&alice, 8 * 1024);
        }
        assert_eq!(loads.count(), 1536);
    }
}
