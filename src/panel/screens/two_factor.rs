//! Two-factor authentication: on or off, by which factor, and how many recovery codes are left.

use askama::Template;
use axum::Extension;
use axum::response::Response;
use http::Uri;

use super::Home;
use super::error::{Error, Problem};
use super::form::Form;
use super::gate::Visitor;
use super::page::{self, Frame, see_other};
use super::profile::read_phone;
use super::room::{Done, Room, Tab, or_trouble, perform};
use super::rooms::{Act, FactorChange, House, TwoFactor};
use super::sign_up::read_code;
use super::{authenticator, rooms};
use crate::account::Channel;

#[derive(Template)]
#[template(path = "two_factor.html", config = "assets/askama.toml")]
struct TwoFactorPage {
    frame: Frame,
    room: Room,
    problem: Option<Problem>,
    notice: Option<&'static str>,
    state: TwoFactor,
}

#[derive(Template)]
#[template(path = "turn_on.html", config = "assets/askama.toml")]
struct TurnOnPage {
    frame: Frame,
    room: Room,
    problem: Option<Problem>,
    by_text: bool,
}

#[derive(Template)]
#[template(path = "set_up_authenticator.html", config = "assets/askama.toml")]
struct AuthenticatorPage {
    frame: Frame,
    room: Room,
    problem: Option<Problem>,
    picture: Option<String>,
    uri: String,
    secret: String,
}

#[derive(Template)]
#[template(path = "set_up_texts.html", config = "assets/askama.toml")]
struct TextsPage<'a> {
    frame: Frame,
    room: Room,
    problem: Option<Problem>,
    notice: Option<&'static str>,
    /// A number that waits for its code.
    sent_to: Option<String>,
    phone: &'a str,
}

pub(super) async fn page(home: Home, Extension(visitor): Extension<Visitor>, address: Uri) -> Response {
    show(&**home, &visitor, Done::of(&address), None).await
}

/// The buttons of that page.
pub(super) async fn change(home: Home, Extension(visitor): Extension<Visitor>, form: Form) -> Response {
    let act = match form.text("do") {
        "turn-off" if form.text("sure") == "yes" => Ok(FactorChange::TurnOff),
        "turn-off" => Err(Error::Missing("Tick the box to confirm.").problem().at("sure")),
        "make-codes" => Ok(FactorChange::MakeRecoveryCodes),
        _unknown => Err(Error::BadForm.problem()),
    };
    match perform(&**home, &visitor, &form, act.map(Act::Factors)).await {
        Ok(response) => response,
        Err(problem) => show(&**home, &visitor, None, Some(problem)).await,
    }
}

pub(super) async fn turn_on_page(home: Home, Extension(visitor): Extension<Visitor>) -> Response {
    show_turn_on(&**home, &visitor, false, None).await
}

/// "Next": with an app a secret is made; with texts a number is asked for.
pub(super) async fn turn_on(home: Home, Extension(visitor): Extension<Visitor>, form: Form) -> Response {
    let act = match form.text("factor") {
        "authenticator" => Ok(FactorChange::BeginAuthenticator),
        "sms" => return see_other("set-up-texts"),
        _ => Err(Error::Missing("Choose how you want to get the codes.").problem()),
    };
    match perform(&**home, &visitor, &form, act.map(Act::Factors)).await {
        Ok(response) => response,
        Err(problem) => show_turn_on(&**home, &visitor, false, Some(problem.at("factor"))).await,
    }
}

pub(super) async fn authenticator_page(home: Home, Extension(visitor): Extension<Visitor>) -> Response {
    show_authenticator(&**home, &visitor, None).await
}

pub(super) async fn confirm_authenticator(home: Home, Extension(visitor): Extension<Visitor>, form: Form) -> Response {
    let act = match form.text("do") {
        "new-secret" => Ok(FactorChange::BeginAuthenticator),
        _ => read_code(&form).map(FactorChange::ConfirmAuthenticator),
    };
    match perform(&**home, &visitor, &form, act.map(Act::Factors)).await {
        Ok(response) => response,
        Err(problem) => show_authenticator(&**home, &visitor, Some(problem.at("code"))).await,
    }
}

