//! How much of a listener one visitor, and all together, may use.

use std::time::Duration;

/// What one listener allows.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub connections: usize,
    /// Per IP address, or per user on a Unix socket.
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
