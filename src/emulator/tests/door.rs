//! Starting and ending, and what stands at the front door.

use super::{
    DataLocation, Device, Services, ServicesOptions, client, header, options, send, start,
    start_in, url,
};
use crate::emulator::EmulatorError;
use crate::store::StoreError;

#[tokio::test]
async fn a_taken_port_is_named() {
    let services = start().await;
    let taken = ServicesOptions {
        http: services.http_address(),
        ..options()
    };
    let error = Services::start(taken).await.unwrap_err();
    assert!(
        matches!(error, EmulatorError::AddressTaken { .. }),
        "{error:?}"
    );
    assert!(
        error
            .to_string()
            .contains(&services.http_address().to_string()),
        "{error}"
    );
    services.shutdown().await;
}

#[tokio::test]
async fn a_data_folder_that_cannot_be_used_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "x").unwrap();
    let data = DataLocation::Directory(file.clone());
    let error = Services::start(ServicesOptions { data, ..options() })
        .await
        .unwrap_err();
    assert!(matches!(error, EmulatorError::Data { .. }), "{error:?}");
    assert!(error.to_string().contains("file"), "{error}");
    std::fs::write(folder.path().join("services.db"), vec![b'x'; 9000]).unwrap();
    let data = DataLocation::Directory(folder.path().to_owned());
    let error = Services::start(ServicesOptions { data, ..options() })
        .await
        .unwrap_err();
    assert!(
        matches!(error, EmulatorError::Store(StoreError::NotADatabase { .. })),
        "{error:?}"
    );
}

#[tokio::test]
async fn every_address_is_reported_and_the_index_names_the_services() {
    let services = start().await;
    let line = services.ready_event().to_line();
    let port = services.http_address().port();
    assert_ne!(port, 0);
    for part in [
        "services.ready",
        "accesstoken.srf",
        &format!("ws://127.0.0.1:{port}/"),
    ] {
        assert!(line.contains(part), "{line}");
    }
    let index = send(client().get(services.http_url().as_str())).await;
    assert!(index.text().await.unwrap().contains("WNS"));
    assert_eq!(
        send(client().get(url(&services, "no/such"))).await.status(),
        404
    );
    assert_eq!(
        send(client().put(url(&services, "no/such"))).await.status(),
        404
    );
    services.shutdown().await;
}

#[tokio::test]
async fn no_subprotocol_is_echoed_and_any_path_is_a_socket() {
    let services = start().await;
    let upgrade = client()
        .get(url(&services, "some/path"))
        .header("connection", "upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
        .header("sec-websocket-protocol", "push-notification");
    let answer = send(upgrade).await;
    assert_eq!(answer.status(), 101);
    assert_eq!(header(&answer, "sec-websocket-protocol"), "");
    services.shutdown().await;
}

#[tokio::test]
async fn shutdown_ends_every_socket_and_frees_port_and_data() {
    let folder = tempfile::tempdir().unwrap();
    let services = start_in(folder.path()).await;
    let address = services.http_address();
    let (mut device, _, _) = Device::registered(&services, "wns").await;
    services.shutdown().await;
    assert_eq!(device.hear_close().await.0, 1001);
    let data = DataLocation::Directory(folder.path().to_owned());
    let again = ServicesOptions {
        http: address,
        data,
        ..options()
    };
    Services::start(again).await.unwrap().shutdown().await;
}
