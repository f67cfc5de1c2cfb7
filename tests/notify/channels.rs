//! Which channel gets a notice, and what one that fails or hangs costs.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use rollwatch::{
    config::file::{Webhook, WebhookFormat},
    engine::{event::Event, notice::Notice},
    notify::{
        Channel, Channels, LIMIT, Sending, Surroundings, Told, deliver,
        terminal::{TerminalKind, bytes},
    },
};
use tokio::{sync::mpsc, time::Instant};

use crate::notices::{config, notice};

const XTERM: (&str, &str, &str) = ("xterm-256color", "", "");

fn kind() -> TerminalKind {
    TerminalKind::detect(XTERM.0, XTERM.1, XTERM.2)
}

fn surroundings(out: mpsc::Sender<Vec<u8>>) -> Surroundings {
    Surroundings { terminal: Some((kind(), out)), ..Surroundings::default() }
}

/// Takes every notice and never comes back.
#[derive(Default)]
struct Hanging(Arc<AtomicUsize>);

impl Channel for Hanging {
    fn name(&self) -> &'static str {
        "desktop"
    }

    fn send<'a>(&'a self, _: &'a Notice) -> Sending<'a> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Box::pin(std::future::pending())
    }
}

#[tokio::test(start_paused = true)]
async fn a_channel_that_hangs_costs_two_seconds_and_one_error() {
    let (start, hanging) = (Instant::now(), Hanging::default());
    let result = deliver(&hanging, &notice()).await;
    assert_eq!(result, Err("no answer within 2 s".to_owned()));
    assert!((LIMIT..LIMIT * 2).contains(&start.elapsed()), "{:?}", start.elapsed());
    assert_eq!(hanging.0.load(Ordering::Relaxed), 1, "tried once");
}

#[tokio::test]
async fn without_a_bus_the_terminal_is_told() {
    let (out, mut written) = mpsc::channel(1);
    let channels = Channels::build(&config(true, true), surroundings(out)).expect("built");
    assert_eq!(channels.tell(&notice()).await, [Told { channel: "terminal", result: Ok(()) }]);
    assert_eq!(written.try_recv().ok(), Some(bytes(&notice(), kind())));
}

#[tokio::test]
async fn a_terminal_that_takes_nothing_is_one_error_for_each_notice() {
    let (out, written) = mpsc::channel(1);
    let channels = Channels::build(&config(false, true), surroundings(out)).expect("built");
    let mut results = Vec::new();
    for _ in 0..3 {
        results.extend(channels.tell(&notice()).await.into_iter().map(|told| told.result));
    }
    let full = Err("the terminal does not take it".to_owned());
    assert_eq!(results, [Ok(()), full.clone(), full]);
    drop(written);
    let gone = Told { channel: "terminal", result: Err("the terminal is gone".to_owned()) };
    assert_eq!(channels.tell(&notice()).await, [gone]);
}

#[tokio::test]
async fn a_webhook_is_told_besides_the_terminal() {
    let (out, mut written) = mpsc::channel(1);
    let mut config = config(false, true);
    // Nothing listens on port 1.
    config.webhook = Some(Webhook { url: Some("http://127.0.0.1:1/".to_owned()), url_from: None, format: WebhookFormat::Json });
    let channels = Channels::build(&config, surroundings(out)).expect("built");
    let told = channels.tell(&notice()).await;
    let results: Vec<_> = told.iter().map(|told| (told.channel, told.result.is_ok())).collect();
    assert_eq!(results, [("terminal", true), ("webhook", false)]);
    assert!(written.try_recv().is_ok());
}

#[tokio::test]
async fn nobody_to_tell_is_no_error() {
    let channels = Channels::build(&config(false, false), Surroundings::default()).expect("built");
    assert_eq!(channels.tell(&notice()).await, []);
}

#[tokio::test]
async fn a_test_says_what_is_not_there() {
    let channels = Channels::build(&config(true, true), Surroundings::default()).expect("built");
    let told: Vec<_> = channels.test(&notice()).await.into_iter().map(|told| (told.channel, told.result)).collect();
    let desktop = if cfg!(feature = "desktop") {
        "there is no session bus: DBUS_SESSION_BUS_ADDRESS is not set and XDG_RUNTIME_DIR holds none"
    } else {
        "this rollwatch was built without desktop notifications"
    };
    assert_eq!(told, [("desktop", Err(desktop.to_owned())), ("terminal", Err("stdout is no terminal".to_owned()))]);
}

#[test]
fn what_became_of_a_notice_is_an_event_of_the_contract() {
    let failed = Told { channel: "webhook", result: Err("no answer within 2 s".to_owned()) };
    let json = serde_json::to_value(Event::from(failed)).expect("JSON");
    let want = serde_json::json!({"event": "notify", "channel": "webhook", "ok": false, "error": "no answer within 2 s"});
    assert_eq!(json, want);
    let taken = Event::from(Told { channel: "desktop", result: Ok(()) });
    assert_eq!(taken, Event::Notify { channel: "desktop".to_owned(), ok: true, error: None });
}
