//! The hub of a running `serve`: its name, its rules and its connection string; and that no log holds
//! what its clients say.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use handset::lifecycle::Clock;
use handset::wire::notification_hub::ConnectionString;
use rustix::process::Signal;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use url::Url;

use crate::world::{Served, World, eventually, quiet_address};

const HOUR: Duration = Duration::from_secs(3600);

fn stopped(served: Served) -> String {
    served.running.signal(Signal::TERM);
    served.running.ended().with_code(0).err
}

/// What `env` prints: the hub's name and its connection string.
fn hub(world: &World) -> (String, ConnectionString) {
    let printed = world.run(&["--json", "env"]).with_code(0).json();
    let text = |name: &str| printed[name].as_str().unwrap().to_owned();
    let string = text("HANDSET_HUB_CONNECTION_STRING");
    assert!(string.starts_with("Endpoint=sb://127.0.0.1:"), "{string}");
    let connection = ConnectionString::parse(&string).unwrap();
    let https = Url::parse(&text("HANDSET_HTTPS")).unwrap();
    assert_eq!(connection.endpoint, https);
    (text("HANDSET_HUB"), connection)
}

/// A client of the hub over plain HTTP, which its port takes too.
struct Client {
    backend: Url,
    authorization: String,
}

impl Client {
    fn new(served: &Served, connection: &ConnectionString) -> Self {
        let backend = Url::parse(&served.backend).unwrap();
        let token = connection.key.token(&backend, Clock::system().now(), HOUR);
        Self {
            backend,
            authorization: token.expose_secret().to_owned(),
        }
    }

    /// The status and the whole answer.
    fn ask(&self, method: &str, path: &str, headers: &str, body: &str) -> (u16, String) {
        let address = (
            self.backend.host_str().unwrap(),
            self.backend.port().unwrap(),
        );
        let mut stream = TcpStream::connect(address).unwrap();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\nauthorization: {}\r\n\
             {headers}content-length: {}\r\n\r\n{body}",
            address.0,
            self.authorization,
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
        (status, answer)
    }
}

#[test]
fn env_names_the_hub_and_its_rules_are_the_homes() {
    let world = World::new();
    let served = world.serve(&["--ephemeral"]);
    let (name, connection) = hub(&world);
    assert_eq!(name, "handset");
    let client = Client::new(&served, &connection);
    let (status, answer) = client.ask("POST", "/handset/registrationids", "", "");
    assert_eq!(status, 201, "{answer}");
    stopped(served);

    let path = world.home().join("credentials").join("hub.json");
    let mut rules: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let own = json!({"name": "own", "key": "of my own", "claims": ["Send"]});
    rules["rules"]
        .as_array_mut()
        .unwrap()
        .insert(0, own.clone());
    fs::write(&path, rules.to_string()).unwrap();
    let refused = world.run(&["serve", "--http", "127.0.0.1:0"]).with_code(1);
    let said = refused.only_error();
    assert!(
        said.contains("hub.json") && !said.contains("of my own"),
        "{said}"
    );

    rules["rules"][0]["key"] = json!("of-my-own");
    fs::write(&path, rules.to_string()).unwrap();
    let served = world.serve(&["--ephemeral", "--hub-name", "My-Hub"]);
    let (name, again) = hub(&world);
    // What may do everything stands in the connection string, wherever it stands in the file.
    assert_eq!(
        (name.as_str(), &again.key.name),
        ("My-Hub", &connection.key.name)
    );
    let mut of_own = again.clone();
    of_own.key.name = "own".to_owned();
    of_own.key.key = "of-my-own".into();
    let client = Client::new(&served, &of_own);
    let (status, _) = client.ask("GET", "/my-hub/messages/1", "", "");
    assert_eq!(status, 404);
    let (status, _) = client.ask("POST", "/my-hub/registrationids", "", "");
    assert_eq!(status, 401);
    stopped(served);
}

#[test]
fn what_is_registered_expires_when_serve_says_so() {
    let world = World::new();
    let served = world.serve(&["--ephemeral", "--hub-ttl", "1s"]);
    let (_, connection) = hub(&world);
    let client = Client::new(&served, &connection);
    let body = json!({"installationId": "a", "platform": "apns", "pushChannel": "ab".repeat(32)});
    let (status, answer) = client.ask("PUT", "/handset/installations/a", "", &body.to_string());
    assert_eq!(status, 200, "{answer}");
    eventually("it expires", || {
        client.ask("GET", "/handset/installations/a", "", "").0 == 404
    });
    stopped(served);
    let usage = world.run(&["serve", "--hub-ttl", "soon"]).with_code(2);
    assert!(usage.err.contains("--hub-ttl"), "{}", usage.err);
}

#[test]
fn a_hub_is_shown_where_there_is_tls_and_named_with_care() {
    let world = World::new();
    let mut running = world.start(&[
        "serve",
        "--json",
        "--http",
        "127.0.0.1:0",
        "--hub-name",
        "h1",
    ]);
    let ready = running.event("services.ready");
    let https = ready["urls"]["https"].as_str().unwrap();
    assert_eq!(ready["hub"], "h1");
    assert_eq!(ready["urls"]["hub"], format!("{https}h1"));
    running.signal(Signal::TERM);
    running.ended().with_code(0);

    let served = world.serve(&["--https", "off", "--proxy", "off"]);
    let printed = world.run(&["--json", "env"]).with_code(0);
    assert!(
        printed.err.contains("HANDSET_HUB_CONNECTION_STRING"),
        "{}",
        printed.err
    );
    assert_eq!(printed.json()["HANDSET_HUB"], Value::Null);
    stopped(served);

    let mut running = world.start(&["serve", "--json", "--http", "127.0.0.1:0", "--only", "push"]);
    running.event("services.ready");
    let printed = world.run(&["--json", "env"]).with_code(0);
    assert!(!printed.err.contains("HANDSET_HUB"), "{}", printed.err);
    assert_eq!(printed.json()["HANDSET_HUB"], Value::Null);
    running.signal(Signal::TERM);
    running.ended().with_code(0);

    for bad in ["api", "a/b", "", "-h"] {
        let name = format!("--hub-name={bad}");
        let refused = world
            .run(&["serve", "--http", "127.0.0.1:0", &name])
            .with_code(2);
        assert!(refused.err.contains("hub name"), "{}", refused.err);
    }
}

