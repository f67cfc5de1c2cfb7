//! Rules about how the candidate is judged: `[policy]`, `[steps]`, `[health]`, `[limits]`.

use std::{collections::BTreeSet, time::Duration};

use super::{Rules, entries};
use crate::config::{
    file::{Against, Check, Steps, StrategyKind},
    path::KeyPath,
    value::{Dur, Percent},
};
use crate::nearest::{listed, nearest};

/// The checks that exist.
pub(super) const CHECKS: [&str; 5] = ["errors", "latency", "health", "restarts", "traffic"];

/// Most steps of a ladder.
const MOST_STEPS: usize = 20;

const DAY: Dur = Dur(Duration::from_secs(24 * 60 * 60));
const POLL: (Dur, Dur) = (ms(100), secs(300));

const fn secs(secs: u64) -> Dur {
    Dur(Duration::from_secs(secs))
}

const fn ms(ms: u64) -> Dur {
    Dur(Duration::from_millis(ms))
}

pub(super) fn rules(rules: &mut Rules<'_>) {
    poll(rules);
    window(rules, "policy.window", rules.file.policy.window);
    if let Some(window) = rules.file.steps.as_ref().and_then(|steps| steps.window) {
        self::window(rules, "steps.window", window);
    }
    max_window(rules);
    alpha(rules);
    care(rules);
    limits_drawn(rules);
    gating(rules);
    verify_timeout(rules);
    playbook(rules);
    weights(rules);
    hysteresis(rules);
    words(rules);
    limits(rules);
}

fn poll(rules: &mut Rules<'_>) {
    rules.within("policy.poll", rules.file.policy.poll, POLL.0, POLL.1);
}

/// The window at `key` holds at least two polls and more than the warm-up.
fn window(rules: &mut Rules<'_>, key: &str, window: Dur) {
    let policy = &rules.file.policy;
    let (poll, warmup) = ("policy.poll".into(), "policy.warmup".into());
    if window > DAY {
        rules.refuse(key, format_args!("is too long: {DAY} is the longest"), "");
    } else if window.0 < policy.poll.0.saturating_mul(2) {
        let problem = format!("must hold at least two polls of {}", rules.quoted(&poll));
        rules.refuse_because_of(&[key.into(), poll], problem, "");
    } else if window <= policy.warmup {
        let problem = format!("must be longer than {}", rules.quoted(&warmup));
        rules.refuse_because_of(&[key.into(), warmup], problem, "the warm-up is a part of the window");
    }
}

fn max_window(rules: &mut Rules<'_>) {
    let Some(max) = rules.file.policy.max_window else { return };
    let longest = Dur(DAY.0.saturating_mul(3));
    let (key, window) = rules.file.step_window();
    if max > longest {
        rules.refuse("policy.max_window", format_args!("is too long: {longest} is the longest"), "");
    } else if max < window {
        let problem = format!("must be at least {}", rules.quoted(&key.into()));
        rules.refuse_because_of(&["policy.max_window".into(), key.into()], problem, "leave it out to get 3 x window");
    }
}

fn alpha(rules: &mut Rules<'_>) {
    rules.within("policy.alpha", rules.file.policy.alpha, 0.0001, 0.2);
}

fn care(rules: &mut Rules<'_>) {
    rules.within("policy.cold_start", rules.file.policy.cold_start, Percent(0.0), Percent(0.5));
    if let Some(span) = rules.file.policy.bad_for {
        rules.within("policy.bad_for", span, secs(0), secs(600));
    }
}

fn limits_drawn(rules: &mut Rules<'_>) {
    rules.within("policy.error_rate", rules.file.policy.error_rate, Percent(0.000_01), Percent(0.5));
    rules.within("policy.p99", rules.file.policy.p99, ms(1), secs(600));
}

fn gating(rules: &mut Rules<'_>) {
    let gating = &rules.file.policy.gating;
    if gating.is_empty() {
        rules.refuse("policy.gating", "names no check: nothing could fail the watch", &format!("known checks: {}", listed(CHECKS)));
    }
    let own = &rules.file.checks;
    let known = || CHECKS.into_iter().chain(own.keys().map(String::as_str));
    for (key, check) in entries("policy.gating", gating).filter(|(_, check)| !CHECKS.contains(&check.as_str())) {
        if let Some(own) = own.get(check) {
            own_gating(rules, key, check, own);
            continue;
        }
        let guess = nearest(check, known()).map(|near| format!(": did you mean \"{near}\"?")).unwrap_or_default();
        rules.refuse(key, format_args!("is no check{guess}"), &format!("known checks: {}", listed(known())));
    }
}

