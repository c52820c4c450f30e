//! A forgotten password: a mailed code, then a new one. Nothing here tells whether an address has an account.

use askama::Template;
use axum::Extension;
use axum::response::Response;
use http::Uri;

use super::Home;
use super::error::Problem;
use super::form::Form;
use super::gate::Visitor;
use super::page::{self, Frame};
use super::room::{Done, perform};
use super::rooms::{Act, House, Reach};
use super::sign_up::{missing_email, new_password, read_code, typed_or_known};

#[derive(Template)]
#[template(path = "forgot_password.html", config = "assets/askama.toml")]
struct ForgotPage<'a> {
    frame: Frame,
    problem: Option<Problem>,
    email: &'a str,
}

#[derive(Template)]
#[template(path = "reset_password.html", config = "assets/askama.toml")]
struct ResetPage<'a> {
    frame: Frame,
    problem: Option<Problem>,
    notice: Option<&'static str>,
    email: &'a str,
}

pub(super) async fn page(home: Home, Extension(visitor): Extension<Visitor>) -> Response {
    show(&typed_or_known(&**home, &visitor, None).await, None)
}

pub(super) async fn begin(home: Home, Extension(visitor): Extension<Visitor>, form: Form) -> Response {
    let email = form.text("email");
    let act =
        if email.is_empty() { Err(missing_email()) } else { Ok(Reach::ForgotPassword { email: email.to_owned() }) };
    match perform(&**home, &visitor, &form, act.map(Act::Reach)).await {
        Ok(response) => response,
        Err(problem) => show(email, Some(problem.at("email"))),
    }
}

pub(super) async fn reset_page(home: Home, Extension(visitor): Extension<Visitor>, address: Uri) -> Response {
    show_reset(&**home, &visitor, None, Done::of(&address), None).await
}

pub(super) async fn reset(home: Home, Extension(visitor): Extension<Visitor>, form: Form) -> Response {
    match perform(&**home, &visitor, &form, read(&form).map(Act::Reach)).await {
        Ok(response) => response,
        Err(problem) => show_reset(&**home, &visitor, Some(form.text("email")), None, Some(problem.at("code"))).await,
    }
}

fn read(form: &Form) -> Result<Reach, Problem> {
    let email = form.text("email");
    if email.is_empty() {
        return Err(missing_email());
    }
    let code = read_code(form)?;
    Ok(Reach::ResetPassword { email: email.to_owned(), code, password: new_password(form)? })
}

fn show(email: &str, problem: Option<Problem>) -> Response {
    let page = ForgotPage { frame: Frame::new(problem.as_ref()), problem: problem.clone(), email };
    page::show(&page, problem.as_ref())
}

async fn show_reset(
    home: &dyn House,
    visitor: &Visitor,
    typed: Option<&str>,
    notice: Option<&'static str>,
    problem: Option<Problem>,
) -> Response {
    let email = typed_or_known(home, visitor, typed).await;
    let page = ResetPage { frame: Frame::new(problem.as_ref()), problem: problem.clone(), notice, email: &email };
    page::show(&page, problem.as_ref())
}
