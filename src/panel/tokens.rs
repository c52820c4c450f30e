//! Device tokens, for programs that ask this device: made here, shown once, revoked here.

use std::time::Duration;

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use http::{StatusCode, Uri};

use super::Panel;
use super::device_tokens::{self, DeviceToken, LONGEST_NAME};
use super::scope::Scope;
use super::screens::page::{self, Frame, see_other};
use super::screens::room::{Room, Tab};
use super::screens::token::{Token, TokenHash};
use super::screens::{Error, Form, Problem, Standing, Visitor, words};
use crate::base::Secret;

const HERE: &str = "tokens";
/// A new token is shown until it is said to be saved, and no longer than this.
const SHOWN_FOR: Duration = Duration::from_secs(5 * 60);

/// A token that its maker has not saved yet.
#[derive(Debug)]
pub(super) struct Unsaved {
    session: TokenHash,
    name: String,
    token: Token,
    until: Duration,
}

#[derive(Template)]
#[template(path = "tokens.html", config = "assets/askama.toml")]
struct TokensPage<'a> {
    frame: Frame,
    room: Room,
    problem: Option<Problem>,
    made: Option<Made>,
    tokens: Vec<Row>,
    scopes: Vec<Choice>,
    name: &'a str,
    longest_name: usize,
}

struct Made {
    name: String,
    text: Secret<String>,
}

struct Row {
    id: String,
    name: String,
    scopes: String,
    created: String,
    used: Option<String>,
}

struct Choice {
    word: &'static str,
    sentence: &'static str,
    chosen: bool,
}

pub(super) async fn page(State(panel): State<Panel>, Extension(visitor): Extension<Visitor>, address: Uri) -> Response {
    panel.tokens_page(&visitor, &Form::of_address(&address), None).await
}

pub(super) async fn change(State(panel): State<Panel>, Extension(visitor): Extension<Visitor>, form: Form) -> Response {
    let done = match form.text("do") {
        _any if visitor.session.is_some_and(|session| session.standing == Standing::Unchecked) => {
            Err(Error::TimeUnknown.problem())
        }
        "make" => panel.make_token(&visitor, &form),
        "revoke" => {
            // One that is gone already is what was wanted.
            panel.0.device_tokens.revoke(form.text("token"));
            Ok(HERE)
        }
        _saved => {
            panel.unsaved_tokens().retain(|unsaved| Some(unsaved.session) != session(&visitor));
            Ok(HERE)
        }
    };
    match done {
        Ok(next) => see_other(next),
        Err(problem) => panel.tokens_page(&visitor, &form, Some(problem)).await,
    }
}

/// The page, with what was typed.
fn here_with(form: &Form) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("name", form.text("name"));
    for scope in chosen(form) {
        query.append_pair(scope.word(), "yes");
    }
    format!("{HERE}?{}", query.finish())
}

fn chosen(form: &Form) -> Vec<Scope> {
    Scope::ALL.into_iter().filter(|scope| form.text(scope.word()) == "yes").collect()
}

fn session(visitor: &Visitor) -> Option<TokenHash> {
    visitor.session.map(|session| session.hash)
}

impl Panel {
    /// Where it leads: to a new proof first, when the owner signed in a while ago.
    fn make_token(&self, visitor: &Visitor, form: &Form) -> Result<&'static str, Problem> {
        let drawer = self.drawer_of(visitor)?;
        let Some(session) = session(visitor) else { return Err(Error::BadForm.problem()) };
        let name = form.text("name");
        let now = self.monotonic();
        if !drawer.is_fresh(now) {
            drawer.come_back_to(&here_with(form));
            return Ok("sign-in");
        }
        let mut unsaved = self.unsaved_tokens();
        unsaved.retain(|one| now < one.until);
        if unsaved.iter().any(|one| one.session == session && one.name == name) {
            // The button was pressed twice.
            return Ok(HERE);
        }
        let status = self.0.account.status();
        let wanted = DeviceToken {
            name: name.to_owned(),
            owner: status.owner.as_ref().map(|owner| owner.id.clone()).unwrap_or_default(),
            scopes: chosen(form),
            created: self.times(&status).service.unwrap_or_else(|| self.0.clock.wall()),
            used: None,
        };
        let token = self.0.device_tokens.make(&self.0.entropy, wanted).map_err(|not| {
            let field = if not == device_tokens::NotMade::NoScope { "status:read" } else { "name" };
            Problem::new(StatusCode::BAD_REQUEST, not.to_string()).at(field)
        })?;
        unsaved.retain(|one| one.session != session);
        unsaved.push(Unsaved { session, name: name.to_owned(), token, until: now.saturating_add(SHOWN_FOR) });
        Ok(HERE)
    }

    async fn tokens_page(&self, visitor: &Visitor, form: &Form, problem: Option<Problem>) -> Response {
        let room = match Room::enter(self, visitor, Tab::Security).await {
            Ok(room) => room,
            Err(problem) => return page::error(&problem, ""),
        };
        let owner = self.0.account.status().owner.map(|owner| owner.id).unwrap_or_default();
        let now = self.monotonic();
        let made = self
            .unsaved_tokens()
            .iter()
            .find(|one| Some(one.session) == session(visitor) && now < one.until)
            .map(|one| Made { name: one.name.clone(), text: device_tokens::text(&one.token) });
        let chosen = chosen(form);
        let choice =
            |scope: Scope| Choice { word: scope.word(), sentence: scope.sentence(), chosen: chosen.contains(&scope) };
        let page = TokensPage {
            frame: Frame::new(problem.as_ref()),
            room,
            problem: problem.clone(),
            made,
            tokens: self.0.device_tokens.list(&owner).into_iter().map(Row::of).collect(),
            scopes: Scope::ALL.into_iter().map(choice).collect(),
            name: form.text("name"),
            longest_name: LONGEST_NAME,
        };
        page::show(&page, problem.as_ref())
    }

    fn unsaved_tokens(&self) -> std::sync::MutexGuard<'_, Vec<Unsaved>> {
        self.0.unsaved_tokens.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Row {
    fn of((id, token): (String, DeviceToken)) -> Self {
        let date = |time| words::calendar(time).and_then(words::date);
        let scopes: Vec<&str> = token.scopes.iter().map(|scope| scope.word()).collect();
        Self {
            id,
            name: token.name,
            scopes: scopes.join(", "),
            created: date(token.created).unwrap_or_default(),
            used: token.used.and_then(date),
        }
    }
}
