//! Some of the services alone.

use reqwest::Method;

use super::backend::{request, status};
use super::{Device, Services, ServicesOptions, client, options, send, url};
use crate::emulator::{EmulatorError, Role, Roles};

async fn only(roles: &[Role]) -> Result<Services, EmulatorError> {
    let roles = Roles::only(roles);
    Services::start(ServicesOptions { roles, ..options() }).await
}

#[tokio::test]
async fn the_push_services_alone_take_devices_and_senders_and_nobody_else() {
    let services = only(&[Role::Push]).await.unwrap();
    let (device, handle, _) = Device::registered(&services, "wns").await;
    assert!(handle.contains("/w/?token="));
    assert_ne!(status(client().post(&handle)).await, 404);
    for path in ["api/register", "api/login", "tables/TodoItem", "no/such"] {
        let answer = send(request(&services, Method::POST, path, "alice")).await;
        assert_eq!(answer.status(), 404, "{path}");
        let said = answer.text().await.unwrap();
        assert!(said.contains("push alone (--only)"), "{said}");
    }
    let index = send(client().get(services.http_url().as_str())).await;
    let index = index.text().await.unwrap();
    assert!(
        index.contains("WNS") && !index.contains("app backend"),
        "{index}"
    );
    let ready = services.ready_event().to_line();
    assert!(ready.contains(r#""push":"ws://"#), "{ready}");
    assert!(!ready.contains(r#""backend""#), "{ready}");
    drop(device);
    services.shutdown().await;
}

#[tokio::test]
async fn parts_that_cannot_work_are_not_started() {
    for (roles, remedy) in [
        (&[Role::Backend][..], "--hub"),
        (&[Role::Hub], "add push"),
        (&[], "name backend"),
    ] {
        let error = only(roles).await.unwrap_err();
        assert!(error.to_string().contains(remedy), "{error}");
    }
}

#[tokio::test]
async fn all_of_them_answer_an_unknown_path_without_a_word() {
    let services = only(&Role::ALL).await.unwrap();
    let answer = send(client().get(url(&services, "no/such"))).await;
    assert_eq!(answer.status(), 404);
    assert_eq!(answer.text().await.unwrap(), "");
    services.shutdown().await;
}
