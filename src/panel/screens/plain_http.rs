//! What a browser on the network gets over plain HTTP: an explanation, never a form.

use askama::Template;
use axum::response::Response;
use http::StatusCode;

use super::page::{self, Frame};
use super::source::Source;

#[derive(Template)]
#[template(path = "plain_http.html", config = "assets/askama.toml")]
struct PlainHttp {
    frame: Frame,
    name: String,
    port: u16,
}

pub(crate) fn page(source: &Source, root: &str) -> Response {
    let frame = Frame { failed: true, ..Frame::at(root) };
    let name = source.authority.name.to_string();
    let port = source.authority.port.unwrap_or(80);
    let mut response = page::show(&PlainHttp { frame, name, port }, None);
    *response.status_mut() = StatusCode::FORBIDDEN;
    response
}
