//! Becoming a user: e-mail and password, then the code that was mailed. Nothing here tells whether an address has an account.

use askama::Template;
use axum::Extension;
use axum::response::Response;
use http::Uri;

use super::Home;
use super::error::{Error, Problem};
use super::form::Form;
use super::gate::Visitor;
use super::page::{self, Frame, see_other};
use super::room::{Done, perform};
use super::rooms::{Act, House, Reach};
use crate::base::Secret;

#[derive(Template)]
#[template(path = "sign_up.html", config = "assets/askama.toml")]
struct SignUpPage<'a> {
    frame: Frame,
    problem: Option<Problem>,
    email: &'a str,
}

#[derive(Template)]
#[template(path = "confirm_email.html", config = "assets/askama.toml")]
struct ConfirmPage<'a> {
    frame: Frame,
    problem: Option<Problem>,
    notice: Option<&'static str>,
    email: &'a str,
}

pub(super) async fn page(home: Home, Extension(visitor): Extension<Visitor>) -> Response {
    if visitor.session.is_some() {
        return see_other("./");
    }
    show(&typed_or_known(&**home, &visitor, None).await, None)
}

pub(super) async fn begin(home: Home, Extension(visitor): Extension<Visitor>, form: Form) -> Response {
    match perform(&**home, &visitor, &form, read(&form).map(Act::Reach)).await {
        Ok(response) => response,
        Err(problem) => show(form.text("email"), Some(problem.at("email"))),
    }
}

pub(super) async fn confirm_page(home: Home, Extension(visitor): Extension<Visitor>, address: Uri) -> Response {
    show_confirm(&**home, &visitor, None, Done::of(&address), None).await
}

pub(super) async fn confirm(home: Home, Extension(visitor): Extension<Visitor>, form: Form) -> Response {
    let email = form.text("email").to_owned();
    let act = match form.text("do") {
        _ if email.is_empty() => Err(missing_email()),
        "send-again" => Ok(Reach::SendConfirmationAgain { email: email.clone() }),
        _ => read_code(&form).map(|code| Reach::ConfirmSignUp { email: email.clone(), code }),
    };
    match perform(&**home, &visitor, &form, act.map(Act::Reach)).await {
        Ok(response) => response,
        Err(problem) => show_confirm(&**home, &visitor, Some(&email), None, Some(problem.at("code"))).await,
    }
}

fn read(form: &Form) -> Result<Reach, Problem> {
    let email = form.text("email");
    if email.is_empty() {
        return Err(missing_email());
    }
    Ok(Reach::SignUp { email: email.to_owned(), password: new_password(form)? })
}

pub(super) fn missing_email() -> Problem {
    Error::Missing("Type your e-mail address.").problem().at("email")
}

/// The new password, typed twice the same.
pub(super) fn new_password(form: &Form) -> Result<Secret<String>, Problem> {
    let (password, repeated) = (form.secret("password"), form.secret("repeated"));
    if password.expose().is_empty() {
        return Err(Error::Missing("Choose a password.").problem().at("password"));
    }
    if !password.matches(repeated.expose().as_bytes()) {
        let sentence = "The two passwords differ. Type the new password twice.";
        return Err(Error::Missing(sentence).problem().at("password"));
    }
    Ok(password)
}

/// The address on this form, or the one of the form before it.
pub(super) async fn typed_or_known(home: &dyn House, visitor: &Visitor, typed: Option<&str>) -> String {
    match typed {
        Some(typed) => typed.to_owned(),
        None => home.typed_email(visitor).await.unwrap_or_default(),
    }
}

pub(super) fn read_code(form: &Form) -> Result<crate::protocol::code::Code, Problem> {
    match form.text("code") {
        "" => Err(Error::Missing("Type the six digits of the code.").problem().at("code")),
        code => code.parse().map_err(|unreadable| Error::from(unreadable).problem().at("code")),
    }
}

fn show(email: &str, problem: Option<Problem>) -> Response {
    let page = SignUpPage { frame: Frame::new(problem.as_ref()), problem: problem.clone(), email };
    page::show(&page, problem.as_ref())
}

async fn show_confirm(
    home: &dyn House,
    visitor: &Visitor,
    typed: Option<&str>,
    notice: Option<&'static str>,
    problem: Option<Problem>,
) -> Response {
    let email = typed_or_known(home, visitor, typed).await;
    let page = ConfirmPage { frame: Frame::new(problem.as_ref()), problem: problem.clone(), notice, email: &email };
    page::show(&page, problem.as_ref())
}
