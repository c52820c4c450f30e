//! What can be set: certificate, names, offline unlock, language and theme.

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use http::Uri;

use super::Panel;
use super::screens::Visitor;
use super::screens::page::{self, Frame};
use super::screens::room::{Done, Room, Tab};

#[derive(Template)]
#[template(path = "settings.html", config = "assets/askama.toml")]
struct SettingsPage {
    frame: Frame,
    room: Room,
    done: Option<&'static str>,
    names: Vec<String>,
    has_offline_unlock: bool,
}

pub(super) async fn page(State(panel): State<Panel>, Extension(visitor): Extension<Visitor>, address: Uri) -> Response {
    let room = match Room::enter(&panel, &visitor, Tab::Settings).await {
        Ok(room) => room,
        Err(problem) => return page::error(&problem, ""),
    };
    let page = SettingsPage {
        frame: Frame::new(None),
        room,
        done: Done::of(&address),
        names: panel.0.names.list(),
        has_offline_unlock: panel.0.offline.is_set_up(),
    };
    page::show(&page, None)
}
