//! Sign-ins between their first and their last step. The client holds a random session text; the store holds its mark.

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use sqlx::Row as _;

use super::{Error, FactorKind, Store};
use crate::base::Secret;
use crate::cloud::ids::AccountId;
use crate::cloud::moment::Moment;
use crate::cloud::visitor::Visitor;

/// Wrong answers that one session bears.
const TRIES: i64 = 5;
/// An expired session is still known for so long, to be told from one that never was.
const REMEMBERED: Duration = Duration::from_secs(3600);

/// What the sign-in waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    NewPassword,
    Enrolment,
    ChoiceOfFactor,
    Factor(FactorKind),
    MailedCode,
    RecoveryCode,
}

#[derive(Debug)]
pub(crate) struct NewSignIn<'a> {
    pub(crate) client_id: &'a str,
    /// `None`: a decoy that looks the same and never succeeds.
    pub(crate) account: Option<&'a AccountId>,
    pub(crate) stage: Stage,
    /// Factors that a recovery will turn off.
    pub(crate) lost: &'a [FactorKind],
    pub(crate) expires: Moment,
}

#[derive(Debug)]
pub(crate) struct SignIn {
    id: String,
    pub(crate) client_id: String,
    pub(crate) account: Option<AccountId>,
    pub(crate) stage: Stage,
    pub(crate) lost: Vec<FactorKind>,
    pub(crate) expires: Moment,
}

impl SignIn {
    /// Names it in other tables.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }
}

impl Stage {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::NewPassword => "new password",
            Self::Enrolment => "enrolment",
            Self::ChoiceOfFactor => "choice of factor",
            Self::Factor(kind) => kind.name(),
            Self::MailedCode => "mailed code",
            Self::RecoveryCode => "recovery code",
        }
    }

    fn named(name: &str) -> Option<Self> {
        let plain = [Self::NewPassword, Self::Enrolment, Self::ChoiceOfFactor, Self::MailedCode, Self::RecoveryCode];
        plain.into_iter().find(|stage| stage.name() == name).or_else(|| FactorKind::named(name).map(Self::Factor))
    }
}

impl Store {
    /// The session text that the client will come back with.
    pub(crate) async fn begin_sign_in(
        &self,
        new: NewSignIn<'_>,
        visitor: &Visitor,
        now: Moment,
    ) -> Result<Secret<String>, Error> {
        let session = Secret::new(BASE64URL_NOPAD.encode(self.entropy.secret::<48>().expose()));
        let lost: Vec<&str> = new.lost.iter().map(|kind| kind.name()).collect();
        sqlx::query(
            "INSERT INTO sign_ins (id, client_id, account_id, stage, lost, expires, began, address, source, program) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        )
        .bind(self.sign_in_id(session.expose()))
        .bind(new.client_id)
        .bind(new.account)
        .bind(new.stage.name())
        .bind(lost.join(" "))
        .bind(new.expires)
        .bind(now)
        .bind(visitor.address.to_string())
        .bind(visitor.source())
        .bind(&visitor.program)
        .execute(&self.pool)
        .await?;
        Ok(session)
    }

    pub(crate) async fn sign_in(&self, session: &str) -> Result<Option<SignIn>, Error> {
        let row = sqlx::query("SELECT * FROM sign_ins WHERE id = $1")
            .bind(self.sign_in_id(session))
            .fetch_optional(&self.pool)
            .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(SignIn {
            id: row.try_get("id")?,
            client_id: row.try_get("client_id")?,
            account: row.try_get("account_id")?,
            stage: Stage::named(row.try_get("stage")?).ok_or(Error::Unreadable("a sign-in"))?,
            lost: row.try_get::<&str, _>("lost")?.split(' ').filter_map(FactorKind::named).collect(),
            expires: row.try_get("expires")?,
        }))
    }

    /// Gives its owner more time: something new was sent.
    pub(crate) async fn extend_sign_in(&self, sign_in: &SignIn, expires: Moment) -> Result<bool, Error> {
        let done = sqlx::query("UPDATE sign_ins SET expires = $2 WHERE id = $1")
            .bind(&sign_in.id)
            .bind(expires)
            .execute(&self.pool)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Counts one answer; `false` when the session has borne its share (or is gone).
    pub(crate) async fn count_try(&self, sign_in: &SignIn) -> Result<bool, Error> {
        let done = sqlx::query("UPDATE sign_ins SET tries = tries + 1 WHERE id = $1 AND tries < $2")
            .bind(&sign_in.id)
            .bind(TRIES)
            .execute(&self.pool)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Uses the session up; `false` when somebody else did.
    pub(crate) async fn end_sign_in(&self, sign_in: &SignIn) -> Result<bool, Error> {
        let done = sqlx::query("DELETE FROM sign_ins WHERE id = $1").bind(&sign_in.id).execute(&self.pool).await?;
        Ok(done.rows_affected() == 1)
    }

    pub(crate) async fn forget_sign_ins(&self, now: Moment) -> Result<(), Error> {
        sqlx::query("DELETE FROM sign_ins WHERE expires < $1").bind(now.minus(REMEMBERED)).execute(&self.pool).await?;
        Ok(())
    }

    fn sign_in_id(&self, session: &str) -> String {
        self.vault.mark("session", session.as_bytes())
    }
}
