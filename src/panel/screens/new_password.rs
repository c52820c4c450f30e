//! The service wants a new password (and perhaps more) before it lets the person in.

use askama::Template;
use axum::Extension;
use axum::response::Response;

use super::Desk;
use super::error::{Error, Problem};
use super::form::Form;
use super::gate::Visitor;
use super::house::Move;
use super::page::{self, Frame};
use super::step::{self, Step};
use crate::account::Answer;

/// Fields for what else the service wants to know are named so.
const ATTRIBUTE: &str = "attribute.";

#[derive(Template)]
#[template(path = "new_password.html", config = "assets/askama.toml")]
struct NewPasswordPage<'a> {
    frame: Frame,
    problem: Option<Problem>,
    email: &'a str,
    /// Name, and what was typed.
    attributes: Vec<(&'a str, &'a str)>,
}

pub(crate) async fn answer(desk: Desk, Extension(visitor): Extension<Visitor>, form: Form) -> Response {
    step::advance(&**desk, &visitor, &form, read(&form).map_err(Problem::from)).await
}

fn read(form: &Form) -> Result<Move, Error> {
    let (password, repeated) = (form.secret("password"), form.secret("repeated"));
    if password.expose().is_empty() {
        return Err(Error::Missing("Type the new password."));
    }
    if !password.matches(repeated.expose().as_bytes()) {
        return Err(Error::Missing("The two passwords differ. Type the new password twice."));
    }
    Ok(Move::Answer(Answer::NewPassword { password, attributes: form.starting(ATTRIBUTE) }))
}

pub(crate) fn page(step: &Step, required: &[String], form: &Form, problem: Option<Problem>) -> Response {
    let problem = problem.map(|problem| problem.at("password"));
    let page = NewPasswordPage {
        frame: Frame::new(problem.as_ref()),
        problem: problem.clone(),
        email: &step.email,
        attributes: required.iter().map(|name| (name.as_str(), form.text(&format!("{ATTRIBUTE}{name}")))).collect(),
    };
    page::show(&page, problem.as_ref())
}
