//! Exponentiation off the async threads, and never more of it at once than the machine has cores (COG-16).

use std::sync::Arc;
use std::thread::available_parallelism;

use tokio::sync::Semaphore;

use super::error::Error;

#[derive(Clone)]
pub(crate) struct Heavy {
    cores: Arc<Semaphore>,
    memory: Arc<Semaphore>,
}

impl Heavy {
    pub(super) fn new() -> Self {
        let cores = available_parallelism().map_or(1, usize::from);
        Self { cores: Arc::new(Semaphore::new(cores)), memory: Arc::new(Semaphore::new(1)) }
    }

    pub(crate) async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        let _permit = self.cores.acquire().await.map_err(|_closed| Error::Interrupted)?;
        tokio::task::spawn_blocking(work).await.map_err(|_stopped| Error::Interrupted)
    }

    /// For work that needs much memory: one at a time.
    pub(crate) async fn run_alone<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        let _permit = self.memory.acquire().await.map_err(|_closed| Error::Interrupted)?;
        self.run(work).await
    }
}
