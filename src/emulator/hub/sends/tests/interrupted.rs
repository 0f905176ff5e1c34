use super::*;
use crate::emulator::hub::outcome::Outcome;
use crate::emulator::hub::rows::messages::{self, NewMessage};
use crate::emulator::hub::rows::progress;
use crate::emulator::schema::SCHEMA;
use crate::emulator::tests::{Device, content, options, pass, start_in};
use crate::emulator::{DataLocation, ServicesOptions};
use crate::lifecycle::timeouts;
use crate::store::{Location, Store};
use std::path::Path;
use std::time::Duration;

/// Writes a message into the database of services that do not run, as a kill leaves it.
async fn leave_behind(folder: &Path, id: &str, send: Send) {
    let database = Location::File(folder.join("services.db"));
    let store = Store::open(database, SCHEMA).await.unwrap();
    let new = NewMessage {
        id: id.into(),
        send,
        due: None,
        now: jiff::Timestamp::from_second(1_800_000_000).unwrap(),
    };
    let written = store.write(move |c| messages::insert(c, &new));
    written.await.unwrap().unwrap();
    store.close().await;
}

#[tokio::test]
async fn what_a_kill_left_waits_until_phones_are_back_and_what_is_new_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let services = start_in(folder.path()).await;
    let (phone, channel, uaid) = Device::registered(&services, "wns").await;
    register(&services, "w", HubPlatform::Windows, &channel, &["p"]).await;
    let http = services.http_address();
    drop(phone);
    services.shutdown().await;
    let raw = |body: &str| {
        let mut send = native(HubPlatform::Windows, to("p"), body);
        send.content = send.content.with("x-wns-type", "wns/raw");
        send
    };
    leave_behind(folder.path(), "left", raw("left")).await;
    let again = async || {
        let data = DataLocation::Directory(folder.path().to_owned());
        Services::start(ServicesOptions {
            http,
            data,
            ..options()
        })
        .await
        .unwrap()
    };
    let waits = async |services: &Services| {
        let told = services.hub().details("left".into()).await.unwrap();
        told.unwrap().started.is_none()
    };

    // The wait ends with the services, and leaves it to the next start.
    let services = again().await;
    let shutdown = tokio::time::timeout(timeouts::HUB_RESUME / 2, services.shutdown());
    assert_eq!(shutdown.await, Ok(0));

    let services = again().await;
    let away = sent(&services, raw("nobody is there")).await;
    let away = counts(&away, HubPlatform::Windows);
    assert_eq!(away, "Dropped=1", "WNS keeps no raw push");
    let (mut phone, _) = Device::greet(&services, Some(&uaid)).await;
    sent(&services, raw("new")).await;
    assert_eq!(content(&phone.hear().await), "new");
    let past = services.clock().now() - jiff::SignedDuration::from_secs(60);
    let scheduled = services.hub().schedule(raw("scheduled"), past).await;
    ended(services.hub(), &scheduled.unwrap()).await;
    assert_eq!(content(&phone.hear().await), "scheduled");
    assert!(waits(&services).await);
    pass(timeouts::HUB_RESUME - Duration::from_secs(1)).await;
    phone.hears_nothing().await;
    assert!(waits(&services).await);
    pass(Duration::from_secs(1)).await;
    assert_eq!(content(&phone.hear().await), "left");
    let told = ended(services.hub(), "left").await;
    assert_eq!(counts(&told, HubPlatform::Windows), "Success=1");
    services.shutdown().await;
}

#[tokio::test]
async fn a_send_that_was_cut_off_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let services = start_in(folder.path()).await;
    let mut phones = Vec::new();
    for number in 0..4 {
        let (_, token, uaid) = Device::registered(&services, "fcm").await;
        register(
            &services,
            &format!("r{number}"),
            HubPlatform::FcmV1,
            &token,
            &["p"],
        )
        .await;
        if number == 0 {
            // The same device once more, behind what was written down.
            register(&services, "again", HubPlatform::FcmV1, &token, &["p"]).await;
        }
        phones.push(uaid);
    }
    services.shutdown().await;
    // As it stands after two of them, one of which was the first device.
    let database = Location::File(folder.path().join("services.db"));
    let store = Store::open(database, SCHEMA).await.unwrap();
    let now = jiff::Timestamp::from_second(1_800_000_000).unwrap();
    let new = NewMessage {
        id: "cut".into(),
        send: fcm(to("p")),
        due: None,
        now,
    };
    let written = store.write(move |c| {
        let seq = messages::insert(c, &new)?.unwrap();
        let mut progress = progress::begin(c, seq, now)?.unwrap().progress;
        progress.cursor = 1;
        progress.counts.add(HubPlatform::FcmV1, Outcome::Success);
        progress::commit(c, seq, &progress, &[], now)
    });
    written.await.unwrap();
    store.close().await;
    let services = start_in(folder.path()).await;
    pass(timeouts::HUB_RESUME).await;
    let told = ended(services.hub(), "cut").await;
    assert_eq!(counts(&told, HubPlatform::FcmV1), "Skipped=1 Success=4");
    for (number, uaid) in phones.iter().enumerate() {
        let (mut phone, _) = Device::greet(&services, Some(uaid)).await;
        if number > 0 {
            let push = phone.hear().await;
            phone.ack(&push).await;
        }
        phone.hears_nothing().await;
    }
    services.shutdown().await;
}

