//! `latchkey sign`: header lines for a program that sends the request itself, ready for `curl -H @-`.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::context::Context;
use super::error::Error;
use super::output;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// GET, POST, … as it will be requested.
    method: String,
    /// The whole URL, as it will be requested.
    url: String,
    /// Header that you will send too, to be signed; may be given several times.
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE")]
    headers: Vec<String>,
    /// File with the body that you will send; its digest is signed.
    #[arg(long, value_name = "FILE")]
    body: Option<PathBuf>,
    /// How to sign: draft-cavage, as remote.it takes it, or RFC 9421 message signatures.
    #[arg(long, value_enum, default_value = "cavage")]
    scheme: Scheme,
}

#[derive(Clone, Copy, Debug, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
enum Scheme {
    Cavage,
    Message,
}

#[derive(Serialize)]
struct Asked {
    method: String,
    url: String,
    headers: Vec<Line>,
    scheme: Scheme,
    body_sha256: Option<String>,
}

#[derive(Deserialize)]
struct Signed {
    headers: Vec<Line>,
}

#[derive(Deserialize, Serialize)]
struct Line {
    name: String,
    value: String,
}

pub(super) async fn run(args: Args, context: &Context) -> Result<(), Error> {
    let body =
        args.body.map(|path| std::fs::read(&path).map_err(|cause| Error::Unreadable(path, cause))).transpose()?;
    let asked = Asked {
        method: args.method,
        url: args.url,
        headers: args.headers.iter().map(|text| header(text)).collect::<Result<_, _>>()?,
        scheme: args.scheme,
        body_sha256: body.map(|bytes| base16ct::lower::encode_string(&Sha256::digest(bytes))),
    };
    let signed: Signed = context.agent().await?.ask("/v1/sign", &asked).await?;
    signed.headers.iter().try_for_each(|line| output::line(&format!("{}: {}", line.name, line.value)))
}

fn header(text: &str) -> Result<Line, Error> {
    let Some((name, value)) = text.split_once(':') else {
        return Err(Error::Usage(format!("'{text}' is not a header; write it like 'content-type: application/json'.")));
    };
    Ok(Line { name: name.trim().to_owned(), value: value.trim().to_owned() })
}
