//! The part of remote.it's schema that signing in and access keys need; names are the schema's.

use juniper::{EmptySubscription, FieldResult, GraphQLScalar, ID, RootNode, graphql_object};

use super::access_keys::{AccessKey, AccessKeyResponse, ApiKey};
use super::devices::{Connection, PaginatedDeviceResponse};
use crate::cloud::moment::Moment;
use crate::cloud::site::Site;
use crate::cloud::store::{self, Account};

/// Who asks, and whom.
pub(super) struct Context {
    pub(super) site: Site,
    pub(super) account: Account,
}

impl juniper::Context for Context {}

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
    fn login() -> Option<User> {
        Some(User)
    }
}

pub(super) struct User;

#[graphql_object(context = Context)]
impl User {
    fn id(context: &Context) -> ID {
        ID::new(context.account.id.as_str())
    }

    fn email(context: &Context) -> Option<&str> {
        Some(&context.account.email)
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
        Some(context.account.created.into())
    }

    fn last_login(context: &Context) -> Option<DateTime> {
        context.account.last_sign_in.map(DateTime::from)
    }

    /// remote.it's developer key; this service has none.
    fn api_key() -> Option<ApiKey> {
        None
    }

    async fn access_keys(context: &Context) -> FieldResult<Vec<AccessKey>> {
        AccessKey::all_of(context).await
    }

    #[expect(clippy::too_many_arguments, reason = "the schema's own arguments")]
    fn devices(
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
    ) -> PaginatedDeviceResponse {
        let _there_is_nothing_to_filter =
            (sort, after, from, size, application, hardware_id, id, name, owner, platform, state);
        PaginatedDeviceResponse
    }
}

pub(super) struct Mutation;

#[graphql_object(context = Context)]
impl Mutation {
    /// The secret is told here and never again.
    async fn create_access_key(context: &Context) -> FieldResult<AccessKeyResponse> {
        AccessKeyResponse::create(context).await
    }

    async fn update_access_key(context: &Context, key: String, enabled: bool) -> FieldResult<Option<AccessKey>> {
        AccessKey::enable(context, &key, enabled).await.map(Some)
    }

    async fn delete_access_key(context: &Context, key: String) -> FieldResult<bool> {
        AccessKey::delete(context, &key).await
    }

    fn connect(
        service_id: String,
        #[graphql(name = "hostIP", default = "255.255.255.255".to_owned())] host_ip: String,
    ) -> FieldResult<Connection> {
        let _no_service_has_it = (service_id, host_ip);
        Err("no such service".into())
    }
}

/// What a client is told when the store fails; the log has the cause.
pub(super) fn failed(error: store::Error) -> juniper::FieldError {
    tracing::warn!(error = crate::base::report::chain(&error), "graphql field failed");
    "Something went wrong in the service.".into()
}
