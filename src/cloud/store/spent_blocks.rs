//! SRP secret blocks that were answered. The block itself carries the sealed state, so an exchange that nobody finishes costs
//! the store nothing.

use super::{Error, Store};
use crate::cloud::moment::Moment;

impl Store {
    /// `false` when the block was spent before.
    pub(crate) async fn spend_block(&self, block: &[u8], expires: Moment) -> Result<bool, Error> {
        let done = sqlx::query("INSERT INTO spent_blocks (id, expires) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING")
            .bind(self.vault.mark("secret block", block))
            .bind(expires)
            .execute(&self.pool)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Blocks that are refused for their age, and signatures that are refused for theirs.
    pub(crate) async fn forget_spent(&self, now: Moment) -> Result<(), Error> {
        for statement in
            ["DELETE FROM spent_blocks WHERE expires < $1", "DELETE FROM spent_signatures WHERE expires < $1"]
        {
            sqlx::query(statement).bind(now).execute(&self.pool).await?;
        }
        Ok(())
    }
}
