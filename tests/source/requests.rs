//! Single requests against servers that misbehave: what comes of them, in which words, and who gets to see credentials.

use std::{io::Write as _, process::Command, time::Duration};

use rollwatch::{
    config::secret::{Credential, Credentials, Secret},
    wire::http::{Bound, Client, ClientError, FetchError, Kind, Method, Options, Purpose, Request},
};
use url::Url;

use crate::server::{Reply, Server, answer, closed_port};

const LIMIT: Duration = Duration::from_secs(10);
const CANARY: &str = "canary-5e1f";

fn client() -> Client {
    Client::build(&Options::new(Purpose::Watch)).expect("a client")
}

async fn get(url: &Url) -> Result<Vec<u8>, FetchError> {
    client().send(Request::get(url, LIMIT)).await?.page().map(|page| page.body)
}

async fn failure(reply: Reply) -> (Kind, Option<u16>, String) {
    let server = Server::always(reply).await;
    let url = server.url("/metrics");
    let error = get(&url).await.expect_err("no usable answer");
    (error.kind, error.status, error.to_string().replace(url.as_str(), "URL"))
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory takes everything");
    encoder.finish().expect("memory takes everything")
}

#[tokio::test]
async fn a_page_is_fetched_as_rollwatch_and_unpacked() {
    let server = Server::always(answer("200 OK", "Content-Encoding: gzip\r\n", &gzip(b"a 1\n"))).await;
    assert_eq!(get(&server.url("/metrics")).await.expect("a page"), b"a 1\n");
    let head = server.heads()[0].to_lowercase();
    assert!(head.starts_with("get /metrics http/1.1"), "{head}");
    assert!(head.contains(concat!("user-agent: rollwatch/", env!("CARGO_PKG_VERSION"))), "{head}");
}