#[test]
fn what_a_kill_left_waits_until_phones_are_back() {
    let world = World::new();
    let address = quiet_address();
    let flags = [
        "--http",
        &address,
        "--https",
        "127.0.0.1:0",
        "--proxy",
        "off",
    ];
    let served = world.serve(&flags);
    let (_, connection) = hub(&world);
    let client = Client::new(&served, &connection);
    let due = Clock::system().after(Duration::from_millis(300));
    let headers = format!(
        "ServiceBusNotification-Format: windows\r\nX-WNS-Type: wns/raw\r\n\
         ServiceBusNotification-ScheduleTime: {due}\r\n"
    );
    let path = "/handset/schedulednotifications/";
    let (status, answer) = client.ask("POST", path, &headers, "x");
    assert_eq!(status, 201, "{answer}");
    served.running.killed();
    let (_, id) = answer.split_once("/schedulednotifications/").unwrap();
    let id = id.split('?').next().unwrap();
    eventually("its time comes", || Clock::system().now() > due);

    let served = world.serve(&flags);
    let state = || {
        let (status, told) = client.ask("GET", &format!("/handset/messages/{id}"), "", "");
        assert_eq!(status, 200, "{told}");
        let (_, state) = told.split_once("<State>").unwrap();
        state.split('<').next().unwrap().to_owned()
    };
    assert_eq!(state(), "Enqueued");
    eventually("it goes on", || state() == "NoTargetFound");
    stopped(served);
}

/// What no log may hold.
const TOKEN: &str = "Handle4711secret";
const PAYLOAD: &str = "Payload4712secret";
const USER: &str = "User4713secret";

/// Every kind of request, good and bad, with a secret wherever one may stand.
fn speak(client: &Client, channel: &str) {
    let entry = format!(
        "<entry xmlns=\"http://www.w3.org/2005/Atom\"><content type=\"application/xml\">\
         <WindowsRegistrationDescription xmlns=\"http://schemas.microsoft.com/netservices/2010/10/servicebus/connect\">\
         <Tags>{USER}</Tags><ChannelUri>{channel}</ChannelUri></WindowsRegistrationDescription></content></entry>"
    );
    let installation =
        json!({"installationId": "i", "platform": "wns", "pushChannel": channel, "userId": USER});
    let installation = installation.to_string();
    let patch = json!([{"op": "add", "path": "/tags", "value": USER}]).to_string();
    let format = "ServiceBusNotification-Format: windows\r\nX-WNS-Type: wns/raw\r\n";
    let tagged = format!("{format}ServiceBusNotification-Tags: {USER}\r\n");
    let direct = format!("{format}ServiceBusNotification-DeviceHandle: {channel}\r\n");
    let broken = format!("{entry}<");
    let of_token = format!("registrations?$filter=ChannelUri+eq+'{TOKEN}");
    let of_user = format!("tags/{USER}/registrations");
    for (method, path, headers, body, expected) in [
        ("PUT", "registrations/1-2-3", "", entry.as_str(), 200),
        ("PUT", "registrations/1-2-3", "", &broken, 400),
        ("GET", "registrations/1-2-3", "", "", 200),
        ("GET", &format!("{of_token}'"), "", "", 200),
        ("GET", &of_token, "", "", 400),
        ("GET", &of_user, "", "", 200),
        ("PUT", "installations/i", "", &installation, 200),
        ("PATCH", "installations/i", "", &patch, 200),
        ("POST", "messages/", &tagged, PAYLOAD, 201),
        ("POST", "messages/?test", &tagged, PAYLOAD, 201),
        ("POST", "messages/?direct", &direct, PAYLOAD, 201),
    ] {
        let (status, answer) = client.ask(method, &format!("/handset/{path}"), headers, body);
        assert_eq!(status, expected, "{path}: {answer}");
    }
}

#[test]
fn no_log_holds_what_clients_of_the_hub_say() {
    let world = World::new();
    let served = world.serve(&["-vvvv", "--ephemeral"]);
    let (_, connection) = hub(&world);
    let client = Client::new(&served, &connection);
    speak(&client, &format!("{}/w/?token={TOKEN}", served.backend));
    let forged = Client {
        backend: client.backend.clone(),
        authorization: client.authorization.replace("se=1", "se=2"),
    };
    assert_eq!(forged.ask("GET", "/handset/registrations", "", "").0, 401);
    let mut parts = client.authorization.split(['&', ' ']);
    let signature = parts.find_map(|part| part.strip_prefix("sig=")).unwrap();
    let said = stopped(served);
    assert!(said.contains("request to the hub"), "nothing was logged");
    let key = connection.key.key.expose_secret();
    for secret in [TOKEN, PAYLOAD, USER, signature, key] {
        assert!(!said.contains(secret), "a log holds {secret}");
    }
}
