//! Sentences for people: every state is worded here once, for screen, notification, journal and headless output alike.
//!
//! No blame, no jargon, a time where there is one. The first clause says what matters; a narrow place drops the later ones.

use super::{
    compare::Metric,
    custom::CustomCheck,
    event::Evidence,
    role::{Role, Sides},
    snapshot::{Ink, Piece, Sentence},
};
use crate::humanize;

/// Builds a sentence piece by piece.
#[derive(Debug, Default)]
pub(super) struct Say {
    sentence: Sentence,
}

impl Say {
    pub(super) fn new() -> Self {
        Self { sentence: Sentence { clauses: vec![Vec::new()] } }
    }

    fn push(mut self, ink: Ink, text: impl Into<String>) -> Self {
        let piece = Piece { ink, text: text.into() };
        if let Some(clause) = self.sentence.clauses.last_mut() {
            clause.push(piece);
        }
        self
    }

    pub(super) fn text(self, text: impl Into<String>) -> Self {
        self.push(Ink::Plain, text)
    }

    pub(super) fn strong(self, text: impl Into<String>) -> Self {
        self.push(Ink::Strong, text)
    }

    pub(super) fn key(self, text: &str) -> Self {
        self.push(Ink::Key, text)
    }

    pub(super) fn baseline(self, names: &Sides<String>) -> Self {
        self.push(Ink::Baseline, names.baseline.clone())
    }

    pub(super) fn candidate(self, names: &Sides<String>) -> Self {
        self.push(Ink::Candidate, names.candidate.clone())
    }

    pub(super) fn version(self, role: Role, names: &Sides<String>) -> Self {
        match role {
            Role::Baseline => self.baseline(names),
            Role::Candidate => self.candidate(names),
        }
    }

    /// What follows may be dropped where there is no room.
    pub(super) fn then(mut self) -> Self {
        self.sentence.clauses.push(Vec::new());
        self
    }

    pub(super) fn done(self) -> Sentence {
        self.sentence
    }
}

/// "v2 fails 4 times as often as v1: 1.19 % of requests against 0.29 %."
pub(super) fn errors_differ(names: &Sides<String>, evidence: &Evidence) -> Sentence {
    let rate = |role: Role| evidence.sides.of(role).value;
    let (Some(c), Some(b)) = (rate(Role::Candidate), rate(Role::Baseline)) else {
        return Sentence::plain("Nothing is known about errors yet.");
    };
    let say = Say::new().candidate(names);
    let say = if b <= 0.0 && c > 0.0 {
        say.strong(" fails where ").baseline(names).strong(" does not")
    } else if c >= 1.95 * b && b > 0.0 {
        say.strong(format!(" fails {} as often as ", times(c / b))).baseline(names)
    } else if c > b {
        say.strong(" fails more often than ").baseline(names)
    } else {
        say.strong(" fails no more often than ").baseline(names)
    };
    say.text(format!(": {}", humanize::rate(c))).then().text(format!(" of requests against {}", humanize::rate(b))).done()
}

/// "v2 is slower than v1: p99 412 ms against 208 ms, 12 % of requests over 250 ms against 1.0 %."
pub(super) fn latency_differs(names: &Sides<String>, evidence: &Evidence, slow: Option<(f64, f64, f64)>) -> Sentence {
    let p99 = |role: Role| evidence.sides.of(role).value;
    let (Some(c), Some(b)) = (p99(Role::Candidate), p99(Role::Baseline)) else {
        return Sentence::plain("Nothing is known about latency yet.");
    };
    let word = if c > b { " is slower than " } else { " is no slower than " };
    let say = Say::new().candidate(names).strong(word).baseline(names);
    let say = say.text(format!(": p99 {} against {}", p99_text(c), p99_text(b)));
    match slow {
        Some((le_ms, c, b)) => say
            .then()
            .text(format!(", {} of requests over {}", humanize::rate(c), humanize::latency(le_ms)))
            .text(format!(" against {}", humanize::rate(b)))
            .done(),
        None => say.done(),
    }
}

/// "v2 is worse than v1 in job failures: 2.50 % of jobs against 0.40 %."
pub(super) fn counts_differ(names: &Sides<String>, check: &CustomCheck, evidence: &Evidence) -> Sentence {
    let rate = |role: Role| evidence.sides.of(role).value;
    let (Some(c), Some(b)) = (rate(Role::Candidate), rate(Role::Baseline)) else {
        return Sentence::plain(format!("Nothing is known about {} yet.", check.name));
    };
    let word = if check.worse.is_past(c, b) { " is worse than " } else { " is no worse than " };
    let say = Say::new().candidate(names).strong(word).baseline(names).strong(format!(" in {}", check.name));
    let say = say.text(format!(": {} of {}", humanize::rate(c), check.counted_in()));
    say.then().text(format!(" against {}", humanize::rate(b))).done()
}

