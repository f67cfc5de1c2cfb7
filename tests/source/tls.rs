//! Trusted and untrusted connections, with certificates made on the spot.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rollwatch::{
    config::secret::Secret,
    wire::http::{Client, ClientError, FetchError, Kind, Options, Purpose, Request},
};
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer},
    server::{WebPkiClientVerifier, danger::ClientCertVerifier},
};
use tokio::{io::AsyncWriteExt, net::TcpListener};
use tokio_rustls::TlsAcceptor;
use url::Url;

use crate::server::head;

/// An authority that issues certificates.
struct Authority {
    pem: String,
    der: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate");
        Self { pem: certificate.pem(), der: certificate.der().clone(), issuer: Issuer::new(params, key) }
    }

    fn issue(&self, name: &str, last_year: i32) -> Issued {
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(last_year, 6, 30);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        Issued { der: certificate.der().clone(), pem: format!("{}{}", certificate.pem(), key.serialize_pem()), key }
    }
}

struct Issued {
    der: CertificateDer<'static>,
    /// Certificate and key.
    pem: String,
    key: KeyPair,
}

/// Serves one page over TLS; asks for a client certificate of `clients`, if there is one.
async fn serve(issued: &Issued, clients: Option<&Authority>) -> SocketAddr {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier: Arc<dyn ClientCertVerifier> = match clients {
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(authority.der.clone()).expect("a root");
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().expect("a verifier")
        }
        None => WebPkiClientVerifier::no_client_auth(),
    };
    let key = PrivateKeyDer::try_from(issued.key.serialize_der()).expect("a key");
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("protocol versions")
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![issued.der.clone()], key)
        .expect("a certificate and its key");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            if head(&mut stream).await.is_some() {
                let page = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\na 1\n";
                stream.write_all(page).await.unwrap_or_default();
                stream.shutdown().await.unwrap_or_default();
            }
        }
    });
    address
}

async fn get(address: SocketAddr, trusted: Option<&Authority>, identity: Option<&str>) -> Result<Vec<u8>, FetchError> {
    let identity = identity.map(Secret::from);
    let ca_pem = trusted.map(|authority| authority.pem.as_bytes());
    let client =
        Client::build(&Options { ca_pem, identity_pem: identity.as_ref(), ..Options::new(Purpose::Watch) }).expect("a client");
    let url = Url::parse(&format!("https://localhost:{}/metrics", address.port())).expect("valid");
    client.send(Request::get(&url, Duration::from_secs(10))).await.map(|answer| answer.body)
}

async fn refusal(address: SocketAddr, trusted: Option<&Authority>, identity: Option<&str>) -> String {
    let error = get(address, trusted, identity).await.expect_err("no trust");
    assert_eq!(error.kind, Kind::Tls, "{error}");
    error.to_string().replace(&format!("https://localhost:{}/metrics ", address.port()), "")
}

#[tokio::test]
async fn only_a_valid_certificate_of_a_trusted_authority_is_accepted() {
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let address = serve(&ours.issue("localhost", 2200), None).await;
    assert_eq!(get(address, Some(&ours), None).await.expect("trusted"), b"a 1\n");
    let unknown = "has a certificate that was issued by an authority that is not trusted here";
    assert_eq!(refusal(address, None, None).await, unknown);
    assert_eq!(refusal(address, Some(&theirs), None).await, unknown);
    let expired = serve(&ours.issue("localhost", 2020), None).await;
    assert_eq!(refusal(expired, Some(&ours), None).await, "has a certificate that expired on 2020-06-30");
    let elsewhere = serve(&ours.issue("api.example", 2200), None).await;
    assert_eq!(
        refusal(elsewhere, Some(&ours), None).await,
        "has a certificate that is for another host (DnsName(\"api.example\"))"
    );
}

#[tokio::test]
async fn a_client_certificate_is_shown_where_it_is_wanted() {
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let address = serve(&ours.issue("localhost", 2200), Some(&ours)).await;
    let (good, bad) = (ours.issue("me", 2200), theirs.issue("me", 2200));
    assert_eq!(get(address, Some(&ours), Some(&good.pem)).await.expect("accepted"), b"a 1\n");
    assert_eq!(refusal(address, Some(&ours), None).await, "wants a client certificate");
    assert_eq!(refusal(address, Some(&ours), Some(&bad.pem)).await, "does not accept our client certificate (UnknownCA)");
}

#[tokio::test]
async fn a_server_without_tls_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a client");
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap_or_default();
        // Left open, so that the answer is not lost in a reset.
        std::future::pending::<()>().await;
    });
    assert_eq!(refusal(address, None, None).await, "does not speak TLS");
}

#[test]
fn certificates_that_are_none_are_refused_at_the_start() {
    let authority = Authority::new("ours");
    let (one, other) = (authority.issue("me", 2200), authority.issue("me", 2200));
    let build = |ca_pem: Option<&str>, identity: Option<String>| {
        let identity = identity.map(Secret::from);
        let ca_pem = ca_pem.map(str::as_bytes);
        Client::build(&Options { ca_pem, identity_pem: identity.as_ref(), ..Options::new(Purpose::Watch) }).map(drop)
    };
    assert_eq!(build(Some(&authority.pem), Some(one.pem.clone())), Ok(()));
    assert_eq!(build(Some("no certificate"), None), Err(ClientError::NoAuthority));
    assert!(matches!(
        build(Some("-----BEGIN CERTIFICATE-----\n?\n-----END CERTIFICATE-----\n"), None),
        Err(ClientError::Authorities(_))
    ));
    assert!(matches!(build(None, Some(authority.pem.clone())), Err(ClientError::Identity(_))));
    let certificate = one.pem.split_inclusive("-----END CERTIFICATE-----\n").next().expect("a certificate");
    let mixed = build(None, Some(format!("{certificate}{}", other.key.serialize_pem())));
    assert!(matches!(mixed, Err(ClientError::Other(_))), "{mixed:?}");
}
