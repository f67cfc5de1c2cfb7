//! Desktop notifications over D-Bus.
//!
//! Each notice has a connection of its own: a notification daemon or a bus that was restarted is found again by itself.

use std::{ffi::OsStr, path::Path};

use notify_rust::{Notification, Urgency};

use super::{Channel, Sending};
use crate::{
    engine::{notice::Notice, snapshot::Tone},
    text::cleaned,
};

/// The notification daemon on the session bus.
#[derive(Clone, Copy, Debug)]
pub struct Desktop(());

impl Desktop {
    /// The desktop, given `DBUS_SESSION_BUS_ADDRESS` and `XDG_RUNTIME_DIR` of this process: the connection itself reads both again.
    ///
    /// # Errors
    /// When there is no session bus to ask: one sentence.
    pub fn find(dbus_address: Option<&OsStr>, runtime_dir: Option<&Path>) -> Result<Self, String> {
        let has_address = dbus_address.is_some_and(|address| !address.is_empty());
        let has_socket = runtime_dir.is_some_and(|dir| dir.join("bus").exists());
        if has_address || has_socket {
            Ok(Self(()))
        } else {
            Err("there is no session bus: DBUS_SESSION_BUS_ADDRESS is not set and XDG_RUNTIME_DIR holds none".to_owned())
        }
    }
}

impl Channel for Desktop {
    fn name(&self) -> &'static str {
        "desktop"
    }

    fn send<'a>(&'a self, notice: &'a Notice) -> Sending<'a> {
        Box::pin(async move {
            // The synchronous call would block, and panics inside a tokio runtime.
            let shown = notification(notice).show_async().await;
            shown.map(drop).map_err(|error| cleaned(&error.to_string()))
        })
    }
}

fn notification(notice: &Notice) -> Notification {
    let mut new = Notification::new();
    new.appname("rollwatch").summary(&cleaned(&notice.title)).body(&markup(&notice.body)).urgency(urgency(notice.tone));
    new
}

const fn urgency(tone: Tone) -> Urgency {
    match tone {
        Tone::Bad => Urgency::Critical,
        Tone::Good | Tone::Held => Urgency::Normal,
        Tone::Unsure => Urgency::Low,
    }
}

/// A body is markup (Desktop Notifications Specification 1.2, section "Markup"): a text must not become a link or an image in it.
fn markup(body: &str) -> String {
    let mut out = String::with_capacity(body.len());
    for (i, line) in body.lines().take(8).enumerate() {
        if i > 0 {
            out.push('\n');
        }
        for c in cleaned(line).chars() {
            match c {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '"' => out.push_str("&quot;"),
                '\'' => out.push_str("&#39;"),
                c => out.push(c),
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_text_and_never_markup() {
        assert_eq!(
            markup("1.3 % > 1 %\n<a href=\"http://x\">'v2'</a> & \u{1b}[31m"),
            "1.3 % &gt; 1 %\n&lt;a href=&quot;http://x&quot;&gt;&#39;v2&#39;&lt;/a&gt; &amp; ␛[31m"
        );
        assert_eq!(markup(&"x\n".repeat(100)).lines().count(), 8);
    }

    #[test]
    fn without_a_bus_there_is_no_desktop() {
        let dir = tempfile::tempdir().expect("a directory");
        let address = OsStr::new("unix:path=/run/bus");
        assert!(Desktop::find(Some(address), None).is_ok());
        for (address, runtime_dir) in [(None, None), (Some(OsStr::new("")), Some(dir.path()))] {
            let why = Desktop::find(address, runtime_dir).expect_err("no bus");
            assert!(why.starts_with("there is no session bus"), "{why}");
        }
        std::fs::write(dir.path().join("bus"), "").expect("written");
        assert!(Desktop::find(None, Some(dir.path())).is_ok());
    }
}
