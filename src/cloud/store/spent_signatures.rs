//! Signatures that count once: those of changes, and those with a nonce. Kept as marks until the clock alone refuses them.

use super::{Error, Store};
use crate::cloud::moment::Moment;

impl Store {
    /// `false` when the same was spent before. `kind` and `parts` say what must not come twice.
    pub(crate) async fn spend_signature(&self, kind: &str, parts: &[u8], expires: Moment) -> Result<bool, Error> {
        let done =
            sqlx::query("INSERT INTO spent_signatures (id, expires) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING")
                .bind(self.vault.mark(kind, parts))
                .bind(expires)
                .execute(&self.pool)
                .await?;
        Ok(done.rows_affected() == 1)
    }
}