pub(super) async fn texts_page(home: Home, Extension(visitor): Extension<Visitor>, address: Uri) -> Response {
    let number_first = address.query().is_some_and(|query| query.starts_with("number"));
    show_texts(&**home, &visitor, number_first, &Form::of_address(&address), Done::of(&address), None).await
}

pub(super) async fn set_up_texts(home: Home, Extension(visitor): Extension<Visitor>, form: Form) -> Response {
    let (act, field) = match form.text("do") {
        "confirm" => (read_code(&form).map(FactorChange::ConfirmTexts), "code"),
        "send-again" => (Ok(FactorChange::SendTextAgain), "code"),
        _ => (read_phone(&form).map(FactorChange::BeginTexts), "phone"),
    };
    match perform(&**home, &visitor, &form, act.map(Act::Factors)).await {
        Ok(response) => response,
        Err(problem) => show_texts(&**home, &visitor, field == "phone", &form, None, Some(problem.at(field))).await,
    }
}

async fn show(home: &dyn House, visitor: &Visitor, notice: Option<&'static str>, problem: Option<Problem>) -> Response {
    let page = async {
        let room = Room::enter(home, visitor, Tab::TwoFactor).await?;
        let state = home.two_factor(visitor).await?;
        let page = TwoFactorPage { frame: Frame::new(problem.as_ref()), room, problem: problem.clone(), notice, state };
        Ok(page::show(&page, problem.as_ref()))
    };
    or_trouble(home, visitor, Tab::TwoFactor, page.await).await
}

async fn show_turn_on(home: &dyn House, visitor: &Visitor, by_text: bool, problem: Option<Problem>) -> Response {
    let page = async {
        let room = Room::enter(home, visitor, Tab::TwoFactor).await?;
        Ok(page::show(
            &TurnOnPage { frame: Frame::new(problem.as_ref()), room, problem: problem.clone(), by_text },
            problem.as_ref(),
        ))
    };
    or_trouble(home, visitor, Tab::TwoFactor, page.await).await
}

async fn show_authenticator(home: &dyn House, visitor: &Visitor, problem: Option<Problem>) -> Response {
    let page = async {
        let room = Room::enter(home, visitor, Tab::TwoFactor).await?;
        let Some(rooms::Enrolment { secret, uri }) = home.enrolment(visitor).await? else {
            return Ok(see_other("turn-on"));
        };
        let (picture, secret) = (authenticator::picture(&uri), authenticator::grouped(&secret));
        let page = AuthenticatorPage {
            frame: Frame::new(problem.as_ref()),
            room,
            problem: problem.clone(),
            picture,
            uri,
            secret,
        };
        Ok(page::show(&page, problem.as_ref()))
    };
    or_trouble(home, visitor, Tab::TwoFactor, page.await).await
}

async fn show_texts(
    home: &dyn House,
    visitor: &Visitor,
    number_first: bool,
    form: &Form,
    notice: Option<&'static str>,
    problem: Option<Problem>,
) -> Response {
    let page = async {
        let room = Room::enter(home, visitor, Tab::TwoFactor).await?;
        let profile = home.profile(visitor).await?;
        let known = profile.phone.unwrap_or_default();
        let typed = form.text("phone");
        let page = TextsPage {
            frame: Frame::new(problem.as_ref()),
            room,
            problem: problem.clone(),
            notice,
            sent_to: profile.new_phone.filter(|_| !number_first),
            phone: if typed.is_empty() { &known } else { typed },
        };
        Ok(page::show(&page, problem.as_ref()))
    };
    or_trouble(home, visitor, Tab::TwoFactor, page.await).await
}

impl TwoFactor {
    fn has(&self, channel: Channel) -> bool {
        self.on.iter().any(|factor| factor.channel == channel)
    }

    fn by_app(&self) -> bool {
        self.has(Channel::Authenticator)
    }

    fn by_text(&self) -> bool {
        self.has(Channel::Sms)
    }
}
