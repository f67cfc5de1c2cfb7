//! Rules about what is watched and who is told: `[deployment]`, `[baseline]`, `[candidate]`, `[metrics]`, `[notify]`.

use std::collections::BTreeSet;

use super::{Rules, entries, http_url};
use crate::{
    config::{
        file::{Backend, Version},
        path::KeyPath,
    },
    engine::role::Role,
    humanize, text,
};

/// Longest name of a deployment, an environment or a version, in characters.
const LONGEST_NAME: usize = 100;

/// Most pages of one kind that are read of a version.
const MOST_PAGES: usize = 1000;

pub(super) fn rules(rules: &mut Rules<'_>) {
    deployment(rules);
    for role in Role::BOTH {
        version_name(rules, role);
        pages(rules, role);
        labels(rules, role);
    }
    different_names(rules);
    told_apart(rules);
    metrics(rules);
    webhook(rules);
}

/// Refuses a configuration without a page to read of each of the versions in `roles`.
pub(super) fn something_to_watch(rules: &mut Rules<'_>, roles: &[Role]) {
    // Its pods are looked for.
    if matches!(rules.file.backend, Some(Backend::Kubernetes(_))) {
        return;
    }
    for &role in roles {
        let version = rules.file.version(role);
        if version.metrics.is_empty() && version.health.as_ref().is_none_or(Vec::is_empty) {
            let side = role.word();
            let alone = match role {
                Role::Baseline => "; without one, set policy.baseline = \"static\" to judge by the limits",
                Role::Candidate => "",
            };
            let help = format!("give --{side} URL, or {side}.metrics = [\"URL\"] in the configuration{alone}");
            rules.refuse(side, "has no metrics page and no health page: there is nothing to watch", &help);
        }
    }
}

/// What is wrong with a name that people read and commands are given; `Ok` when nothing is.
pub(super) fn name(text: &str) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err("is empty: a name is needed".into());
    }
    if text.chars().count() > LONGEST_NAME {
        return Err(format!("is too long: a name has at most {LONGEST_NAME} characters"));
    }
    if text::clean(text) != text {
        return Err("holds a control character or an invisible one: a name has none".into());
    }
    Ok(())
}

fn deployment(rules: &mut Rules<'_>) {
    let deployment = &rules.file.deployment;
    if let Err(problem) = name(&deployment.name) {
        rules.refuse("deployment.name", problem, "");
    } else if deployment.name.contains('/') || deployment.name.starts_with('.') {
        rules.refuse("deployment.name", "cannot name files: a \"/\" and a leading \".\" are not allowed", "");
    }
    if !deployment.environment.is_empty()
        && let Err(problem) = name(&deployment.environment)
    {
        rules.refuse("deployment.environment", problem, "");
    }
}

fn version_name(rules: &mut Rules<'_>, role: Role) {
    let key = KeyPath::default().key(role.word()).key("version");
    let version = &rules.file.version(role).version;
    if let Err(problem) = name(version) {
        rules.refuse(key, problem, "");
    } else if version.starts_with('-') {
        rules.refuse(key, "begins with \"-\": a command would take it for an option", "");
    }
}

fn different_names(rules: &mut Rules<'_>) {
    let (key, other) = (KeyPath::from("candidate.version"), KeyPath::from("baseline.version"));
    if rules.file.candidate.version == rules.file.baseline.version {
        let problem = format!("is the same as {}: nobody could tell the versions apart", rules.quoted(&other));
        rules.refuse_because_of(&[key, other], problem, "");
    }
}

fn pages(rules: &mut Rules<'_>, role: Role) {
    let version = rules.file.version(role);
    let lists = [("metrics", version.metrics.as_slice()), ("health", version.health.as_deref().unwrap_or_default())];
    for (name, list) in lists {
        let key = format!("{}.{name}", role.word());
        if list.len() > MOST_PAGES {
            let problem =
                format!("names {}: at most {MOST_PAGES} can be read", humanize::plural(list.len() as f64, "page", "pages"));
            rules.refuse(key.as_str(), problem, "name a part of the instances");
            continue;
        }
        let mut seen = BTreeSet::new();
        for (key, url) in entries(&key, list) {
            if let Err(problem) = http_url(url) {
                rules.refuse(key, problem, "");
            } else if !seen.insert(url) {
                rules.refuse(key, "is listed twice: an instance would count twice", "");
            }
        }
    }
}

fn labels(rules: &mut Rules<'_>, role: Role) {
    let key = KeyPath::default().key(role.word()).key("select");
    for (label, pattern) in &rules.file.version(role).select {
        matcher(rules, &key.key(label), label, pattern);
    }
}

/// A label's name and the regular expression of its value.
pub(super) fn matcher(rules: &mut Rules<'_>, key: &KeyPath, label: &str, pattern: &str) {
    if label.is_empty() {
        rules.refuse(key.clone(), "has no label: its name is empty", "");
    } else if let Err(error) = regex_lite::Regex::new(pattern) {
        rules.refuse(key.clone(), format_args!("is no regular expression: {error}"), "");
    }
}

/// A page that both sides read needs labels that tell the versions apart; else each would be compared with itself.
fn told_apart(rules: &mut Rules<'_>) {
    let Version { metrics: baseline, select, .. } = &rules.file.baseline;
    let candidate = &rules.file.candidate;
    if candidate.select != *select {
        return;
    }
    let baseline: BTreeSet<&String> = baseline.iter().collect();
    let keys = ["candidate.select", "baseline.select", "baseline.metrics"].map(KeyPath::from);
    for (key, _) in entries("candidate.metrics", &candidate.metrics).filter(|(_, url)| baseline.contains(url)) {
        let keys: Vec<KeyPath> = [key].into_iter().chain(keys.clone()).collect();
        let help = "add baseline.select and candidate.select with the label that names the version";
        rules.refuse_because_of(&keys, "is a page of the baseline too, and no labels tell the versions apart", help);
    }
}

/// A metric's name, where one is given.
pub(super) fn metric_name(rules: &mut Rules<'_>, key: impl Into<KeyPath>, name: Option<&String>) {
    if name.is_some_and(|name| name.is_empty() || name.contains(char::is_whitespace)) {
        rules.refuse(key, "is no name of a metric: it must have a character and no space", "");
    }
}

fn metrics(rules: &mut Rules<'_>) {
    let Some(metrics) = &rules.file.metrics else { return };
    let names = [("metrics.requests", Some(&metrics.requests)), ("metrics.latency", metrics.latency.as_ref())];
    for (key, name) in names {
        metric_name(rules, key, name);
    }
    if metrics.errors.is_empty() {
        rules.refuse("metrics.errors", "names no label: no request could be an error", "write { status = \"5..\" }");
    }
    for (label, pattern) in &metrics.errors {
        matcher(rules, &KeyPath::from("metrics.errors").key(label), label, pattern);
    }
}

fn webhook(rules: &mut Rules<'_>) {
    let Some(webhook) = &rules.file.notify.webhook else { return };
    match (&webhook.url, &webhook.url_from) {
        (Some(url), None) => {
            if let Err(problem) = http_url(url) {
                rules.refuse("notify.webhook.url", problem, "");
            }
        }
        (None, Some(_)) => {}
        (None, None) => rules.refuse("notify.webhook", "has no address: give url or url_from", ""),
        (Some(_), Some(_)) => rules.refuse("notify.webhook", "has both url and url_from: give one of them", ""),
    }
}
