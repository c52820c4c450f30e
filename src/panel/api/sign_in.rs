//! `POST /api/v1/sign-in` and `…/answer`: signs the device in as the pages do, through the same machine, limits and checks. No
//! browser session comes of it.

use std::collections::BTreeMap;

use axum::Extension;
use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;

use super::answer::{Answer as Answered, Received, Refusal, Sent};
use super::step::{self, Told};
use crate::account::Answer;
use crate::base::Secret;
use crate::panel::Panel;
use crate::panel::device_tokens::{self, DeviceToken, Scope};
use crate::panel::play::Wanted;
use crate::panel::screens::form::Mark;
use crate::panel::screens::sign_in::Why;
use crate::panel::screens::source::Source;
use crate::panel::screens::token::Token;
use crate::panel::screens::{Door as _, Error, Move, Outcome, Reception as _, Visitor};
use crate::protocol::access_key::KeyId;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Begin {
    email: String,
    password: String,
    /// Of a device without owner.
    claim_code: Option<String>,
    token: Option<NewToken>,
}

/// With one of the answers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Answering {
    sign_in: String,
    code: Option<String>,
    factor: Option<String>,
    new_password: Option<NewPassword>,
    replace_key: Option<String>,
    token: Option<NewToken>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPassword {
    password: String,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
}

/// A device token to be made when the sign-in is done.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewToken {
    name: String,
    scopes: Vec<String>,
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
    panel.go_on(&sign_in, &visitor, Move::Begin { email, password }, token).await
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
    Received(asked): Received<Answering>,
) -> Answered<Told> {
    let sign_in = Token::parse(&asked.sign_in).ok_or_else(no_such_sign_in)?;
    let visitor = panel.program(&sign_in, source);
    let given = match (asked.code, asked.factor, asked.new_password, asked.replace_key) {
        (Some(code), None, None, None) => Answer::Code(Secret::new(code).expose().parse().map_err(Error::from)?),
        (None, Some(factor), None, None) => {
            let unknown = Error::Missing("Send one of the factors that the step named.");
            Answer::Factor(step::channel(&factor).ok_or(unknown)?)
        }
        (None, None, Some(new), None) => {
            let attributes = new.attributes.into_iter().collect();
            Answer::NewPassword { password: Secret::new(new.password), attributes }
        }
        (None, None, None, Some(key)) => Answer::ReplaceKey(KeyId::parse(&key).map_err(Error::from)?),
        _none_or_several => {
            let one = "Send one answer: 'code', 'factor', 'new_password' or 'replace_key', as the step asks.";
            return Err(Error::Missing(one).into());
        }
    };
    let token = asked.token.map(|token| panel.token_wanted(token)).transpose()?;
    panel.go_on(&sign_in, &visitor, Move::Answer(given), token).await
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
        wanted: Move,
        token: Option<DeviceToken>,
    ) -> Answered<Told> {
        let mark = Mark::of(&self.0.entropy.bytes());
        match self.play_once(visitor, mark, Wanted::Move(wanted)).await? {
            Outcome::Ask(_page) => {
                let step = self.step(visitor).await.map_err(|_over| no_such_sign_in())?;
                Ok(Sent(Told::asking(sign_in, step)))
            }
            Outcome::SignedIn(session, _page) => {
                self.end_session(session.hash());
                let owner = self.0.account.status().owner;
                Ok(Sent(Told::signed_in(owner, token.map(|token| self.token_made(token)).transpose()?)))
            }
            Outcome::Elsewhere(link) if link == Why::Expired.link() => {
                let message = "The sign-in took longer than the service waits. Begin again.";
                Err(Refusal::new(StatusCode::GONE, "expired", message))
            }
            Outcome::Elsewhere(_page) => Err(no_such_sign_in()),
        }
    }

    /// Checked as far as it can be before anything happens.
    fn token_wanted(&self, new: NewToken) -> Result<DeviceToken, Refusal> {
        let scope = |word: &String| {
            let unknown = || format!("'{word}' is nothing that a device token can be good for.");
            Scope::of(word).ok_or_else(|| Refusal::new(StatusCode::BAD_REQUEST, "bad_request", unknown()))
        };
        let scopes = new.scopes.iter().map(scope).collect::<Result<_, _>>()?;
        let status = self.0.account.status();
        let wanted = DeviceToken {
            name: new.name.trim().to_owned(),
            owner: status.owner.map(|owner| owner.id).unwrap_or_default(),
            scopes,
            created: self.0.clock.wall(),
            used: None,
        };
        self.0.device_tokens.would_be_made(&wanted).map_err(not_made)?;
        Ok(wanted)
    }

    fn token_made(&self, wanted: DeviceToken) -> Result<String, Refusal> {
        let status = self.0.account.status();
        let created = self.times(&status).service.unwrap_or(wanted.created);
        let owner = status.owner.map(|owner| owner.id).unwrap_or_default();
        let made = self.0.device_tokens.make(&self.0.entropy, DeviceToken { owner, created, ..wanted });
        Ok(device_tokens::text(&made.map_err(not_made)?).expose().clone())
    }
}

fn not_made(not: device_tokens::NotMade) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, "bad_request", not.to_string())
}
