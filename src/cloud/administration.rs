//! What the operator does to accounts from the machine itself. Everything is written into the account's own log, and its owner is
//! told by mail of what weakens or closes it.

use data_encoding::BASE32_NOPAD;

use super::Cloud;
use super::error::Error;
use super::moment::Moment;
use super::store::{Account, Channel, EventKind, Listed};
use super::visitor::Visitor;
use crate::base::Secret;

/// An account as the operator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountSummary {
    pub id: String,
    pub email: String,
    /// `2024-01-02T03:04:05Z`, as all times here.
    pub created: String,
    pub last_sign_in: Option<String>,
    pub disabled: Option<String>,
    /// How many second factors are on.
    pub factors: i64,
}

/// One account, whole; no secret is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountDetails {
    pub summary: AccountSummary,
    pub phone: Option<String>,
    /// Names as on the wire, the first to be asked for first.
    pub factors: Vec<&'static str>,
    pub must_set_password: bool,
    pub access_keys: i64,
    pub sessions: i64,
    pub recovery_codes: i64,
}

/// Accounts are read so many at once.
const PAGE: i64 = 500;

impl Cloud {
    /// Hands every account to `each`, by e-mail address.
    pub async fn list_accounts(
        &self,
        mut each: impl FnMut(AccountSummary) -> std::io::Result<()>,
    ) -> Result<(), Error> {
        let mut last: Option<Listed> = None;
        loop {
            let page = self.store.list_accounts(last.as_ref(), PAGE).await?;
            let Some(end) = page.len().checked_sub(1) else { return Ok(()) };
            for (place, listed) in page.into_iter().enumerate() {
                each(AccountSummary::of(&listed)).map_err(Error::Output)?;
                if place == end {
                    last = Some(listed);
                }
            }
        }
    }

    /// By e-mail address or id.
    pub async fn show_account(&self, name: &str) -> Result<AccountDetails, Error> {
        let account = self.find(name).await?;
        let held = self.store.holdings(&account.id, self.now()).await?;
        let factors: Vec<_> = self.store.factors(&account.id).await?.into_iter().map(|kind| kind.name()).collect();
        let summary = AccountSummary {
            id: account.id.as_str().to_owned(),
            email: account.email,
            created: account.created.iso(),
            last_sign_in: account.last_sign_in.map(Moment::iso),
            disabled: held.disabled.map(Moment::iso),
            factors: i64::try_from(factors.len()).unwrap_or_default(),
        };
        Ok(AccountDetails {
            summary,
            phone: account.phone,
            factors,
            must_set_password: account.must_set_password,
            access_keys: held.access_keys,
            sessions: held.sessions,
            recovery_codes: held.recovery_codes,
        })
    }

    /// Signed out everywhere, and kept out; access keys are refused. Nothing is lost.
    pub async fn disable_account(&self, name: &str) -> Result<(), Error> {
        let account = self.find(name).await?;
        if self.store.disable_account(&account.id, self.now()).await? {
            self.note(&account, EventKind::SignedOut, "the operator disabled the account").await?;
            self.tell(&account, "was disabled").await?;
        }
        Ok(())
    }

    pub async fn enable_account(&self, name: &str) -> Result<(), Error> {
        let account = self.find(name).await?;
        if self.store.enable_account(&account.id).await? {
            self.note(&account, EventKind::SignedUp, "the operator enabled the account again").await?;
            self.tell(&account, "was enabled again").await?;
        }
        Ok(())
    }

    /// With its keys, factors and log, for ever.
    pub async fn delete_account(&self, name: &str) -> Result<(), Error> {
        let account = self.find(name).await?;
        self.store.remove_account(&account.id).await?;
        tracing::info!(account = account.id.as_str(), "the operator deleted an account");
        self.tell(&account, "was deleted, with everything in it").await
    }

    /// A password that works once: its owner must set another one with it. Signs out everywhere.
    pub async fn reset_password(&self, name: &str) -> Result<Secret<String>, Error> {
        let account = self.find(name).await?;
        let password = Secret::new(BASE32_NOPAD.encode(&self.entropy.bytes::<15>()).to_lowercase());
        let kept = self.keep_password(&account.id, password.clone()).await?;
        self.store.set_password(&account.id, &kept).await?;
        self.store.require_new_password(&account.id).await?;
        self.store.revoke_families(&account.id, self.now()).await?;
        self.note(&account, EventKind::PasswordReset, "by the operator").await?;
        self.tell(&account, "has got a new password, which whoever runs the service will give to you").await?;
        Ok(password)
    }

    /// For somebody who has lost phone and recovery codes, once the operator knows who it is.
    pub async fn turn_off_two_factor(&self, name: &str) -> Result<(), Error> {
        let account = self.find(name).await?;
        for kind in self.store.remove_factors(&account).await? {
            self.note(&account, EventKind::FactorTurnedOff, &format!("{} by the operator", kind.name())).await?;
        }
        self.tell(&account, "no longer asks for a second factor").await
    }

    /// Access keys go on working.
    pub async fn sign_out_everywhere(&self, name: &str) -> Result<(), Error> {
        let account = self.find(name).await?;
        self.store.revoke_families(&account.id, self.now()).await?;
        self.note(&account, EventKind::SignedOut, "everywhere, by the operator").await
    }

    async fn find(&self, name: &str) -> Result<Account, Error> {
        let found = self.store.account_named(name).await?;
        found.ok_or_else(|| Error::NoSuchAccount(name.to_owned()))
    }

