//! An index of releases as their maker serves it: signed by `packaging/index`, over HTTPS, as long as the test runs.

use std::path::Path;
use std::process::Command;
use std::sync::mpsc;

use axum::Router;
use axum::routing::get;
use latchkey::net::serve::Stop;
use latchkey::net::{Certificates, Limits, Listener, serve};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Index {
    /// Announced, unless there is a `text`.
    #[serde(default)]
    version: String,
    /// Signed as it is.
    text: Option<String>,
    /// Served in place of what was signed.
    changed_to: Option<String>,
    #[serde(default)]
    without_signature: bool,
    /// Signed by a key that is not the one in the settings.
    #[serde(default)]
    by_another_key: bool,
    /// The settings do not name the authority that vouches for the server.
    #[serde(default)]
    of_a_stranger: bool,
    #[serde(default)]
    nobody_answers: bool,
}

const TOOL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/index");
const TLS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/tls");

impl Index {
    /// Serves it; what the settings say of it.
    pub(crate) fn settings(&self, dir: &Path) -> Vec<(&'static str, String)> {
        let file = dir.join("index.json");
        let key = self.make(dir, &file);
        let read = |name: &str| std::fs::read_to_string(dir.join(name)).unwrap();
        let index = self.changed_to.clone().unwrap_or_else(|| read("index.json"));
        let signature = (!self.without_signature).then(|| read("index.json.sig"));
        let port = if self.nobody_answers { 1 } else { served(index, signature) };
        let mut settings = vec![
            ("LATCHKEY_UPDATES_INDEX", format!("https://localhost:{port}/index.json")),
            ("LATCHKEY_UPDATES_PUBLIC_KEY", key),
        ];
        if !self.of_a_stranger {
            settings.push(("LATCHKEY_CA_FILE", format!("{TLS}/ca.pem")));
        }
        settings
    }

    /// The public half of the key that the settings name.
    fn make(&self, dir: &Path, file: &Path) -> String {
        let [key, another] = ["key.pem", "another.pem"].map(|name| dir.join(name).to_str().unwrap().to_owned());
        let told = tool(&["key", &key]);
        tool(&["key", &another]);
        let signer = if self.by_another_key { &another } else { &key };
        let file = file.to_str().unwrap();
        match &self.text {
            Some(text) => {
                std::fs::write(file, text).unwrap();
                tool(&["sign", signer, file]);
            }
            None => {
                let url = format!("https://packages.example.org/latchkey/{}", self.version);
                tool(&["announce", signer, &self.version, &url, file]);
            }
        }
        told.split('"').nth(1).unwrap().to_owned()
    }
}

fn tool(arguments: &[&str]) -> String {
    let output = Command::new(TOOL).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The port.
fn served(index: String, signature: Option<String>) -> u16 {
    let mut router = Router::new().route("/index.json", get(async || index));
    if let Some(signature) = signature {
        router = router.route("/index.json.sig", get(async || signature));
    }
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = Listener::tcp("127.0.0.1:0".parse().unwrap()).await.unwrap();
            tell.send(listener.address().unwrap().port()).unwrap();
            let pair = ["localhost.pem", "localhost.key"].map(|name| Path::new(TLS).join(name));
            let tls = Certificates::read(&pair[0], &pair[1]).unwrap().tls().unwrap();
            let (_stopper, stop) = Stop::pair();
            serve(listener.with_tls(tls), router, Limits::default(), stop).await;
        });
    });
    told.recv().unwrap()
}
