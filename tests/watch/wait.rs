//! Waiting for what another process does.

/// Waits for something that another process does, at most twenty seconds.
pub(crate) fn wait_for<T>(mut there: impl FnMut() -> Option<T>) -> T {
    let pause = std::time::Duration::from_millis(20);
    let found = (0..1000).find_map(|_| {
        there().or_else(|| {
            std::thread::park_timeout(pause);
            None
        })
    });
    found.expect("it never came")
}
