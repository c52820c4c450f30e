//! What happened to accounts, for their owners' eyes.

use sqlx::Row as _;

use super::{Database, Error, Store};
use crate::cloud::ids::{AccountId, uuid_in_order};
use crate::cloud::moment::Moment;
use crate::cloud::visitor::Visitor;

/// Something an owner may want to know of. Names that remote.it's GraphQL has are those of its `EventType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EventKind {
    SignedIn,
    /// A sign-in that failed, or stopped before its end.
    SignInFailed,
    SignedUp,
    SignedOut,
    PasswordChanged,
    /// By a mailed code, for a forgotten one.
    PasswordReset,
    EmailChanged,
    PhoneChanged,
    FactorTurnedOn,
    FactorTurnedOff,
    RecoveryCodesMade,
    RecoveryCodeUsed,
    KeyCreated,
    KeyChanged,
    KeyDeleted,
    KeyUsed,
    KeyRefused,
    /// With an account at an OpenID provider.
    IdentityLinked,
    IdentityUnlinked,
}

impl EventKind {
    pub(crate) const ALL: [Self; 19] = [
        Self::SignedIn,
        Self::SignInFailed,
        Self::SignedUp,
        Self::SignedOut,
        Self::PasswordChanged,
        Self::PasswordReset,
        Self::EmailChanged,
        Self::PhoneChanged,
        Self::FactorTurnedOn,
        Self::FactorTurnedOff,
        Self::RecoveryCodesMade,
        Self::RecoveryCodeUsed,
        Self::KeyCreated,
        Self::KeyChanged,
        Self::KeyDeleted,
        Self::KeyUsed,
        Self::KeyRefused,
        Self::IdentityLinked,
        Self::IdentityUnlinked,
    ];

    /// Its name on the wire and in the database.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::SignedIn => "AUTH_LOGIN",
            Self::SignInFailed => "AUTH_LOGIN_ATTEMPT",
            Self::SignedUp => "AUTH_SIGN_UP",
            Self::SignedOut => "AUTH_LOGOUT",
            Self::PasswordChanged => "AUTH_PASSWORD_CHANGE",
            Self::PasswordReset => "AUTH_PASSWORD_RESET",
            Self::EmailChanged => "AUTH_EMAIL_CHANGE",
            Self::PhoneChanged => "AUTH_PHONE_CHANGE",
            Self::FactorTurnedOn => "AUTH_MFA_ENABLED",
            Self::FactorTurnedOff => "AUTH_MFA_DISABLED",
            Self::RecoveryCodesMade => "AUTH_RECOVERY_CODES_MADE",
            Self::RecoveryCodeUsed => "AUTH_RECOVERY_CODE_USED",
            Self::KeyCreated => "ACCESS_KEY_CREATED",
            Self::KeyChanged => "ACCESS_KEY_CHANGED",
            Self::KeyDeleted => "ACCESS_KEY_DELETED",
            Self::KeyUsed => "ACCESS_KEY_USED",
            Self::KeyRefused => "ACCESS_KEY_REFUSED",
            Self::IdentityLinked => "AUTH_IDENTITY_LINKED",
            Self::IdentityUnlinked => "AUTH_IDENTITY_UNLINKED",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// One line of an account's log.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) kind: EventKind,
    pub(crate) at: Moment,
    /// The last of `count` times.
    pub(crate) last: Moment,
    pub(crate) count: i64,
    /// Whence; [`SEVERAL`] when more than one address is counted here.
    pub(crate) address: String,
    pub(crate) program: String,
    pub(crate) detail: String,
}

/// Which events are wanted, newest first.
#[derive(Clone, Debug)]
pub(crate) struct EventQuery {
    /// Only older ones than that event.
    pub(crate) after: Option<String>,
    pub(crate) skip: u32,
    pub(crate) at_most: u32,
    pub(crate) from: Option<Moment>,
    pub(crate) to: Option<Moment>,
    /// `None`: of every kind.
    pub(crate) kinds: Option<Vec<EventKind>>,
}

#[derive(Clone, Debug)]
pub(crate) struct EventPage {
    pub(crate) events: Vec<Event>,
    /// Of all that are wanted, whatever the page.
    pub(crate) total: i64,
    pub(crate) has_more: bool,
}

/// Stands for the address where several are counted together.
pub(crate) const SEVERAL: &str = "several";
/// Lines per account, kind, detail and hour that strangers can cause, however many addresses they have.
const SLOTS: u8 = 64;
const HOUR: u64 = 3600;

impl Store {
    /// Writes it down. `detail`: a few words for the owner (which factor, which key), never a secret.
    pub(crate) async fn note_event(
        &self,
        account: &AccountId,
        kind: EventKind,
        visitor: &Visitor,
        detail: &str,
        now: Moment,
    ) -> Result<(), Error> {
        let mut connection = self.pool.acquire().await?;
        self.write_event(&mut connection, account, kind, visitor, detail, None, now).await?;
        Ok(())
    }