/// A gauge's value with what it is a number of: "120 jobs".
pub(super) fn amount(value: f64, unit: &str) -> String {
    let number = humanize::number(value);
    if unit.is_empty() { number } else { format!("{number} {unit}") }
}

/// "No sign that v2 is worse than v1: 0.27 % errors against 0.18 %."
pub(super) fn no_worse(names: &Sides<String>, metric: Metric, check: Option<&CustomCheck>, evidence: &Evidence) -> Sentence {
    let say = Say::new().text("No sign that ").candidate(names);
    let (verb, worded): (&str, fn(f64) -> String) = match metric {
        Metric::Errors => (" fails more often than ", humanize::rate),
        Metric::Latency => (" is slower than ", p99_text),
        Metric::Custom(_) => (" is worse than ", humanize::rate),
    };
    let say = say.text(verb).baseline(names);
    let say = check.into_iter().fold(say, |say, check| say.text(format!(" in {}", check.name)));
    match (evidence.sides.candidate.value, evidence.sides.baseline.value) {
        (Some(c), Some(b)) => say.text(format!(": {}", worded(c))).then().text(format!(" against {}", worded(b))).done(),
        _ => say.done(),
    }
}

/// A p99 as it is shown: beyond the last bucket nothing is known but that.
pub(super) fn p99_text(ms: f64) -> String {
    if ms.is_infinite() { "beyond the last bucket".to_owned() } else { humanize::latency(ms) }
}

/// The same where there is room for a figure only.
pub(super) fn p99_short(ms: f64) -> String {
    if ms.is_infinite() { "over".to_owned() } else { humanize::latency(ms) }
}

/// "v2 behaves like v1: 0.27 % errors against 0.18 %, p99 212 ms against 208 ms, job failures 0.40 % against 0.38 %."
pub(super) fn alike<'c>(
    names: &Sides<String>,
    errors: &Evidence,
    latency: &Evidence,
    custom: impl Iterator<Item = (&'c CustomCheck, &'c Evidence)>,
) -> Sentence {
    let pair = |e: &Evidence| Some((e.sides.candidate.value?, e.sides.baseline.value?));
    let errors = pair(errors).map(|(c, b)| format!("{} errors against {}", humanize::rate(c), humanize::rate(b)));
    let latency = pair(latency).map(|(c, b)| format!("p99 {} against {}", p99_text(c), p99_text(b)));
    let custom = custom.filter_map(|(check, evidence)| {
        let (c, b) = pair(evidence)?;
        Some(format!("{} {} against {}", check.name, humanize::rate(c), humanize::rate(b)))
    });
    let mut say = Say::new().candidate(names).strong(" behaves like ").baseline(names);
    for (nth, part) in errors.into_iter().chain(latency).chain(custom).enumerate() {
        say = if nth == 0 { say.text(format!(": {part}")) } else { say.then().text(format!(", {part}")) };
    }
    say.done()
}

fn times(ratio: f64) -> String {
    if ratio >= 100.0 { "over 100 times".to_owned() } else { format!("{:.0} times", ratio.round().max(2.0)) }
}

/// First letter in upper case, as a sentence of its own wants it.
pub(super) fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// A full stop at the end, if none is there.
pub(super) fn stopped(text: &str) -> String {
    if text.ends_with(['.', '?', '!']) { text.to_owned() } else { format!("{text}.") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::event::Figures;

    fn names() -> Sides<String> {
        Sides { baseline: "v1".into(), candidate: "v2".into() }
    }

    fn evidence(b: f64, c: f64) -> Evidence {
        let side = |v| Figures { value: Some(v), ..Figures::default() };
        Evidence { sides: Sides { baseline: side(b), candidate: side(c) }, ..Evidence::default() }
    }

    #[test]
    fn the_difference_is_said_in_words_before_numbers() {
        let say = |b, c| errors_differ(&names(), &evidence(b, c)).text();
        assert_eq!(say(0.0029, 0.0119), "v2 fails 4 times as often as v1: 1.19 % of requests against 0.29 %");
        assert_eq!(say(0.003, 0.004), "v2 fails more often than v1: 0.40 % of requests against 0.30 %");
        assert_eq!(say(0.0, 0.01), "v2 fails where v1 does not: 1.00 % of requests against 0.00 %");
        assert_eq!(say(0.003, 0.002), "v2 fails no more often than v1: 0.20 % of requests against 0.30 %");
        assert_eq!(errors_differ(&names(), &Evidence::default()).text(), "Nothing is known about errors yet.");
    }

    #[test]
    fn latency_is_said_with_the_share_of_slow_requests() {
        let text = latency_differs(&names(), &evidence(208.0, 412.0), Some((250.0, 0.12, 0.01))).text();
        assert_eq!(text, "v2 is slower than v1: p99 412 ms against 208 ms, 12.00 % of requests over 250 ms against 1.00 %");
        let text = latency_differs(&names(), &evidence(208.0, f64::INFINITY), None).text();
        assert_eq!(text, "v2 is slower than v1: p99 beyond the last bucket against 208 ms");
    }
}
