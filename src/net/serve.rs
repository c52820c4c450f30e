//! The accept loop: time-outs, connection limits, TCP_NODELAY, graceful stop.

use std::time::Duration;

use super::listen::Listener;

/// What one listener allows.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub connections: usize,
    pub connections_per_address: usize,
    /// From accept (or the last answer) until a whole request head has come.
    pub head: Duration,
    /// For a whole request with its answer.
    pub request: Duration,
    /// Bytes of one request body; more is 413.
    pub body: usize,
    /// How long running requests may take after stop.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 256,
            connections_per_address: 32,
            head: Duration::from_secs(10),
            request: Duration::from_secs(60),
            body: 64 * 1024,
            grace: Duration::from_secs(5),
        }
    }
}

/// Told once to everybody that the program stops.
#[derive(Clone, Debug)]
pub struct Stop(tokio::sync::watch::Receiver<bool>);

/// The hand that stops.
#[derive(Debug)]
pub struct Stopper(tokio::sync::watch::Sender<bool>);

impl Stop {
    pub fn pair() -> (Stopper, Self) {
        let (sender, receiver) = tokio::sync::watch::channel(false);
        (Stopper(sender), Self(receiver))
    }
    /// Returns when stopped (or when the stopper is gone).
    pub async fn wait(&mut self) {
        let _gone = self.0.wait_for(|stopped| *stopped).await;
    }
}

impl Stopper {
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

/// Serves until stopped; every request has the [`super::Peer`] in its extensions.
pub async fn serve(listener: Listener, router: axum::Router, limits: Limits, stop: Stop) {
    todo!("{listener:?} {router:?} {limits:?} {stop:?}")
}
