//! Browsers that are signed in to the portal. Each stands on a token family, so that whatever ends that sign-in ends the
//! session; the cookie itself is kept as a mark.

use std::time::Duration;

use sqlx::Row as _;

use super::{Error, Store};
use crate::base::Secret;
use crate::cloud::ids::AccountId;
use crate::cloud::moment::Moment;
use crate::cloud::visitor::Visitor;

/// A session ends after this, used or not.
pub(crate) const LONGEST: Duration = Duration::from_secs(12 * 3600);
const LONGEST_UNUSED: Duration = Duration::from_secs(30 * 60);
/// `last_seen` is written at most so often.
const SEEN_EVERY: Duration = Duration::from_secs(60);
/// How long a new secret can be looked at.
const SHOWN_FOR: Duration = Duration::from_secs(600);

/// A signed-in browser.
#[derive(Clone, Debug)]
pub(crate) struct PortalSession {
    /// In the database.
    pub(crate) id: String,
    pub(crate) account: AccountId,
    /// The sign-in behind it.
    pub(crate) family: String,
    pub(crate) created: Moment,
    last_seen: Moment,
}

/// A sign-in that was not ended yet.
#[derive(Clone, Debug)]
pub(crate) struct StandingSignIn {
    /// Of its token family.
    pub(crate) id: String,
    pub(crate) began: Moment,
    /// Of a browser at the portal.
    pub(crate) seen: Option<Moment>,
    pub(crate) address: String,
    pub(crate) program: String,
}

const STANDING: &str = "SELECT s.* FROM portal_sessions s JOIN token_families f ON f.id = s.family_id \
                        WHERE f.revoked IS NULL AND s.expires > $1 AND s.last_seen > $2";

impl Store {
    /// `token`: the hash of what the browser holds.
    pub(crate) async fn open_portal_session(
        &self,
        token: &[u8; 32],
        account: &AccountId,
        family: &str,
        now: Moment,
    ) -> Result<(), Error> {
        sqlx::query(
            "INSERT INTO portal_sessions (id, account_id, family_id, created, last_seen, expires) \
             VALUES ($1, $2, $3, $4, $4, $5)",
        )
        .bind(self.portal_session_id(token))
        .bind(account)
        .bind(family)
        .bind(now)
        .bind(now.plus(LONGEST))
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// The session of a browser's token, when it stands; it counts as used now.
    pub(crate) async fn portal_session(&self, token: &[u8; 32], now: Moment) -> Result<Option<PortalSession>, Error> {
        let row = sqlx::query(sqlx::AssertSqlSafe(format!("{STANDING} AND s.id = $3")))
            .bind(now)
            .bind(now.minus(LONGEST_UNUSED))
            .bind(self.portal_session_id(token))
            .fetch_optional(&self.pool)
            .await?;
        let Some(session) = row.as_ref().map(read).transpose()? else { return Ok(None) };
        if session.last_seen <= now.minus(SEEN_EVERY) {
            sqlx::query("UPDATE portal_sessions SET last_seen = $2 WHERE id = $1")
                .bind(&session.id)
                .bind(now)
                .execute(&self.pool)
                .await?;
        }
        Ok(Some(session))
    }

    /// Every sign-in of the account that stands, the newest first; of browsers at the portal those that are in use.
    pub(crate) async fn standing_sign_ins(
        &self,
        account: &AccountId,
        now: Moment,
    ) -> Result<Vec<StandingSignIn>, Error> {
        let rows = sqlx::query(
            "SELECT f.id, f.auth_time, f.address, f.program, s.last_seen FROM token_families f \
             LEFT JOIN portal_sessions s ON s.family_id = f.id \
             WHERE f.account_id = $1 AND f.revoked IS NULL AND f.expires > $2 AND (s.id IS NULL OR s.last_seen > $3) \
             ORDER BY f.auth_time DESC, f.id",
        )
        .bind(account)
        .bind(now)
        .bind(now.minus(LONGEST_UNUSED))
        .fetch_all(&self.pool)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(StandingSignIn {
                    id: row.try_get("id")?,
                    began: row.try_get("auth_time")?,
                    seen: row.try_get("last_seen")?,
                    address: row.try_get("address")?,
                    program: row.try_get("program")?,
                })
            })
            .collect()
    }

    /// Where a sign-in came from.
    pub(crate) async fn note_origin(&self, family: &str, visitor: &Visitor) -> Result<(), Error> {
        sqlx::query("UPDATE token_families SET address = $2, program = $3 WHERE id = $1")
            .bind(family)
            .bind(visitor.address.to_string())
            .bind(&visitor.program)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Sessions and visits whose time is over.
    pub(crate) async fn forget_portal(&self, now: Moment) -> Result<(), Error> {
        sqlx::query("DELETE FROM portal_sessions WHERE expires <= $1").bind(now).execute(&self.pool).await?;
        sqlx::query("DELETE FROM portal_visits WHERE expires <= $1").bind(now).execute(&self.pool).await?;
        Ok(())
    }

    /// Keeps a secret for its owner's eyes, for a few minutes.
    pub(crate) async fn show_in_portal(&self, id: &str, secret: &Secret<Vec<u8>>, now: Moment) -> Result<(), Error> {
        sqlx::query("UPDATE portal_sessions SET sealed_shown = $2, shown_until = $3 WHERE id = $1")
            .bind(id)
            .bind(self.vault.seal(&shown_kind(id), secret.expose()))
            .bind(now.plus(SHOWN_FOR))
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    pub(crate) async fn shown_in_portal(&self, id: &str, now: Moment) -> Result<Option<Secret<Vec<u8>>>, Error> {
        let sealed: Option<Option<Vec<u8>>> =
            sqlx::query_scalar("SELECT sealed_shown FROM portal_sessions WHERE id = $1 AND shown_until > $2")
                .bind(id)
                .bind(now)
                .fetch_optional(&self.pool)
                .await?;
        let unseal = |sealed: Vec<u8>| self.vault.unseal(&shown_kind(id), &sealed);
        sealed.flatten().map(unseal).transpose().map_err(|_other_key| Error::Unreadable("a secret to be shown"))
    }

    pub(crate) async fn hide_in_portal(&self, id: &str) -> Result<(), Error> {
        sqlx::query("UPDATE portal_sessions SET sealed_shown = NULL, shown_until = 0 WHERE id = $1")
            .bind(id)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    fn portal_session_id(&self, token: &[u8; 32]) -> String {
        self.vault.mark("portal session", token)
    }
}

fn read(row: &<super::Database as sqlx::Database>::Row) -> Result<PortalSession, Error> {
    Ok(PortalSession {
        id: row.try_get("id")?,
        account: row.try_get("account_id")?,
        family: row.try_get("family_id")?,
        created: row.try_get("created")?,
        last_seen: row.try_get("last_seen")?,
    })
}

fn shown_kind(id: &str) -> String {
    format!("shown in {id}")
}
