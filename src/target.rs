//! A deployment by its place in a platform, as people write it: `k8s:shop/deployment/web`.

use std::{fmt, str::FromStr};

use crate::text;

/// How a place in Kubernetes begins.
const PREFIX: &str = "k8s:";

/// A workload of Kubernetes, or where to look for the one that is rolling.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// Its namespace; none is the context's.
    pub namespace: Option<String>,
    /// Which one; none is what is rolling now.
    pub workload: Option<Workload>,
}

/// A workload within its namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workload {
    /// What drives it.
    pub kind: Kind,
    /// Its name.
    pub name: String,
}

/// What drives a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Kubernetes' own Deployment.
    Deployment,
    /// Argo Rollouts.
    Rollout,
    /// Flagger.
    Canary,
}

/// Why a text is no target: completes "TEXT ...".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoTarget(&'static str);

impl Kind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Deployment, Self::Rollout, Self::Canary];

    /// The word in a target.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Deployment => "deployment",
            Self::Rollout => "rollout",
            Self::Canary => "canary",
        }
    }

    /// The kind that people call so, in kubectl's words too.
    fn called(word: &str) -> Option<Self> {
        match word {
            "deployment" | "deployments" | "deploy" => Some(Self::Deployment),
            "rollout" | "rollouts" | "ro" => Some(Self::Rollout),
            "canary" | "canaries" => Some(Self::Canary),
            _ => None,
        }
    }
}

impl FromStr for Target {
    type Err = NoTarget;

    fn from_str(text: &str) -> Result<Self, NoTarget> {
        let place = text.strip_prefix(PREFIX).ok_or(NoTarget("names no platform: it begins with \"k8s:\""))?;
        let parts: Vec<&str> = place.split('/').collect();
        let is_name = |name: &str| {
            let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
            !name.is_empty() && name.len() <= 253 && name.chars().all(fits) && !name.starts_with(['-', '.'])
        };
        let name = |name: &str| {
            let told =
                NoTarget("holds a name that Kubernetes does not allow: lower-case letters, digits, \"-\" and \".\" make one");
            if is_name(name) { Ok(name.to_owned()) } else { Err(told) }
        };
        match parts.as_slice() {
            [""] => Ok(Self::default()),
            [namespace] => Ok(Self { namespace: Some(name(namespace)?), workload: None }),
            [namespace, kind, workload] => {
                let kind =
                    Kind::called(kind).ok_or(NoTarget("has a kind that is not known: deployment, rollout and canary are"))?;
                let workload = Workload { kind, name: name(workload)? };
                Ok(Self { namespace: Some(name(namespace)?), workload: Some(workload) })
            }
            _ => Err(NoTarget("is not whole: write k8s:NAMESPACE/deployment/NAME, with rollout or canary for the other kinds")),
        }
    }
}

impl Target {
    /// Whether a text is meant as a target of this platform.
    #[must_use]
    pub fn is_meant(text: &str) -> bool {
        text.starts_with(PREFIX)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(PREFIX)?;
        f.write_str(self.namespace.as_deref().unwrap_or_default())?;
        match &self.workload {
            Some(Workload { kind, name }) => write!(f, "/{}/{}", kind.word(), text::clean(name)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_read_as_it_is_written() {
        for text in ["k8s:", "k8s:shop", "k8s:shop/deployment/web", "k8s:shop/rollout/web.v2", "k8s:a-1/canary/x"] {
            assert_eq!(text.parse::<Target>().expect(text).to_string(), text);
        }
        for (short, whole) in [
            ("k8s:shop/deploy/web", "k8s:shop/deployment/web"),
            ("k8s:shop/ro/web", "k8s:shop/rollout/web"),
            ("k8s:shop/canaries/web", "k8s:shop/canary/web"),
        ] {
            assert_eq!(short.parse::<Target>().expect(short).to_string(), whole);
        }
        for kind in Kind::ALL {
            assert_eq!(Kind::called(kind.word()), Some(kind));
        }
    }

    #[test]
    fn what_is_no_target_says_why() {
        for (text, want) in [
            ("web", "names no platform"),
            ("ecs:shop/web", "names no platform"),
            ("k8s:shop/web", "is not whole"),
            ("k8s:shop/deployment/", "a name that Kubernetes does not allow"),
            ("k8s:shop/pod/web", "a kind that is not known"),
            ("k8s:Shop", "a name that Kubernetes does not allow"),
            ("k8s:shop/deployment/web/x", "is not whole"),
            ("k8s:../deployment/web", "a name that Kubernetes does not allow"),
        ] {
            let why = text.parse::<Target>().expect_err(text).to_string();
            assert!(why.contains(want), "{text}: {why}");
        }
    }
}
