//! Both ends of taking a sign-in to another device (see `handover`): the browser that has it types the code, the one that wants it
//! shows the code.

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use http::{StatusCode, Uri};

use super::Panel;
use super::place::Turn;
use super::screens::page::{self, Frame, see_other};
use super::screens::sign_in::Why;
use super::screens::source::Source;
use super::screens::{Error, Form, Problem, Reception as _, Visitor, authenticator, step};

/// At the browser that has the sign-in.
#[derive(Template)]
#[template(path = "continue_there.html", config = "assets/askama.toml")]
struct TherePage<'a> {
    frame: Frame,
    problem: Option<Problem>,
    address: &'a str,
    picture: Option<String>,
    /// The browser calls this device by a name that means another machine elsewhere.
    only_here: bool,
    typed: &'a str,
}

/// At the browser that wants it.
#[derive(Template)]
#[template(path = "continue_here.html", config = "assets/askama.toml")]
struct HerePage<'a> {
    frame: Frame,
    notice: Option<&'static str>,
    device: &'a str,
    code: String,
    left: Option<u64>,
}

pub(super) async fn page(State(panel): State<Panel>, Extension(visitor): Extension<Visitor>, address: Uri) -> Response {
    let asked = address.query() == Some("go-on");
    match panel.step(&visitor).await {
        Ok(pending) if asked => see_other(step::path(&pending.ask)),
        Ok(_) => there("", &visitor.source, None),
        Err(_) if visitor.session.is_some() => see_other("./"),
        Err(_) => panel.here(&visitor, asked),
    }
}

pub(super) async fn answer(State(panel): State<Panel>, Extension(visitor): Extension<Visitor>, form: Form) -> Response {
    let typed = form.text("code");
    match panel.hand_over(&visitor, typed).await {
        Ok(()) => see_other(Why::Moved.link()),
        Err(problem) if panel.step(&visitor).await.is_ok() => there(typed, &visitor.source, Some(problem.at("code"))),
        Err(_) => see_other(Why::NothingPending.link()),
    }
}

impl Panel {
    async fn hand_over(&self, visitor: &Visitor, typed: &str) -> Result<(), Problem> {
        if typed.is_empty() {
            return Err(Error::Missing("Type the code that the other device shows.").problem());
        }
        let now = self.monotonic();
        let guess =
            self.0.limits.admit(visitor.source.address, None, now).map_err(|wait| Error::Wait(wait).problem())?;
        let Some(taker) = self.0.handovers.take(typed, visitor.key(), now) else {
            let sentence = "That code is not right, or its time is over. Type the one that the other device shows now.";
            return Err(Problem::new(StatusCode::UNAUTHORIZED, sentence));
        };
        self.0.limits.take_back(&guess);
        let nothing = || Error::Account(crate::account::Error::OutOfTurn).problem();
        let place = self.0.places.find(visitor.key()).ok_or_else(nothing)?;
        let given = place.turn.lock().await.give().ok_or_else(nothing)?;
        self.keep_pending(visitor.key(), &Turn::default()).await;
        let there = self.0.places.of(taker, now);
        let mut turn = there.turn.lock().await;
        *turn = given;
        self.keep_pending(taker, &turn).await;
        Ok(())
    }

    fn here(&self, visitor: &Visitor, asked: bool) -> Response {
        let Some(shown) = self.0.handovers.wait(visitor, &self.0.entropy, self.monotonic()) else {
            let sentence = "Too many devices wait for a sign-in. Wait 3 minutes and try again.";
            return page::error(&Problem::new(StatusCode::TOO_MANY_REQUESTS, sentence), "");
        };
        let notice =
            asked.then_some("Nothing has come yet. Type the code on the device where you began, then go on here.");
        let page = HerePage {
            frame: Frame::new(None),
            notice,
            device: &self.0.device_name,
            code: shown.code,
            left: Some(shown.left.as_secs()),
        };
        page::show(&page, None)
    }
}

fn there(typed: &str, source: &Source, problem: Option<Problem>) -> Response {
    let scheme = if source.https { "https" } else { "http" };
    let port = source.authority.port.map(|port| format!(":{port}")).unwrap_or_default();
    let name = &source.authority.name;
    let address = format!("{scheme}://{name}{port}/continue");
    let page = TherePage {
        frame: Frame::new(problem.as_ref()),
        problem: problem.clone(),
        picture: authenticator::picture(&address),
        address: &address,
        only_here: name.is_loopback(),
        typed,
    };
    page::show(&page, problem.as_ref())
}
