//! Reading secrets from where a configuration says they are.

use std::{path::Path, process::Stdio, time::Duration};

use tokio::{
    fs::File,
    io::{AsyncRead, AsyncReadExt},
    process::Command,
    time::timeout,
};

use super::{Auth, Credential, Credentials, Secret, SecretRef};

/// How long a program may take to print a secret, and a file to be read.
const LIMIT: Duration = Duration::from_secs(10);
/// More than this is no secret.
const LARGEST: u64 = 64 << 10;

/// Why a secret could not be read. Names the place only.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {reason}")]
pub struct SecretError {
    key: String,
    reason: String,
}

impl SecretError {
    fn new(key: &str, reason: impl Into<String>) -> Self {
        Self { key: key.to_owned(), reason: reason.into() }
    }
}

impl SecretRef {
    /// Reads the secret; `key` is where the configuration names it.
    ///
    /// # Errors
    /// When not exactly one place is named, or nothing usable is there.
    pub async fn read(&self, key: &str) -> Result<Secret, SecretError> {
        let read = match (&self.env, &self.file, &self.command) {
            (Some(name), None, None) => from_env(name),
            (None, Some(path), None) => from_file(path).await,
            (None, None, Some(argv)) => from_command(argv).await,
            _ => Err("name exactly one of env, file and command".to_owned()),
        };
        read.map(Secret::from).map_err(|reason| SecretError::new(key, reason))
    }
}

impl Auth {
    /// Reads every secret and file that is named.
    ///
    /// # Errors
    /// See [`SecretRef::read`]; also when two keys both say how to authorise, or a certificate and its key do not come together.
    pub async fn read(&self) -> Result<Credentials, SecretError> {
        self.one_authorization()?;
        let mut shown = Vec::new();
        if let Some(bearer) = &self.bearer {
            shown.push(Credential::Bearer(bearer.read("auth.bearer").await?));
        }
        if let Some(basic) = &self.basic {
            shown.push(Credential::Basic { user: basic.user.clone(), password: basic.password.read("auth.basic.password").await? });
        }
        for (name, value) in &self.headers {
            shown.push(Credential::Header { name: name.clone(), value: value.read(&format!("auth.headers.{name}")).await? });
        }
        let ca_pem = match &self.ca_file {
            Some(path) => Some(file("auth.ca_file", path).await?.into_bytes()),
            None => None,
        };
        Ok(Credentials { shown, ca_pem, identity_pem: self.identity().await? })
    }

    fn one_authorization(&self) -> Result<(), SecretError> {
        let by_header = self.headers.keys().any(|name| name.eq_ignore_ascii_case("authorization"));
        let ways = [self.bearer.is_some(), self.basic.is_some(), by_header];
        if ways.into_iter().filter(|is_used| *is_used).count() > 1 {
            return Err(SecretError::new("auth", "bearer, basic and an Authorization header exclude each other: keep one"));
        }
        Ok(())
    }

    async fn identity(&self) -> Result<Option<Secret>, SecretError> {
        match (&self.client_cert, &self.client_key) {
            (Some(cert), Some(key)) => {
                let (cert, key) = (file("auth.client_cert", cert).await?, file("auth.client_key", key).await?);
                Ok(Some(Secret::from(format!("{cert}\n{key}"))))
            }
            (None, None) => Ok(None),
            (Some(_), None) => Err(SecretError::new("auth.client_cert", "needs auth.client_key beside it")),
            (None, Some(_)) => Err(SecretError::new("auth.client_key", "needs auth.client_cert beside it")),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads secrets from the environment")]
fn from_env(name: &str) -> Result<String, String> {
    match std::env::var(name) {
        Ok(value) if value.is_empty() => Err(format!("the environment variable {name} is empty")),
        Ok(value) => Ok(value),
        Err(std::env::VarError::NotPresent) => Err(format!("the environment variable {name} is not set")),
        Err(std::env::VarError::NotUnicode(_)) => Err(format!("the environment variable {name} is no UTF-8 text")),
    }
}

async fn file(key: &str, path: &Path) -> Result<String, SecretError> {
    from_file(path).await.map_err(|reason| SecretError::new(key, reason))
}

/// The file's text without one final line end.
async fn from_file(path: &Path) -> Result<String, String> {
    let place = format!("the file {}", path.display());
    let read = async {
        let file = File::open(path).await.map_err(|error| format!("{place} cannot be read: {error}"))?;
        text(file, &place).await
    };
    let text = timeout(LIMIT, read).await.map_err(|_| format!("{place} could not be read within 10 s"))??;
    let line = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    not_empty(line, &place)
}

/// The first line that the program prints.
async fn from_command(argv: &[String]) -> Result<String, String> {
    let [program, arguments @ ..] = argv else {
        return Err("the command is empty: name a program".to_owned());
    };
    // Arguments may be secrets themselves, so only the program is named.
    let place = format!("the program {program}");
    let run = async {
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("{place} cannot be started: {error}"))?;
        let output = child.stdout.take().ok_or_else(|| format!("{place} has no output"))?;
        let text = text(output, &place).await?;
        let status = child.wait().await.map_err(|error| format!("{place} was lost: {error}"))?;
        if status.success() { Ok(text) } else { Err(format!("{place} failed ({status})")) }
    };
    let text = timeout(LIMIT, run).await.map_err(|_| format!("{place} did not end within 10 s"))??;
    not_empty(text.lines().next().unwrap_or_default(), &place)
}

async fn text(from: impl AsyncRead + Unpin, place: &str) -> Result<String, String> {
    let mut bytes = Vec::new();
    from.take(LARGEST + 1).read_to_end(&mut bytes).await.map_err(|error| format!("{place} cannot be read: {error}"))?;
    if bytes.len() as u64 > LARGEST {
        return Err(format!("{place} gives more than 64 KiB: that is no secret"));
    }
    String::from_utf8(bytes).map_err(|_| format!("{place} gives no UTF-8 text"))
}

fn not_empty(secret: &str, place: &str) -> Result<String, String> {
    if secret.is_empty() { Err(format!("{place} gives an empty secret")) } else { Ok(secret.to_owned()) }
}
