//! Other tools' rules on the same windows, as their documentation and sources state them.

use rollwatch::engine::{role::Role, verdict::Verdict};

use super::{kayenta, netflix, series::Series};

/// A verdict, and when it came in seconds.
pub(crate) type Said = (Verdict, f64);

/// A rule: its name in the table, and what it says of a window.
pub(crate) type Rule = (&'static str, fn(&Series) -> Said);

/// Every rule of the table.
pub(crate) const RULES: [Rule; 9] = [
    ("playbook, 5 min > 1 %", playbook),
    ("Argo, 30 s, limit 0", |s| argo(s, 0)),
    ("Argo, 30 s, limit 3", |s| argo(s, 3)),
    ("Flagger, 30 s x 2", |s| flagger(s, 30.0, 2)),
    ("Flagger, 60 s x 5", |s| flagger(s, 60.0, 5)),
    ("Kayenta, at the end", |s| kayenta::judge(s, kayenta::When::End)),
    ("Kayenta, every 5 min", |s| kayenta::judge(s, kayenta::When::EveryFiveMinutes)),
    ("Kayenta, every look", |s| kayenta::judge(s, kayenta::When::EveryLook)),
    ("Netflix-like, sequential", netflix::sequential),
];

/// The usual rule of a runbook: over five minutes, more than 1 % of the candidate's requests failed.
fn playbook(series: &Series) -> Said {
    let breach = |index: &usize| series.rate(Role::Candidate, *index, 300.0).is_some_and(|(error_rate, _)| error_rate > 0.01);
    first(series, series.looks(30.0).into_iter().find(breach))
}

/// Argo Rollouts (analysis/analysis.go): a measurement each 30 s over the last minute, error rate and p99 against their limits; more
/// than `limit` failed ones of one metric fail it, and so do more than four measurements in a row without data.
fn argo(series: &Series, limit: u32) -> Said {
    let (mut errors, mut slow, mut without) = (0, 0, 0);
    let fails = |index: &usize| {
        let Some((error_rate, p99)) = series.rate(Role::Candidate, *index, 60.0) else {
            without += 1;
            return without > 4;
        };
        without = 0;
        errors += u32::from(error_rate >= series.error_rate);
        slow += u32::from(p99 >= series.p99_s);
        errors > limit || slow > limit
    };
    first(series, series.looks(30.0).into_iter().find(fails))
}

/// Flagger (its scheduler): each check that fails, or finds no values, counts; at the threshold it rolls back.
fn flagger(series: &Series, interval: f64, threshold: u32) -> Said {
    let mut failed = 0;
    let fails = |index: &usize| {
        let is_bad = series
            .rate(Role::Candidate, *index, 60.0)
            .is_none_or(|(error_rate, p99)| error_rate > series.error_rate || p99 > series.p99_s);
        failed += u32::from(series.is_down[*index] || is_bad);
        failed >= threshold
    };
    first(series, series.looks(interval).into_iter().find(fails))
}

/// A rollback at that look, or a promotion at the end.
fn first(series: &Series, look: Option<usize>) -> Said {
    look.map_or((Verdict::Pass, series.end()), |index| (Verdict::Fail, series.times[index]))
}
