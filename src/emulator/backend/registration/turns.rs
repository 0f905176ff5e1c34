//! One change at a time for each registration, from its row to the hub's answer: a slow hub must not
//! carry out an earlier change behind a later one.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::model::RegistrationId;

/// How many turns there are; registrations share them.
const PLACES: u64 = 256;

/// The turns. Whoever waits for one is let in in order; a request that ends gives its turns back.
#[derive(Debug)]
pub(in crate::emulator::backend) struct Turns(Vec<Semaphore>);

impl Turns {
    pub(in crate::emulator::backend) fn new() -> Self {
        Self((0..PLACES).map(|_| Semaphore::new(1)).collect())
    }

    /// The turns of all these registrations. They are taken in one order by all, so that nobody
    /// waits for one who waits for him.
    pub(super) async fn take<'a>(
        &self,
        ids: impl IntoIterator<Item = &'a RegistrationId>,
    ) -> Vec<SemaphorePermit<'_>> {
        let places: BTreeSet<usize> = ids.into_iter().map(place).collect();
        let mut turns = Vec::with_capacity(places.len());
        for turn in places.into_iter().filter_map(|place| self.0.get(place)) {
            // The semaphores are never closed.
            turns.extend(turn.acquire().await);
        }
        turns
    }
}

fn place(id: &RegistrationId) -> usize {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    usize::try_from(hasher.finish() % PLACES).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::future::join_all;

    use super::*;

    fn id(n: u32) -> RegistrationId {
        RegistrationId::parse(format!("{n:032x}")).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn who_wants_the_same_two_in_either_order_gets_them_in_turn() {
        let (turns, one, other) = (Turns::new(), id(1), id(2));
        let all = (0..20).map(|n| {
            let both = if n % 2 == 0 {
                [&one, &other]
            } else {
                [&other, &one]
            };
            let turns = &turns;
            async move {
                let _both = turns.take(both).await;
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        });
        let begun = tokio::time::Instant::now();
        join_all(all).await;
        assert_eq!(begun.elapsed().as_secs(), 20);
        assert_eq!(turns.take([&one, &one]).await.len(), 1);
    }
}
