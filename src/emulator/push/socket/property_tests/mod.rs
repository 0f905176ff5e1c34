//! Whatever order pushes, connections, acknowledgements and restarts come in: what was answered
//! *received* reaches the device, never twice on one connection, and in its order; unless a later
//! push of the same topic took its place, or the device gave the channel back.

mod world;

use proptest::prelude::*;

use world::World;

#[derive(Debug, Clone)]
enum Action {
    /// Begins so many pushes at once, and looks at none of their answers.
    Push(usize),
    /// One of two topics.
    PushTopic(usize),
    /// Waits for the answers.
    Answers,
    Connect,
    Disconnect,
    /// The socket's turn.
    Turn,
    /// The device acknowledges the first so many that are on their way.
    Acknowledge(usize),
    /// The device refuses the first that is on its way.
    Refuse,
    /// The device gives its channel back, and registers it anew.
    GiveBack,
    /// The services end in the middle of everything, and start again.
    Restart,
}

const TOPICS: [&str; 2] = ["one", "other"];

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        6 => (1..4_usize).prop_map(Action::Push),
        3 => (0..TOPICS.len()).prop_map(Action::PushTopic),
        4 => Just(Action::Answers),
        3 => Just(Action::Connect),
        1 => Just(Action::Disconnect),
        6 => Just(Action::Turn),
        4 => (1..8_usize).prop_map(Action::Acknowledge),
        2 => Just(Action::Refuse),
        1 => Just(Action::GiveBack),
        1 => Just(Action::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_was_received_reaches_the_device_once_and_in_order(
        actions in proptest::collection::vec(action(), 1..60)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut world = World::new().await;
            for action in actions {
                world.act(action).await;
            }
            world.finish().await;
        });
    }
}
