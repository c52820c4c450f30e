//! `latchkey credentials`: the access key, for a program that must have it.

use super::context::Context;
use super::error::Error;
use super::output;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[arg(long, value_enum, default_value = "ini")]
    format: Format,
    /// The section of an ini file.
    #[arg(long, default_value = "DEFAULT")]
    profile: String,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    /// A credentials file.
    Ini,
    /// Lines for an environment file.
    Env,
    Json,
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<(), Error> {
    let format = match args.format {
        Format::Ini => "ini",
        Format::Env => "env",
        Format::Json => "json",
    };
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("format", format)
        .append_pair("profile", &args.profile)
        .finish();
    let text = context.agent().await?.get(&format!("/v1/credentials?{query}")).await?;
    output::write(&text)
}
