//! What systemd is told of a service: that it is ready, alive, stopping. Where there is no systemd, nobody is told.

use std::time::Duration;

use sd_notify::NotifyState;

use super::serve::Stop;

/// Its sockets listen.
pub fn ready() {
    tell(&[NotifyState::Ready]);
}

/// It ends, and need not be ended.
pub fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// Its start may take so long from now on.
pub fn starting_takes(long: Duration) {
    tell(&[NotifyState::ExtendTimeoutUsec(u32::try_from(long.as_micros()).unwrap_or(u32::MAX))]);
}

/// Answers the watchdog, when it asks, for as long as this loop turns.
pub async fn keep_watchdog(mut stop: Stop) {
    let Some(every) = sd_notify::watchdog_enabled() else { return };
    loop {
        tokio::select! {
            () = stop.wait() => return,
            () = tokio::time::sleep(every / 2) => tell(&[NotifyState::Watchdog]),
        }
    }
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!(%error, "systemd cannot be told");
    }
}
