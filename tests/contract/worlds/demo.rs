//! The demo's real router over HTTP, behind a front that counts, and that breaks on demand what passes through.

use std::{
    io::{Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rollwatch::{
    demo::{
        router::State,
        scenario::Scenario,
        servers::{self, Servers},
        world::{Scene, World as Demonstrated},
    },
    runtime::clock::wall_clock,
};
use tokio::runtime::Runtime;

use super::super::world::{Fault, VERSIONS, World};
use crate::program::Home;

/// A date to wait for, from a server whose clock is wrong.
const ONE_SECOND_LATER: &str = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: Sun, 06 Nov 1994 08:49:38 GMT\r\n";

pub(crate) struct Demo {
    home: Home,
    front: Arc<Front>,
    _servers: Servers,
    _runtime: Runtime,
}

/// What stands between rollwatch and the router.
struct Front {
    at: SocketAddr,
    router: SocketAddr,
    fault: Mutex<Option<Fault>>,
    /// Times that a server was still to ask for patience.
    left: Mutex<u32>,
    puts: Mutex<usize>,
}

impl Demo {
    #[expect(clippy::unnecessary_wraps, reason = "a world may need something that is not installed; this one never does")]
    pub(crate) fn start() -> Option<Box<dyn World>> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let world = Demonstrated::new(Scene::quarter(Scenario::Good), 1, wall_clock());
        let servers = runtime.block_on(servers::start(world, Arc::new(wall_clock))).expect("free ports");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let front = Arc::new(Front {
            at: listener.local_addr().expect("bound"),
            router: servers.router,
            fault: Mutex::default(),
            left: Mutex::new(2),
            puts: Mutex::default(),
        });
        let serving = Arc::clone(&front);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let front = Arc::clone(&serving);
                std::thread::spawn(move || front.pass(stream));
            }
        });
        Some(Box::new(Self { home: Home::new(), front, _servers: servers, _runtime: runtime }))
    }

    fn state(&self) -> State {
        self.front.state()
    }
}

impl Front {
    /// One request on a connection of its own.
    fn pass(&self, mut client: TcpStream) -> Option<()> {
        let request = message(&mut client)?;
        let is_put = request.starts_with("PUT ");
        *lock(&self.puts) += usize::from(is_put);
        let fault = *lock(&self.fault);
        let answer = match fault {
            Some(Fault::IsGone) => return client.shutdown(Shutdown::Both).ok(),
            Some(Fault::RefusesUs) => plain("401 Unauthorized", ""),
            Some(Fault::AsksForPatience) => match self.asks_again() {
                2 => plain("429 Too Many Requests", "Retry-After: 1\r\n"),
                1 => plain("503 Service Unavailable", ONE_SECOND_LATER),
                _ => ask(self.router, &request),
            },
            // The connection is kept as long as the other side wants to wait.
            Some(Fault::Hangs) if is_put => return client.read(&mut [0]).ok().map(drop),
            Some(Fault::DoesNothing) if is_put => plain("200 OK", ""),
            Some(Fault::LosesTheAnswer) if is_put => {
                ask(self.router, &request);
                return client.shutdown(Shutdown::Both).ok();
            }
            Some(Fault::HasANewerVersion) => renamed(&ask(self.router, &request)),
            _ => ask(self.router, &request),
        };
        client.write_all(answer.as_bytes()).ok()
    }

    /// How often it was still to ask for patience, before this time.
    fn asks_again(&self) -> u32 {
        let mut left = lock(&self.left);
        let asks = *left;
        *left = left.saturating_sub(1);
        asks
    }

    fn state(&self) -> State {
        let answer = ask(self.router, "GET / HTTP/1.1\r\nHost: router\r\n\r\n");
        let (_, body) = answer.split_once("\r\n\r\n").expect("a whole answer");
        serde_json::from_str(body).expect("a state")
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A whole message with its body.
fn message(from: &mut TcpStream) -> Option<String> {
    let mut text = String::new();
    let mut part = [0; 4096];
    loop {
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return Some(text);
            }
        }
        let read = from.read(&mut part).ok().filter(|read| *read > 0)?;
        text += std::str::from_utf8(&part[..read]).ok()?;
    }
}

/// Sends a request and reads the answer to its end.
fn ask(router: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(router).expect("the router listens");
    stream.set_read_timeout(Some(Duration::from_secs(5))).expect("set");
    let request = request.replacen("\r\n", "\r\nConnection: close\r\n", 1);
    stream.write_all(request.as_bytes()).expect("it takes the request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    answer
}

fn plain(status: &str, header: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{header}Content-Length: 0\r\nConnection: close\r\n\r\n")
}

/// An answer that names another candidate, of the same length.
fn renamed(answer: &str) -> String {
    answer.replace(VERSIONS.1, "v2.6.0")
}

impl World for Demo {
    fn home(&self) -> &Home {
        &self.home
    }

    fn section(&self) -> String {
        format!("[backend]\nkind = \"demo\"\nrouter = \"http://{}/\"\n", self.front.at)
    }

    fn ports(&self) -> Vec<u16> {
        vec![self.front.at.port()]
    }

    fn share(&self) -> f64 {
        self.state().weight
    }

    fn asked(&self) -> usize {
        *lock(&self.front.puts)
    }

    fn changes(&self) -> usize {
        usize::try_from(self.state().revision - 1).expect("a small number")
    }

    fn somebody_else_acts(&self) {
        let body = "{\"weight\":0.5}";
        let revision = self.state().revision;
        let request = format!(
            "PUT / HTTP/1.1\r\nHost: router\r\nIf-Match: \"{revision}\"\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        assert!(ask(self.front.router, &request).starts_with("HTTP/1.1 200 "));
    }

    fn inject(&self, fault: Fault) {
        assert!(fault != Fault::FailsHalfWay, "the router takes a change whole or not at all");
        *lock(&self.front.fault) = Some(fault);
    }
}
