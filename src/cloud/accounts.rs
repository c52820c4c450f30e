//! Adding accounts from the machine itself.

use super::Cloud;
use super::error::Error;
use super::ids::AccountId;
use super::phone;
use super::store::NewRow;
use crate::base::Secret;
use crate::protocol::recovery_code::RecoveryCode;
use crate::protocol::totp::TotpSecret;

#[derive(Debug)]
pub struct NewAccount {
    pub email: String,
    pub password: Secret<String>,
    pub totp: Option<TotpSecret>,
    /// E.164; verified.
    pub phone: Option<String>,
}

#[derive(Debug)]
pub struct AddedAccount {
    pub id: String,
    /// Only when a second factor is on.
    pub recovery_code: Option<RecoveryCode>,
    /// Beside it, each as good as it; none without a second factor.
    pub short_recovery_codes: Vec<RecoveryCode>,
}

/// What the owner must do at the next sign-in before it succeeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requirement {
    /// NEW_PASSWORD_REQUIRED
    NewPassword,
    /// MFA_SETUP, when no second factor is on.
    SecondFactor,
}

impl Cloud {
    /// Each of `totp` and `phone` that is there is a second factor from the start.
    pub async fn add_account(&self, account: NewAccount) -> Result<AddedAccount, Error> {
        let email = account.email.trim();
        check_email(email)?;
        self.check_password(&account.password, email).await?;
        let phone = account.phone.as_deref().map(phone::normal).transpose()?;
        let id = AccountId::new(&self.entropy);
        let password = self.keep_password(&id, account.password).await?;
        let row = NewRow { id: &id, email, password: Some(&password), phone: phone.as_deref() };
        let now = self.now();
        if !self.store.add_account(row, now).await? {
            return Err(Error::EmailTaken(email.to_owned()));
        }
        if let Some(secret) = &account.totp {
            self.store.add_totp_factor(&id, secret, now).await?;
        }
        if account.phone.is_some() {
            self.store.add_sms_factor(&id, now).await?;
        }
        let protected = account.totp.is_some() || account.phone.is_some();
        let mut added =
            AddedAccount { id: id.as_str().to_owned(), recovery_code: None, short_recovery_codes: Vec::new() };
        if protected {
            let codes = self.new_recovery_codes();
            self.store.set_recovery_codes(&id, &codes, now).await?;
            (added.recovery_code, added.short_recovery_codes) = (Some(codes.long), codes.short);
        }
        Ok(added)
    }

    /// Makes the owner do something at the next sign-in.
    pub async fn require(&self, account: &str, requirement: Requirement) -> Result<(), Error> {
        let id = AccountId::from_text(account);
        let known = match requirement {
            Requirement::NewPassword => self.store.require_new_password(&id).await?,
            Requirement::SecondFactor => self.store.require_enrolment(&id).await?,
        };
        if known { Ok(()) } else { Err(Error::NoSuchAccount(account.to_owned())) }
    }

    /// What follows the first `_` of the pool id.
    pub(super) fn pool_name(&self) -> &str {
        let pool = &self.plan.user_pool_id;
        pool.split_once('_').map_or(pool, |(_region, name)| name)
    }
}

/// An address that mail can be sent to, 128 characters at most, no blanks.
pub(crate) fn check_email(email: &str) -> Result<(), Error> {
    let shaped = email.parse::<lettre::Address>().is_ok();
    let fits = shaped && email.chars().count() <= 128 && !email.contains(|c: char| c.is_whitespace() || c.is_control());
    if fits { Ok(()) } else { Err(Error::Email(email.to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_email_address_has_two_sides_and_no_blanks() {
        assert!(check_email("ann+pi@example.test").is_ok());
        for bad in [
            "ann",
            "@example.test",
            "ann@",
            "an n@example.test",
            "a@b@c.test",
            "a\r\nb@c",
            &format!("{}@x", "a".repeat(130)),
        ] {
            assert!(check_email(bad).is_err(), "{bad}");
        }
    }
}
