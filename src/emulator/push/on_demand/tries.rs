//! How often handles with a count have failed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::model::Platform;

/// The most handles that are counted at once; beyond that any of them begins anew.
const MOST: usize = 1024;

/// Counts failures. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Tries(Arc<Mutex<HashMap<(Platform, String), u32>>>);

impl Tries {
    /// True for the first `times` tries of a handle; after the one that follows they are counted
    /// anew.
    pub(super) fn fails(&self, platform: Platform, token: &str, times: u32) -> bool {
        let mut tries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (platform, token.to_owned());
        let failed = tries.get(&key).copied().unwrap_or(0);
        if failed >= times {
            tries.remove(&key);
            return false;
        }
        if failed == 0
            && tries.len() >= MOST
            && let Some(other) = tries.keys().next().cloned()
        {
            tries.remove(&other);
        }
        tries.insert(key, failed + 1);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_counted_handles_is_bounded() {
        let tries = Tries::default();
        for n in 0..3 * MOST {
            assert!(tries.fails(Platform::Wns, &n.to_string(), 1));
        }
        assert_eq!(tries.0.lock().unwrap().len(), MOST);
    }
}
