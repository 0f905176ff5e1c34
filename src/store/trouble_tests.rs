//! A disk that is full or hangs, and another program that holds the file.

use super::tests::{count, file, insert, open};
use super::*;

/// Lets the database grow to so many pages, as a disk does.
async fn limit_pages(store: &Store, pages: u32) {
    store
        .write(move |c| c.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(())))
        .await
        .unwrap();
}

async fn names(store: &Store) -> Vec<String> {
    store
        .read(|c| {
            c.prepare("SELECT substr(name, 1, 5) FROM item ORDER BY id")?
                .query_map([], |row| row.get(0))?
                .collect()
        })
        .await
        .unwrap()
}

#[tokio::test]
async fn a_full_disk_is_told_at_once_and_writing_goes_on_when_there_is_space() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(file(&folder)).await.unwrap();
    insert(&store, "first").await.unwrap();
    limit_pages(&store, 5).await;
    let large = "large".repeat(20_000);
    for _ in 0..3 {
        let full = insert(&store, &large).await.unwrap_err();
        assert!(matches!(full, StoreError::Full { .. }), "{full:?}");
        assert!(full.is_transient() && full.to_string().contains("test.db"));
    }
    assert_eq!(names(&store).await, ["first"], "reading goes on meanwhile");
    limit_pages(&store, 1_000_000).await;
    insert(&store, &large).await.unwrap();
    store.close().await;
    assert_eq!(
        names(&open(file(&folder)).await.unwrap()).await,
        ["first", "large"]
    );
}

#[tokio::test]
async fn what_was_told_to_have_failed_with_its_group_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(file(&folder)).await.unwrap();
    limit_pages(&store, 5).await;
    let (release, held) = std::sync::mpsc::channel::<()>();
    // All of them wait while the first runs, and so share one group.
    let first = store.write(move |_| {
        held.recv().ok();
        Ok(0)
    });
    let large = "large".repeat(20_000);
    let let_go = async {
        tokio::task::yield_now().await;
        drop(release);
    };
    let outcomes = tokio::join!(
        first,
        insert(&store, "before"),
        insert(&store, &large),
        insert(&store, "after"),
        let_go
    );
    let told: Vec<&str> = [
        ("before", &outcomes.1),
        ("large", &outcomes.2),
        ("after", &outcomes.3),
    ]
    .into_iter()
    .filter_map(|(name, outcome)| outcome.is_ok().then_some(name))
    .collect();
    assert!(
        matches!(outcomes.2, Err(StoreError::Full { .. })),
        "{:?}",
        outcomes.2
    );
    assert_eq!(names(&store).await, told, "{outcomes:?}");
    assert_eq!(
        told,
        ["after"],
        "only what came before the full disk shares its fate"
    );
}

#[tokio::test]
async fn a_read_is_answered_although_the_writes_beside_it_fail() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(file(&folder)).await.unwrap();
    insert(&store, "kept").await.unwrap();
    limit_pages(&store, 5).await;
    let (release, held) = std::sync::mpsc::channel::<()>();
    let first = store.write(move |_| {
        held.recv().ok();
        Ok(())
    });
    let large = "large".repeat(20_000);
    let let_go = async {
        tokio::task::yield_now().await;
        drop(release);
    };
    // They share a group, in this order.
    let (first, before, found, full, ()) = tokio::join!(
        first,
        insert(&store, "undone"),
        names(&store),
        insert(&store, &large),
        let_go
    );
    assert!(matches!(full, Err(StoreError::Full { .. })), "{full:?}");
    assert!(first.is_err() && before.is_err(), "they share its fate");
    assert_eq!(found, ["kept"], "and not what was undone");
}

#[tokio::test]
async fn what_is_staged_is_done_before_what_is_queued_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(file(&folder)).await.unwrap();
    let (told, mut outcomes) = mpsc::unbounded_channel();
    let stage = |name: &'static str| {
        let told = told.clone();
        let job = move |c: &Connection| c.execute("INSERT INTO item(name) VALUES (?1)", [name]);
        let staging = store.stage(job, move |done| told.send((name, done.is_ok())).unwrap());
        staging.unwrap()
    };
    let first = stage("first");
    let dropped = stage("dropped");
    assert_eq!(names(&store).await, ["first", "dropp"]);
    drop(dropped);
    assert_eq!(first.done().await, Ok(1));
    drop(stage("third"));
    assert_eq!(outcomes.recv().await, Some(("first", true)));
    assert_eq!(outcomes.recv().await, Some(("dropped", true)));
    assert_eq!(
        outcomes.recv().await,
        Some(("third", true)),
        "it was not waited for"
    );
}

#[tokio::test]
async fn a_disk_that_hangs_is_told_in_time_and_nothing_that_waited_is_begun_later() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(file(&folder)).await.unwrap();
    let (release, held) = std::sync::mpsc::channel::<()>();
    let (begun, begins) = oneshot::channel();
    let hung = store.write(move |_| {
        begun.send(()).ok();
        held.recv().ok();
        Ok(())
    });
    let waits = async {
        begins.await.unwrap();
        tokio::time::pause();
        insert(&store, "given up").await
    };
    let (hung, waited) = tokio::join!(hung, waits);
    tokio::time::resume();
    for error in [hung.unwrap_err(), waited.unwrap_err()] {
        assert!(matches!(error, StoreError::TimedOut { .. }), "{error:?}");
        assert!(error.is_transient() && error.to_string().contains("test.db"));
    }
    drop(release);
    insert(&store, "goes on").await.unwrap();
    assert_eq!(names(&store).await, ["goes "]);
}

#[tokio::test]
async fn a_database_that_another_program_holds_for_a_moment_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(file(&folder)).await.unwrap();
    insert(&store, "a").await.unwrap();
    store.close().await;
    let other = Connection::open(file(&folder)).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let opening = open(file(&folder));
    let let_go = async {
        // Longer than a program that is just ending takes.
        tokio::time::sleep(timeouts::STORE_BUSY / 2).await;
        other.execute_batch("COMMIT").unwrap();
        other.close().unwrap();
    };
    let (store, ()) = tokio::join!(opening, let_go);
    assert_eq!(count(&store.unwrap()).await, 1);
}
