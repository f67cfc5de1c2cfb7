//! Telling people that something changed, outside the screen they may not be looking at.
//!
//! A notice goes to the desktop if that works, else to the terminal, and always to the webhook where one is configured. A channel that
//! fails or hangs is one result, after two seconds at most; it never holds up the watch, is never tried again for the same notice, and
//! never keeps another channel from its turn. What is worth a notice is decided elsewhere; here it is only said once (`dedupe`).

use std::{
    ffi::{OsStr, OsString},
    fmt,
    path::{Path, PathBuf},
    pin::Pin,
    time::Duration,
};

use tokio::{sync::mpsc, time};

use crate::{
    config::{file, secret::Secret},
    engine::{event::Event, notice::Notice},
    humanize,
};

pub mod dedupe;
#[cfg(all(feature = "desktop", not(target_os = "macos")))]
pub mod desktop;
pub mod terminal;
pub mod webhook;

use terminal::{Terminal, TerminalKind};
use webhook::Webhook;

/// How long one channel may take for one notice.
pub const LIMIT: Duration = Duration::from_secs(2);

/// A notice on its way.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Result<(), String>> + Send + 'a>>;

/// One way to tell people.
pub trait Channel: Send + Sync {
    /// The word of the contract: `desktop`, `terminal`, `webhook`.
    fn name(&self) -> &'static str;

    /// Hands the notice over. May take for ever: [`deliver`] sets the limit.
    ///
    /// # Errors
    /// When it was not taken: one sentence, without secrets.
    fn send<'a>(&'a self, notice: &'a Notice) -> Sending<'a>;
}

/// Sends a notice through one channel, within [`LIMIT`].
///
/// # Errors
/// When the channel did not take it, or not in time: one sentence.
pub async fn deliver(channel: &dyn Channel, notice: &Notice) -> Result<(), String> {
    let limit = time::timeout(LIMIT, channel.send(notice)).await;
    limit.unwrap_or_else(|_| Err(format!("no answer within {}", humanize::duration(LIMIT))))
}

/// What became of a notice in one channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The channel's name.
    pub channel: &'static str,
    /// Whether it was taken, and if not, why.
    pub result: Result<(), String>,
}

impl From<Told> for Event {
    fn from(told: Told) -> Self {
        let error = told.result.err();
        Self::Notify { channel: told.channel.to_owned(), ok: error.is_none(), error }
    }
}

/// What the channels need to know of the place rollwatch runs in. The caller reads it: nothing here looks at the environment.
#[derive(Debug, Default)]
pub struct Surroundings {
    /// `DBUS_SESSION_BUS_ADDRESS`.
    pub dbus_address: Option<OsString>,
    /// `XDG_RUNTIME_DIR`.
    pub runtime_dir: Option<PathBuf>,
    /// The terminal, and who writes to it; none when stdout is no terminal.
    pub terminal: Option<(TerminalKind, mpsc::Sender<Vec<u8>>)>,
    /// The webhook's URL, read from wherever the configuration says it is kept.
    pub webhook_url: Option<Secret>,
}

/// The channels of a watch.
pub struct Channels {
    /// Before the person: the first one that takes the notice is enough.
    near: Vec<Box<dyn Channel>>,
    /// Elsewhere: always.
    far: Option<Box<dyn Channel>>,
    absent: Vec<Told>,
}

impl Channels {
    /// The configured channels, as far as they exist here.
    ///
    /// # Errors
    /// When a webhook is configured that nothing can be posted to: one sentence, without its URL.
    pub fn build(notify: &file::Notify, around: Surroundings) -> Result<Self, String> {
        let mut new = Self { near: Vec::new(), far: None, absent: Vec::new() };
        if notify.desktop {
            new.add("desktop", find_desktop(around.dbus_address.as_deref(), around.runtime_dir.as_deref()));
        }
        if notify.terminal {
            let found = around.terminal.map(|(kind, out)| Box::new(Terminal::new(kind, out)) as Box<dyn Channel>);
            new.add("terminal", found.ok_or_else(|| "stdout is no terminal".to_owned()));
        }
        if let Some(webhook) = &notify.webhook {
            new.far = Some(Box::new(Webhook::build(webhook, around.webhook_url.as_ref())?));
        }
        Ok(new)
    }

    fn add(&mut self, channel: &'static str, found: Result<Box<dyn Channel>, String>) {
        match found {
            Ok(found) => self.near.push(found),
            Err(why) => self.absent.push(Told { channel, result: Err(why) }),
        }
    }

    /// Tells everybody: the first near channel that takes the notice, and the far one at the same time. One result for each channel
    /// that was tried.
    pub async fn tell(&self, notice: &Notice) -> Vec<Told> {
        let near = async {
            let mut told = Vec::new();
            for channel in &self.near {
                told.push(tell(channel.as_ref(), notice).await);
                if told.last().is_some_and(|told| told.result.is_ok()) {
                    break;
                }
            }
            told
        };
        let far = async {
            match &self.far {
                Some(channel) => Some(tell(channel.as_ref(), notice).await),
                None => None,
            }
        };
        let (mut told, far) = tokio::join!(near, far);
        told.extend(far);
        told
    }

    /// Tries every channel, and says of those that were asked for but do not exist here why that is.
    pub async fn test(&self, notice: &Notice) -> Vec<Told> {
        let mut told = self.absent.clone();
        for channel in self.near.iter().chain(&self.far) {
            told.push(tell(channel.as_ref(), notice).await);
        }
        told
    }
}

impl fmt::Debug for Channels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.near.iter().chain(&self.far).map(|channel| channel.name())).finish()
    }
}

async fn tell(channel: &dyn Channel, notice: &Notice) -> Told {
    Told { channel: channel.name(), result: deliver(channel, notice).await }
}

#[cfg(all(feature = "desktop", not(target_os = "macos")))]
fn find_desktop(address: Option<&OsStr>, runtime_dir: Option<&Path>) -> Result<Box<dyn Channel>, String> {
    desktop::Desktop::find(address, runtime_dir).map(|desktop| Box::new(desktop) as _)
}

#[cfg(not(all(feature = "desktop", not(target_os = "macos"))))]
fn find_desktop(_: Option<&OsStr>, _: Option<&Path>) -> Result<Box<dyn Channel>, String> {
    Err("this rollwatch was built without desktop notifications".to_owned())
}
