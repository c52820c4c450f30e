//! Continue with Google. The browser goes to Google by way of the account service and comes back by a relay of the service to
//! `/v1/callback/` here, with a code.
//!
//! | URL | what it is |
//! |---|---|
//! | `POST /google` | leave for Google |
//! | `/v1/callback/` | back: the code is put aside, and a page of ours leads on |
//! | `/google-return` | the code becomes a sign-in |
//!
//! The answer to the form and to the return are pages that lead on by themselves, not redirects: browsers hold a form to
//! `form-action` through redirects, and hold `SameSite=Strict` cookies back on a way that another site began.
//!
//! A browser that comes back without having left (another browser opened the link; another name of this device, with cookies
//! of its own) is never signed in: whoever made somebody open a link would sign them in as they like. Nor is the sign-in handed
//! to the browser that left: whoever made somebody sign in at Google would get their session. It may begin again here with one
//! press, which costs nothing since Google knows it by then, and keeps the claim of a device without owner: only the browser
//! that left and the one that came back know the state.

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use http::{StatusCode, Uri};

use super::Panel;
use super::claim;
use super::play::Wanted;
use super::returns::{Brought, Standing, StateHash};
use super::screens::form::Mark;
use super::screens::host::Name;
use super::screens::page::{self, Frame, see_other};
use super::screens::sign_in::Why;
use super::screens::source::Source;
use super::screens::{Error, Form, Outcome, Problem, Visitor, step};
use crate::base::Secret;

/// As services announce it.
pub(super) const GOOGLE: &str = "Google";
/// Where the relay leads to.
pub(super) const CALLBACK: &str = "/v1/callback/";
/// What a provider has to say about a refusal is no longer.
const LONGEST_REASON: usize = 300;

const NONE_HERE: &str = "This account service has no sign-in with Google. Sign in with e-mail and password.";
const OUT_OF_REACH: &str = "Google can lead back to a device only by its address or its .local name. Open this panel by one of those, and try again.";
const NOTHING: &str =
    "This return from Google was used before, is older than 10 minutes, or was not begun at this panel.";
const UNFINISHED: &str = "The sign-in at Google was not finished.";

#[derive(Template)]
#[template(path = "to_google.html", config = "assets/askama.toml")]
struct LeavingPage<'a> {
    frame: Frame,
    target: &'a str,
}

#[derive(Template)]
#[template(path = "from_google.html", config = "assets/askama.toml")]
struct ReturningPage {
    frame: Frame,
    target: String,
}

#[derive(Template)]
#[template(path = "google_again.html", config = "assets/askama.toml")]
struct AgainPage<'a> {
    frame: Frame,
    problem: Option<Problem>,
    /// The state of a browser that left in place of this one.
    instead_of: Option<&'a str>,
    offered: bool,
}

/// Leaves for Google.
pub(super) async fn begin(State(panel): State<Panel>, Extension(visitor): Extension<Visitor>, form: Form) -> Response {
    let now = panel.monotonic();
    if !form.text("return").is_empty() && panel.0.returns.hand_over(StateHash::of(form.text("return")), now) {
        panel.0.places.of(visitor.key(), now).turn.lock().await.claim(now);
    }
    let claimed = panel.progress_of(&visitor).await.0;
    if !panel.is_owned() && !claimed {
        return see_other(claim::Why::Lapsed.link());
    }
    match panel.leave(&visitor, claimed).await {
        Ok(target) => page::show(&LeavingPage { frame: Frame::new(None), target: &target }, None),
        Err(problem) => again(problem, None),
    }
}

/// Somebody opened the form's address: a reload, a bookmark.
pub(super) async fn page(State(panel): State<Panel>) -> Response {
    if panel.providers().await.iter().any(|name| name == GOOGLE) {
        see_other("sign-in")
    } else {
        again(Problem::new(StatusCode::NOT_FOUND, NONE_HERE), None)
    }
}

