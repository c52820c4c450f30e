//! What Latchkey is, where its things are, and what it stores.

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::response::Response;

use super::Panel;
use super::screens::Visitor;
use super::screens::page::{self, Frame};
use super::screens::room::{Room, Tab};

#[derive(Template)]
#[template(path = "about.html", config = "assets/askama.toml")]
struct AboutPage {
    frame: Frame,
    room: Room,
    service: String,
    state_folder: String,
}

pub(super) async fn page(State(panel): State<Panel>, Extension(visitor): Extension<Visitor>) -> Response {
    let room = match Room::enter(&panel, &visitor, Tab::About).await {
        Ok(room) => room,
        Err(problem) => return page::error(&problem, ""),
    };
    let page = AboutPage {
        frame: Frame::new(None),
        room,
        service: panel.0.account.status().service,
        state_folder: panel.0.device.state_dir().display().to_string(),
    };
    page::show(&page, None)
}
