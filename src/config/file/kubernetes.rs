//! `[backend] kind = "kubernetes"`: which workload, who we are there, and where its pods have their pages.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `[backend] kind = "kubernetes"`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Kubernetes {
    /// The workload: `k8s:NAMESPACE/deployment/NAME`, with `rollout` for Argo Rollouts and `canary` for Flagger.
    pub target: String,
    /// The kubeconfig; default those of `KUBECONFIG`, then `~/.kube/config`, then the pod's own account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kubeconfig: Option<PathBuf>,
    /// Its context; default the current one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// The programs that the kubeconfig may run to authenticate, by name or by path: `["aws"]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow_exec: Vec<String>,
    /// The port of the pods' pages, by name or number; default the annotation `prometheus.io/port`, then a port named `metrics`,
    /// then the only port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<String>,
    /// The path of the metrics page; default the annotation `prometheus.io/path`, then `/metrics`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// How the pages are asked for.
    #[serde(default)]
    pub via: Via,
    /// How many pods of each version are asked in one poll; others are asked in turn; default 20.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_pods: Option<u32>,
    /// Where Flagger's load tester answers, for the gates of a canary that has them: `http://flagger-loadtester.test`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<String>,
}

/// `[backend] via`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Via {
    /// Directly inside the cluster, through the API server from outside.
    #[default]
    Auto,
    /// Through the API server's pod proxy.
    Proxy,
    /// At the pods' own addresses.
    Direct,
}
