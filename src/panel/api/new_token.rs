//! The device token that a program asks for with its sign-in. What can be checked is checked before anything happens; what
//! happens meanwhile costs at most the name that was wanted, never the sign-in.

use http::StatusCode;
use serde::Deserialize;

use super::answer::Refusal;
use crate::panel::Panel;
use crate::panel::device_tokens::{self, DeviceToken};
use crate::panel::scope::Scope;
use crate::panel::screens::Visitor;

/// A device token to be made when the sign-in is done.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewToken {
    name: String,
    scopes: Vec<String>,
}

/// What became of it.
pub(super) enum MadeToken {
    /// The token, and what it is called.
    Made(String, String),
    /// Why not.
    Not(String),
}

impl Panel {
    pub(super) fn token_wanted(&self, new: NewToken) -> Result<DeviceToken, Refusal> {
        let bad = |message: String| Refusal::new(StatusCode::BAD_REQUEST, "bad_request", message);
        let scope = |word: &String| {
            let unknown = || bad(format!("'{word}' is nothing that a device token can be good for."));
            Scope::of(word).ok_or_else(unknown)
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
        self.0.device_tokens.would_be_made(&wanted).map_err(|not| bad(not.to_string()))?;
        Ok(wanted)
    }

    /// Remembered until the sign-in is done; the one asked for last counts.
    pub(super) async fn remember_token(&self, visitor: &Visitor, wanted: DeviceToken) {
        let place = self.0.places.of(visitor.key(), self.monotonic());
        place.turn.lock().await.wanted_token = Some(wanted);
    }

    /// The sign-in is done.
    pub(super) async fn make_remembered_token(&self, visitor: &Visitor) -> Option<MadeToken> {
        let place = self.0.places.find(visitor.key())?;
        let wanted = place.turn.lock().await.wanted_token.take()?;
        let status = self.0.account.status();
        let created = self.times(&status).service.unwrap_or(wanted.created);
        let owner = status.owner.map(|owner| owner.id).unwrap_or_default();
        let wanted = DeviceToken { owner, created, ..wanted };
        Some(match self.0.device_tokens.make_by_a_free_name(&self.0.entropy, &wanted) {
            Ok((token, name)) => MadeToken::Made(device_tokens::text(&token).expose().clone(), name),
            Err(not) => MadeToken::Not(not.to_string()),
        })
    }
}
