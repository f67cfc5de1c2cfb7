//! Sentences for people: every state is worded here once, for screen, notification, journal and headless output alike.
//!
//! No blame, no jargon, a time where there is one. The first clause says what matters; a narrow place drops the later ones.

use std::time::Duration;

use super::{
    compare::Metric,
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

/// "No sign that v2 is worse than v1: 0.27 % errors against 0.18 %."
pub(super) fn no_worse(names: &Sides<String>, metric: Metric, evidence: &Evidence) -> Sentence {
    let say = Say::new().text("No sign that ").candidate(names);
    let (verb, worded): (&str, fn(f64) -> String) = match metric {
        Metric::Errors => (" fails more often than ", humanize::rate),
        Metric::Latency => (" is slower than ", p99_text),
    };
    let say = say.text(verb).baseline(names);
    match (evidence.sides.candidate.value, evidence.sides.baseline.value) {
        (Some(c), Some(b)) => say.text(format!(": {}", worded(c))).then().text(format!(" against {}", worded(b))).done(),
        _ => say.done(),
    }
}

/// A p99 as it is shown: beyond the last bucket nothing is known but that.
pub(super) fn p99_text(ms: f64) -> String {
    if ms.is_infinite() { "beyond the last bucket".to_owned() } else { humanize::latency(ms) }
}

/// "v2 behaves like v1: 0.27 % errors against 0.18 %, p99 212 ms against 208 ms."
pub(super) fn alike(names: &Sides<String>, errors: &Evidence, latency: &Evidence) -> Sentence {
    let pair = |e: &Evidence| Some((e.sides.candidate.value?, e.sides.baseline.value?));
    let mut say = Say::new().candidate(names).strong(" behaves like ").baseline(names);
    if let Some((c, b)) = pair(errors) {
        say = say.text(format!(": {} errors against {}", humanize::rate(c), humanize::rate(b)));
    }
    if let Some((c, b)) = pair(latency) {
        say = say.then().text(format!(", p99 {} against {}", p99_text(c), p99_text(b)));
    }
    say.done()
}

fn times(ratio: f64) -> String {
    if ratio >= 100.0 { "over 100 times".to_owned() } else { format!("{:.0} times", ratio.round().max(2.0)) }
}

/// "in about 30 s"; "not at this traffic" beyond half an hour.
pub(super) fn in_about(span: Option<Duration>) -> String {
    match span {
        Some(span) if span <= Duration::from_secs(1800) => format!("in about {}", humanize::about(span)),
        _ => "not at this traffic".to_owned(),
    }
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
