//! What rollwatch reads: metrics pages, health pages, over real connections.

#[path = "source/bad_pages.rs"]
mod bad_pages;
#[path = "source/checks.rs"]
mod checks;
#[path = "source/conventions.rs"]
mod conventions;
#[path = "source/fleet.rs"]
mod fleet;
#[path = "source/page_properties.rs"]
mod page_properties;
#[path = "source/polls.rs"]
mod polls;
#[path = "source/requests.rs"]
mod requests;
#[path = "source/secrets.rs"]
mod secrets;
#[path = "source/server.rs"]
mod server;
#[path = "source/tls.rs"]
mod tls;
