//! The tables, each as text.

use rollwatch::engine::verdict::Verdict;

use super::{
    limit::{Limits, limits},
    peers::{RULES, Said},
    score::{Score, counted, mean, percent, quantile, seconds},
    series::Series,
    truth::Known,
};
use crate::simulator::{
    family::{Family, HARDER, HEALTHY, REGRESSED},
    play::{Decision, each, play, windows},
    window::{Terms, WARM_UP_S, Window},
};

/// How many windows each table is made of, and the first seed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) healthy: usize,
    /// Each row that is not counted, each length.
    pub(crate) apart: usize,
    pub(crate) regressed: usize,
    /// Of each truth.
    pub(crate) peers: usize,
    pub(crate) seed: u64,
}

/// A window and what the engine made of it.
struct Case {
    name: String,
    known: Known,
    decision: Decision,
}

impl Case {
    fn of(window: &Window) -> Self {
        Self { name: window.name(), known: Known::of(window), decision: play(window) }
    }

    fn said(&self) -> Said {
        (self.decision.verdict, self.decision.at_s)
    }
}

fn judged(families: &[Family], count: usize, seed: u64, terms: Terms) -> Vec<Case> {
    each(&windows(families, count, seed, terms), Case::of)
}

fn score<'a>(cases: impl IntoIterator<Item = &'a Case>) -> Score {
    Score::of(cases.into_iter().map(|case| (&case.known, case.said())))
}

/// Healthy candidates that were rolled back, by family; below, what is not counted, and each one that is.
pub(crate) fn false_alarms(size: Size) -> String {
    let cases = judged(&HEALTHY, size.healthy, size.seed, Terms::FULL);
    let mut out =
        "Healthy candidates: rolled back (95 % interval; 0.30 % may be); promoted in the window / with its extension\n".to_owned();
    for family in HEALTHY {
        out += &alarms(family.name, &score(cases.iter().filter(|case| case.known.family == family.name)));
    }
    out += &alarms("all of them", &score(&cases));
    let without = Terms { history: false, ..Terms::FULL };
    out += &alarms("apart: the same without history", &score(&judged(&HEALTHY, size.apart, size.seed, without)));
    for family in HARDER {
        let cases = judged(&[family], size.apart / HARDER.len(), size.seed, Terms::FULL);
        out += &alarms(&format!("apart: {}", family.name), &score(&cases));
    }
    let wrong = cases.iter().filter(|case| case.decision.verdict == Verdict::Fail);
    out.extend(wrong.map(|Case { name, decision, .. }| format!("  {name} at {}: {}\n", seconds(decision.at_s), decision.reason)));
    out
}

fn alarms(name: &str, score: &Score) -> String {
    let (early, all) = (percent(score.promoted_in_window, score.promotable), percent(score.promoted, score.promotable));
    format!("  {name:<34}{}   {early:>8} / {all}\n", counted(score.false_alarms, score.healthy))
}

/// The rate of false alarms against the window's length, over the same families.
pub(crate) fn lengths(size: Size) -> String {
    let row = |minutes: u32| {
        let terms = Terms { window_s: Some(f64::from(minutes) * 60.0), ..Terms::FULL };
        let score = score(&judged(&HEALTHY, size.apart, size.seed, terms));
        format!("  {:<34}{}\n", format!("{minutes} min"), counted(score.false_alarms, score.healthy))
    };
    let mut out = "Healthy candidates rolled back, by the window's length\n".to_owned();
    out.extend([10, 20, 30, 60].map(row));
    out
}

