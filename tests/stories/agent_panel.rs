//! The panel of a real agent as others reach it: one port for TLS and plain HTTP, what the console shows, what an installer left.

#![expect(clippy::unwrap_used, reason = "a story that cannot go on fails")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use latchkey::net::Client;
use latchkey::settings::{Certificate, Provisioning};
use tempfile::TempDir;

use crate::agent::{Running, free, notice, settings, start, until};

async fn get(url: &str, ca: Option<&Path>) -> Result<String, latchkey::net::client::Error> {
    let request = Request::get(url).body(Bytes::new()).unwrap();
    let answer = Client::new(ca).unwrap().send(request, Duration::from_secs(10), 65536).await?;
    Ok(String::from_utf8(answer.body().to_vec()).unwrap())
}

fn url(folder: &TempDir) -> String {
    notice(folder).urls.first().cloned().unwrap()
}

#[tokio::test]
async fn who_trusts_the_devices_authority_reaches_the_panel_by_https_on_the_same_port() {
    let folder = TempDir::new().unwrap();
    let running = Running::from(start(&settings(&folder, free())).await.unwrap());
    let http = url(&folder);
    let ca = folder.path().join("ca.crt");
    std::fs::write(&ca, get(&format!("{http}/ca.crt"), None).await.unwrap()).unwrap();
    let https = http.replace("http://", "https://");
    let page = get(&format!("{https}/ca"), Some(&ca)).await.unwrap();
    let certificate = notice(&folder).certificate.unwrap();
    assert!(page.contains(&certificate.words) && page.contains(&certificate.sha256), "{page}");
    running.stop().await;

    let again = Running::from(start(&settings(&folder, free())).await.unwrap());
    let https = url(&folder).replace("http://", "https://");
    assert!(get(&format!("{https}/ca"), Some(&ca)).await.is_ok(), "the authority is another after a restart");
    again.stop().await;
}

#[tokio::test]
async fn an_owners_certificate_is_shown_and_read_again_when_it_changes() {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/tls");
    let folder = TempDir::new().unwrap();
    let chain = folder.path().join("panel.pem");
    std::fs::copy(vectors.join("localhost.pem"), &chain).unwrap();
    let mut settings = settings(&folder, free());
    settings.panel.certificate = Some(Certificate { chain: chain.clone(), key: vectors.join("localhost.key") });
    let running = Running::from(start(&settings).await.unwrap());
    let https = url(&folder).replace("http://", "https://");
    let ca = vectors.join("ca.pem");
    assert!(get(&format!("{https}/ca"), Some(&ca)).await.unwrap().contains("nothing to install"));
    assert_eq!(notice(&folder).certificate, None);
    std::fs::write(&chain, "broken").unwrap();
    until(|| notice(&folder).problems.concat().contains("panel.pem holds no certificate")).await;
    assert!(get(&format!("{https}/ca"), Some(&ca)).await.is_ok());
    running.stop().await;
}

#[tokio::test]
async fn the_console_shows_where_the_panel_is_and_the_claim_code_and_nothing_after_the_stop() {
    let folder = TempDir::new().unwrap();
    let settings = settings(&folder, free());
    let file = settings.console_file();
    assert!(file.starts_with(folder.path()));
    let app = start(&settings).await.unwrap();
    let code = app.claim_code().unwrap();
    let running = Running::from(app);
    let shown = || std::fs::read_to_string(&file).unwrap_or_default();
    until(|| shown().contains(&code)).await;
    assert!(shown().contains(&url(&folder)) && shown().contains(&notice(&folder).certificate.unwrap().words));
    running.stop().await;
    assert!(!file.exists());
}

#[tokio::test]
async fn an_installers_claim_code_is_the_devices_and_a_mistake_in_the_file_stops_nobody() {
    let folder = TempDir::new().unwrap();
    let file: PathBuf = folder.path().join("latchkey.toml");
    std::fs::write(&file, "claim_code = \"my-own-code-42\"\n").unwrap();
    let mut settings = settings(&folder, free());
    settings.provisioning = Some(Provisioning { file: file.clone(), mistake: None });
    assert_eq!(start(&settings).await.unwrap().claim_code().unwrap(), "MYOW-NCOD-E42");

    std::fs::write(&file, "claim_code = \"short\"\n").unwrap();
    let app = start(&settings).await.unwrap();
    assert!(app.panel_notice().problems.concat().contains("8 to 64 letters and digits"));
    assert_eq!(app.claim_code().unwrap(), "MYOW-NCOD-E42");
}
