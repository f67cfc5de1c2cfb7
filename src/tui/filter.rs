//! The language of the filter: words that a row must hold, what kind it is, and between which times.
//!
//! ```text
//!  error 2xk8w          both words, wherever they stand, in any case
//!  kind:step kind:act   of one of these kinds; a beginning is enough
//!  after:20:10          not before that time; before:20:12:30 before it
//! ```
//!
//! Pure: what a row is made of comes in as a [`Subject`]. Times are today's, or yesterday's where today's are still to come.

use crate::engine::time::Time;

const DAY_S: i64 = 24 * 60 * 60;

/// What a filter looks at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject<'a> {
    /// Its kind: `step`, `check`; empty where rows have none.
    pub kind: &'a str,
    /// When it was; null where rows have no time.
    pub at: Option<Time>,
    /// Every text it shows.
    pub texts: &'a [&'a str],
}

/// A filter that was typed, perhaps not to its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Filter {
    words: Vec<String>,
    kinds: Vec<String>,
    after: Option<Time>,
    before: Option<Time>,
    /// What is not understood yet, and how it is meant.
    pub trouble: Option<&'static str>,
}

impl Filter {
    /// Reads what was typed. `now` is the time that clock times are near to.
    pub(super) fn parse(text: &str, now: Time) -> Self {
        let mut filter = Self::default();
        for term in text.split_whitespace() {
            match term.split_once(':') {
                Some(("kind", kind)) if !kind.is_empty() => filter.kinds.push(kind.to_lowercase()),
                Some(("kind", _)) => filter.trouble = Some("kind: wants a word such as step"),
                Some(("after", clock)) => filter.after = filter.moment(clock, now).or(filter.after),
                Some(("before", clock)) => filter.before = filter.moment(clock, now).or(filter.before),
                _ => filter.words.push(term.to_lowercase()),
            }
        }
        filter
    }

    /// Whether a row passes.
    pub(super) fn matches(&self, subject: Subject<'_>) -> bool {
        let holds = |word: &String| subject.texts.iter().any(|text| text.to_lowercase().contains(word.as_str()));
        self.words.iter().all(holds)
            && (self.kinds.is_empty() || self.kinds.iter().any(|kind| subject.kind.starts_with(kind.as_str())))
            && self.after.is_none_or(|after| subject.at.is_some_and(|at| at >= after))
            && self.before.is_none_or(|before| subject.at.is_some_and(|at| at < before))
    }

    /// The one word it asks for, if it asks for nothing else.
    pub(super) fn only_word(&self) -> Option<&str> {
        match self.words.as_slice() {
            [word] if self.kinds.is_empty() && self.after.is_none() && self.before.is_none() => Some(word),
            _ => None,
        }
    }

    /// A text in pieces, in order: what its words have found, and what is between.
    pub(super) fn pieces<'t>(&self, text: &'t str) -> Vec<(bool, &'t str)> {
        // Only ASCII letters change their case here, so that places in one text are places in the other.
        let lower = text.to_ascii_lowercase();
        let (mut pieces, mut from) = (Vec::new(), 0);
        let next = |from: usize| {
            let found = self.words.iter().filter_map(|word| Some((lower.get(from..)?.find(word.as_str())? + from, word.len())));
            found.min_by_key(|(at, length)| (*at, usize::MAX - length))
        };
        while let Some((at, length)) = next(from) {
            pieces.extend([(false, text.get(from..at)), (true, text.get(at..at + length))]);
            from = at + length;
        }
        pieces.push((false, text.get(from..)));
        pieces.into_iter().filter_map(|(found, piece)| Some((found, piece.filter(|piece| !piece.is_empty())?))).collect()
    }

    fn moment(&mut self, clock: &str, now: Time) -> Option<Time> {
        let moment = seconds(clock).map(|seconds| {
            let today = now.ms().div_euclid(DAY_S * 1000) * DAY_S;
            let at = Time::from_ms((today + seconds) * 1000);
            if at > now { Time::from_ms((today + seconds - DAY_S) * 1000) } else { at }
        });
        if moment.is_none() {
            self.trouble = Some("a time is written as 20:10 or 20:10:30");
        }
        moment
    }
}

