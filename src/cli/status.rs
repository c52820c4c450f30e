//! `latchkey status`: what the running agent knows, or what is kept when none runs.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::agent;
use super::context::Context;
use super::error::Error;
use super::output;
use crate::app::PanelNotice;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// One JSON object, for programs.
    #[arg(long)]
    json: bool,
}

/// The broker's answer, whole for programs and read for people.
#[derive(Serialize)]
struct Report {
    agent: &'static str,
    panel: PanelNotice,
    #[serde(flatten)]
    kept: Value,
}

#[derive(Deserialize)]
struct Kept {
    state: String,
    because: Option<String>,
    owner: Option<Owner>,
    key: Option<String>,
    last_confirmed: Option<String>,
    clock_ahead_seconds: Option<i64>,
    notices: Vec<String>,
    service: String,
}

#[derive(Deserialize)]
struct Owner {
    email: String,
}

/// Less than this is no news: signatures are made with corrected time.
const CLOCK_TOLERANCE: i64 = 120;

pub(super) async fn run(args: &Args, context: &Context) -> Result<(), Error> {
    let agent = context.agent().await?;
    let running = agent.is_running();
    let kept: Value = agent.read("/v1/status").await?;
    let panel = match running {
        true => PanelNotice::left_in(&context.settings.runtime_dir),
        false => PanelNotice::default(),
    };
    let report = Report { agent: if running { "running" } else { "stopped" }, panel, kept };
    match args.json {
        true => output::json(&report),
        false => tell(report),
    }
}

fn tell(report: Report) -> Result<(), Error> {
    let kept: Kept = serde_json::from_value(report.kept).map_err(|error| agent::Error::Broken(error.into()))?;
    let (key, because) = (kept.key.unwrap_or_default(), kept.because.unwrap_or_default());
    let mut lines = vec![match kept.owner {
        Some(owner) => format!("Owner:    {}", owner.email),
        None => "Owner:    nobody; sign in with 'latchkey sign-in', or in the panel".to_owned(),
    }];
    lines.extend(match kept.state.as_str() {
        "fresh" => Some(format!("Key:      {key}, good")),
        "leased" => Some(format!("Key:      {key}, usable, but not confirmed lately: {because}")),
        "revoked" => Some(format!("Key:      {key}, revoked: {because}")),
        _ => None,
    });
    lines.extend(kept.last_confirmed.map(|when| format!("Confirmed: {when}")));
    lines.push(format!("Service:  {}", kept.service));
    lines.push(format!("Agent:    {}", report.agent));
    lines.extend(report.panel.urls.iter().map(|url| format!("Panel:    {url}")));
    lines.extend(report.panel.problems.iter().map(|problem| format!("Panel:    {problem}")));
    lines.extend(kept.clock_ahead_seconds.and_then(clock));
    lines.extend(kept.notices.iter().map(|notice| format!("Notice:   {notice}")));
    lines.iter().try_for_each(|line| output::line(line))
}

fn clock(ahead: i64) -> Option<String> {
    let direction = if ahead > 0 { "ahead of" } else { "behind" };
    (ahead.abs() >= CLOCK_TOLERANCE).then(|| format!("Clock:    {} s {direction} the service's", ahead.abs()))
}
