//! Claiming a device that has no owner: whoever can see its claim code may sign in first.

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use http::Uri;

use super::Panel;
use super::screens::page::{self, Frame, see_other};
use super::screens::{Error, Form, Problem, Visitor};

/// Why a visitor finds this page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    Lapsed,
    SignedOut,
    SignedOutHereOnly,
}

#[derive(Template)]
#[template(path = "claim.html", config = "assets/askama.toml")]
struct ClaimPage<'a> {
    frame: Frame,
    problem: Option<Problem>,
    notice: Option<&'static str>,
    device: &'a str,
    attention: &'a [String],
    typed: &'a str,
}

pub(super) async fn page(State(panel): State<Panel>, Extension(visitor): Extension<Visitor>, address: Uri) -> Response {
    if panel.is_owned() || panel.progress_of(&visitor).await.0 {
        return see_other("sign-in");
    }
    panel.claim_page("", Why::of(&address).map(Why::sentence), None)
}

pub(super) async fn answer(State(panel): State<Panel>, Extension(visitor): Extension<Visitor>, form: Form) -> Response {
    if panel.is_owned() {
        return see_other("sign-in");
    }
    let typed = form.text("code");
    match panel.try_claim(&visitor, typed) {
        Ok(()) => {
            let now = panel.monotonic();
            panel.0.places.of(visitor.key(), now).turn.lock().await.claim(now);
            see_other("sign-in")
        }
        Err(error) => panel.claim_page(typed, None, Some(error.problem().at("code"))),
    }
}

impl Panel {
    pub(super) fn try_claim(&self, visitor: &Visitor, typed: &str) -> Result<(), Error> {
        if typed.is_empty() {
            return Err(Error::Missing("Type the claim code of this device."));
        }
        self.0.limits.admit_claim(visitor.source.address, self.monotonic()).map_err(Error::Wait)?;
        if self.0.claim.accepts(typed) { Ok(()) } else { Err(Error::WrongClaim) }
    }

    fn claim_page(&self, typed: &str, notice: Option<&'static str>, problem: Option<Problem>) -> Response {
        let page = ClaimPage {
            frame: Frame::new(problem.as_ref()),
            problem: problem.clone(),
            notice,
            device: &self.0.device_name,
            attention: &self.0.account.status().notices,
            typed,
        };
        page::show(&page, problem.as_ref())
    }
}

impl Why {
    const ALL: [Self; 3] = [Self::Lapsed, Self::SignedOut, Self::SignedOutHereOnly];

    fn of(address: &Uri) -> Option<Self> {
        let query = address.query()?;
        Self::ALL.into_iter().find(|why| why.link().ends_with(&format!("?{query}")))
    }

    pub(super) fn link(self) -> &'static str {
        match self {
            Self::Lapsed => "claim?why=lapsed",
            Self::SignedOut => "claim?why=signed-out",
            Self::SignedOutHereOnly => "claim?why=signed-out-here-only",
        }
    }

    fn sentence(self) -> &'static str {
        match self {
            Self::Lapsed => "A claim code counts for 15 minutes. Type it again; your e-mail is kept.",
            Self::SignedOut => "This device is signed out. Its access key was deleted at the account service.",
            Self::SignedOutHereOnly => {
                "This device is signed out and has forgotten its access key. The account service still lists that key: delete it there, on your account's page."
            }
        }
    }
}