#[tokio::test]
async fn every_failure_has_its_kind_and_its_words() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let mebibyte = [b"100000\r\n".to_vec(), vec![b'#'; 1 << 20], b"\r\n".to_vec()].concat();
    for (reply, kind, status, words) in [
        (answer("502 Bad Gateway", "", b"<html>"), Kind::Status, Some(502), "URL answered 502 Bad Gateway"),
        (answer("401 Unauthorized", "", b""), Kind::Status, Some(401), "URL answered 401 Unauthorized"),
        (answer("204 No Content", "", b""), Kind::Status, Some(204), "URL answered 204 No Content"),
        (answer("304 Not Modified", "", b""), Kind::Status, Some(304), "URL answered 304 Not Modified"),
        (answer("799 Odd", "", b""), Kind::Status, Some(799), "URL answered 799"),
        (
            answer("302 Found", "Location: https://login.example:8443/in?token=canary\r\n", b""),
            Kind::Redirect,
            Some(302),
            "URL redirects to https://login.example:8443 (302 Found), which is not followed",
        ),
        (Reply::Endless(chunked, mebibyte.clone()), Kind::TooLarge, Some(200), "URL answered with more than 1.05 M bytes"),
        (
            answer("200 OK", "Content-Encoding: gzip\r\n", &gzip(&vec![0; 64 << 20])),
            Kind::TooLarge,
            Some(200),
            "URL answered with more than 1.05 M bytes",
        ),
        (
            answer("200 OK", "Content-Encoding: br\r\n", b"x"),
            Kind::Unreadable,
            Some(200),
            "URL answered in the encoding br, which was not asked for",
        ),
        (
            Reply::Bytes(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\na 1\n".to_vec()),
            Kind::Reset,
            Some(200),
            "URL broke off the connection before its answer was whole",
        ),
        (
            Reply::Bytes(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\na 1\n\r\n".to_vec()),
            Kind::Reset,
            Some(200),
            "URL broke off the connection before its answer was whole",
        ),
        (Reply::Bytes(Vec::new()), Kind::Reset, None, "URL broke off the connection before its answer was whole"),
        (Reply::Reset, Kind::Reset, None, "URL broke off the connection before its answer was whole"),
    ] {
        assert_eq!(failure(reply).await, (kind, status, words.to_owned()));
    }
    let (kind, _, words) = failure(Reply::Bytes(b"220 mail.example ESMTP\r\n\r\n".to_vec())).await;
    assert_eq!(kind, Kind::Unreadable);
    assert!(words.starts_with("URL did not answer in HTTP: "), "{words}");
    let (kind, _, words) = failure(answer("200 OK", "Content-Encoding: gzip\r\n", b"no gzip")).await;
    assert_eq!(kind, Kind::Unreadable);
    assert!(words.starts_with("URL gave an answer that cannot be read: "), "{words}");
}

#[tokio::test]
async fn nothing_listening_and_no_such_name_are_told_apart() {
    let url = Url::parse(&format!("http://{}/metrics", closed_port().await)).expect("valid");
    let error = get(&url).await.expect_err("refused");
    assert_eq!((error.kind, error.to_string()), (Kind::Refused, format!("{url} refused the connection: nothing listens there")));
    // Longer than any name may be, so that no name server is asked.
    let url = Url::parse(&format!("http://{}.example/", "a".repeat(64))).expect("valid");
    let error = get(&url).await.expect_err("no such name");
    assert_eq!((error.kind, error.to_string()), (Kind::Dns, format!("{url} has a name that does not resolve")));
}

#[tokio::test]
async fn the_limit_is_on_the_whole_answer_not_on_a_pause_in_it() {
    for reply in [
        Reply::Drip("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"),
        Reply::Drip("HTTP/1.1 200 OK\r\nX-Slow: "),
        Reply::Silence,
    ] {
        let server = Server::always(reply).await;
        let url = server.url("/");
        let error = client().send(Request::get(&url, Duration::from_millis(300))).await.expect_err("too slow");
        assert_eq!((error.kind, error.to_string()), (Kind::Timeout, format!("{url} gave no whole answer within 300 ms")));
    }
}

fn credentials() -> Credentials {
    let header = |name: &str| Credential::Header { name: name.to_owned(), value: Secret::from(CANARY) };
    Credentials { shown: vec![Credential::Bearer(Secret::from(CANARY)), header("X-Api-Key")], ..Credentials::default() }
}

#[tokio::test]
async fn credentials_go_to_their_own_origin_only() {
    let (ours, theirs) = (Server::always(answer("200 OK", "", b"")).await, Server::always(answer("200 OK", "", b"")).await);
    let bound = Bound::to(&credentials(), [&ours.url("/")]).expect("sendable");
    for server in [&ours, &theirs] {
        let url = server.url("/metrics");
        client().send(Request::get(&url, LIMIT).with(&bound)).await.expect("an answer");
    }
    let head = ours.heads()[0].to_lowercase();
    assert!(
        head.contains(&format!("authorization: bearer {CANARY}\r\n")) && head.contains(&format!("x-api-key: {CANARY}\r\n")),
        "{head}"
    );
    assert!(!theirs.heads()[0].contains(CANARY));
}

#[tokio::test]
async fn a_redirect_takes_no_credentials_anywhere() {
    let theirs = Server::always(answer("200 OK", "", b"")).await;
    let ours = Server::always(answer("307 Temporary Redirect", &format!("Location: {}\r\n", theirs.url("/x")), b"")).await;
    let bound = Bound::to(&credentials(), [&ours.url("/")]).expect("sendable");
    let url = ours.url("/metrics");
    let answer = client().send(Request::get(&url, LIMIT).with(&bound)).await.expect("an answer");
    assert_eq!(answer.status(), 307);
    assert_eq!((ours.heads().len(), theirs.heads().len()), (1, 0));
}

#[tokio::test]
async fn basic_credentials_are_sent_as_such() {
    let server = Server::always(answer("200 OK", "", b"")).await;
    let basic = Credential::Basic { user: "me".to_owned(), password: Secret::from("pass") };
    let bound = Bound::to(&Credentials { shown: vec![basic], ..Credentials::default() }, [&server.url("/")]).expect("sendable");
    let url = server.url("/");
    client().send(Request::get(&url, LIMIT).with(&bound)).await.expect("an answer");
    assert!(server.heads()[0].to_lowercase().contains("authorization: basic bwu6cgfzcw==\r\n"));
}

#[tokio::test]
async fn what_acts_is_sent_once_and_on_a_connection_of_its_own() {
    let server = Server::always(Reply::Reset).await;
    let url = server.url("/promote");
    let client = Client::build(&Options::new(Purpose::Act)).expect("a client");
    let request = || Request::new(Method::POST, &url, LIMIT).body("application/json", b"{}".to_vec());
    assert_eq!(client.send(request()).await.expect_err("reset").kind, Kind::Reset);
    assert_eq!(server.heads().len(), 1);
    assert!(server.heads()[0].starts_with("POST /promote HTTP/1.1\r\n"));
    assert!(server.heads()[0].to_lowercase().contains("content-type: application/json\r\n"));
}

#[tokio::test]
async fn no_error_and_no_debug_text_shows_a_secret() {
    let silent = Server::always(Reply::Silence).await;
    let redirecting = Server::always(answer("302 Found", &format!("Location: /{CANARY}?{CANARY}\r\n"), b"")).await;
    let broken = Server::always(Reply::Bytes(Vec::new())).await;
    let mut said = Vec::new();
    for address in [
        silent.address.to_string(),
        redirecting.address.to_string(),
        broken.address.to_string(),
        closed_port().await.to_string(),
        "a".repeat(64),
    ] {
        for (scheme, purpose) in [("http", Purpose::Watch), ("https", Purpose::Watch), ("http", Purpose::Notify)] {
            let path = if purpose == Purpose::Notify { CANARY } else { "" };
            let url = Url::parse(&format!("{scheme}://{CANARY}:{CANARY}@{address}/{path}?token={CANARY}&{CANARY}#{CANARY}"))
                .expect("valid");
            let options = Options::new(purpose);
            let client = Client::build(&options).expect("a client");
            let bound = Bound::to(&credentials(), [&url]).expect("sendable");
            let request = Request::get(&url, Duration::from_millis(200)).with(&bound);
            said.push(format!("{options:?} {client:?} {bound:?} {request:?}"));
            match client.send(request).await {
                Ok(answer) => said.push(format!("{answer:?} {0} {0:?}", answer.refusal())),
                Err(error) => said.push(format!("{error} {error:?}")),
            }
        }
    }
    said.push(format!("{:?} {:?}", credentials(), credentials().shown));
    let unsendable = Credential::Header { name: "X-Key".to_owned(), value: Secret::from(format!("{CANARY}\n")) };
    let refused = Bound::to(&Credentials { shown: vec![unsendable], ..Credentials::default() }, []).expect_err("a line end");
    assert_eq!(refused, ClientError::Header("X-Key".to_owned()));
    said.push(format!("{refused} {refused:?}"));
    let pem = Secret::from(CANARY);
    let refused = Client::build(&Options { identity_pem: Some(&pem), ..Options::new(Purpose::Watch) }).expect_err("no certificate");
    said.push(format!("{refused} {refused:?}"));
    for text in &said {
        assert!(!text.contains(CANARY), "{text}");
    }
    assert_eq!(said.len(), 5 * 3 * 2 + 3);
}

#[tokio::test]
async fn a_large_body_is_dropped_while_it_comes() {
    let chunk = [b"100000\r\n".to_vec(), vec![b'#'; 1 << 20], b"\r\n".to_vec()].concat();
    let server = Server::always(Reply::Endless("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", chunk)).await;
    let url = server.url("/");
    let error = client().send(Request::get(&url, LIMIT).at_most(1000)).await.expect_err("too large");
    assert_eq!((error.kind, error.to_string()), (Kind::TooLarge, format!("{url} answered with more than 1 000 bytes")));
}

/// Runs one ignored test of this binary in a process of its own, with some environment.
fn in_an_environment(test: &str, environment: &[(&str, &str)]) {
    let program = std::env::current_exe().expect("this test");
    let output = Command::new(program)
        .args([test, "--exact", "--ignored", "--nocapture"])
        .envs(environment.iter().copied())
        .output()
        .expect("this test again");
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

#[test]
fn a_system_without_certificate_authorities_still_has_a_client() {
    let nowhere = "/nonexistent/certificates";
    in_an_environment("requests::a_client_is_made", &[("SSL_CERT_FILE", nowhere), ("SSL_CERT_DIR", nowhere)]);
}

#[tokio::test]
#[ignore = "run by another test in an environment of its own"]
async fn a_client_is_made() {
    let server = Server::always(answer("200 OK", "", b"a 1\n")).await;
    assert_eq!(get(&server.url("/")).await.expect("a page"), b"a 1\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_systems_proxy_is_for_others_only() {
    let proxy = Server::always(answer("200 OK", "", b"by proxy")).await;
    let address = format!("http://{}", proxy.address);
    let run = move || in_an_environment("requests::pages_near_and_far", &[("HTTP_PROXY", &address), ("http_proxy", &address)]);
    tokio::task::spawn_blocking(run).await.expect("no panic");
    let heads = proxy.heads();
    assert_eq!(heads.len(), 1);
    assert!(heads[0].starts_with("GET http://far.example/metrics HTTP/1.1"), "{}", heads[0]);
}

#[tokio::test]
#[ignore = "run by another test in an environment of its own"]
async fn pages_near_and_far() {
    let near = Server::always(answer("200 OK", "", b"near")).await;
    assert_eq!(get(&near.url("/")).await.expect("a page"), b"near");
    let far = Url::parse("http://far.example/metrics").expect("valid");
    assert_eq!(get(&far).await.expect("a page"), b"by proxy");
}
