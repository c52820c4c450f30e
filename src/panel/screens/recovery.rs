//! "Can't access your two-factor device?": a code by e-mail, then the recovery code that was saved when two-factor
//! authentication was turned on. Reached only after the right password.

use askama::Template;
use axum::Extension;
use axum::response::Response;

use super::Desk;
use super::error::{Error, Problem};
use super::form::Form;
use super::gate::Visitor;
use super::house::Move;
use super::page::{self, Frame, see_other};
use super::step::{self, Step};
use crate::account::Answer;
use crate::protocol::recovery_code::RecoveryCode;

#[derive(Template)]
#[template(path = "recovery.html", config = "assets/askama.toml")]
struct RecoveryPage<'a> {
    frame: Frame,
    email: &'a str,
}

#[derive(Template)]
#[template(path = "mailed_code.html", config = "assets/askama.toml")]
struct MailedCodePage<'a> {
    frame: Frame,
    problem: Option<Problem>,
    email: &'a str,
    left: Option<u64>,
    is_over: bool,
}

#[derive(Template)]
#[template(path = "recovery_code.html", config = "assets/askama.toml")]
struct RecoveryCodePage {
    frame: Frame,
    problem: Option<Problem>,
    left: Option<u64>,
}

/// What recovery is, before it begins.
pub(crate) async fn page(desk: Desk, Extension(visitor): Extension<Visitor>) -> Response {
    match desk.step(&visitor).await {
        Ok(step) if step.can_recover => page::show(&RecoveryPage { frame: Frame::new(None), email: &step.email }, None),
        Ok(step) => see_other(step::path(&step.ask)),
        Err(elsewhere) => see_other(&elsewhere),
    }
}

pub(crate) async fn start(desk: Desk, Extension(visitor): Extension<Visitor>, form: Form) -> Response {
    step::advance(&**desk, &visitor, &form, Ok(Move::Recover)).await
}

pub(crate) async fn answer_mailed_code(desk: Desk, Extension(visitor): Extension<Visitor>, form: Form) -> Response {
    let wanted = match form.text("code") {
        "" => Err(Error::Missing("Type the code from the e-mail.")),
        code => Ok(Move::Answer(Answer::MailedCode(code.into()))),
    };
    step::advance(&**desk, &visitor, &form, wanted.map_err(Problem::from)).await
}

pub(crate) async fn answer_recovery_code(desk: Desk, Extension(visitor): Extension<Visitor>, form: Form) -> Response {
    let code = RecoveryCode::parse(form.text("code"));
    let wanted = code.map(|code| Move::Answer(Answer::RecoveryCode(code)));
    step::advance(&**desk, &visitor, &form, wanted.map_err(|error| Error::from(error).problem())).await
}

pub(crate) fn mailed_code_page(step: &Step, problem: Option<Problem>) -> Response {
    let problem = problem.map(|problem| problem.at("code"));
    let page = MailedCodePage {
        frame: Frame::new(problem.as_ref()),
        problem: problem.clone(),
        email: &step.email,
        left: step.time.seconds(),
        is_over: step.time.code_is_over && problem.is_none(),
    };
    page::show(&page, problem.as_ref())
}

pub(crate) fn recovery_code_page(step: &Step, problem: Option<Problem>) -> Response {
    let problem = problem.map(|problem| problem.at("code"));
    let left = step.time.seconds();
    page::show(
        &RecoveryCodePage { frame: Frame::new(problem.as_ref()), problem: problem.clone(), left },
        problem.as_ref(),
    )
}
