//! Who the owner is: e-mail address, phone number, linked accounts.

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
use super::rooms::{Act, House, Profile, ProfileChange};
use super::sign_up::read_code;

#[derive(Template)]
#[template(path = "profile.html", config = "assets/askama.toml")]
struct ProfilePage<'a> {
    frame: Frame,
    room: Room,
    problem: Option<Problem>,
    notice: Option<&'static str>,
    profile: Profile,
    typed_email: &'a str,
    typed_phone: &'a str,
}

pub(super) async fn page(home: Home, Extension(visitor): Extension<Visitor>, address: Uri) -> Response {
    show(&**home, &visitor, Done::of(&address), &Form::of_address(&address), None).await
}

/// Every form of this page; `do` says which.
pub(super) async fn change(home: Home, Extension(visitor): Extension<Visitor>, form: Form) -> Response {
    match perform(&**home, &visitor, &form, read(&form).map(Act::Profile)).await {
        Ok(response) => response,
        Err(problem) => {
            let field = if form.text("do").contains("phone") { "phone" } else { "email" };
            show(&**home, &visitor, None, &form, Some(problem.at(field))).await
        }
    }
}

fn read(form: &Form) -> Result<ProfileChange, Problem> {
    match form.text("do") {
        "change-email" => match form.text("email") {
            "" => Err(Error::Missing("Type the new e-mail address.").problem().at("email")),
            email => Ok(ProfileChange::ChangeEmail(email.to_owned())),
        },
        "confirm-email" => {
            read_code(form).map(ProfileChange::ConfirmEmail).map_err(|problem| at(problem, "email-code"))
        }
        "send-email-code" => Ok(ProfileChange::SendEmailCodeAgain),
        "set-phone" => read_phone(form).map(ProfileChange::SetPhone),
        "confirm-phone" => {
            read_code(form).map(ProfileChange::ConfirmPhone).map_err(|problem| at(problem, "phone-code"))
        }
        "send-phone-code" => Ok(ProfileChange::SendPhoneCodeAgain),
        "remove-phone" => Ok(ProfileChange::RemovePhone),
        "unlink" => Ok(ProfileChange::Unlink(form.text("provider").to_owned())),
        _unknown => Err(Error::BadForm.problem()),
    }
}

pub(super) fn read_phone(form: &Form) -> Result<String, Problem> {
    let typed: String = form.text("phone").chars().filter(|c| !c.is_whitespace() && !"-()./".contains(*c)).collect();
    if typed.is_empty() {
        let sentence = "Type your mobile number, with + and the country's code in front.";
        return Err(Error::Missing(sentence).problem().at("phone"));
    }
    Ok(typed)
}

fn at(mut problem: Problem, field: &'static str) -> Problem {
    problem.field = Some(field);
    problem
}

async fn show(
    home: &dyn House,
    visitor: &Visitor,
    notice: Option<&'static str>,
    form: &Form,
    problem: Option<Problem>,
) -> Response {
    let page = async {
        let page = ProfilePage {
            frame: Frame::new(problem.as_ref()),
            room: Room::enter(home, visitor, Tab::Profile).await?,
            problem: problem.clone(),
            notice,
            profile: home.profile(visitor).await?,
            typed_email: form.text("email"),
            typed_phone: form.text("phone"),
        };
        Ok(page::show(&page, problem.as_ref()))
    };
    or_trouble(home, visitor, Tab::Profile, page.await).await
}
