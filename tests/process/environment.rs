//! `handset env` and the files it names: credentials, the script for Node, bundles of authorities.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::child::{Ended, Running};
use crate::node_preload::{has_node, left_out};
use crate::world::{HANDSET, Served, World};

const CREDENTIALS: [&str; 5] = [
    "apns.p8",
    "hub.json",
    "service-account.json",
    "vapid.json",
    "wns.json",
];

fn variables(world: &World) -> BTreeMap<String, String> {
    let printed = world.run(&["--json", "env"]).with_code(0).json();
    serde_json::from_value(printed).unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// A shell that runs `script`; `$HANDSET` is the program.
fn shell(world: &World, script: &str, more: &[(&str, &str)]) -> Ended {
    let mut command: Command = world.program("sh");
    command.env("HANDSET", HANDSET).envs(more.iter().copied());
    Running::start(command.args(["-euc", script])).ended()
}

fn stopped(served: Served) {
    served.running.signal(Signal::TERM);
    served.running.ended().with_code(0);
}

/// Gives the running `serve` an authority and a proxy, as far as other commands can tell.
fn pretend(world: &World, more: &Value) {
    let path = world.home().join("serve.json");
    let mut file: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let fields = more.as_object().unwrap().clone();
    file.as_object_mut().unwrap().extend(fields);
    fs::write(&path, file.to_string()).unwrap();
}

#[test]
fn serve_writes_credentials_once_and_names_where_tokens_are() {
    let world = World::new();
    let folder = world.home().join("credentials");
    let served = world.serve(&[]);
    assert_eq!(mode(&folder), 0o700);
    for name in CREDENTIALS {
        assert_eq!(mode(&folder.join(name)), 0o600, "{name}");
    }
    let account = || -> Value {
        serde_json::from_slice(&fs::read(folder.join("service-account.json")).unwrap()).unwrap()
    };
    let first = account();
    assert_eq!(first["token_uri"], format!("{}/token", served.backend));
    let before = variables(&world);
    stopped(served);

    let served = world.serve(&[]);
    let mut second = account();
    assert_eq!(second["token_uri"], format!("{}/token", served.backend));
    second["token_uri"] = first["token_uri"].clone();
    assert_eq!(second, first);
    let after = variables(&world);
    for (name, value) in &before {
        if name.starts_with("HANDSET_APNS")
            || name.starts_with("HANDSET_VAPID")
            || name.starts_with("HANDSET_WNS_CLIENT")
        {
            assert_eq!(after.get(name), Some(value), "{name}");
        }
    }
    stopped(served);

    fs::write(folder.join("apns.p8"), "junk").unwrap();
    let refused = world.run(&["serve", "--http", "127.0.0.1:0"]).with_code(1);
    let said = refused.only_error();
    assert!(
        said.contains("apns.p8") && said.contains("delete it"),
        "{said}"
    );
    assert_eq!(fs::read(folder.join("apns.p8")).unwrap(), b"junk");
}

#[test]
fn env_says_it_all_to_programs_and_to_shells() {
    let world = World::new();
    let served = world.serve(&[]);
    let printed = variables(&world);
    let names: Vec<&str> = printed.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "GOOGLE_APPLICATION_CREDENTIALS",
            "HANDSET_APNS_KEY",
            "HANDSET_APNS_KEY_ID",
            "HANDSET_APNS_TEAM_ID",
            "HANDSET_APNS_TOPIC",
            "HANDSET_CA",
            "HANDSET_HTTP",
            "HANDSET_HTTPS",
            "HANDSET_HUB",
            "HANDSET_HUB_CONNECTION_STRING",
            "HANDSET_PROXY",
            "HANDSET_PUSH",
            "HANDSET_VAPID_PRIVATE",
            "HANDSET_VAPID_PUBLIC",
            "HANDSET_WNS_CLIENT_ID",
            "HANDSET_WNS_CLIENT_SECRET",
            "HANDSET_WNS_TOKEN_URL",
            "NODE_EXTRA_CA_CERTS",
            "NODE_OPTIONS",
            "REQUESTS_CA_BUNDLE",
            "SSL_CERT_FILE",
        ]
    );
    assert_eq!(printed["HANDSET_APNS_KEY_ID"].len(), 10);
    assert_eq!(printed["HANDSET_APNS_TEAM_ID"].len(), 10);
    for name in ["GOOGLE_APPLICATION_CREDENTIALS", "HANDSET_APNS_KEY"] {
        assert!(fs::metadata(&printed[name]).unwrap().is_file(), "{name}");
    }
    stopped(served);
    let served = world.serve(&["--proxy", "off"]);
    let proxy = world.run(&["env", "--proxy"]).with_code(2);
    assert!(proxy.only_error().contains("no proxy"), "{proxy:#?}");
    stopped(served);
    let served = world.serve(&["--https", "off", "--proxy", "off"]);
    let without_tls = shell(
        &world,
        r#"eval "$("$HANDSET" env)"; echo "${NODE_OPTIONS-none}""#,
        &[],
    );
    assert_eq!(without_tls.out, "none\n");
    assert!(without_tls.err.contains("takes no TLS"), "{without_tls:#?}");
    stopped(served);
    // The script stays: a Node that is told to load it would not start without.
    let script = world.home().join("env").join("handset-node-preload.cjs");
    assert_eq!(mode(&script), 0o644);
}

