//! Sign-ins whose password was right and whose second factor never came: written down, and told to the owner by mail.

use std::collections::BTreeMap;
use std::time::Duration;

use sqlx::Row as _;

use super::{Channel, Database, Error, EventKind, FactorKind, Stage, Store};
use crate::cloud::ids::AccountId;
use crate::cloud::moment::Moment;
use crate::cloud::visitor::Visitor;

/// An owner gets at most one such mail in that time.
const QUIET: Duration = Duration::from_secs(24 * 3600);

struct Stopped {
    account: AccountId,
    began: Moment,
    visitor: Visitor,
    source: String,
}

impl Store {
    /// Those that ended since the last time. Whoever signed in from the same place after all is left alone. One transaction, so
    /// that an instance that is killed half-way leaves all of it to the next one.
    pub(crate) async fn tell_stopped_sign_ins(
        &self,
        text: impl Fn(Moment, &str) -> String,
        now: Moment,
    ) -> Result<(), Error> {
        let mut transaction = self.begin().await?;
        let mut first_of_account = BTreeMap::new();
        for stopped in claim(&mut transaction, now).await? {
            if signed_in_since(&mut transaction, &stopped).await? {
                continue;
            }
            let (account, why) = (&stopped.account, "the second factor was not given");
            let kind = EventKind::SignInFailed;
            self.count_event_within(&mut transaction, account, kind, &stopped.visitor, why, stopped.began).await?;
            first_of_account.entry(account.as_str().to_owned()).or_insert(stopped);
        }
        for stopped in first_of_account.values() {
            if let Some(email) = may_be_told(&mut transaction, &stopped.account, now).await? {
                let text = text(stopped.began, &stopped.visitor.address.to_string());
                self.post_within(&mut transaction, Channel::Mail, &email, &text, now).await?;
            }
        }
        transaction.commit().await?;
        self.posted.notify_one();
        Ok(())
    }
}

async fn claim(connection: &mut <Database as sqlx::Database>::Connection, now: Moment) -> Result<Vec<Stopped>, Error> {
    let rows = sqlx::query(
        "UPDATE sign_ins SET told = 1 WHERE told = 0 AND expires <= $1 AND account_id IS NOT NULL AND stage IN ($2, $3, $4) \
         RETURNING account_id, began, address, source, program",
    )
    .bind(now)
    .bind(Stage::ChoiceOfFactor.name())
    .bind(Stage::Factor(FactorKind::SoftwareToken).name())
    .bind(Stage::Factor(FactorKind::Sms).name())
    .fetch_all(connection)
    .await?;
    let read = |row: &<Database as sqlx::Database>::Row| {
        let address = row.try_get::<&str, _>("address")?.parse();
        Ok(Stopped {
            account: row.try_get("account_id")?,
            began: row.try_get("began")?,
            visitor: Visitor {
                address: address.unwrap_or(Visitor::nobody().address),
                program: row.try_get("program")?,
            },
            source: row.try_get("source")?,
        })
    };
    rows.iter().map(read).collect()
}

async fn signed_in_since(
    connection: &mut <Database as sqlx::Database>::Connection,
    stopped: &Stopped,
) -> Result<bool, Error> {
    let found: Option<i64> =
        sqlx::query_scalar("SELECT 1 FROM known_sources WHERE account_id = $1 AND source = $2 AND last >= $3")
            .bind(&stopped.account)
            .bind(&stopped.source)
            .bind(stopped.began)
            .fetch_optional(connection)
            .await?;
    Ok(found.is_some())
}

/// The owner's address, unless a mail went there lately.
async fn may_be_told(
    connection: &mut <Database as sqlx::Database>::Connection,
    account: &AccountId,
    now: Moment,
) -> Result<Option<String>, Error> {
    let email = sqlx::query_scalar(
        "UPDATE accounts SET warned = $2 WHERE id = $1 AND (warned IS NULL OR warned <= $3) RETURNING email",
    )
    .bind(account)
    .bind(now)
    .bind(now.minus(QUIET))
    .fetch_optional(connection)
    .await?;
    Ok(email)
}
