//! Sign-ins by way of an OpenID provider, between their first and their last step. Each belongs to one browser, which holds two
//! random texts: one in a cookie, one in the address that it comes back to. The store holds their marks.

use data_encoding::BASE64URL_NOPAD;

use super::{Error, Store};
use crate::base::Secret;
use crate::cloud::moment::Moment;

/// One browser may have so many under way, each in a tab of its own; the oldest gives way.
const PER_BROWSER: i64 = 5;

impl Store {
    /// The text that the browser will come back with. `kind` says what is inside.
    pub(crate) async fn begin_authorization(
        &self,
        kind: &'static str,
        browser: &str,
        content: &[u8],
        expires: Moment,
    ) -> Result<Secret<String>, Error> {
        let browser = self.browser_mark(browser);
        sqlx::query(
            "DELETE FROM authorizations WHERE browser = $1 AND id NOT IN \
             (SELECT id FROM authorizations WHERE browser = $1 ORDER BY expires DESC, id LIMIT $2)",
        )
        .bind(&browser)
        .bind(PER_BROWSER - 1)
        .execute(&self.pool)
        .await?;
        let text = Secret::new(BASE64URL_NOPAD.encode(self.entropy.secret::<32>().expose()));
        let id = self.authorization_id(kind, text.expose());
        sqlx::query("INSERT INTO authorizations (id, browser, sealed, expires) VALUES ($1, $2, $3, $4)")
            .bind(&id)
            .bind(&browser)
            .bind(self.vault.seal(&id, content))
            .bind(expires)
            .execute(&self.pool)
            .await?;
        Ok(text)
    }

    /// What this browser has under way by that text.
    pub(crate) async fn authorization(
        &self,
        kind: &'static str,
        browser: &str,
        text: &str,
        now: Moment,
    ) -> Result<Option<Secret<Vec<u8>>>, Error> {
        let id = self.authorization_id(kind, text);
        let sealed: Option<Vec<u8>> =
            sqlx::query_scalar("SELECT sealed FROM authorizations WHERE id = $1 AND browser = $2 AND expires > $3")
                .bind(&id)
                .bind(self.browser_mark(browser))
                .bind(now)
                .fetch_optional(&self.pool)
                .await?;
        sealed.map(|sealed| self.unseal_authorization(&id, &sealed)).transpose()
    }

    /// Goes on with it; `false` when it is over.
    pub(crate) async fn change_authorization(
        &self,
        kind: &'static str,
        text: &str,
        content: &[u8],
    ) -> Result<bool, Error> {
        let id = self.authorization_id(kind, text);
        let done = sqlx::query("UPDATE authorizations SET sealed = $2 WHERE id = $1")
            .bind(&id)
            .bind(self.vault.seal(&id, content))
            .execute(&self.pool)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Takes it: whoever comes second gets nothing. Another browser gets nothing and spoils nothing.
    pub(crate) async fn take_authorization(
        &self,
        kind: &'static str,
        browser: &str,
        text: &str,
        now: Moment,
    ) -> Result<Option<Secret<Vec<u8>>>, Error> {
        let id = self.authorization_id(kind, text);
        let sealed: Option<Vec<u8>> = sqlx::query_scalar(
            "DELETE FROM authorizations WHERE id = $1 AND browser = $2 AND expires > $3 RETURNING sealed",
        )
        .bind(&id)
        .bind(self.browser_mark(browser))
        .bind(now)
        .fetch_optional(&self.pool)
        .await?;
        sealed.map(|sealed| self.unseal_authorization(&id, &sealed)).transpose()
    }

    pub(crate) async fn forget_authorizations(&self, now: Moment) -> Result<(), Error> {
        sqlx::query("DELETE FROM authorizations WHERE expires <= $1").bind(now).execute(&self.pool).await?;
        Ok(())
    }

    fn unseal_authorization(&self, id: &str, sealed: &[u8]) -> Result<Secret<Vec<u8>>, Error> {
        self.vault.unseal(id, sealed).map_err(|_other_key| Error::Unreadable("a sign-in by way of a provider"))
    }

    fn authorization_id(&self, kind: &'static str, text: &str) -> String {
        self.vault.mark(kind, text.as_bytes())
    }

    fn browser_mark(&self, browser: &str) -> String {
        self.vault.mark("browser", browser.as_bytes())
    }
}
