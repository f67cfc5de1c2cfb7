//! Kayenta's judge (`NetflixACAJudge`, `MannWhitneyClassifier`): a rank test of the two versions' points, each metric by itself.

use rollwatch::engine::{role::Role, verdict::Verdict};

use super::{peers::Said, series::Series};

/// The standard normal quantile of its confidence of 98 %.
const Z: f64 = 2.326_347_874_040_841;
/// How far from 0 the interval must be, as a part of the estimate.
const TOLERANCE: f64 = 0.25;
/// Scores: to pass, and up to which it fails before the end.
const PASS: f64 = 75.0;
const MARGINAL: f64 = 50.0;

/// When it judges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    End,
    EveryFiveMinutes,
    EveryLook,
}

/// Points of 10 s (or of the poll, when that is longer), judged once or as they come.
pub(crate) fn judge(series: &Series, when: When) -> Said {
    let step = series.poll_s.max(10.0);
    let looks = series.looks(step);
    let points: Vec<_> =
        looks.iter().map(|index| [Role::Candidate, Role::Baseline].map(|r| series.rate(r, *index, step))).collect();
    for (nth, index) in looks.iter().enumerate() {
        let t = series.times[*index];
        let is_last = nth + 1 == looks.len();
        let is_due = match when {
            When::End => false,
            When::EveryFiveMinutes => t.rem_euclid(300.0) < step / 2.0,
            When::EveryLook => nth >= 9,
        };
        if !is_due && !is_last {
            continue;
        }
        let score = score(&points[..=nth]);
        if is_last {
            return (if score >= PASS { Verdict::Pass } else { Verdict::Fail }, series.end());
        }
        if score <= MARGINAL {
            return (Verdict::Fail, t);
        }
    }
    (Verdict::Pass, series.end())
}

/// The part of the metrics that pass, in percent; 0 when half of them have no data.
fn score(points: &[[Option<(f64, f64)>; 2]]) -> f64 {
    let values = |side: usize, of: fn((f64, f64)) -> f64| -> Vec<f64> { points.iter().filter_map(|p| p[side].map(of)).collect() };
    let metrics: [fn((f64, f64)) -> f64; 2] = [|(error_rate, _)| error_rate, |(_, p99)| p99];
    let high: Vec<bool> = metrics.iter().filter_map(|of| is_high(&values(0, *of), &values(1, *of))).collect();
    if high.len() * 2 <= metrics.len() {
        return 0.0;
    }
    100.0 * high.iter().filter(|high| !**high).count() as f64 / high.len() as f64
}

/// Whether the candidate's points are higher: the lower end of the Hodges-Lehmann interval (Mann-Whitney with correction for ties and
/// continuity) is over a quarter of the estimate. Null with fewer than two points.
fn is_high(candidate: &[f64], baseline: &[f64]) -> Option<bool> {
    if candidate.len() < 2 || baseline.len() < 2 {
        return None;
    }
    let mut all = [candidate, baseline].concat();
    all.sort_by(f64::total_cmp);
    if all[0].total_cmp(&all[all.len() - 1]).is_eq() {
        return Some(false);
    }
    let (m, n) = (candidate.len() as f64, baseline.len() as f64);
    let ties: f64 = all.chunk_by(|a, b| a.total_cmp(b).is_eq()).map(|tie| (tie.len() as f64).powi(3) - tie.len() as f64).sum();
    let deviation = (m * n / 12.0 * (m + n + 1.0 - ties / ((m + n) * (m + n - 1.0)))).sqrt();
    let mut differences: Vec<f64> = candidate.iter().flat_map(|c| baseline.iter().map(move |b| c - b)).collect();
    let low = nth(&mut differences, (m * n / 2.0 - Z * deviation - 0.5).floor());
    let half = differences.len() / 2;
    let middle = nth(&mut differences, half as f64);
    let estimate =
        if differences.len().is_multiple_of(2) { f64::midpoint(middle, nth(&mut differences, half as f64 - 1.0)) } else { middle };
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (c, b) = (mean(candidate), mean(baseline));
    Some(low > TOLERANCE * estimate.abs() && (b <= 0.0 || c <= 0.0 || c >= b))
}

/// The value at that rank, from 0.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the length")]
fn nth(values: &mut [f64], rank: f64) -> f64 {
    let rank = (rank.max(0.0) as usize).min(values.len() - 1);
    *values.select_nth_unstable_by(rank, f64::total_cmp).1
}
