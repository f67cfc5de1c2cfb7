//! What nginx really serves: which version answers fresh connections, and whether that is the share that was asked for.

use std::{collections::BTreeMap, fmt::Write as _, time::Duration};

use futures_util::{StreamExt as _, stream};
use statrs::distribution::{Binomial, DiscreteCDF as _};
use tokio::time::timeout;

use super::page::{Page, Unanswered};
use crate::{backend::ladder::Plan, engine::action::Fact, humanize};

/// Fresh connections in one look.
const CONNECTIONS: u32 = 200;
/// How many of them at a time.
const AT_A_TIME: usize = 20;
/// How long one look may take in all.
const LOOK: Duration = Duration::from_secs(30);
/// The chance that a share as asked for is called another one.
const DOUBT: f64 = 0.001;

/// Who answered one look's connections.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Answers by version.
    versions: BTreeMap<String, u32>,
    /// Connections without a usable answer, by reason.
    silent: BTreeMap<String, u32>,
}

/// Opens the connections and counts; what has not answered when the look is over counts as silent.
pub(super) async fn look(page: &Page) -> Tally {
    let mut tally = Tally::default();
    let mut answers = stream::iter(0..CONNECTIONS).map(|_| page.version()).buffer_unordered(AT_A_TIME);
    let counting = async {
        while let Some(answer) = answers.next().await {
            tally.add(answer);
        }
    };
    let late = timeout(LOOK, counting).await.is_err();
    if late {
        let missing = CONNECTIONS - tally.total();
        tally.silent.insert(format!("had no time within {}", humanize::duration(LOOK)), missing);
    }
    tally
}

impl Tally {
    fn add(&mut self, answer: Result<String, Unanswered>) {
        let count = match answer {
            Ok(version) => self.versions.entry(version).or_default(),
            Err(Unanswered(why)) => self.silent.entry(why).or_default(),
        };
        *count += 1;
    }

    fn total(&self) -> u32 {
        self.answered() + self.silent.values().sum::<u32>()
    }

    fn answered(&self) -> u32 {
        self.versions.values().sum()
    }

    fn of(&self, version: &str) -> u32 {
        self.versions.get(version).copied().unwrap_or(0)
    }

    /// Whether these answers are those of a candidate with the weight `share`.
    pub(super) fn fact(&self, plan: &Plan, share: f64) -> Fact {
        if self.answered() < CONNECTIONS {
            let answered = format!("{} of {CONNECTIONS} fresh connections answered", self.answered());
            return Fact { text: format!("{answered}: {}", listed(&self.silent, "")), holds: false };
        }
        if share <= 0.0 {
            self.unanimous(&plan.baseline)
        } else if share >= 1.0 {
            self.unanimous(&plan.candidate)
        } else {
            self.divided(plan, share)
        }
    }

    fn unanimous(&self, version: &str) -> Fact {
        let count = self.of(version);
        let mut text = format!("{count} of {CONNECTIONS} fresh connections reach {version}");
        let others = self.others(&[version]);
        if !others.is_empty() {
            let _infallible = write!(text, ", {}", listed(&others, "reach "));
        }
        Fact { text, holds: count == CONNECTIONS }
    }

    fn divided(&self, plan: &Plan, share: f64) -> Fact {
        let count = self.of(&plan.candidate);
        let (low, high) = expected(share);
        let asked = humanize::share(share);
        let mut text =
            format!("{count} of {CONNECTIONS} fresh connections reach {}, {low} to {high} expected at {asked}", plan.candidate);
        let strangers = self.others(&[&plan.baseline, &plan.candidate]);
        if !strangers.is_empty() {
            let _infallible = write!(text, "; {}", listed(&strangers, "reach "));
        }
        Fact { text, holds: strangers.is_empty() && (low..=high).contains(&u64::from(count)) }
    }

    fn others(&self, known: &[&str]) -> BTreeMap<String, u32> {
        self.versions.iter().filter(|(version, _)| !known.contains(&version.as_str())).map(|(v, n)| (v.clone(), *n)).collect()
    }
}

/// "13 timed out, 2 refused the connection": the three most frequent.
fn listed(counts: &BTreeMap<String, u32>, verb: &str) -> String {
    const SHOWN: usize = 3;
    let mut most: Vec<(&String, &u32)> = counts.iter().collect();
    most.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let shown: Vec<String> = most.iter().take(SHOWN).map(|(what, count)| format!("{count} {verb}{what}")).collect();
    shown.join(", ")
}

/// The counts of the candidate that a share explains: the central 99.9 % of the binomial distribution.
fn expected(share: f64) -> (u64, u64) {
    Binomial::new(share, u64::from(CONNECTIONS)).map_or((0, u64::from(CONNECTIONS)), |distribution| {
        (distribution.inverse_cdf(DOUBT / 2.0), distribution.inverse_cdf(1.0 - DOUBT / 2.0))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Plan {
        Plan {
            baseline: "v1".into(),
            candidate: "v2".into(),
            steps: vec![],
            strategy: crate::engine::strategy::Kind::Canary,
            verify_timeout: Duration::from_secs(1),
        }
    }

    fn tally(versions: &[(&str, u32)], silent: &[(&str, u32)]) -> Tally {
        let map = |pairs: &[(&str, u32)]| pairs.iter().map(|(k, n)| ((*k).to_owned(), *n)).collect();
        Tally { versions: map(versions), silent: map(silent) }
    }

    #[test]
    fn none_and_all_want_every_connection() {
        let fact = tally(&[("v1", 200)], &[]).fact(&plan(), 0.0);
        assert_eq!(fact, Fact { text: "200 of 200 fresh connections reach v1".into(), holds: true });
        let fact = tally(&[("v1", 1), ("v2", 199)], &[]).fact(&plan(), 1.0);
        assert_eq!(fact, Fact { text: "199 of 200 fresh connections reach v2, 1 reach v1".into(), holds: false });
        assert!(!tally(&[("v1", 200)], &[]).fact(&plan(), 1.0).holds);
    }

    #[test]
    fn a_share_between_has_room_for_chance_and_no_more() {
        let (low, high) = expected(0.25);
        assert_eq!((low, high), (31, 71));
        for (count, holds) in [(low - 1, false), (low, true), (50, true), (high, true), (high + 1, false)] {
            let count = u32::try_from(count).expect("small");
            assert_eq!(tally(&[("v1", 200 - count), ("v2", count)], &[]).fact(&plan(), 0.25).holds, holds, "{count}");
        }
        let fact = tally(&[("v1", 150), ("v2", 50)], &[]).fact(&plan(), 0.25);
        assert_eq!(fact.text, "50 of 200 fresh connections reach v2, 31 to 71 expected at 25 %");
    }

    #[test]
    fn a_stranger_spoils_a_share() {
        let fact = tally(&[("v1", 149), ("v2", 50), ("v0", 1)], &[]).fact(&plan(), 0.25);
        assert!(!fact.holds);
        assert!(fact.text.ends_with("; 1 reach v0"), "{}", fact.text);
    }

    #[test]
    fn who_does_not_answer_is_never_counted_as_agreeing() {
        let fact = tally(&[("v1", 199)], &[("refused the connection", 1)]).fact(&plan(), 0.0);
        assert_eq!(fact, Fact { text: "199 of 200 fresh connections answered: 1 refused the connection".into(), holds: false });
    }
}
