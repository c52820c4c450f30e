//! The account already holds as many access keys as it may: replace one of them, or bring an existing one.

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::response::Response;

use super::Panel;
use super::access_key::{self, Typed};
use super::screens::page::{self, Frame, see_other};
use super::screens::step::{self, Step};
use super::screens::{Error, Form, Move, Problem, Reception as _, Visitor, sign_in, words};
use crate::account::{Answer, Ask};
use crate::protocol::access_key::KeyId;
use crate::protocol::graphql::ListedKey;

#[derive(Template)]
#[template(path = "make_room.html", config = "assets/askama.toml")]
struct MakeRoomPage<'a> {
    frame: Frame,
    problem: Option<Problem>,
    keys: Vec<Replaceable<'a>>,
    typed: Typed<'a>,
}

struct Replaceable<'a> {
    id: &'a str,
    chosen: bool,
    enabled: bool,
    created: String,
    used: Option<String>,
}

pub(super) async fn page(State(panel): State<Panel>, Extension(visitor): Extension<Visitor>) -> Response {
    show(&panel, &visitor, &Form::default(), None).await
}

pub(super) async fn answer(State(panel): State<Panel>, Extension(visitor): Extension<Visitor>, form: Form) -> Response {
    let wanted = match form.text("way") {
        "replace" => replace(&form),
        _ => access_key::read(&form).map(Answer::UseKey),
    };
    let played = match wanted {
        Ok(answer) => panel.play(&visitor, form.mark, Move::Answer(answer)).await,
        Err(problem) => Err(problem),
    };
    match played {
        Ok(outcome) => step::lead_on(&panel, &visitor, outcome),
        Err(problem) => show(&panel, &visitor, &form, Some(problem)).await,
    }
}

/// Deleting a key that some other machine may use takes a second, deliberate tick.
fn replace(form: &Form) -> Result<Answer, Problem> {
    let chosen = form.text("replace");
    if chosen.is_empty() {
        return Err(Error::Missing("Choose the key to replace.").problem().at("replace"));
    }
    if form.text("sure") != "yes" {
        let sentence = "Tick the box to confirm: whatever uses the replaced key stops working at once.";
        return Err(Error::Missing(sentence).problem().at("sure"));
    }
    KeyId::parse(chosen).map(Answer::ReplaceKey).map_err(|error| Error::from(error).problem().at("replace"))
}

/// The page, as long as this is what the sign-in waits for.
async fn show(panel: &Panel, visitor: &Visitor, form: &Form, problem: Option<Problem>) -> Response {
    match (panel.step(visitor).await, problem) {
        (Ok(Step { ask: Ask::MakeRoomForKey(keys), .. }), problem) => choose(&keys, form, problem),
        (Ok(step), Some(problem)) => step.show(form, Some(problem)),
        (Ok(step), None) => see_other(step::path(&step.ask)),
        (Err(_), Some(problem)) => sign_in::again(panel, visitor, problem).await,
        (Err(elsewhere), None) => see_other(&elsewhere),
    }
}

fn choose(keys: &[ListedKey], form: &Form, problem: Option<Problem>) -> Response {
    let page = MakeRoomPage {
        frame: Frame::new(problem.as_ref()),
        problem: problem.clone(),
        keys: keys.iter().map(|key| Replaceable::of(key, form.text("replace"))).collect(),
        typed: Typed::from(form),
    };
    page::show(&page, problem.as_ref())
}

impl<'a> Replaceable<'a> {
    fn of(key: &'a ListedKey, chosen: &str) -> Self {
        Self {
            id: &key.key,
            chosen: key.key == chosen,
            enabled: key.enabled,
            created: words::service_date(&key.created),
            used: key.last_used.as_deref().map(words::service_date),
        }
    }
}