/// Regressed candidates by family, and how long the engine took against how long anybody would have.
pub(crate) fn regressed(size: Size) -> String {
    let decided = each(&windows(&REGRESSED, size.regressed, size.seed, Terms::FULL), |window| (Case::of(window), limits(window)));
    let cases = || decided.iter().map(|(case, _)| case);
    let mut out =
        "Regressed candidates: delays from the onset of those that can be found (12 nats), a miss is infinite\n".to_owned();
    let columns = ["clear", "in window", "extended", "early", "promoted", "median", "p90", "bad share"];
    out += &line("", &columns.map(str::to_owned));
    let mut row = |name: &str, score: &Score| {
        let cells = [
            format!("{}/{}", score.clear, score.regressed),
            percent(score.found_in_window, score.clear),
            percent(score.found, score.clear),
            score.early.to_string(),
            score.wrongly_promoted.to_string(),
            seconds(quantile(&score.delays, 0.5)),
            seconds(quantile(&score.delays, 0.9)),
            format!("{:.1} %", 100.0 * mean(&score.bad)),
        ];
        out += &line(name, &cells);
    };
    for family in REGRESSED {
        row(family.name, &score(cases().filter(|case| case.known.family == family.name)));
    }
    row("all of them", &score(cases()));
    row("apart: onset in warm-up", &score(cases().filter(|case| case.known.onset_s <= WARM_UP_S)));
    row("apart: onset after it", &score(cases().filter(|case| case.known.onset_s > WARM_UP_S)));
    out + &ratios(&decided)
}

/// One row: a name and its cells.
fn line(name: &str, cells: &[String]) -> String {
    cells.iter().fold(format!("  {name:<26}"), |line, cell| line + &format!("{cell:>15}")) + "\n"
}

/// Delays over limits, where counts show the regression.
fn ratios(decided: &[(Case, Option<Limits>)]) -> String {
    let (mut fair, mut plain) = (Vec::new(), Vec::new());
    for (case, limits) in decided.iter().filter(|(case, _)| case.known.is_clear()) {
        let Some(limits) = limits else { continue };
        let (verdict, at) = case.said();
        let at = if verdict == Verdict::Fail { at } else { f64::INFINITY };
        let poll_s = case.known.poll_s;
        fair.push((at - limits.start).max(0.0) / (limits.bound + poll_s));
        plain.push((at - case.known.onset_s).max(0.0) / (limits.plain + poll_s));
    }
    let ratio = |name: &str, ratios: &[f64]| {
        let [half, most] = [0.5, 0.9].map(|q| quantile(ratios, q));
        format!("  {name:<72}{half:>6.2} (p90 {most:.2}, {} windows)\n", ratios.len())
    };
    "Median delay over the limit plus one poll\n".to_owned()
        + &ratio("from the end of what is blind; same alpha, margin and share, least polls", &fair)
        + &ratio("from the onset; both versions' rates known, no margin (Wald)", &plain)
}

/// The rules of other tools on the windows that the engine gets, without what it alone can use: history is theirs to ignore.
pub(crate) fn peers(size: Size) -> String {
    let rows = |families: &[Family]| {
        each(&windows(families, size.peers, size.seed, Terms::FULL), |window| {
            let series = Series::of(window);
            (Case::of(window), RULES.map(|(_, rule)| rule(&series)))
        })
    };
    let mut decided = rows(&HEALTHY);
    decided.extend(rows(&REGRESSED));
    let mut out = format!("Other tools' rules on the same windows ({} healthy, {} regressed)\n", size.peers, size.peers);
    let columns = ["rolled back", "promoted", "found", "wrong promotes", "median", "bad share"];
    out += &line("", &columns.map(str::to_owned));
    let mut row = |name: &str, score: &Score| {
        let cells = [
            percent(score.false_alarms, score.healthy),
            percent(score.promoted, score.promotable),
            percent(score.found, score.clear),
            format!("{}/{}", score.wrongly_promoted, score.regressed),
            seconds(quantile(&score.delays, 0.5)),
            format!("{:.1} %", 100.0 * mean(&score.bad)),
        ];
        out += &line(name, &cells);
    };
    for (nth, (name, _)) in RULES.iter().enumerate() {
        row(name, &Score::of(decided.iter().map(|(case, theirs)| (&case.known, theirs[nth]))));
    }
    row("rollwatch", &score(decided.iter().map(|(case, _)| case)));
    out
}
