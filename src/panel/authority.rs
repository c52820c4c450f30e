//! `/ca`: the device's own certificate authority, for browsers to trust, with the steps for every system.

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;

use super::Panel;
use super::screens::Visitor;
use super::screens::page::{self, Frame};

#[derive(Template)]
#[template(path = "ca.html", config = "assets/askama.toml")]
struct AuthorityPage<'a> {
    frame: Frame,
    device: &'a str,
    words: String,
    sha256: String,
    /// The same panel over HTTPS, for those who are not there yet.
    https: Option<String>,
    /// The owner brought a certificate: there is nothing to trust here.
    is_by_files: bool,
}

pub(super) async fn page(State(panel): State<Panel>, Extension(visitor): Extension<Visitor>) -> Response {
    let identity = &panel.0.identity;
    let source = &visitor.source;
    let https = (!source.https)
        .then(|| format!("https://{}/", source.authority.with_port(source.authority.port.unwrap_or(80))));
    let page = AuthorityPage {
        frame: Frame::new(None),
        device: &panel.0.device_name,
        words: identity.fingerprint().words().join(" "),
        sha256: identity.fingerprint().hex(),
        https,
        is_by_files: identity.is_by_files(),
    };
    page::show(&page, None)
}

/// As text: every system's installer takes that.
pub(super) async fn file(State(panel): State<Panel>) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/x-x509-ca-cert")];
    (headers, panel.0.identity.root().pem()).into_response()
}
