//! A configuration that is known to be allowed: the values, the engine's policy made of them, and where each came from.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use sha2::{Digest, Sha256};

use super::{
    file::{Backend, File, PolicyKind},
    finding::{ConfigError, Finding, Findings},
    origin::Origin,
    path::KeyPath,
    show, subject,
    tree::Node,
    validate,
    value::Dur,
};
use crate::engine::{
    policy::{Care, Kind, Policy, Tolerance},
    role::Role,
};

/// How long a program of `[backend] kind = "command"` may run when nothing is said.
const PROGRAM_TIMEOUT: Dur = Dur(Duration::from_secs(30));

/// The effective configuration.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Every section; what depends on other values is filled in (`max_window`, `steps.window`, the backend's `timeout`), and
    /// `limits.timeout` is at most one poll.
    pub file: File,
    /// The engine's policy. With a ladder its window is the window of a step.
    pub policy: Policy,
    /// What is allowed but should be looked at.
    pub remarks: Vec<Finding>,
    path: Option<PathBuf>,
    tree: Node,
}

impl Loaded {
    pub(super) fn new(file: File, tree: Node, path: Option<PathBuf>, remarks: Vec<Finding>) -> Self {
        let mut settled = Settling { file, tree };
        settled.settle();
        let Settling { file, tree } = settled;
        Self { policy: policy(&file), file, remarks, path, tree }
    }

    /// The file it was read from.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Where the value of `key`, such as `policy.window`, comes from.
    pub fn origin(&self, key: &str) -> &Origin {
        self.origin_at(&key.into())
    }

    pub(super) fn origin_at(&self, key: &KeyPath) -> &Origin {
        self.tree.get(key).map_or(&Origin::Default, |node| &node.origin)
    }

    /// Whether there is something to watch of each version that the policy asks.
    ///
    /// # Errors
    /// When one has neither a metrics page nor a health page.
    pub fn watchable(&self) -> Result<(), ConfigError> {
        self.can_ask(self.policy.baseline.asked())
    }

    /// Whether there is something to read of each version in `roles`.
    ///
    /// # Errors
    /// When one has neither a metrics page nor a health page.
    pub fn can_ask(&self, roles: &[Role]) -> Result<(), ConfigError> {
        let mut findings = Findings::default();
        validate::watchable(&self.file, &self.tree, &mut findings, roles);
        if findings.has_errors() { Err(findings.into_error(subject(self.path()))) } else { Ok(()) }
    }

    /// The SHA-256 of the effective values, in hexadecimal digits. Where they come from makes no difference, nor does how the screen
    /// looks: two people may watch the same thing in other colours.
    pub fn sha256(&self) -> String {
        let mut values = self.values();
        if let Some(sections) = values.as_object_mut() {
            sections.retain(|section, _| !matches!(section.as_str(), "screen" | "keys"));
        }
        let digest = Sha256::digest(values.to_string());
        digest.iter().flat_map(|byte| [byte >> 4, byte & 15]).filter_map(|half| char::from_digit(half.into(), 16)).collect()
    }

    /// The bare values, section by section.
    pub(super) fn values(&self) -> serde_json::Value {
        serde_json::to_value(&self.file).expect("all keys are texts, and all paths were read from text")
    }

    /// The effective configuration as TOML, with the origin of each value as a comment. A secret is shown as the place where it is
    /// kept.
    pub fn show(&self) -> String {
        show::text(self)
    }
}

/// Fills in the values that depend on others.
struct Settling {
    file: File,
    tree: Node,
}

impl Settling {
    fn settle(&mut self) {
        let window = self.file.step_window().1;
        let longest = Dur(window.0.saturating_mul(3));
        if self.file.policy.max_window.is_none() {
            self.file.policy.max_window = Some(longest);
            self.note("policy.max_window", longest, &Origin::Derived("3 x window"));
        }
        if let Some(steps) = &mut self.file.steps
            && steps.window.is_none()
        {
            steps.window = Some(window);
            self.note("steps.window", window, &Origin::Derived("policy.window"));
        }
        if let Some(Backend::Command(command)) = &mut self.file.backend
            && command.timeout.is_none()
        {
            command.timeout = Some(PROGRAM_TIMEOUT);
            self.note("backend.timeout", PROGRAM_TIMEOUT, &Origin::Default);
        }
        let poll = self.file.policy.poll;
        if self.file.limits.timeout > poll {
            self.file.limits.timeout = poll;
            self.note("limits.timeout", poll, &Origin::Derived("policy.poll, the most it may be"));
        }
    }

    fn note(&mut self, key: &str, value: Dur, origin: &Origin) {
        self.tree.put(&key.into(), Node::whole(value.to_string().into(), origin));
    }
}

fn policy(file: &File) -> Policy {
    let seconds = |span: Dur| span.0.as_secs_f64();
    let (policy, health) = (&file.policy, &file.health);
    let window = file.step_window().1;
    Policy {
        kind: match policy.kind {
            PolicyKind::Statistical => Kind::Statistical,
            PolicyKind::Playbook => Kind::Playbook,
        },
        poll_s: seconds(policy.poll),
        window_s: seconds(window),
        max_window_s: policy.max_window.map_or(3.0 * seconds(window), seconds),
        warmup_s: seconds(policy.warmup),
        alpha: policy.alpha,
        error_rate: policy.error_rate.0,
        p99_ms: seconds(policy.p99) * 1000.0,
        gating: policy.gating.clone(),
        verify_timeout_s: seconds(policy.verify_timeout),
        playbook_k: policy.playbook_k,
        playbook_n: policy.playbook_n,
        rise: health.rise,
        fall: health.fall,
        baseline: policy.baseline.into(),
        tolerance: Tolerance::default(),
        care: care(policy),
        strategy: file.strategy(),
        per_instance: policy.per_instance,
        health_configured: file.baseline.health.is_some() || file.candidate.health.is_some(),
        may_convict: true,
        earlier: None,
        checks: file.checks.iter().map(|(id, check)| check.judged(id)).collect(),
    }
}

fn care(policy: &super::file::Policy) -> Care {
    let care = if policy.safe { Care::SAFE } else { Care::default() };
    let errors_s = policy.bad_for.map_or(care.errors_s, |span| span.0.as_secs_f64());
    Care { errors_s, cold_start: policy.cold_start.0, ..care }
}
