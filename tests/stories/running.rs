//! A server of the story, and the hand that stops it.

use latchkey::cloud::Cloud;
use latchkey::net::serve::{Stop, Stopper};
use latchkey::net::{Limits, Listener, serve};
use latchkey::panel::Panel;
use tokio::task::JoinSet;

/// A server with the hand that stops it.
pub(crate) struct Running {
    stopper: Stopper,
    tasks: JoinSet<()>,
}

impl Running {
    pub(crate) fn cloud(cloud: &Cloud, listener: Listener) -> Self {
        let cloud = cloud.clone();
        Self::start(|stop| async move { cloud.serve(listener, stop).await })
    }

    pub(crate) fn panel(panel: &Panel, listener: Listener) -> Self {
        let router = panel.router();
        Self::start(|stop| serve(listener, router, Limits::default(), stop))
    }

    fn start<Server: Future<Output = ()> + Send + 'static>(server: impl FnOnce(Stop) -> Server) -> Self {
        let (stopper, stop) = Stop::pair();
        let mut tasks = JoinSet::new();
        tasks.spawn(server(stop));
        Self { stopper, tasks }
    }

    pub(crate) async fn stop(&mut self) {
        self.stopper.stop();
        while self.tasks.join_next().await.is_some() {}
    }
}
