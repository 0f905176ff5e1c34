//! The control API of a running phone: for who knows the token, and for nobody else.

use handset::control::{
    BadgeBody, ControlAddress, ControlClient, ControlError, ControlServer, LoginBody, RegisterBody,
    SendBody, TapBody, TasksQuery,
};
use handset::device::ErrorKind;
use handset::lab::Lab;
use handset::model::{AuthScheme, BackendOrigin, Badge, Platform, Tag, UserName};

use crate::support::LIMIT;

fn login(lab: &Lab, user: &str, password: &str) -> LoginBody {
    LoginBody {
        backend: BackendOrigin::parse(lab.services().urls().backend.as_str()).unwrap(),
        user: UserName::parse(user).unwrap(),
        password: Some(password.into()),
        token: None,
        auth: Some(AuthScheme::Bearer),
        backend_profile: None,
        vault: None,
        push: None,
        ca: None,
        allow_http: Vec::new(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_phone_is_driven_through_it() {
    let lab = Lab::start().await.unwrap();
    let phone = lab.device("phone").start().await.unwrap();
    let file = phone.folder().control();
    let server = ControlServer::start(phone.device().unwrap(), file.clone())
        .await
        .unwrap();
    let client = ControlClient::find(phone.folder()).unwrap();
    assert_eq!(client.pid(), std::process::id());
    assert!(!client.status().await.unwrap().signed_in);

    let wrong = client
        .login(&login(&lab, "alice", "wrong"))
        .await
        .unwrap_err();
    let handset::control::ControlError::Refused(failure) = wrong else {
        panic!("{wrong}");
    };
    assert_eq!(failure.kind, ErrorKind::SignInNeeded);
    let unsent = client.send(&SendBody::default()).await.unwrap_err();
    assert!(
        matches!(unsent, handset::control::ControlError::Refused(_)),
        "{unsent}"
    );

    let signed_in = client.login(&login(&lab, "alice", "alice")).await.unwrap();
    assert_eq!(
        (signed_in.user.as_str(), signed_in.vault.as_str()),
        ("alice", "memory")
    );
    let body = RegisterBody {
        tags: Some(vec![Tag::parse("news").unwrap()]),
        ..RegisterBody::default()
    };
    let registered = client.register(&body).await.unwrap();
    assert_eq!(
        (registered.platform, registered.tags),
        (Platform::Wns, vec!["news".to_owned()])
    );
    let send = SendBody {
        text: Some("through the API".to_owned()),
        ..SendBody::default()
    };
    let sent = client.send(&send).await.unwrap();
    assert_eq!(
        (sent.to.as_deref(), sent.deliveries.len()),
        (Some("alice"), 1)
    );
    phone.next_toast(LIMIT).await.unwrap();
    let status = client.status().await.unwrap();
    assert!(status.signed_in && status.registration_id == Some(registered.registration_id));
    crate::support::eventually("the toast is kept", || phone.inbox().unwrap().waiting == 0).await;
    let toasts = client.toasts().await.unwrap();
    assert_eq!(toasts[0].content.body.as_str(), "through the API");
    client.unregister().await.unwrap();
    client.logout().await.unwrap();
    assert!(!client.status().await.unwrap().signed_in);
    drop(client);
    server.shutdown().await;
    assert!(!file.exists());
    lab.finish().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_user_of_a_running_phone_has_its_toasts_badge_and_tasks() {
    let lab = Lab::start().await.unwrap();
    let phone = lab.device("phone").user("alice").start().await.unwrap();
    let file = phone.folder().control();
    let server = ControlServer::start(phone.device().unwrap(), file)
        .await
        .unwrap();
    let client = ControlClient::find(phone.folder()).unwrap();
    for text in ["one", "two", "three"] {
        lab.backend().send_secure("alice", text).await.unwrap();
        phone.next_toast(LIMIT).await.unwrap();
    }
    crate::support::eventually("the toasts are kept", || {
        phone.inbox().unwrap().waiting == 0
    })
    .await;

    let toasts = client.toasts().await.unwrap();
    let [three, two, _] = &toasts[..] else {
        panic!("{toasts:?}");
    };
    let junk = TapBody {
        action: Some("junk".to_owned()),
    };
    is_usage(client.tap(three.id, &junk).await, "button");
    let tapped = client.tap(three.id, &TapBody::default()).await.unwrap();
    assert_eq!(tapped.toast.body.as_str(), "three");
    assert!(tapped.notification.is_some() && !tapped.opens_sign_in);
    for id in [three.id, -1, 0, i64::MAX, i64::MIN] {
        is_usage(client.tap(id, &TapBody::default()).await, "no toast");
        is_usage(client.dismiss(id).await, "no toast");
    }
    assert_eq!(client.dismiss(two.id).await.unwrap().id, two.id);
    assert_eq!(client.clear().await.unwrap().cleared, 1);
    assert_eq!(client.toasts().await.unwrap(), []);

    let badge: Badge = "100".parse().unwrap();
    let set = client.set_badge(&BadgeBody { badge }).await.unwrap();
    assert_eq!(set.shown.as_deref(), Some("99+"));
    assert_eq!(client.badge().await.unwrap(), set);

    let all = client.tasks(TasksQuery::default()).await.unwrap();
    assert_eq!(all.len(), 3);
    let two = client.tasks(TasksQuery { limit: Some(2) }).await.unwrap();
    assert_eq!(two, all[..2]);
    assert_eq!(client.task(all[2].id).await.unwrap(), all[2]);
    for id in [0, all[0].id + 1, u64::MAX] {
        is_usage(client.task(id).await, "handset tasks");
    }
    drop(client);
    server.shutdown().await;
    lab.finish().await.unwrap();
}

#[track_caller]
fn is_usage<T: std::fmt::Debug>(done: Result<T, ControlError>, word: &str) {
    let Err(ControlError::Refused(failure)) = &done else {
        panic!("{done:?}");
    };
    assert_eq!(failure.kind, ErrorKind::Usage);
    assert!(failure.error.contains(word), "{failure:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_and_a_web_page_are_refused() {
    let lab = Lab::start().await.unwrap();
    let phone = lab.device("phone").start().await.unwrap();
    let file = phone.folder().control();
    let server = ControlServer::start(phone.device().unwrap(), file.clone())
        .await
        .unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let text = std::fs::read_to_string(&file).unwrap();
    let address: ControlAddress = serde_json::from_str(&text).unwrap();
    assert!(address.address.ip().is_loopback());
    assert!(!format!("{address:?}").contains(&address.token));

    let http = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([])
        .build()
        .unwrap();
    let url = format!("http://{}/v1/status", server.address());
    let own_host = server.address().to_string();
    for (token, host, expected) in [
        (None, own_host.as_str(), 401),
        (Some("wrong"), own_host.as_str(), 401),
        (Some(address.token.as_str()), "evil.example", 401),
        (Some(address.token.as_str()), own_host.as_str(), 200),
    ] {
        let mut request = http.get(&url).header("host", host);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), expected, "{token:?} {host}");
    }
    let huge = http
        .post(format!("http://{own_host}/v1/send"))
        .bearer_auth(&address.token)
        .header("content-type", "application/json")
        .body(format!("{{\"text\":\"{}\"}}", "x".repeat(100_000)))
        .send()
        .await
        .unwrap();
    assert_eq!(huge.status(), 413);
    drop(http);
    server.shutdown().await;
    lab.finish().await.unwrap();
}