/// Back from the relay, perhaps without the cookies.
pub(super) async fn callback(State(panel): State<Panel>, address: Uri) -> Response {
    let state = parameter(&address, "state").unwrap_or_default();
    let brought = match parameter(&address, "code").filter(|code| !code.is_empty()) {
        Some(code) => Brought::Code(Secret::new(code)),
        None => Brought::Refused(reason(&address)),
    };
    // A reload brings nothing new, and leads on all the same.
    panel.0.returns.arrive(StateHash::of(&state), brought, panel.monotonic());
    let frame = Frame::at(&page::root(CALLBACK));
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("state", &state).finish();
    page::show(&ReturningPage { target: format!("{}google-return?{query}", frame.root), frame }, None)
}

/// The code becomes a sign-in.
pub(super) async fn finish(
    State(panel): State<Panel>,
    Extension(visitor): Extension<Visitor>,
    address: Uri,
) -> Response {
    let text = parameter(&address, "state").unwrap_or_default();
    let state = StateHash::of(&text);
    match panel.0.returns.standing(state, visitor.hash, panel.monotonic()) {
        Standing::OfAnotherBrowser => {
            let page = AgainPage { frame: Frame::new(None), problem: None, instead_of: Some(&text), offered: true };
            page::show(&page, None)
        }
        Standing::Refused(why) => again(Problem::new(StatusCode::FORBIDDEN, why), None),
        // A second press of the same return waits for the first one, which has taken the state.
        Standing::Nothing | Standing::Back => {
            match panel.play_once(&visitor, Mark::of(&state.0), Wanted::Return(state, visitor.hash)).await {
                Ok(Outcome::Elsewhere(link)) if link == Why::NothingPending.link() => nothing(&visitor),
                Ok(outcome) => step::lead_on(&panel, &visitor, outcome),
                Err(problem) => again(problem, None),
            }
        }
    }
}

fn nothing(visitor: &Visitor) -> Response {
    match visitor.session {
        Some(_) => see_other("./"),
        None => again(Problem::new(StatusCode::GONE, NOTHING), None),
    }
}

fn again(problem: Problem, instead_of: Option<&str>) -> Response {
    let offered = problem.status != StatusCode::NOT_FOUND;
    let frame = Frame::new(Some(&problem));
    page::show(&AgainPage { frame, problem: Some(problem.clone()), instead_of, offered }, Some(&problem))
}

impl Panel {
    /// Where the browser goes.
    async fn leave(&self, visitor: &Visitor, claimed: bool) -> Result<String, Problem> {
        let back = self.return_address(&visitor.source);
        let back = back.ok_or_else(|| Problem::new(StatusCode::CONFLICT, OUT_OF_REACH))?;
        let away = self.0.account.depart(GOOGLE, &back).await.map_err(|error| Error::from(error).problem())?;
        let away = away.ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, NONE_HERE))?;
        let target = away.address().to_owned();
        self.0.returns.leave(away, visitor.hash, claimed, self.monotonic());
        Ok(target)
    }

    /// By the name that the browser uses, so that it finds its cookies again; a bare name, which could be anybody's to a
    /// relay, becomes the one that this device announces.
    fn return_address(&self, source: &Source) -> Option<String> {
        let name = match &source.authority.name {
            Name::Address(std::net::IpAddr::V6(address)) => format!("[{address}]"),
            Name::Address(address) => address.to_string(),
            Name::Dns(name) if name == "localhost" || name.ends_with(".local") => name.clone(),
            Name::Dns(name) if name.contains('.') => return None,
            Name::Dns(name) => format!("{name}.local"),
        };
        let (scheme, usual) = if source.https { ("https", 443) } else { ("http", 80) };
        let port = source.authority.port.filter(|port| *port != usual);
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        Some(format!("{scheme}://{name}{port}{CALLBACK}"))
    }
}

/// The provider's own words where it has some. They are shown only to whoever brings a state of ours.
fn reason(address: &Uri) -> String {
    let told = parameter(address, "error_description").unwrap_or_default();
    let told: String = told.chars().filter(|sign| !sign.is_control()).take(LONGEST_REASON).collect();
    let told = told.trim();
    if told.is_empty() { UNFINISHED.to_owned() } else { told.to_owned() }
}

fn parameter(address: &Uri, name: &str) -> Option<String> {
    let query = address.query().unwrap_or_default();
    form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}
