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

const RUNNING: &str = "running";
const NOBODY: &str = "nobody; sign in with 'latchkey sign-in', or in the panel";
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
    let report = Report { agent: if running { RUNNING } else { "stopped" }, panel, kept };
    match args.json {
        true => output::json(&report),
        false => tell(report),
    }
}

fn tell(report: Report) -> Result<(), Error> {
    let Report { agent, panel, kept } = report;
    let kept: Kept = serde_json::from_value(kept).map_err(|error| agent::Error::Broken(error.into()))?;
    let mut rows = vec![("Owner", kept.owner.as_ref().map_or(NOBODY.to_owned(), |owner| owner.email.clone()))];
    rows.extend(kept.key_row(agent == RUNNING).map(|row| ("Key", row)));
    rows.extend(kept.last_confirmed.map(|when| ("Confirmed", when)));
    rows.extend([("Service", kept.service), ("Agent", agent.to_owned())]);
    rows.extend(panel.urls.into_iter().chain(panel.problems).map(|row| ("Panel", row)));
    if let Some(certificate) = panel.certificate {
        rows.extend([("CA words", certificate.words), ("CA SHA-256", certificate.sha256)]);
    }
    rows.extend(kept.clock_ahead_seconds.and_then(clock_row).map(|row| ("Clock", row)));
    rows.extend(kept.notices.into_iter().map(|row| ("Notice", row)));
    rows.iter().try_for_each(|(name, row)| output::line(&format!("{name:<11}{row}")))
}

impl Kept {
    fn key_row(&self, agent_is_running: bool) -> Option<String> {
        let key = self.key.as_deref().unwrap_or_default();
        let because = self.because.as_deref().unwrap_or_default();
        match self.state.as_str() {
            "fresh" => Some(format!("{key}, good")),
            "leased" if agent_is_running => Some(format!("{key}, usable, but not confirmed lately: {because}")),
            "leased" => Some(format!("{key}, usable; no agent is running that would have it confirmed")),
            "revoked" => Some(format!("{key}, revoked: {because}")),
            _ => None,
        }
    }
}

fn clock_row(ahead: i64) -> Option<String> {
    let direction = if ahead > 0 { "ahead of" } else { "behind" };
    (ahead.abs() >= CLOCK_TOLERANCE).then(|| format!("{} s {direction} the service's", ahead.abs()))
}
