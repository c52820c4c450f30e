//! The machine as the overview knows it: looked at when somebody looks, and not again for a few seconds, so that a page that
//! reloads itself costs the machine nothing.

use std::time::Duration;

use tokio::sync::Mutex;

use crate::device::{Device, Error, Synchronised, UnitState, Worry};

const GOOD_FOR: Duration = Duration::from_secs(10);

#[derive(Default)]
pub(super) struct Watch(Mutex<Option<(Duration, Seen)>>);

/// What was seen.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) worries: Vec<Worry>,
    pub(super) synchronised: Synchronised,
    /// `None`: no unit is named, or nothing is known of it.
    pub(super) unit: Option<UnitState>,
}

impl Watch {
    pub(super) async fn look(&self, device: &Device, now: Duration) -> Seen {
        let mut latest = self.0.lock().await;
        if let Some((at, seen)) = &*latest
            && now.saturating_sub(*at) < GOOD_FOR
        {
            return seen.clone();
        }
        let unit = match device.unit() {
            Some(unit) => device.unit_state(unit).await.inspect_err(unknown).ok(),
            None => None,
        };
        let seen = Seen { worries: device.health().worries(), synchronised: device.synchronised(), unit };
        *latest = Some((now, seen.clone()));
        seen
    }
}

fn unknown(error: &Error) {
    tracing::debug!(%error, "nothing is known of the daemon's unit");
}
