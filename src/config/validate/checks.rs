//! Rules about `[checks.NAME]`.

use std::collections::BTreeMap;

use super::{
    Rules,
    policy::CHECKS,
    targets::{matcher, metric_name, name},
};
use crate::config::{file::Check, path::KeyPath};

/// Most checks of one's own: each that gates takes a part of what the others have to convict with.
const MOST: usize = 16;
/// What notices are about besides checks.
const TAKEN: [&str; 2] = ["verdict", "action"];
/// Longest name of a check, in characters.
const LONGEST: usize = 40;

pub(super) fn rules(rules: &mut Rules<'_>) {
    let checks = &rules.file.checks;
    if checks.len() > MOST {
        rules.refuse("checks", format_args!("has {} checks: {MOST} are the most", checks.len()), "");
    }
    for (id, check) in checks {
        let key = KeyPath::from("checks").key(id);
        id_of(rules, &key, id);
        what_is_read(rules, &key, check);
        families(rules, &key, check);
        words(rules, &key, check);
    }
}

fn id_of(rules: &mut Rules<'_>, key: &KeyPath, id: &str) {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if CHECKS.contains(&id) {
        rules.refuse(key.clone(), "is the name of a built-in check", "give yours another name");
    } else if TAKEN.contains(&id) {
        rules.refuse(key.clone(), "is taken: a notice about it could not be told from one about the watch", "give it another name");
    } else if id.is_empty() || id.chars().count() > LONGEST || !id.chars().all(is_plain) {
        let problem = format!("is no name of a check: it must be 1 to {LONGEST} of a to z, 0 to 9, \"-\" and \"_\"");
        rules.refuse(key.clone(), problem, "");
    }
}

/// Counters or a gauge, each with what belongs to it.
fn what_is_read(rules: &mut Rules<'_>, key: &KeyPath, check: &Check) {
    match (&check.events, &check.of, &check.gauge) {
        (Some(_), Some(_), None) => {
            for (name, is_given) in [("limit", check.limit.is_some()), ("aggregate", check.aggregate.is_some())] {
                if is_given {
                    rules.refuse(key.key(name), "belongs to a gauge: events are compared with the baseline's", "take it out");
                }
            }
            if check.events == check.of && check.events_where == check.of_where {
                let keys = [key.key("events"), key.key("of")];
                rules.refuse_because_of(&keys, "counts the same as of: all of them would be events", "add events_where");
            }
        }
        (None, None, Some(_)) => {}
        (None, None, None) => rules.refuse(key.clone(), "reads nothing", "give events and of, or gauge"),
        (_, _, Some(_)) => {
            rules.refuse(key.clone(), "has both a gauge and counters: it can be one of them", "make two checks of it");
        }
        (Some(_), None, None) => {
            let help = "add the counter of all of them; a number without one is a gauge";
            rules.refuse(key.key("events"), "has no of: nobody knows out of how many", help);
        }
        (None, Some(_), None) => rules.refuse(key.key("of"), "has no events: there is nothing to count among them", "add events"),
    }
    for (name, conditions, family) in conditions(check) {
        if !conditions.is_empty() && family.is_none() {
            let of = name.trim_end_matches("_where");
            rules.refuse(key.key(name), format_args!("has no {of} to choose from"), "");
        }
    }
    if check.limit.is_some_and(|limit| !limit.is_finite()) {
        rules.refuse(key.key("limit"), "is no limit: it must be a number", "");
    }
}

fn families(rules: &mut Rules<'_>, key: &KeyPath, check: &Check) {
    for (name, conditions, family) in conditions(check) {
        metric_name(rules, key.key(name.trim_end_matches("_where")), family);
        for (label, pattern) in conditions {
            matcher(rules, &key.key(name).key(label), label, pattern);
        }
    }
}

fn conditions(check: &Check) -> [(&'static str, &BTreeMap<String, String>, Option<&String>); 3] {
    [
        ("events_where", &check.events_where, check.events.as_ref()),
        ("of_where", &check.of_where, check.of.as_ref()),
        ("gauge_where", &check.gauge_where, check.gauge.as_ref()),
    ]
}

fn words(rules: &mut Rules<'_>, key: &KeyPath, check: &Check) {
    for (at, text) in [("name", &check.name), ("unit", &check.unit)] {
        let Some(text) = text else { continue };
        if let Err(problem) = name(text) {
            rules.refuse(key.key(at), problem, "");
        } else if text.chars().count() > LONGEST {
            rules.refuse(key.key(at), format_args!("is too long: {LONGEST} characters are the most"), "");
        }
    }
}
