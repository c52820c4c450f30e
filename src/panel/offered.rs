//! Which providers the sign-in page offers. The page never waits for a service that is away: what was heard last counts, and the
//! service is asked in the background. Only the first page after the start waits a moment, since nothing was heard before it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::oneshot;

use super::Panel;

const PATIENCE: Duration = Duration::from_secs(1);

#[derive(Default)]
pub(super) struct Offered {
    is_being_asked: AtomicBool,
    was_asked: AtomicBool,
}

impl Panel {
    /// By name.
    pub(super) async fn providers(&self) -> Vec<String> {
        let known = self.0.account.known_providers();
        if let Some((providers, false)) = known {
            return providers;
        }
        let is_first = !self.0.offered.was_asked.swap(true, Ordering::Relaxed);
        let told = self.ask_for_providers();
        match (known, told) {
            (Some((providers, _doubted)), _) => providers,
            (None, Some(told)) if is_first => {
                let _answered_or_late = tokio::time::timeout(PATIENCE, told).await;
                self.0.account.known_providers().map(|(providers, _)| providers).unwrap_or_default()
            }
            (None, _) => Vec::new(),
        }
    }

    /// Once at a time, and to its end, whoever waits for it.
    fn ask_for_providers(&self) -> Option<oneshot::Receiver<()>> {
        if self.0.offered.is_being_asked.swap(true, Ordering::Relaxed) {
            return None;
        }
        let (tell, told) = oneshot::channel();
        let panel = self.clone();
        self.in_background(async move {
            panel.0.account.ask_for_providers().await;
            panel.0.offered.is_being_asked.store(false, Ordering::Relaxed);
            let _listener_gone = tell.send(());
        });
        Some(told)
    }
}
