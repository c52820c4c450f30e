//! `POST /api/v1/sign-in` and `…/answer`: signs the device in as the pages do, through the same machine, limits and checks. No
//! browser session comes of it.

use axum::Extension;
use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;

use super::answer::{Answer as Answered, Received, Refusal, Sent};
use super::given::{Answering, KeyPair};
use super::new_token::NewToken;
use super::step::Told;
use crate::base::Secret;
use crate::panel::Panel;
use crate::panel::device_tokens::DeviceToken;
use crate::panel::play::Wanted;
use crate::panel::screens::form::Mark;
use crate::panel::screens::rooms::Shown;
use crate::panel::screens::sign_in::Why;
use crate::panel::screens::source::Source;
use crate::panel::screens::token::Token;
use crate::panel::screens::{Door as _, Error, Move, Outcome, Reception as _, Visitor};
use crate::protocol::recovery_code::RecoveryCodes;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Begin {
    email: String,
    password: String,
    /// Of a device without owner.
    claim_code: Option<String>,
    token: Option<NewToken>,
}

/// With an access key alone.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WithKey {
    key: KeyPair,
    /// Of a device without owner.
    claim_code: Option<String>,
    token: Option<NewToken>,
}

pub(super) async fn begin(
    State(panel): State<Panel>,
    Extension(source): Extension<Source>,
    Received(asked): Received<Begin>,
) -> Answered<Told> {
    let password = Secret::new(asked.password);
    let email = asked.email.trim().to_owned();
    if email.is_empty() || password.expose().is_empty() {
        return Err(Error::Missing("Send the e-mail address and the password of the account.").into());
    }
    let token = asked.token.map(|token| panel.token_wanted(token)).transpose()?;
    let sign_in = Token::new(&panel.0.entropy);
    let visitor = panel.program(&sign_in, source);
    if !panel.is_owned() {
        claim(&panel, &visitor, asked.claim_code.as_deref()).await?;
    }
    panel.go_on(&sign_in, &visitor, Wanted::Move(Move::Begin { email, password }), token).await
}

pub(super) async fn with_key(
    State(panel): State<Panel>,
    Extension(source): Extension<Source>,
    Received(asked): Received<WithKey>,
) -> Answered<Told> {
    let key = asked.key.read()?;
    let token = asked.token.map(|token| panel.token_wanted(token)).transpose()?;
    let sign_in = Token::new(&panel.0.entropy);
    let visitor = panel.program(&sign_in, source);
    if !panel.is_owned() {
        claim(&panel, &visitor, asked.claim_code.as_deref()).await?;
    }
    panel.go_on(&sign_in, &visitor, Wanted::Adopt(key), token).await
}

async fn claim(panel: &Panel, visitor: &Visitor, code: Option<&str>) -> Result<(), Refusal> {
    let code = code.ok_or_else(|| {
        let message = "This device belongs to nobody yet. Send its claim code along, as 'claim_code'; 'sudo latchkey claim' shows it.";
        Refusal::new(StatusCode::FORBIDDEN, "claim_needed", message)
    })?;
    panel.try_claim(visitor, code.trim())?;
    let now = panel.monotonic();
    panel.0.places.of(visitor.hash, now).turn.lock().await.claim(now);
    Ok(())
}

pub(super) async fn answer(
    State(panel): State<Panel>,
    Extension(source): Extension<Source>,
    Received(mut asked): Received<Answering>,
) -> Answered<Told> {
    let sign_in = Token::parse(&asked.sign_in).ok_or_else(no_such_sign_in)?;
    let visitor = panel.program(&sign_in, source);
    let (token, given) = (asked.token.take(), asked.only()?);
    let step = panel.step(&visitor).await.map_err(|over| no_longer(&over))?;
    let answer = given.at(&step)?;
    let token = token.map(|token| panel.token_wanted(token)).transpose()?;
    panel.go_on(&sign_in, &visitor, Wanted::Move(answer), token).await
}

/// Where the pages would lead says why.
fn no_longer(instead: &str) -> Refusal {
    if instead == Why::Expired.link() {
        let message = "The sign-in took longer than the service waits. Begin again.";
        return Refusal::new(StatusCode::GONE, "expired", message);
    }
    no_such_sign_in()
}

fn no_such_sign_in() -> Refusal {
    let message = "There is no such sign-in under way: it is done, or took too long. Begin again.";
    Refusal::new(StatusCode::GONE, "expired", message)
}

impl Panel {
    /// Whoever knows the name of the sign-in is the one who began it.
    fn program(&self, sign_in: &Token, source: Source) -> Visitor {
        let (hash, form_salt) = (sign_in.hash(), self.form_salt());
        Visitor { hash, source, session: None, program: "API".to_owned(), form_salt }
    }

    async fn go_on(
        &self,
        sign_in: &Token,
        visitor: &Visitor,
        wanted: Wanted,
        token: Option<DeviceToken>,
    ) -> Answered<Told> {
        if let Some(token) = token {
            self.remember_token(visitor, token).await;
        }
        let mark = Mark::of(&self.0.entropy.bytes());
        match self.play_once(visitor, mark, wanted).await? {
            Outcome::Ask(_page) => {
                let step = self.step(visitor).await.map_err(|over| no_longer(&over))?;
                Ok(Sent(Told::asking(sign_in, step)))
            }
            Outcome::SignedIn(session, _page) => {
                let codes = self.recovery_codes_of(&session);
                self.end_session(session.hash());
                let token = self.make_remembered_token(visitor).await;
                Ok(Sent(Told::signed_in(self.0.account.status().owner, token, codes)))
            }
            Outcome::Elsewhere(instead) => Err(no_longer(&instead)),
        }
    }

    /// Of an authenticator app that was set up on the way; no page will show them.
    fn recovery_codes_of(&self, session: &Token) -> Option<RecoveryCodes> {
        match self.0.sessions.drawer(session.hash())?.shown(self.monotonic())? {
            Shown::Codes { long, short } => Some(RecoveryCodes { long, short }),
            Shown::Key { .. } => None,
        }
    }
}
