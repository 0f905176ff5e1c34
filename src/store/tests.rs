use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use super::*;

const SCHEMA: Schema = Schema {
    application_id: 0x4853_7473,
    migrations: &["CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT"],
};

pub(super) fn file(folder: &tempfile::TempDir) -> PathBuf {
    folder.path().join("test.db")
}

pub(super) async fn open(path: PathBuf) -> Result<Store, StoreError> {
    Store::open(Location::File(path), SCHEMA).await
}

pub(super) async fn insert(store: &Store, name: &str) -> Result<usize, StoreError> {
    let name = name.to_owned();
    store
        .write(move |c| c.execute("INSERT INTO item(name) VALUES (?1)", [name]))
        .await
}

pub(super) async fn count(store: &Store) -> i64 {
    store
        .read(|c| c.query_row("SELECT count(*) FROM item", [], |row| row.get(0)))
        .await
        .unwrap()
}

#[tokio::test]
async fn what_is_written_is_there_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(file(&folder)).await.unwrap();
    insert(&store, "a").await.unwrap();
    store.close().await;
    let store = open(file(&folder)).await.unwrap();
    assert_eq!(count(&store).await, 1);
}

#[tokio::test]
async fn a_failing_job_is_undone_alone_within_its_group() {
    let store = Store::open(Location::Memory, SCHEMA).await.unwrap();
    let half = store.write(|c| {
        c.execute("INSERT INTO item(name) VALUES ('half')", [])?;
        c.execute("INSERT INTO nowhere VALUES (1)", [])
    });
    let (a, half, b) = tokio::join!(insert(&store, "a"), half, insert(&store, "b"));
    assert!(
        matches!(half, Err(StoreError::Statement { .. })),
        "{half:?}"
    );
    assert_eq!((a, b), (Ok(1), Ok(1)));
    assert_eq!(count(&store).await, 2);
}

#[tokio::test]
async fn a_panicking_job_costs_only_itself() {
    let store = Store::open(Location::Memory, SCHEMA).await.unwrap();
    let panicked: Result<(), _> = store.write(|_| panic!("on purpose")).await;
    assert!(
        matches!(panicked, Err(StoreError::Statement { .. })),
        "{panicked:?}"
    );
    assert_eq!(insert(&store, "a").await, Ok(1));
}

#[tokio::test]
async fn a_thousand_writers_are_all_durable() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(file(&folder)).await.unwrap();
    let names: Vec<String> = (0..1000).map(|n| n.to_string()).collect();
    let writes =
        futures_util::future::join_all(names.iter().map(|name| insert(&store, name))).await;
    assert!(writes.iter().all(Result::is_ok));
    store.close().await;
    assert_eq!(count(&open(file(&folder)).await.unwrap()).await, 1000);
}

#[tokio::test]
async fn garbage_is_named_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let garbage = vec![b'x'; 9000];
    std::fs::write(file(&folder), &garbage).unwrap();
    let error = open(file(&folder)).await.unwrap_err();
    assert!(
        matches!(error, StoreError::NotADatabase { .. }),
        "{error:?}"
    );
    assert!(error.to_string().contains("test.db"), "{error}");
    assert_eq!(std::fs::read(file(&folder)).unwrap(), garbage);
}

#[tokio::test]
async fn a_newer_and_a_foreign_database_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    open(file(&folder)).await.unwrap().close().await;
    let raw = Connection::open(file(&folder)).unwrap();
    raw.pragma_update(None, "user_version", 9).unwrap();
    drop(raw);
    let newer = open(file(&folder)).await.unwrap_err();
    assert!(
        matches!(
            newer,
            StoreError::Newer {
                found: 9,
                supported: 1,
                ..
            }
        ),
        "{newer:?}"
    );
    let other = Schema {
        application_id: 7,
        ..SCHEMA
    };
    let foreign = Store::open(Location::File(file(&folder)), other)
        .await
        .unwrap_err();
    assert!(matches!(foreign, StoreError::Foreign { .. }), "{foreign:?}");
}

#[tokio::test]
async fn one_process_has_it_and_nobody_else_may_read_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(file(&folder)).await.unwrap();
    let second = open(file(&folder)).await.unwrap_err();
    assert!(matches!(second, StoreError::Busy { .. }), "{second:?}");
    let mode = std::fs::metadata(file(&folder))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    store.close().await;
}

#[tokio::test]
async fn many_that_open_a_file_at_once_have_it_one_after_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let many = (0..12).map(|number| {
        let path = file(&folder);
        async move {
            let store = open(path).await?;
            insert(&store, &number.to_string()).await?;
            store.close().await;
            Ok::<_, StoreError>(())
        }
    });
    for opened in futures_util::future::join_all(many).await {
        assert_eq!(opened, Ok(()));
    }
    let store = open(file(&folder)).await.unwrap();
    assert_eq!(count(&store).await, 12);
}

#[tokio::test]
async fn a_missing_folder_and_a_folder_in_its_place_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let missing = open(folder.path().join("no/such/test.db"))
        .await
        .unwrap_err();
    assert!(matches!(missing, StoreError::Io { .. }), "{missing:?}");
    let taken = open(folder.path().to_owned()).await.unwrap_err();
    assert!(matches!(taken, StoreError::Io { .. }), "{taken:?}");
}

#[tokio::test]
async fn an_older_format_is_migrated() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(file(&folder)).await.unwrap();
    insert(&store, "a").await.unwrap();
    store.close().await;
    const NEXT: Schema = Schema {
        application_id: SCHEMA.application_id,
        migrations: &[
            SCHEMA.migrations[0],
            "ALTER TABLE item ADD COLUMN size INTEGER NOT NULL DEFAULT 3",
        ],
    };
    let store = Store::open(Location::File(file(&folder)), NEXT)
        .await
        .unwrap();
    let size: i64 = store
        .read(|c| {
            c.query_row("SELECT size FROM item WHERE name = 'a'", [], |row| {
                row.get(0)
            })
        })
        .await
        .unwrap();
    assert_eq!(size, 3);
}
