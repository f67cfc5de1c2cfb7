//! The log: to stderr in headless mode, to a file while a screen owns the terminal.

use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    sync::Arc,
};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::{
    filter::Targets,
    fmt::{self, writer::BoxMakeWriter},
    layer::SubscriberExt as _,
    util::SubscriberInitExt as _,
};

/// Starts the log at a level that `-v` raises. Only our own lines pass below warnings.
pub fn start(verbose: u8, to: Destination<'_>) {
    let targets = targets(verbose);
    let writer = match to {
        Destination::Stderr => BoxMakeWriter::new(io::stderr),
        Destination::Nowhere => BoxMakeWriter::new(io::sink),
        Destination::File(path) => match open(path) {
            Ok(file) => BoxMakeWriter::new(Arc::new(file)),
            Err(_) => BoxMakeWriter::new(io::sink),
        },
    };
    let layer = fmt::layer().with_ansi(false).with_target(false).with_writer(writer);
    if tracing_subscriber::registry().with(targets).with(layer).try_init().is_err() {
        tracing::debug!("the log had been started already");
    }
}

fn targets(verbose: u8) -> Targets {
    let (ours, cluster) = match verbose {
        0 => (LevelFilter::WARN, LevelFilter::OFF),
        1 => (LevelFilter::INFO, LevelFilter::OFF),
        _ => (LevelFilter::DEBUG, LevelFilter::ERROR),
    };
    // The client of Kubernetes calls every refusal an error, also where we ask for what may not be there; what follows from one is a
    // sentence of ours.
    Targets::new().with_default(LevelFilter::ERROR).with_target("kube_client", cluster).with_target("rollwatch", ours)
}

/// Where the log goes.
#[derive(Clone, Copy, Debug)]
pub enum Destination<'a> {
    /// stderr.
    Stderr,
    /// A file of ours, appended to.
    File(&'a Path),
    /// Nowhere: a screen owns the terminal, and there is no place for a file.
    Nowhere,
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn a_client_library_speaks_only_when_everything_is_wanted() {
        let speaks = |verbose, target| targets(verbose).would_enable(target, &Level::ERROR);
        assert_eq!([0, 1, 2].map(|verbose| speaks(verbose, "kube_client::client::builder")), [false, false, true]);
        assert!(speaks(0, "rollwatch::runtime") && speaks(0, "hyper"));
    }
}