#[test]
fn a_shell_may_evaluate_it_twice_in_odd_homes() {
    for odd in ["plain", "a b", "it's", "\"q\" \\ $HOME `x`"] {
        let world = World::new();
        let home = world.folder().join(odd);
        let home = home.to_str().unwrap();
        let world = world.with("HANDSET_HOME", home);
        let served = world.serve(&[]);
        let once = shell(
            &world,
            r#"eval "$("$HANDSET" env)"; env | sort"#,
            &[("NODE_OPTIONS", "--max-old-space-size=512")],
        )
        .with_code(0);
        let twice = shell(
            &world,
            r#"eval "$("$HANDSET" env)"; eval "$("$HANDSET" env)"; env | sort"#,
            &[("NODE_OPTIONS", "--max-old-space-size=512")],
        )
        .with_code(0);
        assert_eq!(once.out, twice.out);
        assert_eq!((once.err.as_str(), twice.err.as_str()), ("", ""));
        let line = |name: &str| {
            let start = format!("{name}=");
            let mut lines = once.out.lines();
            lines
                .find_map(|line| line.strip_prefix(&start))
                .unwrap()
                .to_owned()
        };
        assert_eq!(line("HANDSET_HTTP"), served.backend);
        assert_eq!(
            line("GOOGLE_APPLICATION_CREDENTIALS"),
            format!("{home}/credentials/service-account.json")
        );
        let options = line("NODE_OPTIONS");
        assert!(
            options.starts_with("--max-old-space-size=512 --require "),
            "{options}"
        );
        assert_eq!(options.matches("handset-node-preload").count(), 1);
        if has_node() {
            let script = r#"eval "$("$HANDSET" env)"; node -p 1+1"#;
            assert_eq!(shell(&world, script, &[]).with_code(0).out, "2\n", "{odd}");
        } else {
            left_out("Node is not installed");
        }
        stopped(served);
    }
}

