//! The reports of a session: every line is gathered as it is shown, and what was asked for is written when the session is over.

use std::{
    io::Write as _,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use crate::{engine::event::Line, report::Reports};

/// How long the reports may take to be written.
const LIMIT: Duration = Duration::from_secs(5);

/// A handle to the reports; whoever ends the session writes them.
#[derive(Clone, Debug)]
pub struct Reporting(Arc<Mutex<Reports>>);

impl Reporting {
    /// Gathers for these reports, which point to the session's journal.
    #[must_use]
    pub fn start(mut reports: Reports, journal: Option<&Path>) -> Self {
        reports.links.journal = journal.map(crate::report::absolute);
        Self(Arc::new(Mutex::new(reports)))
    }

    /// Takes a line of the watch.
    pub fn line(&self, line: &Line) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take(line);
    }

    /// Writes the reports, within five seconds. A report that cannot be written changes nothing of how the session ends: it is said on
    /// stderr, where annotations go as well (stdout is data, and CI reads both).
    pub async fn write(self) {
        let writing = tokio::task::spawn_blocking(move || self.0.lock().unwrap_or_else(PoisonError::into_inner).write());
        match tokio::time::timeout(LIMIT, writing).await {
            Ok(Ok(said)) => say(&said),
            Ok(Err(_)) => say(&["rollwatch: the reports could not be made".to_owned()]),
            Err(_) => say(&[format!("rollwatch: the reports were not written within {} s", LIMIT.as_secs())]),
        }
    }
}

fn say(lines: &[String]) {
    let mut err = std::io::stderr().lock();
    for line in lines {
        if let Err(error) = writeln!(err, "{line}") {
            tracing::debug!(%error, "stderr takes nothing");
        }
    }
}
