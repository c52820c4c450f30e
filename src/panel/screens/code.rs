//! The one-time code: from the authenticator app, a text message or an e-mail, while signing in or while enrolling.

use askama::Template;
use axum::Extension;
use axum::response::Response;

use super::Desk;
use super::error::{Error, Problem};
use super::factor::Choice;
use super::form::Form;
use super::gate::Visitor;
use super::house::Move;
use super::page::{self, Frame};
use super::sign_in::Why;
use super::step::{self, Step};
use crate::account::Answer;

/// How the code reaches the person, and as much of the address as the service shows.
pub(crate) enum Way<'a> {
    App,
    TextMessage { sent_to: &'a str },
    Mail { sent_to: &'a str },
}

#[derive(Template)]
#[template(path = "code.html", config = "assets/askama.toml")]
struct CodePage<'a> {
    frame: Frame,
    problem: Option<Problem>,
    email: &'a str,
    way: Way<'a>,
    send_again: &'static str,
    left: Option<u64>,
    is_over: bool,
    can_recover: bool,
    can_send_again: bool,
    can_move: bool,
    others: Vec<Choice>,
}

pub(crate) async fn answer(desk: Desk, Extension(visitor): Extension<Visitor>, form: Form) -> Response {
    step::advance(&**desk, &visitor, &form, read(&form).map_err(Problem::from)).await
}

/// A code of another length or with letters is no try at it.
fn read(form: &Form) -> Result<Move, Error> {
    if form.text("do") == "send-again" {
        return Ok(Move::SendAgain);
    }
    match form.text("code") {
        "" => Err(Error::Missing("Type the six digits of the code.")),
        code => Ok(Move::Answer(Answer::Code(code.parse()?))),
    }
}

pub(crate) fn page(step: &Step, way: Way<'_>, problem: Option<Problem>) -> Response {
    let problem = problem.map(|problem| problem.at("code"));
    let page = CodePage {
        frame: Frame::new(problem.as_ref()),
        problem: problem.clone(),
        email: &step.email,
        way,
        send_again: Why::SendAgain.link(),
        left: step.time.seconds(),
        is_over: step.time.code_is_over && problem.is_none(),
        can_recover: step.can_recover,
        can_send_again: step.can_send_again,
        can_move: step.can_move,
        others: step.others.iter().map(Choice::of).collect(),
    };
    page::show(&page, problem.as_ref())
}
