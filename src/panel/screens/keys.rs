//! Access keys: for programs and devices, which never see the password nor a second factor.

use askama::Template;
use axum::Extension;
use axum::response::Response;
use http::Uri;

use super::Home;
use super::error::{Error, Problem};
use super::form::Form;
use super::gate::Visitor;
use super::page::{self, Frame};
use super::room::{Done, Room, Tab, or_trouble, perform};
use super::rooms::{Act, House, KeyChange, Keys};

#[derive(Template)]
#[template(path = "keys.html", config = "assets/askama.toml")]
struct KeysPage<'a> {
    frame: Frame,
    room: Room,
    problem: Option<Problem>,
    notice: Option<&'static str>,
    keys: Keys,
    name: &'a str,
    scope: &'a str,
    expires: &'a str,
}

pub(super) async fn page(home: Home, Extension(visitor): Extension<Visitor>, address: Uri) -> Response {
    show(&**home, &visitor, Done::of(&address), &Form::of_address(&address), None).await
}

/// Every form of this page; `do` says which.
pub(super) async fn change(home: Home, Extension(visitor): Extension<Visitor>, form: Form) -> Response {
    match perform(&**home, &visitor, &form, read(&form).map(Act::Keys)).await {
        Ok(response) => response,
        Err(problem) => show(&**home, &visitor, None, &form, Some(problem)).await,
    }
}

fn read(form: &Form) -> Result<KeyChange, Problem> {
    let text = |name| form.text(name).to_owned();
    match form.text("do") {
        "create" => Ok(KeyChange::Create { name: text("name"), scope: text("scope"), expires: text("expires") }),
        "on" => Ok(KeyChange::Switch { id: text("key"), on: true, sure: false }),
        "off" => Ok(KeyChange::Switch { id: text("key"), on: false, sure: form.text("sure") == "yes" }),
        "delete" => Ok(KeyChange::Delete(text("key"))),
        _unknown => Err(Error::BadForm.problem()),
    }
}

async fn show(
    home: &dyn House,
    visitor: &Visitor,
    notice: Option<&'static str>,
    form: &Form,
    problem: Option<Problem>,
) -> Response {
    let page = async {
        let page = KeysPage {
            frame: Frame::new(problem.as_ref()),
            room: Room::enter(home, visitor, Tab::Keys).await?,
            problem: problem.clone(),
            notice,
            keys: home.keys(visitor).await?,
            name: form.text("name"),
            scope: form.text("scope"),
            expires: form.text("expires"),
        };
        Ok(page::show(&page, problem.as_ref()))
    };
    or_trouble(home, visitor, Tab::Keys, page.await).await
}

impl Keys {
    fn is_full(&self) -> bool {
        self.at_most > 0 && self.list.len() >= usize::try_from(self.at_most).unwrap_or(usize::MAX)
    }
}
