//! Which cluster is meant, and who we are there: a kubeconfig and one of its contexts, or the service account of the pod we run in.
//!
//! Reading a kubeconfig runs nothing. A context that authenticates by a program is connected to only if the program is allowed by
//! name; the refusal shows the whole command, so that it is seen before it ever runs.

use std::{env::split_paths, ffi::OsString, path::PathBuf, time::Duration};

use kube::config::{AuthInfo, Config, ExecConfig, ExecInteractiveMode, KubeConfigOptions, Kubeconfig, KubeconfigError};

use super::{Cluster, error::innermost};
use crate::text;

/// How long a connection may take to come up.
const CONNECT: Duration = Duration::from_secs(5);
/// How long a request may take.
const REQUEST: Duration = Duration::from_secs(10);

/// What decides which cluster is meant.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// A kubeconfig that was named; else those of `KUBECONFIG`, else `~/.kube/config`, else the pod's own account.
    pub kubeconfig: Option<PathBuf>,
    /// One of its contexts; else the current one.
    pub context: Option<String>,
    /// Names or paths of the programs that may be run to authenticate.
    pub allow_exec: Vec<String>,
    /// `KUBECONFIG`.
    pub env: Option<OsString>,
    /// The user's home.
    pub home: Option<PathBuf>,
    /// We run in a pod: `KUBERNETES_SERVICE_HOST` is set.
    pub is_inside: bool,
    /// `NO_PROXY`: hosts that no proxy is asked for.
    pub no_proxy: String,
}

/// A cluster that was found, not yet connected to.
#[derive(Clone)]
pub struct Place {
    config: Config,
    /// The context's name; none in a pod.
    pub context: Option<String>,
    /// The namespace of the context.
    pub namespace: String,
    /// Host and port of the API server.
    pub server: String,
    /// We run in a pod of this cluster, so its pods can be asked directly.
    pub is_inside: bool,
}

/// Why there is no cluster to speak to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// Nothing says which cluster.
    #[error("no cluster is known: there is no kubeconfig at {0}, and this is no pod; set KUBECONFIG, or backend.kubeconfig")]
    Nowhere(String),
    /// The kubeconfig cannot be used.
    #[error("{0}")]
    Config(String),
    /// It wants to run a program that nobody has allowed.
    #[error(
        "the context {context} authenticates by running `{command}`, which nobody has allowed: say --allow-exec {name}, or write \
             allow_exec = [\"{name}\"] in [backend]"
    )]
    Exec {
        /// The context.
        context: String,
        /// The whole command.
        command: String,
        /// The program's name.
        name: String,
    },
    /// The connection cannot be made up.
    #[error("the cluster {server} cannot be connected to: {why}")]
    Connect {
        /// Host and port.
        server: String,
        /// Why.
        why: String,
    },
}

impl Place {
    /// Finds the cluster. Reads files, runs nothing, sends nothing.
    ///
    /// # Errors
    /// When none is named, a kubeconfig cannot be read, or it wants to run a program that is not allowed.
    pub async fn find(access: &Access) -> Result<Self, PlaceError> {
        match access.kubeconfig()? {
            Some(kubeconfig) => Self::of_kubeconfig(kubeconfig, access).await,
            None if access.is_inside && access.context.is_none() => {
                let config = Config::incluster().map_err(|error| config_error("the pod's service account", &error))?;
                Ok(Self::new(config, None, true))
            }
            None => {
                Err(PlaceError::Nowhere(access.usual().map_or_else(|| "~/.kube/config".into(), |path| path.display().to_string())))
            }
        }
    }

    async fn of_kubeconfig(kubeconfig: Kubeconfig, access: &Access) -> Result<Self, PlaceError> {
        let context = access.context.clone().or_else(|| kubeconfig.current_context.clone()).unwrap_or_default();
        if !kubeconfig.contexts.iter().any(|known| known.name == context) {
            let known: Vec<&str> = kubeconfig.contexts.iter().map(|known| known.name.as_str()).collect();
            let known =
                if known.is_empty() { "it has none".to_owned() } else { format!("it has {}", text::cleaned(&known.join(", "))) };
            let wanted =
                if context.is_empty() { "current context".to_owned() } else { format!("context {:?}", text::cleaned(&context)) };
            return Err(PlaceError::Config(format!("the kubeconfig has no {wanted}: {known}; name one with --context")));
        }
        let options = KubeConfigOptions { context: Some(context.clone()), ..KubeConfigOptions::default() };
        let has_proxy = has_proxy(&kubeconfig, &context);
        let mut config = Config::from_custom_kubeconfig(kubeconfig, &options)
            .await
            .map_err(|error| config_error(&format!("the context {context}"), &error))?;
        if !has_proxy && access.reaches_directly(config.cluster_url.host().unwrap_or_default()) {
            config.proxy_url = None;
        }
        allow(&mut config.auth_info, &context, &access.allow_exec)?;
        Ok(Self::new(config, Some(context), false))
    }

