//! Changing which second factors are on. Each change is one transaction that holds the account: whoever signs in meanwhile
//! meets the factors from before or those from after, and never a moment without any.

use super::enrolments::Taken;
use super::outbox::Channel;
use super::{Account, Database, Error, Factor, FactorKind, Store};
use crate::cloud::ids::AccountId;
use crate::cloud::moment::Moment;
use crate::protocol::recovery_code::RecoveryCodes;

type Connection = <Database as sqlx::Database>::Connection;

/// What shall become of one factor; `None` leaves it as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) on: Option<bool>,
    pub(crate) preferred: Option<bool>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) authenticator: Wish,
    pub(crate) sms: Wish,
}

pub(crate) struct Change<'a> {
    pub(crate) account: &'a Account,
    /// Whose enrolment becomes the authenticator.
    pub(crate) holder: &'a str,
    pub(crate) wanted: Wanted,
    /// May a change be made to an account with these factors on?
    pub(crate) may: &'a (dyn Fn(&[Factor]) -> bool + Sync),
    /// Replace the account's when a factor is turned on; `None`: the account keeps those it has.
    pub(crate) codes: Option<&'a RecoveryCodes>,
    /// What the owner is told by mail.
    pub(crate) notice: &'a (dyn Fn(&Changed) -> String + Sync),
}

/// What a change did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Changed {
    pub(crate) on: Vec<FactorKind>,
    pub(crate) off: Vec<FactorKind>,
    /// The authenticator has a new secret.
    pub(crate) replaced: bool,
    pub(crate) codes_made: bool,
    /// No factor is on any more.
    pub(crate) unprotected: bool,
}

/// Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChangeRefused {
    #[error("the change was not allowed")]
    NotAllowed,
    #[error("no authenticator secret was proved")]
    NoAuthenticator,
    #[error("the account has no phone number")]
    NoPhone,
    #[error(transparent)]
    Store(#[from] Error),
}

impl Wanted {
    pub(crate) fn of(self, kind: FactorKind) -> Wish {
        match kind {
            FactorKind::SoftwareToken => self.authenticator,
            FactorKind::Sms => self.sms,
        }
    }

    /// Is nothing but this on the way to `factors` asked for?
    fn is_met_by(self, factors: &[Factor]) -> bool {
        FactorKind::ALL.into_iter().all(|kind| {
            let (wish, now) = (self.of(kind), factors.iter().find(|factor| factor.kind == kind));
            wish.on.is_none_or(|on| on == now.is_some())
                && wish.preferred.is_none_or(|preferred| preferred == now.is_some_and(|factor| factor.preferred))
        })
    }
}

impl Changed {
    fn plan(wanted: Wanted, before: &[Factor], new_secret: bool) -> Self {
        let is_on = |kind| before.iter().any(|factor| factor.kind == kind);
        let wished = |on| move |kind: &FactorKind| wanted.of(*kind).on == Some(on);
        Self {
            on: FactorKind::ALL.into_iter().filter(wished(true)).filter(|kind| !is_on(*kind)).collect(),
            off: FactorKind::ALL.into_iter().filter(wished(false)).filter(|kind| is_on(*kind)).collect(),
            replaced: new_secret && is_on(FactorKind::SoftwareToken),
            ..Self::default()
        }
    }

    /// Only which factor is preferred, if anything.
    fn is_slight(&self) -> bool {
        self.on.is_empty() && self.off.is_empty() && !self.replaced
    }
}

impl Store {
    pub(crate) async fn change_factors(&self, change: Change<'_>, now: Moment) -> Result<Changed, ChangeRefused> {
        let mut transaction = self.begin().await?;
        let account = &change.account.id;
        self.lock_account(&mut transaction, account).await?;
        let before = self.factors_within(&mut transaction, account).await?;
        let taken = match change.wanted.authenticator.on {
            Some(true) => self.take_enrolment(&mut transaction, account, change.holder, now).await?,
            Some(false) | None => None,
        };
        if taken.is_none() && change.wanted.is_met_by(&before) {
            return Ok(Changed::default());
        }
        if !(change.may)(&before) {
            return Err(ChangeRefused::NotAllowed);
        }
        let mut changed = Changed::plan(change.wanted, &before, taken.is_some());
        self.turn_on(&mut transaction, change.account, &changed, taken, now).await?;
        for kind in &changed.off {
            self.remove_factor(&mut transaction, account, *kind).await?;
        }
        self.prefer(&mut transaction, &change).await?;
        self.finish_change(&mut transaction, &change, &mut changed, now).await?;
        transaction.commit().await.map_err(Error::from)?;
        Ok(changed)
    }

