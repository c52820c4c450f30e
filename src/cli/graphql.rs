//! `latchkey graphql`: a signed GraphQL request; the service's JSON goes to standard output as it came.

use std::io::Read;
use std::path::Path;

use serde::Deserialize;

use super::context::Context;
use super::error::Error;
use super::output;
use crate::protocol::graphql;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The GraphQL document; without one it is read from standard input.
    query: Option<String>,
    /// Its variables, as one JSON object.
    #[arg(long, value_name = "JSON")]
    variables: Option<String>,
}

#[derive(Deserialize)]
struct Reply {
    #[serde(default)]
    errors: Vec<Complaint>,
}

#[derive(Deserialize)]
struct Complaint {
    message: String,
}

pub(super) async fn run(args: Args, context: &Context) -> Result<(), Error> {
    let query = args.query.map_or_else(read_standard_input, Ok)?;
    let variables = args.variables.as_deref().map(read_variables).transpose()?;
    let body = graphql::body(&query, variables);
    let (status, answer) = context.agent().await?.forward("/v1/graphql", body).await?;
    output::write(&answer)?;
    if !answer.ends_with(b"\n") {
        output::line("")?;
    }
    let complaint = serde_json::from_slice::<Reply>(&answer).ok().and_then(|reply| reply.errors.into_iter().next());
    match complaint {
        Some(complaint) => Err(Error::GraphQl(complaint.message)),
        None if !status.is_success() => Err(Error::GraphQl(format!("status {status}"))),
        None => Ok(()),
    }
}

fn read_standard_input() -> Result<String, Error> {
    let mut text = String::new();
    match std::io::stdin().lock().read_to_string(&mut text) {
        Ok(_) => Ok(text),
        Err(cause) => Err(Error::Unreadable(Path::new("standard input").to_owned(), cause)),
    }
}

fn read_variables(text: &str) -> Result<serde_json::Value, Error> {
    let value = serde_json::from_str::<serde_json::Value>(text).ok().filter(serde_json::Value::is_object);
    value.ok_or_else(|| Error::Usage("--variables must be a JSON object, like '{\"name\": \"value\"}'.".to_owned()))
}
