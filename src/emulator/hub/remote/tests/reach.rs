//! Hubs that cannot be reached, or must not be.

use super::*;

#[tokio::test]
async fn a_hub_that_is_not_there_is_named_with_the_remedy() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let hub = hub_at(&format!("http://{address}/"), Clock::system());
    let error = hub.remove(vec![id()]).await.unwrap_err();
    let said = error.to_string();
    assert!(
        said.contains(&address.to_string()) && said.contains("connection string"),
        "{said}"
    );
    assert!(matches!(
        error,
        HubError::Remote {
            transient: true,
            ..
        }
    ));
    // A name without a hub is not a registration that is gone.
    let elsewhere = Elsewhere::start().await;
    let nowhere = "<Error><Detail>No service is hosted at the specified address. TrackingId:x</Detail></Error>";
    elsewhere.server.will(404, &[], nowhere);
    let error = elsewhere
        .hub
        .remove(vec![id()])
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("--hub-name"), "{error}");
}

#[tokio::test]
async fn plain_http_is_for_this_machine_and_a_bad_file_of_authorities_is_named() {
    let at = |endpoint: &str, ca_file: Option<&str>| {
        let options = RemoteHubOptions {
            endpoint: Url::parse(endpoint).unwrap(),
            key: key(),
            name: "hub".to_owned(),
            ca_file: ca_file.map(Into::into),
        };
        RemoteHub::new(
            options,
            Policy::quick_start(),
            String::new(),
            Clock::system(),
        )
        .map(drop)
        .map_err(|error| error.to_string())
    };
    assert!(at("http://192.0.2.1/", None).unwrap_err().contains("https"));
    assert!(at("http://evil.localhost.example/", None).is_err());
    assert_eq!(at("http://localhost:1/", None), Ok(()));
    assert_eq!(at("https://ns.servicebus.windows.net/", None), Ok(()));
    let said = at("https://localhost/", Some("/no/such/file")).unwrap_err();
    assert!(
        said.contains("--hub-ca") && said.contains("/no/such/file"),
        "{said}"
    );
}
