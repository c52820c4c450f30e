//! A signed-in owner's password, and every sign-in that stands on it (reference §1.8).

use serde_json::Value;

use super::cognito::During;
use super::{Account, Error, Session};
use crate::base::Secret;
use crate::protocol::cognito::{ByAccessToken, ChangePassword};

impl Account {
    /// [`Error::WrongPassword`] when the present one is not right.
    pub async fn change_password(
        &self,
        user: &Session,
        present: &Secret<String>,
        new: &Secret<String>,
    ) -> Result<(), Error> {
        let message = ChangePassword {
            access_token: self.access_token(user).await?,
            previous_password: Some(present.expose().as_str().into()),
            proposed_password: new.expose().as_str().into(),
        };
        self.operation::<Value>("ChangePassword", &message, During::PasswordChange).await.map(drop)
    }

    /// Ends every sign-in of the account; access keys go on working.
    pub async fn sign_out_everywhere(&self, user: &Session) -> Result<(), Error> {
        let message = ByAccessToken { access_token: self.access_token(user).await? };
        self.operation::<Value>("GlobalSignOut", &message, During::Change).await.map(drop)
    }
}