    async fn turn_on(
        &self,
        connection: &mut Connection,
        account: &Account,
        changed: &Changed,
        taken: Option<Taken>,
        now: Moment,
    ) -> Result<(), ChangeRefused> {
        if let Some(taken) = taken {
            self.put_authenticator(connection, &account.id, taken, now).await?;
        } else if changed.on.contains(&FactorKind::SoftwareToken) {
            return Err(ChangeRefused::NoAuthenticator);
        }
        if changed.on.contains(&FactorKind::Sms) {
            self.put_sms(connection, account, now).await?;
        }
        Ok(())
    }

    /// Recovery codes, half-done sign-ins and enrolments as the new factors want them; the mail.
    async fn finish_change(
        &self,
        connection: &mut Connection,
        change: &Change<'_>,
        changed: &mut Changed,
        now: Moment,
    ) -> Result<(), Error> {
        let account = &change.account.id;
        if changed.is_slight() {
            return Ok(());
        }
        changed.unprotected = self.factors_within(connection, account).await?.is_empty();
        if changed.unprotected {
            self.drop_recovery_codes(connection, account).await?;
        }
        if let Some(codes) = change.codes.filter(|_| !changed.on.is_empty()) {
            self.put_recovery_codes(connection, account, codes, now).await?;
            changed.codes_made = true;
        }
        self.end_half_done(connection, account).await?;
        let notice = (change.notice)(changed);
        self.post_within(connection, Channel::Mail, &change.account.email, &notice, now).await
    }

    pub(super) async fn remove_factor(
        &self,
        connection: &mut Connection,
        account: &AccountId,
        kind: FactorKind,
    ) -> Result<(), Error> {
        sqlx::query("DELETE FROM factors WHERE account_id = $1 AND kind = $2")
            .bind(account)
            .bind(kind.name())
            .execute(connection)
            .await?;
        Ok(())
    }

    /// Every sign-in that waits for something, every secret and text that was handed out under the factors from before.
    pub(super) async fn end_half_done(&self, connection: &mut Connection, account: &AccountId) -> Result<(), Error> {
        for statement in [
            "DELETE FROM sign_ins WHERE account_id = $1",
            "DELETE FROM enrolments WHERE account_id = $1",
            "DELETE FROM sent_codes WHERE account_id = $1 AND purpose = 'sign-in by sms'",
        ] {
            sqlx::query(statement).bind(account).execute(&mut *connection).await?;
        }
        Ok(())
    }

    async fn put_authenticator(
        &self,
        connection: &mut Connection,
        account: &AccountId,
        taken: Taken,
        now: Moment,
    ) -> Result<(), Error> {
        sqlx::query(
            "INSERT INTO factors (account_id, kind, sealed_secret, last_step, created) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (account_id, kind) DO UPDATE SET \
             sealed_secret = excluded.sealed_secret, last_step = excluded.last_step, created = excluded.created",
        )
        .bind(account)
        .bind(FactorKind::SoftwareToken.name())
        .bind(taken.sealed)
        .bind(taken.last_step)
        .bind(now)
        .execute(connection)
        .await?;
        Ok(())
    }

    /// Asks the row for the phone, since `account` may be older than the transaction.
    async fn put_sms(&self, connection: &mut Connection, account: &Account, now: Moment) -> Result<(), ChangeRefused> {
        let done = sqlx::query(
            "INSERT INTO factors (account_id, kind, created) \
             SELECT id, $2, $3 FROM accounts WHERE id = $1 AND phone IS NOT NULL",
        )
        .bind(&account.id)
        .bind(FactorKind::Sms.name())
        .bind(now)
        .execute(connection)
        .await
        .map_err(Error::from)?;
        if done.rows_affected() == 1 { Ok(()) } else { Err(ChangeRefused::NoPhone) }
    }

    async fn prefer(&self, connection: &mut Connection, change: &Change<'_>) -> Result<(), Error> {
        for kind in FactorKind::ALL {
            let Some(preferred) = change.wanted.of(kind).preferred else { continue };
            if preferred {
                sqlx::query("UPDATE factors SET preferred = 0 WHERE account_id = $1")
                    .bind(&change.account.id)
                    .execute(&mut *connection)
                    .await?;
            }
            sqlx::query("UPDATE factors SET preferred = $3 WHERE account_id = $1 AND kind = $2")
                .bind(&change.account.id)
                .bind(kind.name())
                .bind(i64::from(preferred))
                .execute(&mut *connection)
                .await?;
        }
        Ok(())
    }
}