#[test]
fn authorities_and_proxies_that_were_there_are_kept() {
    let world = World::new();
    let served = world.serve(&[]);
    let certificate =
        |body: &str| format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n");
    let put = |name: &str, text: &str| {
        let path = world.folder().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let ca = put("ca.pem", &certificate("AAAA"));
    let corporate = put("corporate.pem", &certificate("BBBB"));
    pretend(
        &world,
        &json!({"ca": ca, "https": "https://127.0.0.1:8443/", "proxy": "http://127.0.0.1:8481/"}),
    );
    let script = r#"eval "$("$HANDSET" env --proxy)"; eval "$("$HANDSET" env --proxy)"
        printf '%s\n' "$HTTPS_PROXY $https_proxy" "$NO_PROXY" "$no_proxy" "$HANDSET_CA" "$HANDSET_HTTPS"
        cat "$NODE_EXTRA_CA_CERTS" "$REQUESTS_CA_BUNDLE"
        tail -n 3 "$SSL_CERT_FILE""#;
    let said = shell(
        &world,
        script,
        &[
            ("NODE_EXTRA_CA_CERTS", &corporate),
            ("REQUESTS_CA_BUNDLE", &corporate),
            ("no_proxy", "corp.example"),
            ("HTTPS_PROXY", "http://corp.example:3128"),
        ],
    )
    .with_code(0);
    let kept = certificate("BBBB") + &certificate("AAAA");
    let expected = [
        "http://127.0.0.1:8481 http://127.0.0.1:8481\n",
        "corp.example,localhost,127.0.0.1,::1\n",
        "corp.example,localhost,127.0.0.1,::1\n",
        &format!("{ca}\nhttps://127.0.0.1:8443\n"),
        &kept,
        &kept,
        &certificate("AAAA"),
    ];
    assert_eq!(said.out, expected.concat());
    // Once: the second time the proxy is handset's own already.
    assert_eq!(said.err.matches("another proxy").count(), 1, "{}", said.err);
    let folder = world.home().join("env");
    for entry in fs::read_dir(&folder).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o644);
    }
    let preload = fs::read_to_string(folder.join("handset-node-preload.cjs")).unwrap();
    assert!(preload.contains(r#""port":8443"#));
    // The environment of who ran it once says nothing about the file's own.
    assert_eq!(fs::read_to_string(&corporate).unwrap(), certificate("BBBB"));
    stopped(served);
}

/// What the doctor finds about the variables of the shell it runs in.
#[test]
fn the_doctor_looks_at_the_shells_variables() {
    let world = World::new();
    let found = |script: &str, more: &[(&str, &str)]| {
        let script = format!("{script}\n\"$HANDSET\" doctor | grep -A 1 ' environment ' || :");
        shell(&world, &script, more).with_code(0).out
    };
    assert_eq!(found("", &[]), "");
    let elsewhere = [("HANDSET_HTTP", "http://127.0.0.1:1/")];
    let said = found("", &elsewhere);
    assert!(said.contains("no `handset serve` of this home"), "{said}");
    let served = world.serve(&["--ephemeral"]);
    let said = found("", &elsewhere);
    assert!(
        said.contains(&format!("is at {}", served.backend)),
        "{said}"
    );
    let env = r#"eval "$("$HANDSET" env)""#;
    assert!(found(env, &[]).starts_with("ok "));
    let gone = format!("{env}; rm \"$HANDSET_CA\"; rm -r \"${{SSL_CERT_FILE%/*}}\"");
    let said = found(&gone, &[]);
    assert!(said.contains("unset NODE_OPTIONS"), "{said}");
    stopped(served);
}

/// What a service says about credentials that were not generated for it, and about its own.
#[test]
fn strict_credentials_are_those_of_the_home() {
    let world = World::new();
    let served = world.serve(&["--strict-credentials"]);
    let own = variables(&world);
    let token = |secret: &str| {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "client_credentials")
            .append_pair("client_id", &own["HANDSET_WNS_CLIENT_ID"])
            .append_pair("client_secret", secret)
            .append_pair("scope", "notify.windows.com")
            .finish();
        post_form(&own["HANDSET_WNS_TOKEN_URL"], &body)
    };
    assert!(token("other").starts_with("HTTP/1.1 400 "));
    assert!(token(&own["HANDSET_WNS_CLIENT_SECRET"]).starts_with("HTTP/1.1 200 "));
    // The app backend's own pushes go through all the same.
    world.login("phone", "alice", &served.backend);
    let mut phone = world.phone("phone");
    assert_eq!(world.send("phone", "alice", "hello"), "received");
    assert_eq!(phone.event("toast.shown")["toast"]["body"], "hello");
    phone.signal(Signal::TERM);
    phone.ended().with_code(0);
    stopped(served);
}

/// The whole answer to a form.
fn post_form(url: &str, body: &str) -> String {
    use std::io::{Read as _, Write as _};
    let url = url::Url::parse(url).unwrap();
    let address = (url.host_str().unwrap(), url.port().unwrap());
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    write!(
        stream,
        "POST {} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
        url.path(),
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