    /// The same for what may happen often: counted in one line per source and hour, and never more than a few lines. `detail`
    /// must not be the visitor's to choose. `false`: there is no such account.
    pub(crate) async fn count_event(
        &self,
        account: &AccountId,
        kind: EventKind,
        visitor: &Visitor,
        detail: &str,
        now: Moment,
    ) -> Result<bool, Error> {
        let mut connection = self.pool.acquire().await?;
        self.count_event_within(&mut connection, account, kind, visitor, detail, now).await
    }

    /// As part of a transaction.
    pub(super) async fn count_event_within(
        &self,
        connection: &mut <Database as sqlx::Database>::Connection,
        account: &AccountId,
        kind: EventKind,
        visitor: &Visitor,
        detail: &str,
        now: Moment,
    ) -> Result<bool, Error> {
        let [slot, ..] = self.vault.derive("event source", visitor.source().as_bytes());
        let (hour, slot) = (now.unix_seconds() / HOUR, slot % SLOTS);
        let bundle = format!("{} {} {hour} {slot} {detail}", account.as_str(), kind.name());
        let bundle = self.vault.mark("event bundle", bundle.as_bytes());
        self.write_event(connection, account, kind, visitor, detail, Some(bundle), now).await
    }

    #[expect(clippy::too_many_arguments, reason = "one for each column")]
    async fn write_event(
        &self,
        connection: &mut <Database as sqlx::Database>::Connection,
        account: &AccountId,
        kind: EventKind,
        visitor: &Visitor,
        detail: &str,
        bundle: Option<String>,
        now: Moment,
    ) -> Result<bool, Error> {
        let written = sqlx::query(
            "INSERT INTO events (id, account_id, kind, at, last, address, program, detail, bundle) \
             SELECT $1, id, $3, $4, $4, $5, $6, $7, $8 FROM accounts WHERE id = $2 \
             ON CONFLICT (bundle) DO UPDATE SET count = events.count + 1, last = excluded.last, \
             program = excluded.program, \
             address = CASE WHEN events.address = excluded.address THEN events.address ELSE $9 END",
        )
        .bind(self.next_event_id(now))
        .bind(account)
        .bind(kind.name())
        .bind(now)
        .bind(visitor.address.to_string())
        .bind(&visitor.program)
        .bind(detail)
        .bind(bundle)
        .bind(SEVERAL)
        .execute(connection)
        .await?;
        Ok(written.rows_affected() == 1)
    }

    pub(crate) async fn events(&self, account: &AccountId, query: &EventQuery) -> Result<EventPage, Error> {
        const WANTED: &str = "FROM events WHERE account_id = $1 AND at >= $2 AND at <= $3 \
             AND ($4 = '' OR $4 LIKE '% ' || kind || ' %')";
        let kinds = query.kinds.as_ref().map_or_else(String::new, |kinds| {
            kinds.iter().fold(" ".to_owned(), |list, kind| format!("{list}{} ", kind.name()))
        });
        let (from, to) = (query.from.unwrap_or(Moment::FIRST), query.to.unwrap_or(Moment::LAST));
        let count = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT COUNT(*) {WANTED}")));
        let total = count.bind(account).bind(from).bind(to).bind(&kinds).fetch_one(&self.pool).await?;
        let page = format!("SELECT * {WANTED} AND ($5 = '' OR id < $5) ORDER BY id DESC LIMIT $6 OFFSET $7");
        let rows = sqlx::query(sqlx::AssertSqlSafe(page))
            .bind(account)
            .bind(from)
            .bind(to)
            .bind(&kinds)
            .bind(query.after.as_deref().unwrap_or_default())
            .bind(i64::from(query.at_most) + 1)
            .bind(i64::from(query.skip))
            .fetch_all(&self.pool)
            .await?;
        let at_most = usize::try_from(query.at_most).unwrap_or(usize::MAX);
        let events = rows.iter().take(at_most).map(read).collect::<Result<Vec<_>, Error>>()?;
        Ok(EventPage { events, total, has_more: rows.len() > at_most })
    }

    /// Forgets what last happened before `limit`.
    pub(crate) async fn forget_events(&self, limit: Moment) -> Result<(), Error> {
        sqlx::query("DELETE FROM events WHERE last < $1").bind(limit).execute(&self.pool).await?;
        Ok(())
    }

    /// Greater than those before; those of one millisecond are told apart by a counter.
    fn next_event_id(&self, now: Moment) -> String {
        let place = self.events_written.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        uuid_in_order(now, place, self.entropy.bytes())
    }
}

fn read(row: &<Database as sqlx::Database>::Row) -> Result<Event, Error> {
    Ok(Event {
        id: row.try_get("id")?,
        kind: EventKind::named(row.try_get("kind")?).ok_or(Error::Unreadable("an event"))?,
        at: row.try_get("at")?,
        last: row.try_get("last")?,
        count: row.try_get("count")?,
        address: row.try_get("address")?,
        program: row.try_get("program")?,
        detail: row.try_get("detail")?,
    })
}