    fn new(mut config: Config, context: Option<String>, is_inside: bool) -> Self {
        config.connect_timeout = Some(CONNECT);
        // No request is sent twice: a change might be made twice.
        config.default_retry = false;
        let server = config.cluster_url.authority().map(|at| text::cleaned(at.as_str())).unwrap_or_default();
        Self { context, namespace: config.default_namespace.clone(), server, is_inside, config }
    }

    /// A connection. May run an allowed program and wait for it, so it is called where waiting hurts nobody.
    ///
    /// # Errors
    /// When certificates, keys or the program's answer cannot be used.
    pub fn connect(&self) -> Result<Cluster, PlaceError> {
        crate::wire::http::install_crypto();
        self.token_can_be_read()?;
        let client = kube::Client::try_from(self.config.clone())
            .map_err(|error| PlaceError::Connect { server: self.server.clone(), why: innermost(&error) })?;
        Ok(Cluster::new(client, &self.server, REQUEST))
    }

    /// A token in a file is read when it is needed, and then nobody says which file it was.
    fn token_can_be_read(&self) -> Result<(), PlaceError> {
        let Some(file) = &self.config.auth_info.token_file else { return Ok(()) };
        let hint = if self.is_inside { " (does the pod mount its account's token: automountServiceAccountToken?)" } else { "" };
        std::fs::read(file).map(drop).map_err(|error| PlaceError::Connect {
            server: self.server.clone(),
            why: text::cleaned(&format!("the token in {file} cannot be read: {error}{hint}")),
        })
    }
}

impl Access {
    fn kubeconfig(&self) -> Result<Option<Kubeconfig>, PlaceError> {
        let named = self.kubeconfig.iter().cloned();
        let env = || self.env.iter().flat_map(split_paths).filter(|path| !path.as_os_str().is_empty());
        let mut paths: Vec<PathBuf> = if self.kubeconfig.is_some() { named.collect() } else { env().collect() };
        if paths.is_empty() {
            paths.extend(self.usual().filter(|path| path.exists()));
        }
        let mut merged = None;
        for path in paths {
            let what = format!("the kubeconfig {}", path.display());
            let read = Kubeconfig::read_from(&path).map_err(|error| match &error {
                KubeconfigError::ReadConfig(why, _) => config_error(&what, why),
                other => config_error(&what, other),
            })?;
            merged = Some(match merged.take() {
                None => read,
                Some(before) => Kubeconfig::merge(before, read).map_err(|error| config_error("the kubeconfigs", &error))?,
            });
        }
        Ok(merged)
    }

    fn usual(&self) -> Option<PathBuf> {
        Some(self.home.as_ref()?.join(".kube/config"))
    }

    /// Loopback, and what `NO_PROXY` names, are reached without the environment's proxy.
    fn reaches_directly(&self, host: &str) -> bool {
        let host = host.trim_matches(['[', ']']);
        let is_loopback = host == "localhost" || host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback());
        let mut spared = self.no_proxy.split(',').map(|name| name.trim().trim_start_matches('.')).filter(|name| !name.is_empty());
        is_loopback || spared.any(|name| name == "*" || host == name || host.ends_with(&format!(".{name}")))
    }
}

/// The context's cluster names a proxy of its own.
fn has_proxy(kubeconfig: &Kubeconfig, context: &str) -> bool {
    let context = kubeconfig.contexts.iter().find(|known| known.name == context).and_then(|named| named.context.as_ref());
    let cluster = context.and_then(|context| kubeconfig.clusters.iter().find(|known| known.name == context.cluster));
    cluster.and_then(|named| named.cluster.as_ref()?.proxy_url.as_ref()).is_some_and(|url| !url.is_empty())
}

/// Lets an allowed program pass, without a terminal to ask questions on; refuses any other.
fn allow(auth: &mut AuthInfo, context: &str, allowed: &[String]) -> Result<(), PlaceError> {
    let Some(exec) = auth.exec.as_mut() else { return Ok(()) };
    let program = exec.command.clone().unwrap_or_default();
    let name = program.rsplit('/').next().unwrap_or_default().to_owned();
    // A name allows the program that the path finds; a program at a place of its own is allowed by that place.
    if !allowed.contains(&program) {
        let command = command(exec);
        let name = if program.contains('/') { program } else { name };
        return Err(PlaceError::Exec { context: text::cleaned(context), command, name: text::cleaned(&name) });
    }
    exec.interactive_mode = Some(ExecInteractiveMode::Never);
    Ok(())
}

