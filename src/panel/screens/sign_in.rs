//! Signing in with e-mail and password: one form, so that password managers fill both.

use askama::Template;
use axum::Extension;
use axum::response::Response;
use http::Uri;

use super::Desk;
use super::error::{Error, Problem};
use super::form::Form;
use super::gate::Visitor;
use super::house::{Move, Reception};
use super::page::{self, Frame, see_other};
use super::step;

/// Why a visitor finds this page instead of where they were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    Expired,
    SendAgain,
    NothingPending,
    SessionEnded,
    SignedOut,
    /// Here and wherever else the account was signed in.
    SignedOutEverywhere,
    /// At every browser of this panel; the account's other sign-ins stand.
    SignedOutHereOnly,
    /// A new account is confirmed.
    Confirmed,
    PasswordReset,
    /// The sign-in goes on in another browser.
    Moved,
    /// There is no need for the offline unlock.
    ServiceAnswers,
}

impl Why {
    const ALL: [Self; 11] = [
        Self::Expired,
        Self::SendAgain,
        Self::NothingPending,
        Self::SessionEnded,
        Self::SignedOut,
        Self::SignedOutEverywhere,
        Self::SignedOutHereOnly,
        Self::Confirmed,
        Self::PasswordReset,
        Self::Moved,
        Self::ServiceAnswers,
    ];

    fn of(address: &Uri) -> Option<Self> {
        let query = address.query()?;
        Self::ALL.into_iter().find(|why| why.link().ends_with(&format!("?{query}")))
    }

    pub(crate) fn link(self) -> &'static str {
        match self {
            Self::Expired => "sign-in?why=expired",
            Self::SendAgain => "sign-in?why=send-again",
            Self::NothingPending => "sign-in?why=nothing-pending",
            Self::SessionEnded => "sign-in?why=session-ended",
            Self::SignedOut => "sign-in?why=signed-out",
            Self::SignedOutEverywhere => "sign-in?why=signed-out-everywhere",
            Self::SignedOutHereOnly => "sign-in?why=signed-out-here-only",
            Self::Confirmed => "sign-in?why=confirmed",
            Self::PasswordReset => "sign-in?why=password-reset",
            Self::Moved => "sign-in?why=moved",
            Self::ServiceAnswers => "sign-in?why=service-answers",
        }
    }
}

/// Where one signs in, and how it stands with this visitor.
#[derive(Clone, Debug)]
pub(crate) struct Welcome {
    /// As typed last.
    pub(crate) email: String,
    /// The account service, as people know it.
    pub(crate) service: String,
    /// The service is away, and the device has a way in without it.
    pub(crate) can_unlock: bool,
    pub(crate) at: Premises,
}

/// Who asks for the password.
#[derive(Clone, Debug)]
pub(crate) enum Premises {
    /// A device that will get an access key.
    Device { name: String, offers: Offers },
    /// The account service itself.
    Service { offers: Offers },
    /// The account service, from somebody who is signed in and wants to change what guards the account.
    Proof { offers: Offers },
}

/// What the service offers beside e-mail and password.
#[derive(Clone, Debug, Default)]
pub(crate) struct Offers {
    pub(crate) sign_up: bool,
    /// OpenID providers that it knows, by name.
    pub(crate) providers: Vec<String>,
    /// A device leaves for its providers by ways of its own, and takes an access key too.
    pub(crate) at_device: bool,
}

impl Offers {
    pub(crate) fn knows(&self, provider: &str) -> bool {
        self.providers.iter().any(|known| known == provider)
    }
}

#[derive(Template)]
#[template(path = "sign_in.html", config = "assets/askama.toml")]
struct SignInPage<'a> {
    frame: Frame,
    problem: Option<Problem>,
    notice: Option<&'static str>,
    welcome: &'a Welcome,
    email: &'a str,
}

pub(super) async fn page(desk: Desk, Extension(visitor): Extension<Visitor>, address: Uri) -> Response {
    match desk.welcome(&visitor).await {
        Ok(welcome) => show(&welcome, &welcome.email, Why::of(&address).map(|why| desk.reason(why)), None),
        Err(elsewhere) => see_other(&elsewhere),
    }
}

pub(super) async fn begin(desk: Desk, Extension(visitor): Extension<Visitor>, form: Form) -> Response {
    let (email, password) = (form.text("email"), form.secret("password"));
    let problem = if email.is_empty() {
        Error::Missing("Type the e-mail address of your account.").problem().at("email")
    } else if password.expose().is_empty() {
        Error::Missing("Type the password of your account.").problem().at("password")
    } else {
        let wanted = Move::Begin { email: email.to_owned(), password };
        match desk.play(&visitor, form.mark, wanted).await {
            Ok(outcome) => return step::lead_on(&**desk, &visitor, outcome),
            Err(problem) => problem.at("password"),
        }
    };
    match desk.welcome(&visitor).await {
        Ok(welcome) => show(&welcome, email, None, Some(problem)),
        Err(elsewhere) => see_other(&elsewhere),
    }
}

/// This page again, after a mistake that ended the sign-in.
pub(crate) async fn again(desk: &dyn Reception, visitor: &Visitor, problem: Problem) -> Response {
    match desk.welcome(visitor).await {
        Ok(welcome) => show(&welcome, &welcome.email, None, Some(problem)),
        Err(elsewhere) => see_other(&elsewhere),
    }
}

fn show(welcome: &Welcome, email: &str, notice: Option<&'static str>, problem: Option<Problem>) -> Response {
    let page = SignInPage { frame: Frame::new(problem.as_ref()), problem: problem.clone(), notice, welcome, email };
    page::show(&page, problem.as_ref())
}