/// Only what counts can gate, and only beside a baseline.
fn own_gating(rules: &mut Rules<'_>, key: KeyPath, id: &str, check: &Check) {
    let gauge = KeyPath::from("checks").key(id).key("gauge");
    let baseline = KeyPath::from("policy.baseline");
    if check.gauge.is_some() {
        let problem = format!("cannot gate: {} has no counts, so there is no statistical verdict", rules.quoted(&gauge));
        let help = format!("take it out of policy.gating, or give checks.{id} two counters, events and of");
        rules.refuse_because_of(&[key, gauge], problem, &help);
    } else if rules.file.policy.baseline == Against::Static {
        let problem = format!("cannot gate: it is compared with a baseline, and {} has none", rules.quoted(&baseline));
        rules.refuse_because_of(&[key, baseline], problem, "take it out of policy.gating, or compare with a baseline");
    }
}

fn verify_timeout(rules: &mut Rules<'_>) {
    rules.within("policy.verify_timeout", rules.file.policy.verify_timeout, secs(1), secs(1800));
}

fn playbook(rules: &mut Rules<'_>) {
    let (k, n) = (rules.file.policy.playbook_k, rules.file.policy.playbook_n);
    rules.within("policy.playbook_n", n, 1, 20);
    rules.within("policy.playbook_k", k, 1, 20);
    if k > n {
        let of = "policy.playbook_n".into();
        let problem = format!("can never be reached: it must be at most {}", rules.quoted(&of));
        rules.refuse_because_of(&["policy.playbook_k".into(), of], problem, "");
    }
}

fn weights(rules: &mut Rules<'_>) {
    let Some(steps) = rules.file.steps.clone() else { return };
    stages(rules, &steps);
    let Some(weights) = &steps.weights else { return };
    if !matches!(steps.strategy, StrategyKind::Canary | StrategyKind::Flag) {
        let strategy = "steps.strategy".into();
        let problem = format!("means nothing with {}", rules.quoted(&strategy));
        rules.refuse_because_of(&["steps.weights".into(), strategy], problem, "leave it out");
        return;
    }
    if weights.is_empty() || weights.len() > MOST_STEPS {
        let problem = format!("has {} steps: 1 to {MOST_STEPS} are allowed", weights.len());
        rules.refuse("steps.weights", problem, "leave [steps] out for a single step");
        return;
    }
    let mut below = Percent(0.0);
    for (key, &weight) in entries("steps.weights", weights) {
        if weight.0 > 1.0 {
            rules.refuse(key, "is more than all traffic: 100% is the most", "");
        } else if weight <= below {
            rules.refuse(key, format_args!("must be more than {below}: each step sends more traffic than the one before"), "");
        }
        below = weight;
    }
    if below.0 < 1.0 {
        rules.refuse("steps.weights", format_args!("ends at {below}: the last step must be 100%"), "add \"100%\"");
    }
}

/// Smoke checks, bake and batches.
fn stages(rules: &mut Rules<'_>, steps: &Steps) {
    for (key, span) in [("steps.smoke", steps.smoke), ("steps.bake", steps.bake)] {
        if let Some(span) = span {
            rules.within(key, span, secs(0), DAY);
        }
    }
    let Some(batches) = steps.batches else { return };
    if steps.strategy == StrategyKind::Rolling {
        rules.within("steps.batches", batches, 1, 20);
    } else {
        let strategy = "steps.strategy".into();
        let problem = format!("means nothing with {}", rules.quoted(&strategy));
        rules.refuse_because_of(&["steps.batches".into(), strategy], problem, "leave it out, or say strategy = \"rolling\"");
    }
}

fn hysteresis(rules: &mut Rules<'_>) {
    rules.within("health.rise", rules.file.health.rise, 1, 20);
    rules.within("health.fall", rules.file.health.fall, 1, 20);
}

fn words(rules: &mut Rules<'_>) {
    let health = &rules.file.health;
    let passes: BTreeSet<String> = health.passes.iter().map(|word| word.trim().to_lowercase()).collect();
    for (key, word) in entries("health.fails", &health.fails) {
        if passes.contains(&word.trim().to_lowercase()) {
            rules.refuse(key, "is among health.passes too: a word can mean only one thing", "");
        }
    }
    for (key, word) in entries("health.passes", &health.passes).chain(entries("health.fails", &health.fails)) {
        if word.trim().is_empty() {
            rules.refuse(key, "is empty: write the word that the page shows", "");
        }
    }
}

fn limits(rules: &mut Rules<'_>) {
    let limits = &rules.file.limits;
    rules.within("limits.timeout", limits.timeout, ms(50), secs(60));
    rules.within("limits.page_bytes", limits.page_bytes, 1024, 256 * 1024 * 1024);
    rules.within("limits.samples", limits.samples, 1, 10_000_000);
    rules.within("limits.labels", limits.labels, 1, 1000);
    let poll = rules.file.policy.poll;
    if limits.timeout > poll && rules.tree.get(&"limits.timeout".into()).is_some_and(|node| !node.origin.is_built_in()) {
        let problem = format!("is longer than a poll: {poll} is used");
        rules.remark(&["limits.timeout".into()], problem, "");
    }
}
