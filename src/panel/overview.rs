//! What a signed-in owner sees first: whose device this is, whether its key works, and what needs attention.

use std::time::{Duration, SystemTime};

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use time::macros::format_description;

use super::Panel;
use super::attention::{Attention, Fix};
use super::screens::page::{self, Frame};
use super::screens::room::{Room, Tab};
use super::screens::{Visitor, words};
use crate::account::{KeyState, Status};
use crate::device::Active;

#[derive(Template)]
#[template(path = "overview.html", config = "assets/askama.toml")]
struct OverviewPage<'a> {
    frame: Frame,
    live: String,
    room: Room,
    device: &'a str,
    service: &'a str,
    owner: &'a str,
    key: Option<&'a str>,
    state: &'a KeyState,
    confirmed: Option<Confirmed>,
    clock: String,
    attention: Vec<Attention>,
    hints: Vec<Attention>,
    /// How the daemon stands, when one is named.
    daemon: Option<Active>,
}

/// When the service last said that the key is good.
struct Confirmed {
    ago: String,
    at: String,
    machine_readable: String,
}

pub(super) async fn page(State(panel): State<Panel>, Extension(visitor): Extension<Visitor>) -> Response {
    let room = match Room::enter(&panel, &visitor, Tab::Overview).await {
        Ok(room) => room,
        Err(problem) => return page::error(&problem, ""),
    };
    let status = panel.0.account.status();
    let seen = panel.0.watch.look(&panel.0.device, panel.monotonic()).await;
    let now = panel.times(&status).service.unwrap_or_else(|| panel.0.clock.wall());
    let page = OverviewPage {
        frame: Frame::new(None),
        live: panel.live_mark(),
        room,
        device: &panel.0.device_name,
        service: &status.service,
        owner: status.owner.as_ref().map_or("", |owner| &owner.email),
        key: status.key.as_ref().map(|key| key.as_str()),
        state: &status.state,
        confirmed: status.last_confirmed.and_then(|at| Confirmed::new(at, now)),
        clock: clock(&status),
        attention: panel.attention(&status, &seen),
        hints: panel.hints(),
        daemon: seen.unit.map(|unit| unit.active),
    };
    page::show(&page, None)
}

/// What the service's clock shows when ours shows `wall` and is so many seconds ahead.
pub(super) fn corrected(wall: SystemTime, ahead: i64) -> Option<SystemTime> {
    let offset = Duration::from_secs(ahead.unsigned_abs());
    if ahead < 0 { wall.checked_add(offset) } else { wall.checked_sub(offset) }
}

impl Confirmed {
    fn new(at: SystemTime, now: SystemTime) -> Option<Self> {
        let ago = words::ago(now.duration_since(at).unwrap_or_default());
        let at = words::calendar(at)?;
        let machine_readable = at.format(format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z")).ok()?;
        Some(Self { ago, at: words::date(at)?, machine_readable })
    }
}

fn clock(status: &Status) -> String {
    const TOLERATED: u64 = 30;
    match status.clock_ahead {
        None => "Not compared yet: waiting for the first answer of the account service.".to_owned(),
        Some(ahead) if ahead.unsigned_abs() <= TOLERATED => "In step with the account service.".to_owned(),
        Some(ahead) => {
            let off = words::duration(Duration::from_secs(ahead.unsigned_abs()));
            let side = if ahead > 0 { "ahead" } else { "behind" };
            format!(
                "{off} {side}. Requests are signed with the service's time meanwhile; check the time synchronisation."
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: SystemTime = SystemTime::UNIX_EPOCH;

    #[test]
    fn a_clock_that_is_ahead_is_set_back() {
        let noon = NOON + Duration::from_secs(1_800_000_000);
        assert_eq!(corrected(noon + Duration::from_secs(90), 90), Some(noon));
        assert_eq!(corrected(noon - Duration::from_secs(90), -90), Some(noon));
    }

    #[test]
    fn the_last_confirmation_is_told_as_age_and_as_date() {
        let at = NOON + Duration::from_secs(1_800_000_000);
        let confirmed = Confirmed::new(at, at + Duration::from_secs(300)).unwrap();
        assert_eq!(confirmed.ago, "5 minutes ago");
        assert_eq!(confirmed.at, "15 January 2027, 08:00 UTC");
        assert_eq!(confirmed.machine_readable, "2027-01-15T08:00:00Z");
        assert_eq!(Confirmed::new(at, at - Duration::from_secs(5)).unwrap().ago, "just now");
    }
}
