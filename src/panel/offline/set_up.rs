//! Setting the offline unlock up, while the owner is signed in: a passphrase, and an authenticator that is this device's own.

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::{Unfinished, passphrase};
use crate::panel::Panel;
use crate::panel::screens::page::{self, Frame, see_other};
use crate::panel::screens::room::{Done, Room, Tab};
use crate::panel::screens::{Error, Form, Problem, Visitor, authenticator};
use crate::protocol::code::Code;
use crate::protocol::graphql::Owner;

#[derive(Template)]
#[template(path = "offline_unlock.html", config = "assets/askama.toml")]
struct OfflineUnlockPage {
    frame: Frame,
    room: Room,
    problem: Option<Problem>,
    is_set_up: bool,
    picture: Option<String>,
    uri: String,
    secret: String,
}

pub(super) async fn page(State(panel): State<Panel>, Extension(visitor): Extension<Visitor>) -> Response {
    match panel.may_set_up(&visitor) {
        Ok(true) => panel.offline_unlock_page(&visitor, None).await,
        Ok(false) => see_other("sign-in"),
        Err(problem) => page::error(&problem, ""),
    }
}

pub(super) async fn answer(State(panel): State<Panel>, Extension(visitor): Extension<Visitor>, form: Form) -> Response {
    if form.text("do") == "turn-off" {
        panel.0.offline.turn_off();
        return see_other(&Done::OfflineUnlockOff.at("settings"));
    }
    match panel.may_set_up(&visitor) {
        Ok(true) => {}
        Ok(false) => return see_other("sign-in"),
        Err(problem) => return page::error(&problem, ""),
    }
    match panel.set_offline_unlock_up(&form).await {
        Ok(()) => see_other(&Done::OfflineUnlockOn.at("settings")),
        Err(problem) => panel.offline_unlock_page(&visitor, Some(problem)).await,
    }
}

impl Panel {
    /// A new way in is made only by somebody who has just proved to the service who they are.
    fn may_set_up(&self, visitor: &Visitor) -> Result<bool, Problem> {
        if self.0.account.status().away.is_some() {
            let sentence = "The account service cannot be reached. The offline unlock is set up while it can.";
            return Err(Problem::new(StatusCode::BAD_GATEWAY, sentence));
        }
        Ok(!self.needs_proof(visitor, "offline-unlock")?)
    }

    async fn set_offline_unlock_up(&self, form: &Form) -> Result<(), Problem> {
        let owner = self.present_owner()?;
        let (first, again) = (form.secret("passphrase"), form.secret("again"));
        let unfit = |sentence: String, field| Err(Problem::new(StatusCode::BAD_REQUEST, sentence).at(field));
        if let Err(why) = passphrase::check(&first, &[&owner.email, &self.0.device_name]) {
            return unfit(why.to_string(), "passphrase");
        }
        if first.expose().trim() != again.expose().trim() {
            return unfit("The two passphrases are not the same. Type both again.".to_owned(), "again");
        }
        let code = match form.text("code") {
            "" => return Err(Error::Missing("Type the six digits that the app shows.").problem().at("code")),
            code => code.parse::<Code>().map_err(|error| Error::from(error).problem().at("code"))?,
        };
        self.0.offline.finish(&owner.id, first, &code, self.time()).await.map_err(|why| match why {
            Unfinished::WrongCode => Problem::new(
                StatusCode::UNAUTHORIZED,
                "That code is not right. Type both passphrases and the code that the app shows now.",
            )
            .at("code"),
            Unfinished::TooLate => {
                Problem::new(StatusCode::CONFLICT, "This picture is too old. Scan the new one, and try again.")
            }
            Unfinished::NotKept(error) => Error::Account(error.into()).problem(),
        })
    }

    fn present_owner(&self) -> Result<Owner, Problem> {
        self.0.account.status().owner.ok_or_else(|| Error::Account(crate::account::Error::SignedOut).problem())
    }

    async fn offline_unlock_page(&self, visitor: &Visitor, problem: Option<Problem>) -> Response {
        let (owner, room) = match (self.present_owner(), Room::enter(self, visitor, Tab::Settings).await) {
            (Ok(owner), Ok(room)) => (owner, room),
            (Err(problem), _) | (_, Err(problem)) => return page::error(&problem, ""),
        };
        self.0.offline.sweep(Some(&owner.id));
        let secret = self.0.offline.enrol(&owner.id, self.monotonic());
        let uri = secret.otpauth_uri("Latchkey offline", &self.0.device_name);
        let page = OfflineUnlockPage {
            frame: Frame::new(problem.as_ref()),
            room,
            problem: problem.clone(),
            is_set_up: self.0.offline.is_set_up(),
            picture: authenticator::picture(uri.expose()),
            secret: authenticator::grouped(secret.text().expose()),
            uri: uri.expose().clone(),
        };
        page::show(&page, problem.as_ref())
    }
}