    async fn note(&self, account: &Account, kind: EventKind, detail: &str) -> Result<(), Error> {
        tracing::info!(account = account.id.as_str(), event = kind.name(), detail, "the operator's doing");
        Ok(self.store.note_event(&account.id, kind, &Visitor::nobody(), detail, self.now()).await?)
    }

    async fn tell(&self, account: &Account, what: &str) -> Result<(), Error> {
        let brand = &self.plan.brand;
        let text = format!(
            "Your {brand} account {what}, by the people who run the service, at {}. If you do not know why, ask them.",
            self.now().iso()
        );
        Ok(self.store.post(Channel::Mail, &account.email, &text, self.now()).await?)
    }
}

impl AccountSummary {
    fn of(listed: &Listed) -> Self {
        Self {
            id: listed.id.clone(),
            email: listed.email.clone(),
            created: listed.created.iso(),
            last_sign_in: listed.last_sign_in.map(Moment::iso),
            disabled: listed.disabled.map(Moment::iso),
            factors: listed.factors,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cloud::bench::{Bench, EMAIL, PASSWORD, PHONE};
    use crate::protocol::totp::TotpSecret;

    #[tokio::test]
    async fn accounts_are_listed_by_address_and_shown_without_a_secret() {
        let bench = Bench::new().await;
        bench.ann(Some(&TotpSecret::from_bytes(vec![1; 20])), Some(PHONE)).await;
        bench.person("Zoe@example.test", None, None).await;
        bench.person("bob@example.test", None, None).await;
        let mut listed = Vec::new();
        bench
            .cloud
            .list_accounts(|account| {
                listed.push((account.email, account.factors));
                Ok(())
            })
            .await
            .unwrap();
        let expected = [(EMAIL, 2), ("bob@example.test", 0), ("Zoe@example.test", 0)];
        assert_eq!(listed, expected.map(|(email, factors)| (email.to_owned(), factors)));
        let ann = bench.cloud.show_account(&EMAIL.to_uppercase()).await.unwrap();
        assert_eq!((ann.sessions, ann.access_keys, ann.summary.disabled.clone()), (0, 0, None));
        assert_eq!(ann.factors, ["SOFTWARE_TOKEN_MFA", "SMS_MFA"]);
        assert!(matches!(bench.cloud.show_account("nobody@example.test").await, Err(Error::NoSuchAccount(_))));
    }

    #[tokio::test]
    async fn a_disabled_account_is_out_at_once_and_stays_out_until_it_is_enabled() {
        let bench = Bench::new().await;
        bench.ann(None, None).await;
        let token = bench.access_token().await;
        bench.cloud.disable_account(EMAIL).await.unwrap();
        assert_eq!(bench.graphql(&token, "{ login { id } }").await.status, 401);
        let refused = bench.begin().await;
        assert_eq!((refused.fault(), refused.message()), ("NotAuthorizedException", "User is disabled."));
        let wrong = json!({"USERNAME": EMAIL, "PASSWORD": "wrong-password"});
        let wrong = bench.initiate("USER_PASSWORD_AUTH", wrong).await;
        assert_eq!(wrong.message(), "Incorrect username or password.", "only its owner learns of it");
        bench.cloud.enable_account(EMAIL).await.unwrap();
        assert!(bench.begin().await.signed_in());
        assert_eq!(bench.sent_to(EMAIL).await.len(), 2);
    }

    #[tokio::test]
    async fn a_reset_password_works_once_to_set_another() {
        let bench = Bench::new().await;
        bench.ann(None, None).await;
        let token = bench.access_token().await;
        let password = bench.cloud.reset_password(EMAIL).await.unwrap();
        assert_eq!(bench.graphql(&token, "{ login { id } }").await.status, 401);
        assert_eq!(bench.begin().await.fault(), "NotAuthorizedException", "the old one is gone");
        let parameters = json!({"USERNAME": EMAIL, "PASSWORD": password.expose()});
        let begun = bench.initiate("USER_PASSWORD_AUTH", parameters).await;
        assert_eq!(begun.challenge(), "NEW_PASSWORD_REQUIRED");
        assert!(!bench.sent_to(EMAIL).await.concat().contains(password.expose().as_str()));
        let set = json!({"NEW_PASSWORD": PASSWORD});
        assert!(bench.respond("NEW_PASSWORD_REQUIRED", begun.session(), set).await.signed_in());
    }

    #[tokio::test]
    async fn turning_two_factor_off_lets_the_owner_in_by_password_and_tells_them() {
        let bench = Bench::new().await;
        bench.ann(Some(&TotpSecret::from_bytes(vec![1; 20])), Some(PHONE)).await;
        bench.cloud.turn_off_two_factor(EMAIL).await.unwrap();
        assert!(bench.begin().await.signed_in());
        assert!(bench.sent_to(EMAIL).await.concat().contains("no longer asks for a second factor"));
        assert_eq!(bench.cloud.show_account(EMAIL).await.unwrap().recovery_codes, 0);
    }

    #[tokio::test]
    async fn a_deleted_account_leaves_nothing_and_its_address_is_free() {
        let bench = Bench::new().await;
        bench.ann(None, None).await;
        bench.cloud.delete_account(EMAIL).await.unwrap();
        assert!(matches!(bench.cloud.delete_account(EMAIL).await, Err(Error::NoSuchAccount(_))));
        bench.ann(None, None).await;
        assert!(bench.begin().await.signed_in());
    }
}
