//! Notices to send.

use rollwatch::{
    config::file::Notify,
    engine::{notice::Notice, snapshot::Tone, time::Time},
};

pub(crate) fn notice() -> Notice {
    Notice {
        key: "api-server v2.5.0 errors warn".to_owned(),
        at: Time::from_ms(1_795_378_443_120),
        tone: Tone::Bad,
        title: "v2.5.0 leaning bad · api-server · prod".to_owned(),
        body: "error rate 1.31 % > 1 %, baseline 0.29 %, 1 856 requests. Rolls back in about 30 s.".to_owned(),
        next: "Rolls back in about 30 s.".to_owned(),
        deployment: "api-server".to_owned(),
        environment: "prod".to_owned(),
        baseline: "v2.4.0".to_owned(),
        candidate: "v2.5.0".to_owned(),
        subject: "errors".to_owned(),
        state: "warn".to_owned(),
        was: Some("pass".to_owned()),
    }
}

/// A configuration with these channels and no webhook.
pub(crate) fn config(desktop: bool, terminal: bool) -> Notify {
    Notify { desktop, terminal, webhook: None }
}
