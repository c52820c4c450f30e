//! What people order of the service beyond signing in, by whichever of its doors: a Cognito operation, the auth API, GraphQL. The
//! files of the questions use these; tokens are renewed here when their time is over.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::cognito::{self, During};
use super::graphql::{GraphQl, reason};
use super::provider::{Credential, Repeat, Reply, Request};
use super::{Account, Error, Session};
use crate::base::Secret;
use crate::protocol::cognito::Confidential;
use crate::protocol::discovery::Discovery;

impl Account {
    /// Does the service offer something beyond remote.it, by a word of its description?
    pub(super) async fn offers(&self, feature: &str) -> Result<bool, Error> {
        Ok(self.description().await?.features.iter().any(|offered| offered == feature))
    }

    pub(super) async fn description(&self) -> Result<std::sync::Arc<Discovery>, Error> {
        self.0.directory.find(&self.0.transport).await
    }

    /// For a Cognito operation that asks for one.
    pub(super) async fn access_token(&self, user: &Session) -> Result<Confidential, Error> {
        Ok(self.token_of(user).await?.expose().as_str().into())
    }

    /// Needs no token, or has it in its message.
    pub(super) async fn operation<A: DeserializeOwned>(
        &self,
        name: &str,
        message: &impl Serialize,
        during: During,
    ) -> Result<A, Error> {
        let cognito = self.0.directory.cognito(&self.0.transport).await?;
        let reply = self.0.transport.send(&cognito.operation(name, message)).await;
        cognito::read(reply, during).map_err(|error| self.doubtful(error))
    }

    pub(super) async fn client_id(&self) -> Result<String, Error> {
        Ok(self.0.directory.cognito(&self.0.transport).await?.client_id().to_owned())
    }

    /// The auth API: `body` posts, nothing looks.
    pub(super) async fn auth_api<A: DeserializeOwned>(
        &self,
        user: &Session,
        path: &str,
        body: Option<Value>,
    ) -> Result<A, Error> {
        let repeat = if body.is_none() { Repeat::Harmless } else { Repeat::Never };
        let request = Request {
            url: format!("{}{path}", self.description().await?.auth_api),
            headers: vec![("content-type", "application/json".to_owned()), ("accept", "application/json".to_owned())],
            credential: Credential::Bearer(self.token_of(user).await?),
            body: body.map(|body| Secret::new(body.to_string().into_bytes())),
            repeat,
        };
        let reply = self.0.transport.send(&request).await.map_err(|error| self.doubtful(error))?;
        if reply.status == 200 {
            return serde_json::from_slice(reply.body.expose())
                .map_err(|_| Error::ServiceFault("the auth API sent a reply that is not the one expected".into()));
        }
        Err(self.doubtful(refusal(&reply)))
    }

    /// GraphQL in the person's name.
    pub(super) async fn graphql_of(&self, user: &Session) -> Result<GraphQl<'_>, Error> {
        self.graphql_as(Credential::Bearer(self.token_of(user).await?)).await
    }

    async fn token_of(&self, user: &Session) -> Result<Secret<String>, Error> {
        // Others wait: a renewal must not be spent twice.
        let mut tokens = user.tokens.lock().await;
        self.bearer(&mut tokens).await
    }

    pub(super) fn doubtful(&self, error: Error) -> Error {
        self.0.directory.doubt_after(&error);
        error
    }
}

/// What a refusal of the auth API means.
fn refusal(reply: &Reply) -> Error {
    let said = reason(reply);
    match reply.status {
        400 if said == "Code mismatch" => Error::WrongCode,
        400 => Error::Unusable(said),
        401 => Error::SignInExpired,
        403 if said.contains("within 10 minutes") => Error::NotFresh,
        404 => Error::NotOffered,
        409 => Error::InTheWay(said),
        500.. => Error::ServiceFault(format!("the auth API answered with status {}", reply.status).into()),
        _ => Error::Refused(said),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meaning(status: u16, body: &str) -> String {
        let body = Secret::new(body.as_bytes().to_vec());
        let error = refusal(&Reply { status, retry_after: None, error_type: None, body });
        let debug = format!("{error:?}");
        debug.split([' ', '(']).next().unwrap().to_owned()
    }

    #[test]
    fn a_refusal_of_the_auth_api_means_what_its_status_and_words_say() {
        let stale = r#"{"message":"Sign in again with your second factor, then change it within 10 minutes."}"#;
        for (status, body, expected) in [
            (403, stale, "NotFresh"),
            (403, r#"{"message":"Forbidden"}"#, "Refused"),
            (401, r#"{"message":"The token was revoked."}"#, "SignInExpired"),
            (400, r#"{"message":"Code mismatch"}"#, "WrongCode"),
            (400, r#"{"message":"Add and verify your phone number first."}"#, "Unusable"),
            (404, r#"{"message":"Not Found"}"#, "NotOffered"),
            (409, r#"{"message":"Google asks for the second factor."}"#, "InTheWay"),
            (500, "{}", "ServiceFault"),
        ] {
            assert_eq!(meaning(status, body), expected, "{status} {body}");
        }
    }
}
