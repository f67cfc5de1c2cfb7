//! Work that blocks, on a thread of its own and for a limited time.

use std::time::Duration;

/// Does it, and gives up waiting for it after `limit`; none then, or when it broke. A thread that hangs is left behind.
pub async fn apart<T: Send + 'static>(limit: Duration, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    tokio::time::timeout(limit, tokio::task::spawn_blocking(work)).await.ok()?.ok()
}