/// Seconds since midnight of `20:10` or `20:10:30`.
fn seconds(clock: &str) -> Option<i64> {
    let mut parts = clock.split(':');
    let mut part = |below: i64, required: bool| match parts.next() {
        Some(digits) if digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_digit()) => {
            digits.parse().ok().filter(|n| (0..below).contains(n))
        }
        None if !required => Some(0),
        _ => None,
    };
    let (hours, minutes, seconds) = (part(24, true)?, part(60, true)?, part(60, false)?);
    parts.next().is_none().then_some(hours * 3600 + minutes * 60 + seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-22T20:14:03Z.
    const NOW: Time = Time::from_ms(1_795_378_443_000);

    /// Whether a row of that kind passes that was so many seconds ago.
    fn passes(filter: &str, kind: &str, ago: i64, texts: &[&str]) -> bool {
        let at = Some(Time::from_ms(NOW.ms() - ago * 1000));
        Filter::parse(filter, NOW).matches(Subject { kind, at, texts })
    }

    /// Whether a row passes that has neither kind nor time.
    fn passes_bare(filter: &str, texts: &[&str]) -> bool {
        Filter::parse(filter, NOW).matches(Subject { kind: "", at: None, texts })
    }

    #[test]
    fn every_word_must_stand_somewhere_in_any_case() {
        let texts = ["Error rate: pass → warn", "v2.5.0, ÜBER 1 %"];
        for (filter, want) in
            [("", true), ("error", true), ("ERROR  warn", true), ("über", true), ("rate: v2.5", true), ("error v2.4", false)]
        {
            assert_eq!(passes(filter, "check", 9, &texts), want, "{filter}");
        }
    }

    #[test]
    fn a_kind_may_be_begun_and_several_are_alternatives() {
        for (filter, want) in [("kind:check", true), ("kind:ch", true), ("kind:step kind:check", true), ("kind:step", false)] {
            assert_eq!(passes(filter, "check", 9, &["x"]), want, "{filter}");
        }
        assert!(passes("kind:", "check", 9, &["x"]), "not typed to its end");
        assert_eq!(Filter::parse("kind:", NOW).trouble, Some("kind: wants a word such as step"));
        assert!(!passes_bare("kind:check", &["x"]), "rows without kinds have none of them");
    }

    #[test]
    fn times_are_the_last_ones_with_that_clock() {
        for (filter, seconds, want) in [
            ("after:20:14", 3, true),
            ("after:20:14", 4, false),
            ("after:20:14:01", 2, true),
            ("before:20:14", 4, true),
            ("before:20:14", 3, false),
            ("after:20:10 before:20:11", 200, true),
            ("after:23:30", 20 * 3600, true),
            ("after:23:30", 21 * 3600, false),
        ] {
            assert_eq!(passes(filter, "step", seconds, &["x"]), want, "{filter} {seconds}");
        }
        assert!(!passes_bare("after:20:14", &["x"]), "rows without a time were at none");
    }

    #[test]
    fn what_is_not_a_time_yet_hides_nothing_and_says_so() {
        for filter in
            ["after:", "after:2", "after:20", "after:20:1", "before:25:00", "before:20:61", "after:20:10:30:1", "after:+1:00"]
        {
            assert!(passes(filter, "step", 9, &["x"]), "{filter}");
            assert!(Filter::parse(filter, NOW).trouble.is_some(), "{filter}");
        }
        assert!(Filter::parse("after:20:10", NOW).trouble.is_none());
    }

    #[test]
    fn what_was_found_is_told_apart() {
        let filter = Filter::parse("rate error", NOW);
        assert_eq!(filter.pieces("Error rates"), [(true, "Error"), (false, " "), (true, "rate"), (false, "s")]);
        assert_eq!(filter.pieces("日本 ERROR"), [(false, "日本 "), (true, "ERROR")]);
        assert_eq!(Filter::parse("", NOW).pieces("text"), [(false, "text")]);
        assert_eq!(filter.pieces(""), []);
    }

    #[test]
    fn a_filter_of_one_word_says_so() {
        assert_eq!(Filter::parse(" error ", NOW).only_word(), Some("error"));
        assert_eq!(Filter::parse("error kind:check", NOW).only_word(), None);
        assert_eq!(Filter::parse("  ", NOW).only_word(), None);
    }
}
