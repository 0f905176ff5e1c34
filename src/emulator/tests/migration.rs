//! The database of an earlier handset.

use super::backend::{put, request};
use super::{DataLocation, Services, ServicesOptions, json, options, send};
use crate::emulator::schema::SCHEMA;
use crate::store::{Location, Schema, Store};
use reqwest::Method;

/// How many migrations there were before the backend kept handles itself.
const BEFORE: usize = 3;

const ROWS: &str = "
INSERT INTO registration VALUES ('a1', 'alice', 9999999999999), ('b1', 'bob', 9999999999999),
    ('c1', 'carol', 9999999999999);
INSERT INTO installation VALUES
    ('a1', 'wns', 'http://x/1', NULL, NULL), ('b1', 'apns', 'ABCD', NULL, NULL),
    ('orphan', 'fcm', 'token', NULL, NULL);
INSERT INTO installation_tag VALUES ('username:alice', 'a1'), ('username:dave', 'orphan');
";

#[tokio::test]
async fn handles_are_taken_over_from_the_hubs_tables() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("services.db");
    let old = Schema {
        migrations: &SCHEMA.migrations[..BEFORE],
        ..SCHEMA
    };
    let store = Store::open(Location::File(file.clone()), old)
        .await
        .unwrap();
    store.write(|c| c.execute_batch(ROWS)).await.unwrap();
    store.close().await;

    let store = Store::open(Location::File(file), SCHEMA).await.unwrap();
    let rows: Vec<(String, Option<String>, Option<String>, bool)> = store
        .read(|c| {
            c.prepare("SELECT id, platform, handle, in_hub FROM registration ORDER BY id")?
                .query_map([], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
                })?
                .collect()
        })
        .await
        .unwrap();
    let row = |id: &str, platform: Option<&str>, handle: Option<&str>| {
        let (platform, handle) = (platform.map(str::to_owned), handle.map(str::to_owned));
        let in_hub = handle.is_some();
        (id.to_owned(), platform, handle, in_hub)
    };
    assert_eq!(
        rows,
        [
            row("a1", Some("wns"), Some("http://x/1")),
            row("b1", Some("apns"), Some("abcd")),
            row("c1", None, None),
        ]
    );
    store.close().await;

    let data = DataLocation::Directory(folder.path().to_owned());
    let services = Services::start(ServicesOptions { data, ..options() })
        .await
        .unwrap();
    let again = request(&services, Method::POST, "api/register?handle=ABCD", "bob");
    assert_eq!(json(send(again).await).await, "b1");
    let body = serde_json::json!({"Platform": "wns", "Handle": "http://x/1"});
    assert_eq!(put(&services, "carol", "c1", &body).await, 200);
    services.shutdown().await;
}
