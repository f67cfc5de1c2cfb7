//! Servers on loopback that answer well, badly, slowly or never.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use url::Url;

/// How a request is answered. The connection is closed afterwards.
#[derive(Clone)]
pub(crate) enum Reply {
    /// These bytes.
    Bytes(Vec<u8>),
    /// These bytes after some time.
    Late(Duration, Vec<u8>),
    /// A head, then the same bytes for ever.
    Endless(&'static str, Vec<u8>),
    /// A head, then a byte now and then.
    Drip(&'static str),
    /// Nothing, ever.
    Silence,
    /// A TCP reset.
    Reset,
}

/// A server that keeps the heads of all requests.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) heads: Arc<Mutex<Vec<String>>>,
    /// The most requests that were open at one time.
    pub(crate) most_at_once: Arc<AtomicUsize>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    /// Answers each request by its path.
    pub(crate) async fn start(reply: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let heads = Arc::new(Mutex::new(Vec::new()));
        let (most_at_once, at_once) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (kept, most, reply) = (heads.clone(), most_at_once.clone(), Arc::new(reply));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (kept, most, at_once, reply) = (kept.clone(), most.clone(), at_once.clone(), reply.clone());
                tokio::spawn(async move {
                    most.fetch_max(at_once.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    serve(stream, &kept, &*reply).await;
                    at_once.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Self { address, heads, most_at_once, task }
    }

    /// Answers every request alike.
    pub(crate) async fn always(reply: Reply) -> Self {
        Self::start(move |_| reply.clone()).await
    }

    pub(crate) fn url(&self, path: &str) -> Url {
        Url::parse(&format!("http://{}{path}", self.address)).expect("a valid address")
    }

    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().expect("no test panics in here").clone()
    }
}

/// A port that nothing listens on.
pub(crate) async fn closed_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.and_then(|listener| listener.local_addr()).expect("a free port")
}

/// An answer with a status such as `200 OK`, further head lines, and a body.
pub(crate) fn answer(status: &str, head: &str, body: &[u8]) -> Reply {
    let mut bytes = format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n{head}\r\n", body.len()).into_bytes();
    bytes.extend_from_slice(body);
    Reply::Bytes(bytes)
}

/// Reads a request's head and returns its path.
pub(crate) async fn head(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    String::from_utf8(head).ok()
}

async fn serve(mut stream: TcpStream, heads: &Mutex<Vec<String>>, reply: &(dyn Fn(&str) -> Reply + Send + Sync)) {
    let Some(head) = head(&mut stream).await else { return };
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    heads.lock().expect("no test panics in here").push(head);
    match reply(&path) {
        Reply::Reset => stream.set_zero_linger().expect("a TCP socket"),
        reply => write(stream, reply).await,
    }
}

/// Writes a reply as far as the other side takes it.
async fn write(mut stream: impl AsyncWrite + Unpin, reply: Reply) {
    match reply {
        Reply::Bytes(bytes) => stream.write_all(&bytes).await.unwrap_or_default(),
        Reply::Late(after, bytes) => {
            tokio::time::sleep(after).await;
            stream.write_all(&bytes).await.unwrap_or_default();
        }
        Reply::Endless(head, chunk) => {
            let mut result = stream.write_all(head.as_bytes()).await;
            while result.is_ok() {
                result = stream.write_all(&chunk).await;
            }
        }
        Reply::Drip(head) => {
            let mut result = stream.write_all(head.as_bytes()).await;
            while result.is_ok() {
                tokio::time::sleep(Duration::from_millis(10)).await;
                result = stream.write_all(b"#").await;
            }
        }
        Reply::Silence | Reply::Reset => std::future::pending().await,
    }
}
