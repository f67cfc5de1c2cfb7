//! The task that tells people: one notice after the other, each channel within its limit, the same news once.

use std::io::Write as _;

use tokio::sync::mpsc;

use super::{clock::Clock, dispatcher::Happening};
use crate::{
    engine::{effect::Input, notice::Notice},
    notify::{Channels, dedupe::Dedupe},
};

/// Tells every notice that comes, and reports how that went. Returns when no more can come.
pub async fn run(channels: Channels, mut notices: mpsc::Receiver<Notice>, clock: Clock, happenings: mpsc::Sender<Happening>) {
    let mut dedupe = Dedupe::default();
    while let Some(notice) = notices.recv().await {
        if !dedupe.is_news(&notice.key) {
            continue;
        }
        for told in channels.tell(&notice).await {
            let error = told.result.err();
            if let Some(error) = &error {
                tracing::warn!(channel = told.channel, %error, "a notice was not delivered");
            }
            let input = Input::Told { channel: told.channel.to_owned(), error };
            // The last notice is told after the last event was written down.
            if happenings.send(Happening { at: clock.now(), input }).await.is_err() {
                tracing::debug!("the watch is over: the delivery is not recorded");
            }
        }
    }
}

/// Notifications reach the terminal behind stderr, where stdout is data.
pub async fn pass_on(mut bytes: mpsc::Receiver<Vec<u8>>) {
    while let Some(sequence) = bytes.recv().await {
        to_terminal(&sequence);
    }
}

/// Writes one notification's bytes to the terminal behind stderr.
pub fn to_terminal(sequence: &[u8]) {
    let mut err = std::io::stderr().lock();
    if let Err(error) = err.write_all(sequence).and_then(|()| err.flush()) {
        tracing::debug!(%error, "the terminal takes nothing");
    }
}
