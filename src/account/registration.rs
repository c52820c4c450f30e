//! Ways to an account for people who are not signed in: becoming a user, and a password that was forgotten (reference §1.8).

use serde_json::Value;

use super::cognito::During;
use super::{Account, Error};
use crate::base::Secret;
use crate::protocol::code::Code;
use crate::protocol::cognito::{Attribute, ByUsername, ConfirmForgotPassword, ConfirmSignUp, SignUp, SignedUp};

impl Account {
    /// A code is mailed to the address. No answer tells whether it has an account already.
    pub async fn sign_up(&self, email: &str, password: &Secret<String>) -> Result<(), Error> {
        let message = SignUp {
            client_id: self.client_id().await?,
            username: email.to_owned(),
            password: password.expose().as_str().into(),
            user_attributes: Some(vec![Attribute { name: "email".to_owned(), value: email.to_owned() }]),
        };
        self.operation::<SignedUp>("SignUp", &message, During::Change).await.map(drop)
    }

    /// By the mailed code.
    pub async fn confirm_sign_up(&self, email: &str, code: &Code) -> Result<(), Error> {
        let message = ConfirmSignUp {
            client_id: self.client_id().await?,
            username: email.to_owned(),
            confirmation_code: code.expose().into(),
        };
        self.operation::<Value>("ConfirmSignUp", &message, During::MailedCode).await.map(drop)
    }

    pub async fn send_confirmation_again(&self, email: &str) -> Result<(), Error> {
        self.by_name("ResendConfirmationCode", email).await
    }

    /// A code is mailed to the address, if it has an account.
    pub async fn forgot_password(&self, email: &str) -> Result<(), Error> {
        self.by_name("ForgotPassword", email).await
    }

    /// By the mailed code.
    pub async fn reset_password(&self, email: &str, code: &Code, password: &Secret<String>) -> Result<(), Error> {
        let message = ConfirmForgotPassword {
            client_id: self.client_id().await?,
            username: email.to_owned(),
            confirmation_code: code.expose().into(),
            password: password.expose().as_str().into(),
        };
        self.operation::<Value>("ConfirmForgotPassword", &message, During::MailedCode).await.map(drop)
    }

    async fn by_name(&self, operation: &str, email: &str) -> Result<(), Error> {
        let message = ByUsername { client_id: self.client_id().await?, username: email.to_owned() };
        self.operation::<Value>(operation, &message, During::MailedCode).await.map(drop)
    }
}
