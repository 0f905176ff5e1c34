//! What was trusted stays trusted, handset's own authority is there once, and nothing piles up.

use std::fs;
use std::path::Path;

use super::*;

/// Something that is in PEM, and no certificate to anybody who looks.
fn pem(content: &str) -> String {
    in_pem(content.as_bytes())
}

fn ours(age: &str) -> String {
    pem(&format!("x handset local CA {age}"))
}

struct Scene {
    folder: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let scene = Self { folder };
        scene.put("ca.pem", &ours("1"));
        scene
    }

    fn put(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// What the three variables name that are always there.
    fn written(&self, variables: &[(&str, &str)]) -> [String; 3] {
        let written = self.all_written(variables);
        let paths: Vec<String> = written.into_iter().take(3).map(|(_, path)| path).collect();
        paths.try_into().unwrap()
    }

    fn all_written(&self, variables: &[(&str, &str)]) -> Vec<(&'static str, String)> {
        let output = Output::new(true, &Environment::default());
        let folder = self.folder.path().join("env");
        let ca = self.folder.path().join("ca.pem");
        let authorities = Authorities::new(folder, &ca, &output).unwrap();
        let written = authorities.write(&Environment::of(variables)).unwrap();
        let text = |path: std::path::PathBuf| path.to_str().unwrap().to_owned();
        let written = written.into_iter();
        written.map(|(name, path)| (name, text(path))).collect()
    }
}

fn content(path: &str) -> String {
    fs::read_to_string(path).unwrap()
}

#[test]
fn the_usual_files_hold_the_systems_authorities_and_ours() {
    let scene = Scene::new();
    let [node, ssl, requests] = scene.written(&[]);
    assert_eq!((&ssl, &node), (&requests, &requests));
    let whole = content(&ssl);
    assert!(whole.ends_with(&ours("1")));
    assert_eq!(certificates(whole.as_bytes()).len(), system().len() + 1);
    // Another authority of handset's replaces the first.
    scene.put("ca.pem", &ours("2"));
    let again = scene.written(&[
        ("NODE_EXTRA_CA_CERTS", &node),
        ("SSL_CERT_FILE", &ssl),
        ("REQUESTS_CA_BUNDLE", &requests),
    ]);
    assert_eq!(again, [node.clone(), ssl.clone(), requests]);
    let whole = content(&ssl);
    assert!(whole.contains(&ours("2")) && !whole.contains(&ours("1")));
    assert_eq!(certificates(whole.as_bytes()).len(), system().len() + 1);
}

#[test]
fn what_the_shell_names_is_kept_in_a_bundle_of_its_own() {
    let scene = Scene::new();
    let corporate = scene.put(
        "corporate.pem",
        &format!("# a remark\r\n{}{}{}", pem("a"), ours("0"), pem("b")),
    );
    let variables = ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"];
    let first = scene.written(&variables.map(|name| (name, corporate.as_str())));
    let [usual_node, usual, _] = scene.written(&[]);
    assert!(!first.contains(&usual_node) && !first.contains(&usual));
    let expected = [pem("a"), pem("b"), ours("1")].concat();
    for path in &first {
        assert_eq!(content(path), expected);
    }
    scene.put("ca.pem", &ours("2"));
    let named = [0, 1, 2].map(|i| (variables[i], first[i].as_str()));
    assert_eq!(scene.written(&named), first);
    assert_eq!(content(&first[0]), [pem("a"), pem("b"), ours("2")].concat());
    // requests falls back to curl's variable.
    let [_, ssl, requests] = scene.written(&[("CURL_CA_BUNDLE", &corporate)]);
    assert_eq!((&ssl, &requests), (&usual, &first[2]));
}

#[test]
fn curls_variable_is_led_to_a_bundle_where_it_is_set() {
    let scene = Scene::new();
    assert_eq!(scene.all_written(&[]).len(), 3);
    let corporate = scene.put("corporate.pem", &pem("a"));
    let set = scene.all_written(&[("CURL_CA_BUNDLE", &corporate)]);
    let (name, path) = &set[3];
    assert_eq!(*name, "CURL_CA_BUNDLE");
    assert_eq!(content(path), [pem("a"), ours("1")].concat());
    assert_eq!(scene.all_written(&[("CURL_CA_BUNDLE", path)])[3], set[3]);
}

#[test]
fn folders_are_read_and_what_cannot_be_read_is_left_out() {
    let scene = Scene::new();
    let folder = scene.folder.path().join("many");
    fs::create_dir(&folder).unwrap();
    for (name, text) in [("1.pem", pem("a")), ("2.pem", pem("b")), ("1.0", pem("a"))] {
        fs::write(folder.join(name), text).unwrap();
    }
    let [_, _, requests] = scene.written(&[("REQUESTS_CA_BUNDLE", folder.to_str().unwrap())]);
    assert_eq!(certificates(content(&requests).as_bytes()).len(), 3);
    let [node, ssl, _] = scene.written(&[
        ("NODE_EXTRA_CA_CERTS", "/nowhere/x.pem"),
        ("SSL_CERT_FILE", "/nowhere/x.pem"),
    ]);
    assert_eq!(node, ssl);
    assert_eq!(Path::new(&ssl).file_name().unwrap(), "ca-bundle.pem");
}

#[test]
fn only_certificates_are_taken_from_a_file() {
    let key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    let trusted = "-----BEGIN TRUSTED CERTIFICATE-----\nAAAA\n-----END TRUSTED CERTIFICATE-----\n";
    let text = format!(
        "junk\n{key}{}between{}\n{trusted}-----BEGIN CERTIFICATE-----\nAA",
        pem("a"),
        key
    );
    assert_eq!(
        certificates(text.as_bytes()),
        [pem("a"), trusted.to_owned()]
    );
}
