//! The script for Node, loaded by a real Node: the push services' hosts lead to handset, in both kinds
//! of module and over every way to TLS; nothing else is touched.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use handset::emulator::node_preload;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use url::Url;

use crate::child::{Ended, Running};
use crate::world::World;

/// Answers every request with what it saw, over HTTP/1.1 and HTTP/2. Node's HTTP/2 refuses a
/// `:scheme` with a colon.
const SERVER: &str = r"
const fs = require('fs');
const secrets = { key: fs.readFileSync('key.pem'), cert: fs.readFileSync('cert.pem'), allowHTTP1: true };
const server = require('http2').createSecureServer(secrets, (request, response) => {
  const host = request.headers[':authority'] || request.headers.host;
  const socket = request.stream ? request.stream.session.socket : request.socket;
  response.end([request.httpVersion, request.headers[':scheme'], host, request.url, socket.servername].join(' '));
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
";

/// Asks in every way that push SDKs do, and for what is not to be redirected.
const ASK: &str = r"
const text = (answer, done) => { let all = ''; answer.on('data', (part) => { all += part; }); answer.on('end', () => done(all)); };
const get = (from, url) => new Promise((done) => from(url, (answer) => text(answer, done)).on('error', (error) => done(error.message)));
const batch = (connect, host, scheme) => new Promise((done) => {
  const session = connect(`https://${host}`);
  session.on('error', (error) => done(error.message));
  const headers = { ':scheme': scheme, ':path': '/batch' };
  const request = session.request(headers);
  request.on('error', (error) => done(error.message));
  request.setEncoding('utf8');
  text(request, (all) => { session.close(); if (all) done(all); });
  if (headers[':scheme'] !== scheme) done('the headers of the caller were changed');
});
const ask = async (https, http2, tls, more) => {
  const say = (...words) => console.log(words.join(' '));
  say('get', await get(https.get, 'https://FCM.googleapis.com/a'));
  say('wns', await get(https.get, 'https://db5.notify.windows.com/w/?token=1'));
  say('named', await get(more.get, 'https://login.live.com/b'));
  say('fetch', await fetch('https://oauth2.googleapis.com/token').then((answer) => answer.text()));
  say('batch', await batch(http2.connect, 'fcm.googleapis.com', 'https:'));
  say('plain', await batch(more.connect, 'api.push.apple.com', 'https'));
  await new Promise((done) => { const socket = tls.connect(443, 'fcm.googleapis.com', {}, () => { say('tls', socket.servername, socket.authorized); socket.end(); done(); }); });
  say('other', await get(https.get, 'https://localhost:1/'));
  // A tunnel that a proxy's agent made is used as it is.
  const tunnel = require_net.connect(PORT, '127.0.0.1', () => {
    const socket = tls.connect({ socket: tunnel, servername: 'fcm.googleapis.com' }, () => { say('tunnel', socket.authorized); socket.end(); });
  });
  say('globals', Object.keys(globalThis).filter((name) => /handset/i.test(name)).length);
};
";

const COMMON_JS: &str = "ask(require('https'), require('http2'), require('tls'), { get: require('node:https').get, connect: require('node:http2').connect });";

const MODULE: &str = "
import https, { get as named } from 'node:https';
import http2, { connect } from 'http2';
import tls from 'tls';
import require_net from 'net';
";

struct Scene {
    world: World,
    server: Running,
    port: String,
}

impl Scene {
    fn new() -> Self {
        let world = World::new();
        let names = [
            "fcm.googleapis.com",
            "oauth2.googleapis.com",
            "login.live.com",
            "*.notify.windows.com",
            "api.push.apple.com",
        ];
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(names.map(str::to_owned)).unwrap();
        let put = |name: &str, text: &str| fs::write(world.folder().join(name), text).unwrap();
        put("cert.pem", &cert.pem());
        put("key.pem", &signing_key.serialize_pem());
        put("server.cjs", SERVER);
        let mut command = world.program("node");
        let mut server = Running::start(command.arg("server.cjs").current_dir(world.folder()));
        let mut port = String::new();
        server.watch(crate::child::PATIENCE, |line| {
            line.clone_into(&mut port);
            true
        });
        let url = format!("https://127.0.0.1:{port}/");
        let script = node_preload(&Url::parse(&url).unwrap()).unwrap();
        put("pre load.cjs", &script);
        Self {
            world,
            server,
            port,
        }
    }

    fn preload(&self) -> PathBuf {
        self.world.folder().join("pre load.cjs")
    }

    fn run(&self, name: &str, text: &str) -> Ended {
        fs::write(self.world.folder().join(name), text).unwrap();
        node(&self.world, &self.preload(), name)
    }
}

fn node(world: &World, preload: &Path, script: &str) -> Ended {
    let mut command: Command = world.program("node");
    command
        .arg(script)
        .current_dir(world.folder())
        .env(
            "NODE_OPTIONS",
            format!("--require \"{}\"", preload.display()),
        )
        .env("NODE_EXTRA_CA_CERTS", world.folder().join("cert.pem"));
    Running::start(&mut command).ended()
}

#[test]
fn the_push_services_lead_to_handset_and_nothing_else_does() {
    if !has_node() {
        return left_out("Node is not installed");
    }
    let scene = Scene::new();
    let port = format!("const PORT = {};\n", scene.port);
    let programs = [
        (
            "ask.cjs",
            format!("{port}const require_net = require('net');{ASK}{COMMON_JS}"),
        ),
        (
            "ask.mjs",
            format!("{MODULE}{port}{ASK}await ask(https, http2, tls, {{ get: named, connect }});"),
        ),
    ];
    for (name, text) in programs {
        let said = scene.run(name, &text).with_code(0);
        let lines: Vec<&str> = said.out.lines().collect();
        assert_eq!(
            lines[..7],
            [
                "get 1.1  fcm.googleapis.com /a fcm.googleapis.com",
                "wns 1.1  db5.notify.windows.com /w/?token=1 db5.notify.windows.com",
                "named 1.1  login.live.com /b login.live.com",
                "fetch 1.1  oauth2.googleapis.com /token oauth2.googleapis.com",
                "batch 2.0 https fcm.googleapis.com:443 /batch fcm.googleapis.com",
                "plain 2.0 https api.push.apple.com:443 /batch api.push.apple.com",
                "tls fcm.googleapis.com true",
            ],
            "{name}: {said:#?}"
        );
        assert!(
            lines[7].starts_with("other ") && lines[7].contains("ECONNREFUSED"),
            "{name}: {lines:?}"
        );
        assert!(!lines[7].contains("handset"), "{lines:?}");
        assert_eq!(
            lines[8..],
            ["globals 0", "tunnel true"],
            "{name}: {said:#?}"
        );
    }
    drop(scene.server);
}

#[test]
fn without_a_running_serve_the_error_says_so() {
    if !has_node() {
        return left_out("Node is not installed");
    }
    let world = World::new();
    let preload = world.folder().join("preload.cjs");
    let base = Url::parse("https://127.0.0.1:1/").unwrap();
    fs::write(&preload, node_preload(&base).unwrap()).unwrap();
    fs::write(world.folder().join("cert.pem"), "").unwrap();
    let ask = "require('https').get('https://fcm.googleapis.com/').on('error', (error) => console.log(error.code, error.message));";
    fs::write(world.folder().join("ask.cjs"), ask).unwrap();
    let said = node(&world, &preload, "ask.cjs").with_code(0);
    assert!(
        said.out
            .starts_with("ECONNREFUSED handset serve is not running at 127.0.0.1:1 "),
        "{said:#?}"
    );
}

pub(crate) fn has_node() -> bool {
    Command::new("node")
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success())
}

#[expect(clippy::print_stderr, reason = "what is left out is said aloud")]
pub(crate) fn left_out(why: &str) {
    eprintln!("left out: {why}");
}
