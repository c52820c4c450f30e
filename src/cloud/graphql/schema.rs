//! The part of remote.it's schema that signing in and access keys need; names are the schema's.

use juniper::{EmptySubscription, FieldResult, GraphQLScalar, ID, RootNode, graphql_object};

use super::access_keys::{AccessKey, AccessKeyResponse, ApiKey};
use super::devices::{Connection, PaginatedDeviceResponse};
use super::events::{EventType, EventWish, PaginatedEventResponse};
use crate::cloud::access_keys::KeyWish;
use crate::cloud::caller::Caller;
use crate::cloud::moment::Moment;
use crate::cloud::permit::{self, Deed};
use crate::cloud::site::Site;
use crate::cloud::store;

/// Who asks, and whom.
pub(super) struct Context {
    pub(super) site: Site,
    pub(super) caller: Caller,
}

impl juniper::Context for Context {}

impl Context {
    /// Each field asks before it answers; what a key's scope leaves out is refused in words.
    pub(super) fn may(&self, deed: Deed<'_>) -> FieldResult<()> {
        self.caller.by.may(deed).map_err(not_allowed)
    }
}

/// An ISO 8601 date and time.
#[derive(Clone, Debug, PartialEq, Eq, GraphQLScalar)]
#[graphql(transparent)]
pub(super) struct DateTime(String);

impl From<Moment> for DateTime {
    fn from(moment: Moment) -> Self {
        Self(moment.iso())
    }
}

/// Built once; it holds no data.
pub(crate) struct Schema(RootNode<Query, Mutation, EmptySubscription<Context>>);

impl Default for Schema {
    fn default() -> Self {
        Self(RootNode::new(Query, Mutation, EmptySubscription::new()))
    }
}

impl Schema {
    pub(super) fn root(&self) -> &RootNode<Query, Mutation, EmptySubscription<Context>> {
        &self.0
    }
}

pub(super) struct Query;

#[graphql_object(context = Context)]
impl Query {
    fn version() -> &'static str {
        env!("CARGO_PKG_VERSION")
    }

    /// The account of the token or key that the request came with.
    fn login(context: &Context) -> FieldResult<Option<User>> {
        context.may(Deed::SeeWhose)?;
        Ok(Some(User))
    }
}

pub(super) struct User;

#[graphql_object(context = Context)]
impl User {
    fn id(context: &Context) -> ID {
        ID::new(context.caller.account.id.as_str())
    }

    fn email(context: &Context) -> Option<&str> {
        Some(&context.caller.account.email)
    }

    /// remote.it's legacy credential; this service has none.
    fn authhash() -> Option<&'static str> {
        None
    }

    fn yoics_id() -> Option<&'static str> {
        None
    }

    fn admin() -> bool {
        false
    }

    fn created(context: &Context) -> Option<DateTime> {
        Some(context.caller.account.created.into())
    }

    fn last_login(context: &Context) -> Option<DateTime> {
        context.caller.account.last_sign_in.map(DateTime::from)
    }

    /// remote.it's developer key; this service has none.
    fn api_key() -> Option<ApiKey> {
        None
    }

    async fn access_keys(context: &Context) -> FieldResult<Vec<AccessKey>> {
        AccessKey::all_of(context).await
    }

    /// What happened to the account, newest first.
    async fn events(
        context: &Context,
        after: Option<ID>,
        #[graphql(default = 0)] from: i32,
        #[graphql(default = 100)] size: i32,
        max_date: Option<DateTime>,
        min_date: Option<DateTime>,
        types: Option<Vec<EventType>>,
    ) -> FieldResult<PaginatedEventResponse> {
        let text = |date: Option<DateTime>| date.map(|DateTime(text)| text);
        let after = after.map(|id| id.to_string());
        let wish = EventWish { after, from, size, to: text(max_date), since: text(min_date), types };
        PaginatedEventResponse::find(context, wish).await
    }

    #[expect(clippy::too_many_arguments, reason = "the schema's own arguments")]
    fn devices(
        context: &Context,
        #[graphql(default = "name".to_owned())] sort: String,
        after: Option<ID>,
        #[graphql(default = 0)] from: i32,
        #[graphql(default = 100)] size: i32,
        application: Option<Vec<i32>>,
        hardware_id: Option<String>,
        id: Option<Vec<String>>,
        name: Option<String>,
        owner: Option<bool>,
        platform: Option<Vec<i32>>,
        state: Option<String>,
    ) -> FieldResult<PaginatedDeviceResponse> {
        context.may(Deed::SeeDevices)?;
        let _there_is_nothing_to_filter =
            (sort, after, from, size, application, hardware_id, id, name, owner, platform, state);
        Ok(PaginatedDeviceResponse)
    }
}

pub(super) struct Mutation;

#[graphql_object(context = Context)]
impl Mutation {
    /// The secret is told here and never again. Without arguments, as clients of remote.it ask, the key may do everything and
    /// never ends.
    async fn create_access_key(
        context: &Context,
        name: Option<String>,
        scope: Option<String>,
        expires: Option<DateTime>,
    ) -> FieldResult<AccessKeyResponse> {
        let expires = expires.map(|DateTime(end)| end);
        AccessKeyResponse::create(context, KeyWish { name, scope, expires }).await
    }

    async fn update_access_key(
        context: &Context,
        key: String,
        enabled: Option<bool>,
        name: Option<String>,
    ) -> FieldResult<Option<AccessKey>> {
        AccessKey::change(context, &key, enabled, name.as_deref()).await.map(Some)
    }

    async fn delete_access_key(context: &Context, key: String) -> FieldResult<bool> {
        AccessKey::delete(context, &key).await
    }

    fn connect(
        context: &Context,
        service_id: String,
        #[graphql(name = "hostIP", default = "255.255.255.255".to_owned())] host_ip: String,
    ) -> FieldResult<Connection> {
        context.may(Deed::Connect)?;
        let _no_service_has_it = (service_id, host_ip);
        Err("no such service".into())
    }
}

/// What a client is told when the store fails; the log has the cause.
pub(super) fn failed(error: store::Error) -> juniper::FieldError {
    tracing::warn!(error = crate::base::report::chain(&error), "graphql field failed");
    "Something went wrong in the service.".into()
}

pub(super) fn not_allowed(refusal: permit::Refusal) -> juniper::FieldError {
    juniper::FieldError::new(refusal.to_string(), juniper::graphql_value!({ "code": "NOT_ALLOWED" }))
}
