//! What happened to the account, newest first: to look through, and to download.

use askama::Template;
use axum::Extension;
use axum::response::Response;
use http::Uri;

use super::Home;
use super::gate::Visitor;
use super::page::{self, Frame};
use super::room::{Room, Tab, or_trouble};
use super::rooms::{Activity, ActivityKind, ActivityWish};

#[derive(Template)]
#[template(path = "activity.html", config = "assets/askama.toml")]
struct ActivityPage {
    frame: Frame,
    room: Room,
    log: Activity,
    chosen: ActivityKind,
    is_older: bool,
}

pub(super) async fn page(home: Home, Extension(visitor): Extension<Visitor>, address: Uri) -> Response {
    let page = async {
        let wish = ActivityWish::of(&address);
        let page = ActivityPage {
            frame: Frame::new(None),
            room: Room::enter(&**home, &visitor, Tab::Activity).await?,
            chosen: wish.kind,
            is_older: wish.after.is_some(),
            log: home.activity(&visitor, wish).await?,
        };
        Ok(page::show(&page, None))
    };
    or_trouble(&**home, &visitor, Tab::Activity, page.await).await
}

pub(super) async fn table(home: Home, Extension(visitor): Extension<Visitor>, address: Uri) -> Response {
    let table = home.activity_table(&visitor, ActivityWish::of(&address)).await;
    or_trouble(&**home, &visitor, Tab::Activity, table).await
}

impl ActivityWish {
    fn of(address: &Uri) -> Self {
        let mut wish = Self::default();
        for (name, value) in form_urlencoded::parse(address.query().unwrap_or_default().as_bytes()) {
            match name.as_ref() {
                "show" => {
                    let known = ActivityKind::ALL.into_iter().find(|kind| kind.word() == value);
                    wish.kind = known.unwrap_or_default();
                }
                "after" if !value.is_empty() => wish.after = Some(value.into_owned()),
                _not_ours => {}
            }
        }
        wish
    }
}

impl ActivityPage {
    fn kinds(&self) -> [ActivityKind; 4] {
        ActivityKind::ALL
    }
}
