//! Every end of a watch in every form: what CI makes of it.

use rollwatch::{
    engine::verdict::{CheckVerdict, Outcome, Verdict},
    report::{github, junit, markdown, summary::Standing},
};

use crate::{
    junit::suite,
    lines::{judged, links, summary},
};

#[test]
fn every_outcome_is_named_with_its_exit_code() {
    use Outcome::{
        EndedElsewhere, Interrupted, None as Nothing, Paused, Promoted, PromotionFailed, RollbackFailed, RolledBack, Stuck,
        Superseded, Timeout,
    };
    use Standing::{Bad, Broken, Good, Unsure};
    use Verdict::{Fail, Inconclusive, Pass};
    for (verdict, outcome, code, standing) in [
        (Pass, Nothing, 0, Good),
        (Pass, Promoted, 0, Good),
        (Fail, Nothing, 10, Bad),
        (Fail, RolledBack, 11, Bad),
        (Fail, RollbackFailed, 12, Broken),
        (Pass, PromotionFailed, 12, Broken),
        (Inconclusive, EndedElsewhere, 13, Bad),
        (Inconclusive, Nothing, 20, Unsure),
        (Inconclusive, Nothing, 21, Unsure),
        (Inconclusive, Nothing, 22, Broken),
        (Inconclusive, Stuck, 30, Bad),
        (Pass, Paused, 40, Unsure),
        (Inconclusive, Superseded, 50, Bad),
        (Inconclusive, Timeout, 124, Broken),
        (Inconclusive, Interrupted, 130, Broken),
        (Inconclusive, Interrupted, 143, Broken),
    ] {
        let summary = summary(&judged(&[], Some((verdict, outcome, code))));
        assert_eq!(summary.standing(), standing, "{code}");
        let text = markdown::render(&summary, &links());
        let said = format!("**Verdict {}: {}, exit code {code}.** It is over.", verdict.word(), outcome.words());
        assert!(text.contains(&said), "{text}");
        let (case, annotation) = match standing {
            Good => ("system-out", "::notice "),
            Bad => ("failure", "::error "),
            Unsure => ("skipped", "::warning "),
            Broken => ("error", "::error "),
        };
        assert_eq!(suite(&junit::render(&summary, &links())).case("watch").0, case, "{code}");
        assert!(github::annotations(&summary)[0].starts_with(annotation), "{code}");
    }
}

#[test]
fn every_verdict_of_a_check_has_its_place_in_junit() {
    use CheckVerdict::{Fail, Insufficient, Muted, NoData, Pass, ProviderError, Shared, Warn};
    for (verdict, element) in [
        (Pass, "system-out"),
        (Warn, "system-out"),
        (Fail, "failure"),
        (Insufficient, "skipped"),
        (NoData, "skipped"),
        (Muted, "skipped"),
        (Shared, "skipped"),
        (ProviderError, "error"),
    ] {
        let summary = summary(&judged(&[("latency", verdict)], Some((Verdict::Inconclusive, Outcome::None, 20))));
        let suite = suite(&junit::render(&summary, &links()));
        let (kind, text) = suite.case("latency");
        assert_eq!((kind.as_str(), text), (element, format!("{}: latency was looked at", verdict.word())));
        assert_eq!(suite.case("errors"), ("skipped".to_owned(), "insufficient: It was never judged".to_owned()));
    }
}

#[test]
fn a_check_that_does_not_gate_is_no_case_and_never_the_first_reason() {
    let checks = [("traffic", CheckVerdict::Warn), ("errors", CheckVerdict::Pass)];
    let summary = summary(&judged(&checks, Some((Verdict::Pass, Outcome::Promoted, 0))));
    let names: Vec<String> = suite(&junit::render(&summary, &links())).cases.into_iter().map(|case| case.name).collect();
    assert_eq!(names, ["watch", "errors", "latency", "health", "restarts"]);
    assert_eq!(summary.strongest()[0].change.check, "errors");
    assert!(markdown::render(&summary, &links()).contains("**traffic: warn** at 20:14:06 (a signal: nothing follows from it)"));
    let annotations = github::annotations(&summary);
    assert!(annotations.len() == 2 && annotations[1].starts_with("::warning title=api%3A traffic warn::"), "{annotations:?}");
}
