//! Remarks on what is allowed but will hardly do what was meant.

use super::{Rules, entries};
use crate::{
    config::{
        file::{Backend, PolicyKind},
        path::KeyPath,
    },
    humanize,
};

/// Fewest polls after the warm-up that a verdict can be reached in: the test spreads its stake over them.
const FEWEST_POLLS: u32 = 20;

/// Requests of each version before a check says anything.
const FEWEST_REQUESTS: f64 = 100.0;

/// The playbook rule looks back so many minutes.
const LOOK_BACK_MINUTES: u64 = 5;

/// What an argument of a program may hold between braces.
const PLACEHOLDERS: [&str; 5] = ["version", "ref", "weight", "token", "id"];

pub(super) fn rules(rules: &mut Rules<'_>) {
    too_few_polls(rules);
    one_error_breaches(rules);
    short_look_back(rules);
    unused_playbook(rules);
    latency_without_histogram(rules);
    ladder_without_backend(rules);
    unknown_placeholder(rules);
}

fn too_few_polls(rules: &mut Rules<'_>) {
    let policy = &rules.file.policy;
    let (key, window) = rules.file.step_window();
    let judged = window.0.saturating_sub(policy.warmup.0);
    if judged < policy.poll.0.saturating_mul(FEWEST_POLLS) {
        let keys = [key, "policy.warmup", "policy.poll"].map(KeyPath::from);
        let polls = (judged.as_secs_f64() / policy.poll.0.as_secs_f64()).floor();
        let problem = format!("leaves {} after the warm-up", humanize::plural(polls, "poll", "polls"));
        let help = format!(
            "{FEWEST_POLLS} polls are the fewest in which a verdict can be reached: lengthen the window or poll more often"
        );
        rules.remark(&keys, problem, &help);
    }
}

fn one_error_breaches(rules: &mut Rules<'_>) {
    let policy = &rules.file.policy;
    if policy.kind == PolicyKind::Playbook && policy.error_rate.0 * FEWEST_REQUESTS < 1.0 {
        let enough = humanize::count((1.0 / policy.error_rate.0).ceil());
        let problem = format!("is breached by one error in fewer than {enough} requests, and the playbook rule acts on that");
        rules.remark(&["policy.error_rate".into(), "policy.kind".into()], problem, "use kind = \"statistical\", or a higher limit");
    }
}

fn short_look_back(rules: &mut Rules<'_>) {
    let (key, window) = rules.file.step_window();
    if rules.file.policy.kind == PolicyKind::Playbook && window.0.as_secs() < LOOK_BACK_MINUTES * 60 {
        let problem = format!("is shorter than the {LOOK_BACK_MINUTES} minutes that the playbook rule looks back");
        rules.remark(&[key.into(), "policy.kind".into()], problem, "");
    }
}

fn unused_playbook(rules: &mut Rules<'_>) {
    if rules.file.policy.kind == PolicyKind::Playbook {
        return;
    }
    let policy = &rules.file.policy;
    // 1 of 1 is the default: `config init` writes it down, and it asks for nothing.
    for (key, value) in [("policy.playbook_k", policy.playbook_k), ("policy.playbook_n", policy.playbook_n)] {
        let key = KeyPath::from(key);
        if value != 1 && rules.tree.get(&key).is_some_and(|node| !node.origin.is_built_in()) {
            rules.remark(&[key], "has no effect: policy.kind is not \"playbook\"", "");
        }
    }
}

fn latency_without_histogram(rules: &mut Rules<'_>) {
    let gated = rules.file.policy.gating.iter().any(|check| check == "latency");
    if gated && rules.file.metrics.as_ref().is_some_and(|metrics| metrics.latency.is_none()) {
        let problem = "names no latency histogram, but policy.gating has \"latency\": that check will never have data";
        rules.remark(
            &["metrics".into(), "policy.gating".into()],
            problem,
            "add metrics.latency, or take \"latency\" out of policy.gating",
        );
    }
}

fn ladder_without_backend(rules: &mut Rules<'_>) {
    if rules.file.steps.is_some() && rules.file.backend.is_none() {
        rules.remark(&["steps".into()], "has no effect without [backend]: nothing can move the traffic", "");
    }
}

fn unknown_placeholder(rules: &mut Rules<'_>) {
    let Some(Backend::Command(command)) = &rules.file.backend else { return };
    for (name, argv) in command.programs() {
        for (key, argument) in entries(&format!("backend.{name}"), argv) {
            if let Some(word) = placeholders(argument).find(|word| !PLACEHOLDERS.contains(word)) {
                let known = PLACEHOLDERS.map(|word| format!("{{{word}}}")).join(", ");
                rules.remark(
                    &[key],
                    format_args!("holds {{{word}}}, which is passed on as it is"),
                    &format!("replaced are {known}"),
                );
            }
        }
    }
}

/// The words that stand alone between braces.
fn placeholders(argument: &str) -> impl Iterator<Item = &str> {
    let inner = argument.split('{').skip(1).filter_map(|rest| rest.split_once('}').map(|(word, _)| word));
    inner.filter(|word| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
}
