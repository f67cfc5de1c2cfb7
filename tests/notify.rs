//! Notifications to real receivers: HTTP servers, a notification daemon on a session bus of its own, a terminal emulator.

#[path = "notify/channels.rs"]
mod channels;
#[cfg(all(feature = "desktop", not(target_os = "macos")))]
#[path = "notify/desktop.rs"]
mod desktop;
#[path = "notify/notices.rs"]
mod notices;
#[path = "notify/terminal.rs"]
mod terminal;
#[path = "notify/webhook.rs"]
mod webhook;
