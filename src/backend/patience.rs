//! Servers that ask to be left alone (429, or 503 with `Retry-After`): nothing is sent to them before the time they name.
//!
//! A read gives up when it would have to wait longer than it may, and the next one does not even ask before that time. An action does
//! not look at what a read was told: it asks, and waits for its own answer.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep, sleep_until};

use super::{ActError, BackendError};
use crate::{
    humanize,
    wire::http::{Client, FetchError, Kind, Request, Response},
};

/// How long an action waits in all for a server that asks for patience.
pub(super) const ACTION: Duration = Duration::from_secs(60);

/// Until when a server is left alone, because it asked for that.
#[derive(Debug)]
pub(super) struct Quiet(Mutex<Option<Instant>>);

impl Quiet {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// Asks, no sooner than the server said before, and again after the time it `wants`.
    ///
    /// # Errors
    /// A sentence, when that would take longer than `within`.
    pub(super) async fn ask<T, F: Future<Output = T>>(
        &self,
        within: Duration,
        ask: impl Fn() -> F,
        wants: impl Fn(&T) -> Option<Duration>,
    ) -> Result<T, String> {
        let latest = Instant::now() + within;
        loop {
            let until = *self.until();
            if let Some(until) = until {
                if until > latest {
                    let left = humanize::duration(until.saturating_duration_since(Instant::now()));
                    return Err(format!("the server asks to be left alone for another {left}"));
                }
                sleep_until(until).await;
            }
            let answer = ask().await;
            let wanted = wants(&answer);
            *self.until() = wanted.map(|wanted| Instant::now() + wanted);
            if wanted.is_none() {
                return Ok(answer);
            }
        }
    }

    fn until(&self) -> MutexGuard<'_, Option<Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asks, and again after the time that the server `wants`, [`ACTION`] in all; and how long was waited.
pub(super) async fn insist<T, F: Future<Output = T>>(ask: impl Fn() -> F, wants: impl Fn(&T) -> Option<Duration>) -> (T, Duration) {
    let mut waited = Duration::ZERO;
    loop {
        let answer = ask().await;
        let Some(wanted) = wants(&answer).filter(|wanted| waited + *wanted <= ACTION) else { return (answer, waited) };
        tracing::info!("the server asks to wait {}", humanize::duration(wanted));
        sleep(wanted).await;
        waited += wanted;
    }
}

/// A client that waits where it is asked to.
#[derive(Debug)]
pub(super) struct Patience {
    client: Client,
    quiet: Quiet,
}

impl Patience {
    pub(super) const fn new(client: Client) -> Self {
        Self { client, quiet: Quiet::new() }
    }

    /// Reads a page, `within` so long.
    pub(super) async fn read<'r>(&self, request: impl Fn() -> Request<'r>, within: Duration) -> Result<Response, BackendError> {
        let answer = self.quiet.ask(within, || self.client.send(request()), wants).await.map_err(BackendError::Unreachable)?;
        page(answer.map_err(|error| BackendError::Unreachable(error.to_string()))?)
    }

    /// Reads what an action is about to rely on, past what other reads were told.
    pub(super) async fn read_to_act<'r>(&self, request: impl Fn() -> Request<'r>) -> Result<Response, ActError> {
        let (answer, _) = self.insist(request).await.map_err(|error| ActError::Refused(error.to_string()))?;
        page(answer).map_err(|error| ActError::Refused(error.to_string()))
    }

    /// Asks for a change that is bound to the state it was decided on, so that asking again after a refusal cannot do it twice. The
    /// second value: it was asked more than once, so a refusal because of another state may be about our own doing.
    pub(super) async fn act<'r>(&self, request: impl Fn() -> Request<'r>) -> Result<(Response, bool), ActError> {
        self.insist(request).await.map_err(|error| unclear(&error))
    }

    async fn insist<'r>(&self, request: impl Fn() -> Request<'r>) -> Result<(Response, bool), FetchError> {
        let (answer, waited) = insist(|| self.client.send(request()), wants).await;
        Ok((answer?, !waited.is_zero()))
    }
}

fn wants(answer: &Result<Response, FetchError>) -> Option<Duration> {
    answer.as_ref().ok()?.asks_to_wait()
}

fn page(answer: Response) -> Result<Response, BackendError> {
    let status = answer.status();
    answer.page().map_err(|error| match status {
        401 | 403 => BackendError::Unauthorised(error.to_string()),
        _ => BackendError::Unreachable(error.to_string()),
    })
}

/// A request that nobody took did nothing; of any other that got no answer nothing is known.
fn unclear(error: &FetchError) -> ActError {
    if error.kind == Kind::Refused { ActError::Refused(error.to_string()) } else { ActError::Unknown(error.to_string()) }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };
    use url::Url;

    use super::*;
    use crate::wire::http::{Options, Purpose};

    #[tokio::test]
    async fn a_server_that_asked_to_be_left_alone_is_not_even_asked() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = Url::parse(&format!("http://{}/", listener.local_addr().expect("bound"))).expect("an address");
        let patience = Patience::new(Client::build(&Options::new(Purpose::Act)).expect("a client"));
        let read = || patience.read(|| Request::get(&url, Duration::from_secs(5)), Duration::from_secs(1));
        let busy = async {
            let (mut stream, _) = listener.accept().await.expect("a request");
            stream.read_buf(&mut Vec::new()).await.expect("its head");
            let answer = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 30\r\nContent-Length: 0\r\n\r\n";
            stream.write_all(answer).await.expect("it listens");
        };
        let (first, ()) = tokio::join!(read(), busy);
        drop(listener);
        for answer in [first, read().await] {
            let error = answer.expect_err("there is no page").to_string();
            assert!(error.starts_with("the server asks to be left alone for another "), "{error}");
        }
    }
}
