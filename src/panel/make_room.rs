//! The account already holds as many access keys as it may: replace one of them, or bring an existing one.

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::response::Response;

use super::Panel;
use super::access_key::{self, Typed};
use super::error::{Error, Problem};
use super::form::Form;
use super::gate::Visitor;
use super::page::{self, Frame};
use super::play::Move;
use super::words;
use crate::account::Answer;
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

pub(super) async fn answer(State(panel): State<Panel>, Extension(visitor): Extension<Visitor>, form: Form) -> Response {
    let wanted = match form.text("way") {
        "replace" => replace(&form),
        _ => access_key::read(&form).map(Answer::UseKey),
    };
    panel.advance(&visitor, &form, wanted.map(Move::Answer)).await
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

pub(super) fn page(keys: &[ListedKey], form: &Form, problem: Option<Problem>) -> Response {
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
