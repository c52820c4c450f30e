//! Exponentiation off the async threads, and never more of it at once than the machine has cores (COG-16).

use std::sync::Arc;
use std::thread::available_parallelism;

use tokio::sync::Semaphore;

use super::error::Error;

#[derive(Clone)]
pub(crate) struct Heavy(Arc<Semaphore>);

impl Heavy {
    pub(super) fn new() -> Self {
        Self(Arc::new(Semaphore::new(available_parallelism().map_or(1, usize::from))))
    }

    pub(crate) async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        let _permit = self.0.acquire().await.map_err(|_closed| Error::Interrupted)?;
        tokio::task::spawn_blocking(work).await.map_err(|_stopped| Error::Interrupted)
    }
}
