//! The account has several second factors, and the service asks which one to use.

use askama::Template;
use axum::Extension;
use axum::response::Response;

use super::Desk;
use super::error::{Error, Problem};
use super::form::Form;
use super::gate::Visitor;
use super::house::Move;
use super::page::{self, Frame};
use super::step;
use crate::account::{Answer, Channel};

#[derive(Template)]
#[template(path = "factor.html", config = "assets/askama.toml")]
struct FactorPage {
    frame: Frame,
    problem: Option<Problem>,
    choices: Vec<Choice>,
}

/// Value in the form, name, and what it means for the person.
pub(super) struct Choice {
    pub(super) value: &'static str,
    pub(super) name: &'static str,
    meaning: &'static str,
}

pub(crate) async fn answer(desk: Desk, Extension(visitor): Extension<Visitor>, form: Form) -> Response {
    let chosen = match form.text("factor") {
        "authenticator" => Ok(Channel::Authenticator),
        "sms" => Ok(Channel::Sms),
        "email" => Ok(Channel::Email),
        _ => Err(Error::Missing("Choose how you want to receive the code.")),
    };
    let wanted = chosen.map(|channel| Move::Answer(Answer::Factor(channel))).map_err(Problem::from);
    step::advance(&**desk, &visitor, &form, wanted).await
}

pub(crate) fn page(channels: &[Channel], problem: Option<Problem>) -> Response {
    let problem = problem.map(|problem| problem.at("factor"));
    let choices = channels.iter().map(Choice::of).collect();
    page::show(&FactorPage { frame: Frame::new(problem.as_ref()), problem: problem.clone(), choices }, problem.as_ref())
}

impl Choice {
    pub(super) fn of(channel: &Channel) -> Self {
        let (value, name, meaning) = match channel {
            Channel::Authenticator => ("authenticator", "Authenticator app", "The app on your phone shows the code."),
            Channel::Sms => ("sms", "Text message", "A code is sent to your phone number."),
            Channel::Email => ("email", "E-mail", "A code is sent to your e-mail address."),
        };
        Self { value, name, meaning }
    }
}