/// The command as it would be run, without the values of its variables.
fn command(exec: &ExecConfig) -> String {
    let words = exec.command.iter().chain(exec.args.iter().flatten()).map(String::as_str);
    text::cleaned(&words.collect::<Vec<_>>().join(" "))
}

fn config_error(what: &str, error: &dyn std::error::Error) -> PlaceError {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    // A parser shows the lines around below its sentence.
    let first = |error: &dyn std::error::Error| error.to_string().lines().next().unwrap_or_default().to_owned();
    let mut said: Vec<String> = causes.map(first).collect();
    // Outer errors often repeat the inner ones.
    said.dedup_by(|inner, outer| outer.contains(inner.as_str()));
    PlaceError::Config(format!("{what} cannot be used: {}", text::cleaned(&said.join(": "))))
}

/// Credentials are not shown.
impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Place").field("server", &self.server).field("context", &self.context).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "
apiVersion: v1
kind: Config
current-context: prod
clusters: [{name: c, cluster: {server: 'https://127.0.0.1:6443'}}]
contexts:
- {name: prod, context: {cluster: c, user: runs, namespace: shop}}
- {name: test, context: {cluster: c, user: token}}
users:
- {name: token, user: {token: s3cret}}
- {name: runs, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: aws, args: [eks, get-token], interactiveMode: IfAvailable}}}
";

    async fn find(context: Option<&str>, allow_exec: &[&str]) -> Result<Place, String> {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("config");
        std::fs::write(&path, FILE).expect("written");
        let allow_exec = allow_exec.iter().map(ToString::to_string).collect();
        let access = Access { kubeconfig: Some(path), context: context.map(str::to_owned), allow_exec, ..Access::default() };
        Place::find(&access).await.map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn a_program_runs_only_when_it_is_allowed_and_is_shown_before() {
        let refused = find(None, &["gke-gcloud-auth-plugin"]).await.expect_err("not allowed");
        let want = "the context prod authenticates by running `aws eks get-token`, which nobody has allowed: say --allow-exec aws, or \
                    write allow_exec = [\"aws\"] in [backend]";
        assert_eq!(refused, want);
        let place = find(None, &["aws"]).await.expect("allowed");
        assert_eq!((place.namespace.as_str(), place.server.as_str()), ("shop", "127.0.0.1:6443"));
        assert!(!place.config.default_retry, "nothing is sent twice");
    }

    #[tokio::test]
    async fn a_context_that_is_not_there_is_told_with_those_that_are() {
        let refused = find(Some("prdo"), &[]).await.expect_err("there is none");
        assert_eq!(refused, "the kubeconfig has no context \"prdo\": it has prod, test; name one with --context");
        assert_eq!(find(Some("test"), &[]).await.expect("it is there").namespace, "default");
    }

    #[tokio::test]
    async fn without_a_kubeconfig_and_outside_a_pod_there_is_no_cluster() {
        let access = Access { home: Some("/nowhere".into()), ..Access::default() };
        let error = Place::find(&access).await.expect_err("nothing is there").to_string();
        assert_eq!(
            error,
            "no cluster is known: there is no kubeconfig at /nowhere/.kube/config, and this is no pod; set KUBECONFIG, or backend.kubeconfig"
        );
        let access = Access { kubeconfig: Some("/nowhere/config".into()), ..Access::default() };
        let error = Place::find(&access).await.expect_err("nothing is there").to_string();
        assert_eq!(error, "the kubeconfig /nowhere/config cannot be used: No such file or directory (os error 2)");
    }

    #[tokio::test]
    async fn what_is_no_kubeconfig_says_where_it_goes_wrong_in_one_line() {
        for (text, want) in [
            ("clusters: [\n", "cannot be used: failed to parse kubeconfig YAML: error: line 1"),
            ("", "the kubeconfig has no current context: it has none; name one with --context"),
        ] {
            let dir = tempfile::tempdir().expect("a folder");
            let path = dir.path().join("config");
            std::fs::write(&path, text).expect("written");
            let error = Place::find(&Access { kubeconfig: Some(path), ..Access::default() }).await.expect_err(text).to_string();
            assert!(error.contains(want) && !error.contains('␊'), "{error}");
        }
    }

    #[test]
    fn loopback_and_spared_hosts_need_no_proxy() {
        let access = Access { no_proxy: "10.0.0.1, .internal".into(), ..Access::default() };
        for (host, want) in
            [("127.0.0.1", true), ("[::1]", true), ("10.0.0.1", true), ("api.internal", true), ("api.example", false)]
        {
            assert_eq!(access.reaches_directly(host), want, "{host}");
        }
    }
}
