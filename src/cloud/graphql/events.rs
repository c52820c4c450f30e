//! The account's log as the schema has it. `last`, `count`, `address`, `program` and `detail` of an event are ours.

use juniper::{FieldError, FieldResult, GraphQLEnum, GraphQLObject, ID, graphql_object};
use serde::Serialize;

use super::schema::{Context, DateTime, failed};
use crate::cloud::event_log::{Error, LogWish};
use crate::cloud::permit::Deed;
use crate::cloud::store::{Event, EventKind, EventPage};

/// remote.it's kinds, of which this service has only those of accounts, and ours.
#[derive(Clone, Copy, Debug, GraphQLEnum, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum EventType {
    DeviceState,
    DeviceConnect,
    DeviceShare,
    DeviceRefresh,
    DeviceTransfer,
    DeviceDelete,
    DeviceJob,
    LicenseUpdated,
    AuthLogin,
    AuthLoginAttempt,
    AuthSignUp,
    AuthLogout,
    AuthPasswordChange,
    AuthPasswordReset,
    AuthEmailChange,
    AuthPhoneChange,
    AuthMfaEnabled,
    AuthMfaDisabled,
    AuthRecoveryCodesMade,
    AuthRecoveryCodeUsed,
    AuthIdentityLinked,
    AuthIdentityUnlinked,
    AccessKeyCreated,
    AccessKeyChanged,
    AccessKeyDeleted,
    AccessKeyUsed,
    AccessKeyRefused,
}

pub(super) struct EventWish {
    pub(super) after: Option<String>,
    pub(super) from: i32,
    pub(super) size: i32,
    pub(super) to: Option<String>,
    pub(super) since: Option<String>,
    pub(super) types: Option<Vec<EventType>>,
}

pub(super) struct PaginatedEventResponse {
    page: EventPage,
}

pub(super) struct LogEvent(Event);

#[derive(GraphQLObject)]
#[graphql(context = Context)]
pub(super) struct UserReference {
    id: ID,
    email: Option<String>,
}

#[derive(GraphQLObject)]
#[graphql(context = Context)]
pub(super) struct ServiceReference {
    id: ID,
    name: Option<String>,
}

impl PaginatedEventResponse {
    pub(super) async fn find(context: &Context, wish: EventWish) -> FieldResult<Self> {
        context.may(Deed::SeeEvents)?;
        let kinds = wish.types.map(|types| types.into_iter().filter_map(EventType::kind).collect());
        let wish = LogWish {
            after: wish.after,
            skip: wish.from.into(),
            at_most: wish.size.into(),
            since: wish.since,
            to: wish.to,
            kinds,
        };
        let page = context.site.cloud.log_of(&context.caller.account.id, wish).await.map_err(refusal)?;
        Ok(Self { page })
    }
}

#[graphql_object(context = Context)]
impl PaginatedEventResponse {
    fn items(&self) -> Vec<LogEvent> {
        self.page.events.iter().cloned().map(LogEvent).collect()
    }

    fn has_more(&self) -> bool {
        self.page.has_more
    }

    /// Give it as `after` to get the next page.
    fn last(&self) -> Option<&str> {
        self.page.events.last().map(|event| event.id.as_str())
    }

    fn total(&self) -> i32 {
        i32::try_from(self.page.total).unwrap_or(i32::MAX)
    }
}

#[graphql_object(context = Context)]
impl LogEvent {
    fn id(&self) -> ID {
        ID::new(self.0.id.as_str())
    }

    #[graphql(name = "type")]
    fn kind(&self) -> &'static str {
        self.0.kind.name()
    }

    fn action(&self) -> Option<&'static str> {
        None
    }

    fn state(&self) -> Option<&'static str> {
        None
    }

    fn timestamp(&self) -> Option<DateTime> {
        Some(self.0.at.into())
    }

    /// The owner, where it took a password, token or key that was right.
    fn actor(&self, context: &Context) -> Option<UserReference> {
        let by_a_stranger = matches!(self.0.kind, EventKind::SignInFailed | EventKind::KeyRefused);
        (!by_a_stranger).then(|| UserReference::owner(context))
    }

    fn owner(&self, context: &Context) -> Option<UserReference> {
        Some(UserReference::owner(context))
    }

    fn devices() -> Option<Vec<ServiceReference>> {
        None
    }

    fn services() -> Option<Vec<ServiceReference>> {
        None
    }

    fn users() -> Option<Vec<UserReference>> {
        None
    }

    fn target() -> Option<Vec<ServiceReference>> {
        None
    }

    /// When it happened for the last time, where several are counted in one.
    fn last(&self) -> DateTime {
        self.0.last.into()
    }

    fn count(&self) -> i32 {
        i32::try_from(self.0.count).unwrap_or(i32::MAX)
    }

    fn address(&self) -> &str {
        &self.0.address
    }

    fn program(&self) -> &str {
        &self.0.program
    }

    fn detail(&self) -> &str {
        &self.0.detail
    }
}

impl EventType {
    fn kind(self) -> Option<EventKind> {
        EventKind::named(serde_json::to_value(self).ok()?.as_str()?)
    }
}

impl UserReference {
    fn owner(context: &Context) -> Self {
        Self { id: ID::new(context.caller.account.id.as_str()), email: Some(context.caller.account.email.clone()) }
    }
}

fn refusal(error: Error) -> FieldError {
    match error {
        Error::Store(error) => failed(error),
        Error::Caller(_) | Error::Size | Error::Skip | Error::NoDate(_) | Error::NoKind(_) | Error::Table(_) => {
            error.into()
        }
    }
}
