//! What a browser on the network gets over plain HTTP: an explanation and the way to HTTPS, never a form.

use askama::Template;
use axum::response::Response;
use http::StatusCode;

use super::page::{self, Frame};
use super::source::Source;

#[derive(Template)]
#[template(path = "plain_http.html", config = "assets/askama.toml")]
struct PlainHttp {
    frame: Frame,
    /// The same page over HTTPS, where this very port speaks it.
    https: Option<String>,
    name: String,
    port: u16,
}

pub(crate) fn page(source: &Source, root: &str, offers_https: bool) -> Response {
    let frame = Frame { failed: true, ..Frame::at(root) };
    let name = source.authority.name.to_string();
    let port = source.authority.port.unwrap_or(80);
    let https = offers_https.then(|| format!("https://{}/", source.authority.with_port(port)));
    let mut response = page::show(&PlainHttp { frame, https, name, port }, None);
    *response.status_mut() = StatusCode::FORBIDDEN;
    response
}
