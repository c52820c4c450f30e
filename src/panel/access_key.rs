//! Signing in with an access key instead of e-mail and password: typed, or pasted from a credentials file.

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::response::Response;

use super::play::Wanted;
use super::screens::page::{self, Frame, see_other};
use super::screens::{Error, Form, Problem, Visitor, step};
use super::{Panel, claim};
use crate::protocol::access_key::AccessKey;
use crate::protocol::credentials_file::CredentialsFile;

/// The fields that hold a key, as typed; what is secret is not shown again.
pub(super) struct Typed<'a> {
    pub(super) id: &'a str,
    pub(super) profile: &'a str,
}

#[derive(Template)]
#[template(path = "access_key.html", config = "assets/askama.toml")]
struct AccessKeyPage<'a> {
    frame: Frame,
    problem: Option<Problem>,
    typed: Typed<'a>,
}

pub(super) async fn page(State(panel): State<Panel>, Extension(visitor): Extension<Visitor>) -> Response {
    if !panel.is_owned() && !panel.progress_of(&visitor).await.0 {
        return see_other("claim");
    }
    show(&Form::default(), None)
}

pub(super) async fn adopt(State(panel): State<Panel>, Extension(visitor): Extension<Visitor>, form: Form) -> Response {
    let result = match read(&form) {
        Ok(key) => panel.play_once(&visitor, form.mark, Wanted::Adopt(key)).await,
        Err(problem) => Err(problem),
    };
    match result {
        Ok(outcome) => step::lead_on(&panel, &visitor, outcome),
        Err(_) if !panel.is_owned() && !panel.progress_of(&visitor).await.0 => see_other(claim::Why::Lapsed.link()),
        Err(problem) => show(&form, Some(problem)),
    }
}

/// A key from a form: out of the pasted file when there is one, else from the two fields.
pub(super) fn read(form: &Form) -> Result<AccessKey, Problem> {
    let (file, profile) = (form.secret("credentials"), form.text("profile"));
    if file.expose().trim().is_empty() {
        let (id, secret) = (form.text("key_id"), form.secret("key_secret"));
        if id.is_empty() && secret.expose().is_empty() {
            let sentence = "Type the key's id and secret, or paste the text of a credentials file.";
            return Err(Error::Missing(sentence).problem().at("key_id"));
        }
        return AccessKey::parse(id, secret.expose()).map_err(|error| Error::from(error).problem().at("key_id"));
    }
    from_file(file.expose(), profile).map_err(|error| error.problem().at("credentials"))
}

/// The named profile; without a name the only one, or else DEFAULT.
fn from_file(text: &str, profile: &str) -> Result<AccessKey, Error> {
    let file = CredentialsFile::parse(text.as_bytes())?;
    let profiles = file.profiles();
    let profile = match (profile, profiles.as_slice()) {
        ("", [only]) => only,
        ("", _) => "DEFAULT",
        (named, _) => named,
    };
    Ok(file.key(profile)?)
}

fn show(form: &Form, problem: Option<Problem>) -> Response {
    let page =
        AccessKeyPage { frame: Frame::new(problem.as_ref()), problem: problem.clone(), typed: Typed::from(form) };
    page::show(&page, problem.as_ref())
}

impl<'a> From<&'a Form> for Typed<'a> {
    fn from(form: &'a Form) -> Self {
        Self { id: form.text("key_id"), profile: form.text("profile") }
    }
}
