//! A fixed rate of requests, each over a connection of its own: a client that cannot mistake nginx closing an idle connection for
//! a request that failed.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::{JoinHandle, JoinSet},
    time::{MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;

use crate::backend::support::until;

/// Time between two requests.
const EVERY: Duration = Duration::from_millis(5);

/// Asks once: the version that answered, or what came instead.
pub(crate) async fn get(address: SocketAddr, path: &'static str) -> Result<String, String> {
    let answer = exchange(address, path).await.map_err(|error| error.to_string())?;
    let version = answer.lines().find_map(|line| line.strip_prefix("x-version: "));
    // A version that answers 500 by itself is the service's own failure, not the switch's.
    match version {
        Some(version) if answer.starts_with("HTTP/1.1 200 ") || answer.ends_with("broken") => Ok(version.to_owned()),
        _ => Err(answer.lines().next().unwrap_or("nothing").to_owned()),
    }
}

async fn exchange(address: SocketAddr, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: app\r\nConnection: close\r\n\r\n").as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

/// A running load.
pub(crate) struct Load {
    stop: CancellationToken,
    answered: Arc<AtomicU64>,
    task: JoinHandle<Done>,
}

/// What came of a load.
pub(crate) struct Done {
    /// Requests that were answered with 200 by a version.
    pub(crate) answered: u64,
    /// What came instead, one entry a request.
    pub(crate) failed: Vec<String>,
}

impl Load {
    /// Starts sending.
    pub(crate) fn start(address: SocketAddr) -> Self {
        Self::each(EVERY, address)
    }

    /// Starts sending one request each `every`.
    pub(crate) fn each(every: Duration, address: SocketAddr) -> Self {
        let stop = CancellationToken::new();
        let answered = Arc::new(AtomicU64::new(0));
        let task = tokio::spawn(send(every, address, stop.clone(), Arc::clone(&answered)));
        Self { stop, answered, task }
    }

    /// Waits until fifty more requests were answered.
    pub(crate) async fn goes_on(&self) {
        let enough = self.answered.load(Ordering::Relaxed) + 50;
        until("fifty more requests are answered", || async {
            let answered = self.answered.load(Ordering::Relaxed);
            if answered >= enough { Ok(()) } else { Err(answered) }
        })
        .await;
    }

    /// Stops sending and waits for the last answers.
    pub(crate) async fn stop(self) -> Done {
        self.stop.cancel();
        self.task.await.expect("the load does not panic")
    }
}

async fn send(every: Duration, address: SocketAddr, stop: CancellationToken, answered: Arc<AtomicU64>) -> Done {
    let mut tick = interval(every);
    tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut requests = JoinSet::new();
    while stop.run_until_cancelled(tick.tick()).await.is_some() {
        let answered = Arc::clone(&answered);
        requests.spawn(async move {
            let answer = get(address, "/").await;
            answered.fetch_add(u64::from(answer.is_ok()), Ordering::Relaxed);
            answer
        });
    }
    let failed = requests.join_all().await.into_iter().filter_map(Result::err).collect();
    Done { answered: answered.load(Ordering::Relaxed), failed }
}
