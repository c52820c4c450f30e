//! Secrets that are shown for a few minutes and never again: recovery codes, and the secret of a new access key. The page can be
//! reloaded, and left for a look elsewhere, until its owner says that they are saved.

use askama::Template;
use axum::Extension;
use axum::response::{IntoResponse, Response};
use http::header;

use super::Home;
use super::error::{Error, Problem};
use super::form::Form;
use super::gate::Visitor;
use super::page::{self, Frame, see_other};
use super::room::{Room, Tab, or_trouble, perform};
use super::rooms::{Act, House, Shown};
use crate::protocol::access_key::AccessKey;
use crate::protocol::credentials_file::CredentialsFile;
use crate::protocol::recovery_code::RecoveryCode;

#[derive(Template)]
#[template(path = "recovery_codes.html", config = "assets/askama.toml")]
struct CodesPage<'a> {
    frame: Frame,
    room: Room,
    problem: Option<Problem>,
    long: &'a str,
    short: Vec<&'a str>,
}

#[derive(Template)]
#[template(path = "new_key.html", config = "assets/askama.toml")]
struct KeyPage<'a> {
    frame: Frame,
    room: Room,
    problem: Option<Problem>,
    id: &'a str,
    secret: &'a str,
    name: &'a str,
}

pub(super) async fn codes_page(home: Home, Extension(visitor): Extension<Visitor>) -> Response {
    show_codes(&**home, &visitor, None).await
}

pub(super) async fn key_page(home: Home, Extension(visitor): Extension<Visitor>) -> Response {
    show_key(&**home, &visitor, None).await
}

/// "I have saved them."
pub(super) async fn codes_saved(home: Home, Extension(visitor): Extension<Visitor>, form: Form) -> Response {
    match perform(&**home, &visitor, &form, saved(&form)).await {
        Ok(response) => response,
        Err(problem) => show_codes(&**home, &visitor, Some(problem.at("saved"))).await,
    }
}

pub(super) async fn key_saved(home: Home, Extension(visitor): Extension<Visitor>, form: Form) -> Response {
    match perform(&**home, &visitor, &form, saved(&form)).await {
        Ok(response) => response,
        Err(problem) => show_key(&**home, &visitor, Some(problem.at("saved"))).await,
    }
}

/// The codes as a text file.
pub(super) async fn codes_file(home: Home, Extension(visitor): Extension<Visitor>) -> Response {
    match home.shown(&visitor).await {
        Ok(Some(Shown::Codes { long, short })) => file("latchkey-recovery-codes.txt", codes_text(&long, &short)),
        Ok(_gone) => see_other("two-factor"),
        Err(problem) => page::error(&problem, ""),
    }
}

/// The key as a credentials file.
pub(super) async fn key_file(home: Home, Extension(visitor): Extension<Visitor>) -> Response {
    match home.shown(&visitor).await {
        Ok(Some(Shown::Key { key, .. })) => match credentials(&key) {
            Ok(text) => file("credentials", text),
            Err(error) => page::error(&error.problem(), ""),
        },
        Ok(_gone) => see_other("keys"),
        Err(problem) => page::error(&problem, ""),
    }
}

fn saved(form: &Form) -> Result<Act, Problem> {
    if form.text("saved") == "yes" {
        return Ok(Act::Saved);
    }
    Err(Error::Missing("Save it first, then tick the box: it is never shown again.").problem())
}

async fn show_codes(home: &dyn House, visitor: &Visitor, problem: Option<Problem>) -> Response {
    let page = async {
        let room = Room::enter(home, visitor, Tab::TwoFactor).await?;
        let Some(Shown::Codes { long, short }) = home.shown(visitor).await? else { return Ok(see_other("two-factor")) };
        let short = short.iter().map(RecoveryCode::expose).collect();
        let page = CodesPage {
            frame: Frame::new(problem.as_ref()),
            room,
            problem: problem.clone(),
            long: long.expose(),
            short,
        };
        Ok(page::show(&page, problem.as_ref()))
    };
    or_trouble(home, visitor, Tab::TwoFactor, page.await).await
}

async fn show_key(home: &dyn House, visitor: &Visitor, problem: Option<Problem>) -> Response {
    let page = async {
        let room = Room::enter(home, visitor, Tab::Keys).await?;
        let Some(Shown::Key { key, name }) = home.shown(visitor).await? else { return Ok(see_other("keys")) };
        let (id, secret) = (key.id.as_str(), key.secret_text());
        let page = KeyPage {
            frame: Frame::new(problem.as_ref()),
            room,
            problem: problem.clone(),
            id,
            secret: secret.expose(),
            name: &name,
        };
        Ok(page::show(&page, problem.as_ref()))
    };
    or_trouble(home, visitor, Tab::Keys, page.await).await
}

fn codes_text(long: &RecoveryCode, short: &[RecoveryCode]) -> Vec<u8> {
    let mut text =
        "Latchkey recovery codes. Each signs you in once, without your two-factor device.\r\n\r\n".to_owned();
    for code in short {
        text.push_str(code.expose());
        text.push_str("\r\n");
    }
    if !short.is_empty() {
        text.push_str("\r\nFor programs that ask for the one long recovery code:\r\n");
    }
    text.push_str(long.expose());
    text.push_str("\r\n");
    text.into_bytes()
}

fn credentials(key: &AccessKey) -> Result<Vec<u8>, Error> {
    let mut file = CredentialsFile::parse(b"")?;
    file.set("DEFAULT", key, None)?;
    Ok(file.to_bytes().expose().clone())
}

fn file(name: &str, content: Vec<u8>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    (headers, content).into_response()
}
