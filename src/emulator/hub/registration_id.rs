//! Ids of registrations that the hub gives.

use rand::RngExt as _;

use crate::model::{Invalid, RegistrationId};

/// A new id, which nobody can guess: `{19 digits}-{18 digits}-{digit}`, as the service's own.
///
/// # Errors
/// None in practice.
pub(super) fn new() -> Result<RegistrationId, Invalid> {
    let mut rng = rand::rng();
    let first = rng.random_range(1_000_000_000_000_000_000_u64..9_000_000_000_000_000_000);
    let second = rng.random_range(100_000_000_000_000_000_u64..1_000_000_000_000_000_000);
    let third = rng.random_range(1..10);
    RegistrationId::parse(format!("{first}-{second}-{third}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_the_services_shape_and_differ() {
        let id = new().unwrap();
        let lengths: Vec<usize> = id.as_str().split('-').map(str::len).collect();
        assert_eq!(lengths, [19, 18, 1]);
        assert!(
            id.as_str()
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'-')
        );
        assert_ne!(new().unwrap(), id);
    }
}
