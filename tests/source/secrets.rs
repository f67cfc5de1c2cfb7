//! Secrets from the environment, files and programs; and errors that never repeat them.

use std::{collections::BTreeMap, path::Path};

use rollwatch::config::secret::{Auth, Basic, Credential, ExposeSecret, SecretRef};

const CANARY: &str = "canary-77aa";

fn nothing() -> SecretRef {
    SecretRef { env: None, file: None, command: None }
}

fn in_file(path: &Path) -> SecretRef {
    SecretRef { file: Some(path.to_owned()), ..nothing() }
}

fn by_command(argv: &[&str]) -> SecretRef {
    SecretRef { command: Some(argv.iter().map(|word| (*word).to_owned()).collect()), ..nothing() }
}

async fn read(secret: &SecretRef) -> Result<String, String> {
    secret.read("auth.bearer").await.map(|secret| secret.expose_secret().to_owned()).map_err(|error| error.to_string())
}

#[tokio::test]
async fn a_file_loses_one_final_line_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("token");
    for (text, want) in
        [("s3cret", "s3cret"), ("s3cret\n", "s3cret"), ("s3cret\r\n", "s3cret"), ("s3cret\n\n", "s3cret\n"), (" s ", " s ")]
    {
        std::fs::write(&path, text).expect("a file");
        assert_eq!(read(&in_file(&path)).await.as_deref(), Ok(want), "{text:?}");
    }
    for (bytes, why) in [
        (&b"\n"[..], "gives an empty secret"),
        (b"\xff", "gives no UTF-8 text"),
        (&vec![b'x'; 70_000], "gives more than 64 KiB: that is no secret"),
    ] {
        std::fs::write(&path, bytes).expect("a file");
        assert_eq!(read(&in_file(&path)).await, Err(format!("auth.bearer: the file {} {why}", path.display())));
    }
    let missing = folder.path().join("missing");
    let error = read(&in_file(&missing)).await.expect_err("no file");
    assert!(error.starts_with(&format!("auth.bearer: the file {} cannot be read: ", missing.display())), "{error}");
}

#[tokio::test]
async fn a_program_is_run_without_a_shell_and_its_first_line_is_taken() {
    assert_eq!(read(&by_command(&["printf", "%s\n%s\n", "$(id) ; *", "second"])).await.as_deref(), Ok("$(id) ; *"));
    assert_eq!(read(&by_command(&["cat"])).await, Err("auth.bearer: the program cat gives an empty secret".to_owned()));
    let failed = read(&by_command(&["sh", "-c", &format!("echo {CANARY}; echo {CANARY} >&2; exit 3")])).await;
    assert_eq!(failed, Err("auth.bearer: the program sh failed (exit status: 3)".to_owned()));
    assert_eq!(read(&by_command(&[])).await, Err("auth.bearer: the command is empty: name a program".to_owned()));
    let error = read(&by_command(&["/nonexistent/vault", CANARY])).await.expect_err("no program");
    assert!(error.starts_with("auth.bearer: the program /nonexistent/vault cannot be started: "), "{error}");
    assert!(!error.contains(CANARY));
    let endless = read(&by_command(&["yes", CANARY])).await;
    assert_eq!(endless, Err("auth.bearer: the program yes gives more than 64 KiB: that is no secret".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_program_that_does_not_end_is_given_up() {
    assert_eq!(
        read(&by_command(&["sleep", "600"])).await,
        Err("auth.bearer: the program sleep did not end within 10 s".to_owned())
    );
}

#[tokio::test]
async fn the_environment_is_read_by_name() {
    let path = SecretRef { env: Some("PATH".to_owned()), ..nothing() };
    assert_eq!(read(&path).await.ok(), std::env::vars().find(|(name, _)| name == "PATH").map(|(_, value)| value));
    let unset = SecretRef { env: Some("ROLLWATCH_TEST_UNSET".to_owned()), ..nothing() };
    assert_eq!(read(&unset).await, Err("auth.bearer: the environment variable ROLLWATCH_TEST_UNSET is not set".to_owned()));
}

#[tokio::test]
async fn exactly_one_place_is_named() {
    let both = SecretRef { env: Some("PATH".to_owned()), ..by_command(&["true"]) };
    for secret in [nothing(), both] {
        assert_eq!(read(&secret).await, Err("auth.bearer: name exactly one of env, file and command".to_owned()));
    }
}

#[tokio::test]
async fn auth_reads_everything_it_names_and_shows_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path
    };
    let headers = BTreeMap::from([("X-Key".to_owned(), by_command(&["echo", CANARY]))]);
    let auth = Auth {
        basic: Some(Basic { user: "me".to_owned(), password: by_command(&["echo", CANARY]) }),
        headers: headers.clone(),
        ca_file: Some(path("ca", "CA\n")),
        client_cert: Some(path("cert", "CERT\n")),
        client_key: Some(path("key", CANARY)),
        ..Auth::default()
    };
    let read = auth.read().await.expect("everything is there");
    let [Credential::Basic { user, password }, Credential::Header { name, value }] = &read.shown[..] else {
        panic!("two credentials: {read:?}")
    };
    assert_eq!((user.as_str(), password.expose_secret(), name.as_str(), value.expose_secret()), ("me", CANARY, "X-Key", CANARY));
    assert_eq!(read.ca_pem.as_deref(), Some(&b"CA"[..]));
    assert_eq!(read.identity_pem.as_ref().map(ExposeSecret::expose_secret), Some(&*format!("CERT\n{CANARY}")));
    assert!(!format!("{read:?} {:?}", read.shown).contains(CANARY));

    let bearer = Some(by_command(&["echo", CANARY]));
    let authorization = BTreeMap::from([("AUTHORIZATION".to_owned(), by_command(&["echo", CANARY]))]);
    for (auth, why) in [
        (
            Auth { bearer: bearer.clone(), ..auth.clone() },
            "auth: bearer, basic and an Authorization header exclude each other: keep one",
        ),
        (
            Auth { bearer, headers: authorization, ..Auth::default() },
            "auth: bearer, basic and an Authorization header exclude each other: keep one",
        ),
        (Auth { client_key: None, ..auth.clone() }, "auth.client_cert: needs auth.client_key beside it"),
        (Auth { client_cert: None, ..auth.clone() }, "auth.client_key: needs auth.client_cert beside it"),
        (
            Auth { headers: BTreeMap::from([("X-Key".to_owned(), nothing())]), ..auth },
            "auth.headers.X-Key: name exactly one of env, file and command",
        ),
    ] {
        assert_eq!(auth.read().await.map(drop).map_err(|error| error.to_string()), Err(why.to_owned()));
    }
}
