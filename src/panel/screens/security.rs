//! The password, and every sign-in that stands.

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
use super::rooms::{Act, House, ListedSignIn, SecurityChange};
use super::sign_up::new_password;

#[derive(Template)]
#[template(path = "security.html", config = "assets/askama.toml")]
struct SecurityPage {
    frame: Frame,
    room: Room,
    problem: Option<Problem>,
    notice: Option<&'static str>,
    /// `None`: the account cannot be asked.
    has_password: Option<bool>,
    sign_ins: Vec<ListedSignIn>,
}

pub(super) async fn page(home: Home, Extension(visitor): Extension<Visitor>, address: Uri) -> Response {
    show(&**home, &visitor, Done::of(&address), None).await
}

/// Every form of this page; `do` says which.
pub(super) async fn change(home: Home, Extension(visitor): Extension<Visitor>, form: Form) -> Response {
    match perform(&**home, &visitor, &form, read(&form).map(Act::Security)).await {
        Ok(response) => response,
        Err(problem) => show(&**home, &visitor, None, Some(problem)).await,
    }
}

fn read(form: &Form) -> Result<SecurityChange, Problem> {
    match form.text("do") {
        "change-password" => {
            let present = form.secret("present");
            if present.expose().is_empty() {
                return Err(Error::Missing("Type your present password.").problem().at("present"));
            }
            Ok(SecurityChange::ChangePassword { present, new: new_password(form)? })
        }
        "end" => Ok(SecurityChange::EndSignIn(form.text("sign-in").to_owned())),
        "sign-out-everywhere" => Ok(SecurityChange::SignOutEverywhere),
        _unknown => Err(Error::BadForm.problem()),
    }
}

async fn show(home: &dyn House, visitor: &Visitor, notice: Option<&'static str>, problem: Option<Problem>) -> Response {
    let page = async {
        let page = SecurityPage {
            frame: Frame::new(problem.as_ref()),
            room: Room::enter(home, visitor, Tab::Security).await?,
            problem: problem.clone(),
            notice,
            has_password: home.profile(visitor).await.ok().map(|profile| profile.has_password),
            sign_ins: home.sign_ins(visitor).await?,
        };
        Ok(page::show(&page, problem.as_ref()))
    };
    or_trouble(home, visitor, Tab::Security, page.await).await
}
