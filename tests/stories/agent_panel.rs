//! The panel of a real agent as others reach it: one port for TLS and plain HTTP, what the console shows, what an installer left.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a story that cannot go on fails")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use latchkey::app::Kept;
use latchkey::base::{Clock, Entropy};
use latchkey::net::Client;
use latchkey::settings::{Certificate, Provisioning, Settings};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, SignatureScheme};
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
async fn an_exception_that_a_browser_made_stays_good_after_a_restart_and_a_new_name_needs_another() {
    let folder = TempDir::new().unwrap();
    let mut settings = settings(&folder, free());
    let mut seen = Vec::new();
    for names in [&[][..], &[], &["kitchen.local"], &["kitchen.local"], &[]] {
        settings.panel.names = names.iter().map(|&name| name.to_owned()).collect();
        let running = Running::from(start(&settings).await.unwrap());
        seen.push(shown_certificate(&folder).await);
        running.stop().await;
    }
    assert_eq!(seen[1], seen[0], "a restart makes no new one");
    assert_ne!(seen[2], seen[1], "it does not name the new name");
    assert_eq!((&seen[3], &seen[4]), (&seen[2], &seen[2]), "one name less harms nobody");

    latchkey::app::forget_certificate(&kept(&settings)).unwrap();
    let running = Running::from(start(&settings).await.unwrap());
    assert_ne!(shown_certificate(&folder).await, seen[4], "a new authority vouches for nothing of the old one");
    running.stop().await;
}

fn kept(settings: &Settings) -> Kept {
    Kept::open(settings, Clock::system(), Entropy::kernel()).unwrap()
}

/// What a browser is shown that trusts nobody yet.
async fn shown_certificate(folder: &TempDir) -> Vec<u8> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let looker = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let looker = looker.dangerous().with_custom_certificate_verifier(Arc::new(AnyCertificate)).with_no_client_auth();
    let address = url(folder).replace("http://", "");
    let wire = tokio::net::TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = tokio_rustls::TlsConnector::from(Arc::new(looker)).connect(name, wire).await.unwrap();
    stream.get_ref().1.peer_certificates().unwrap()[0].to_vec()
}

#[derive(Debug)]
struct AnyCertificate;

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _leaf: &CertificateDer<'_>,
        _chain: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _leaf: &CertificateDer<'_>,
        _signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _leaf: &CertificateDer<'_>,
        _signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        rustls::crypto::ring::default_provider().signature_verification_algorithms.supported_schemes()
    }
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
