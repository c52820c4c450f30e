//! Devices and connections: this service keeps none, but clients that ask for them get well-formed answers.

use juniper::{GraphQLObject, ID, graphql_object};

use super::schema::{Context, DateTime};

pub(super) struct PaginatedDeviceResponse;

#[graphql_object(context = Context)]
impl PaginatedDeviceResponse {
    fn total() -> i32 {
        0
    }

    fn has_more() -> bool {
        false
    }

    fn last() -> Option<String> {
        None
    }

    fn items() -> Vec<Device> {
        Vec::new()
    }
}

#[derive(GraphQLObject)]
#[graphql(context = Context)]
pub(super) struct Device {
    id: ID,
    name: Option<String>,
    state: String,
    online: bool,
    created: Option<DateTime>,
    last_reported: Option<DateTime>,
    platform: Option<i32>,
    version: Option<String>,
    hardware_id: Option<String>,
    services: Vec<Service>,
}

#[derive(GraphQLObject)]
#[graphql(context = Context)]
pub(super) struct Service {
    id: ID,
    name: Option<String>,
    state: String,
    enabled: bool,
    application: Option<i32>,
    host: Option<String>,
    port: Option<i32>,
}

#[derive(GraphQLObject)]
#[graphql(context = Context)]
pub(super) struct Connection {
    id: ID,
    created: DateTime,
    host: String,
    port: Option<i32>,
    reverse_proxy: bool,
    url: String,
    timeout: i32,
}