#[tokio::test]
async fn an_orderly_end_waits_for_no_push_service_and_the_next_start_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let (listener, slow) = silent().await;
    let start = async || {
        let data = DataLocation::Directory(folder.path().to_owned());
        let allowed_hosts = vec!["127.0.0.1".to_owned()];
        Services::start(ServicesOptions {
            data,
            allowed_hosts,
            ..options()
        })
        .await
        .unwrap()
    };
    let services = start().await;
    register(&services, "slow", HubPlatform::Windows, &slow, &["p"]).await;
    let send = native(HubPlatform::Windows, to("p"), "x");
    let id = services.hub().accept(send).await.unwrap();
    let (connection, _) = listener.accept().await.unwrap();
    assert_eq!(services.shutdown().await, 0);
    drop((connection, listener));
    let services = start().await;
    let told = services.hub().details(id.clone()).await.unwrap().unwrap();
    assert_eq!(
        (told.ended, counts(&told, HubPlatform::Windows).as_str()),
        (None, "")
    );
    services
        .hub()
        .delete(RegistrationId::parse("slow").unwrap(), Precondition::None)
        .await
        .unwrap();
    drop(services);
}

#[tokio::test]
async fn a_message_that_cannot_be_read_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    start_in(folder.path()).await.shutdown().await;
    let database = Location::File(folder.path().join("services.db"));
    let store = Store::open(database, SCHEMA).await.unwrap();
    let new = NewMessage {
        id: "bad".into(),
        send: fcm(Target::Broadcast),
        due: None,
        now: jiff::Timestamp::UNIX_EPOCH,
    };
    let written = store.write(move |c| {
        messages::insert(c, &new)?.unwrap();
        c.execute("UPDATE hub_content SET headers = '{'", [])
    });
    written.await.unwrap();
    store.close().await;
    let services = start_in(folder.path()).await;
    pass(timeouts::HUB_RESUME).await;
    let told = ended(services.hub(), "bad").await;
    assert_eq!(
        (state(&told), told.counts.len()),
        (MessageState::Abandoned, 0)
    );
    services.shutdown().await;
}

#[tokio::test]
async fn a_send_that_is_cut_off_anywhere_reaches_every_device_and_repeats_a_hundred_at_most() {
    const DEVICES: usize = 250;
    let folder = tempfile::tempdir().unwrap();
    let services = start_in(folder.path()).await;
    let (mut phone, uaid) = Device::greet(&services, None).await;
    for number in 0..DEVICES {
        let channel = uuid::Uuid::new_v4();
        let asked = serde_json::json!({"platform": "fcm", "channelID": channel});
        let token = phone.register(asked).await["handle"]
            .as_str()
            .unwrap()
            .to_owned();
        register(
            &services,
            &format!("r{number}"),
            HubPlatform::FcmV1,
            &token,
            &["p"],
        )
        .await;
    }
    phone.leave(&services).await;
    let id = services.hub().accept(fcm(to("p"))).await.unwrap();
    while services
        .hub()
        .details(id.clone())
        .await
        .unwrap()
        .unwrap()
        .counts
        .is_empty()
    {
        tokio::task::yield_now().await;
    }
    // Nothing is waited for, and nothing tidied up.
    drop(services);
    let services = start_in(folder.path()).await;
    pass(timeouts::HUB_RESUME).await;
    let told = ended(services.hub(), &id).await;
    assert_eq!(
        counts(&told, HubPlatform::FcmV1),
        format!("Success={DEVICES}")
    );
    let (mut phone, _) = Device::greet(&services, Some(&uaid)).await;
    let (mut reached, mut pushes) = (std::collections::HashSet::new(), 0);
    while reached.len() < DEVICES {
        let push = phone.hear().await;
        reached.insert(push["channelID"].as_str().unwrap().to_owned());
        pushes += 1;
        phone.ack(&push).await;
    }
    assert!(pushes <= DEVICES + 100, "{pushes}");
    services.shutdown().await;
}

#[tokio::test]
async fn an_end_that_the_store_did_not_take_is_written_down_later() {
    let services = crate::emulator::tests::start().await;
    let store = &services.hub().store;
    // To end a message takes more room than there is.
    let fill = |c: &rusqlite::Connection| {
        c.execute_batch(
            "CREATE TABLE filler(x);
             CREATE TRIGGER fill AFTER UPDATE OF ended_at ON hub_message
             WHEN NEW.ended_at IS NOT NULL BEGIN
                 INSERT INTO filler VALUES (zeroblob(1000000));
             END;",
        )?;
        let pages: i64 = c.query_row("PRAGMA page_count", [], |row| row.get(0))?;
        let limit = format!("PRAGMA max_page_count = {}", pages + 50);
        c.query_row(&limit, [], |_| Ok(()))
    };
    store.write(fill).await.unwrap();
    let id = services.hub().accept(fcm(to("nobody"))).await.unwrap();
    let told = async || services.hub().details(id.clone()).await.unwrap().unwrap();
    while state(&told().await) != MessageState::Processing {
        tokio::task::yield_now().await;
    }
    for _ in 0..200 {
        assert_eq!(state(&told().await), MessageState::Processing);
    }
    let make_room =
        |c: &rusqlite::Connection| c.query_row("PRAGMA max_page_count = 1000000", [], |_| Ok(()));
    store.write(make_room).await.unwrap();
    let told = ended(services.hub(), &id).await;
    assert_eq!(state(&told), MessageState::NoTargetFound);
    services.shutdown().await;
}
