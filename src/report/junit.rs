//! JUnit XML as GitLab, Jenkins and GitHub's readers share it: a suite a watch, a case for the watch and one for each gating check.
//!
//! `fail` is a failure, `provider_error` an error; what was not judged (`insufficient`, `no_data`, `muted`, `shared`) is skipped. The watch
//! itself fails with the deployment, is skipped when undecided or waiting, and is an error when it did not come to its end or a person is
//! needed. The attributes and their order are those of the Jenkins xUnit schema (`junit-4.xsd`); the suite's time is in seconds.

use std::fmt::Write as _;

use super::{
    Links, plain,
    summary::{Judged, Standing, Summary},
};
use crate::{engine::verdict::CheckVerdict, humanize};

/// What became of one case.
enum Became {
    Passed,
    Failed,
    Broken,
    Skipped,
}

/// One case.
struct Case {
    name: String,
    seconds: f64,
    result: Became,
    /// The contract's word for the verdict.
    word: String,
    message: String,
    lines: Vec<String>,
}

/// The whole document.
#[must_use]
pub fn render(summary: &Summary, links: &Links) -> String {
    let checks = summary.gating().into_iter().map(|(id, judged)| check(id, judged));
    let cases: Vec<Case> = std::iter::once(watch(summary)).chain(checks).collect();
    let count = |result: fn(&Became) -> bool| cases.iter().filter(|case| result(&case.result)).count();
    let (failures, errors) = (count(|r| matches!(r, Became::Failed)), count(|r| matches!(r, Became::Broken)));
    let skipped = count(|r| matches!(r, Became::Skipped));
    let started = &summary.started;
    let seconds = summary.end().secs_since(summary.began).max(0.0);
    let place = if started.environment.is_empty() { String::new() } else { format!(" in {}", started.environment) };
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <testsuites name=\"rollwatch\" time=\"{seconds:.3}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\">\n  \
         <testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\" \
         time=\"{seconds:.3}\" timestamp=\"{at}\">\n",
        tests = cases.len(),
        name = escaped(&format!("{}{place}: {} against {}", started.deployment, started.candidate, started.baseline)),
        at = humanize::date_time(summary.began).replace(' ', "T"),
    );
    xml.push_str("    <properties>\n");
    for (name, value) in properties(summary, links) {
        add(&mut xml, format_args!("      <property name=\"{name}\" value=\"{}\"/>\n", escaped(&value)));
    }
    xml.push_str("    </properties>\n");
    let class = escaped(&format!("rollwatch.{}", started.deployment));
    for case in &cases {
        case.write(&class, &mut xml);
    }
    xml.push_str("  </testsuite>\n</testsuites>\n");
    xml
}

/// What the suite is about, as far as it is known.
fn properties(summary: &Summary, links: &Links) -> Vec<(&'static str, String)> {
    let started = &summary.started;
    let mut all = vec![
        ("deployment", started.deployment.clone()),
        ("environment", started.environment.clone()),
        ("baseline", started.baseline.clone()),
        ("candidate", started.candidate.clone()),
        ("backend", started.backend.clone()),
        ("strategy", started.strategy.clone()),
        ("config_sha256", started.config_sha256.clone()),
        ("rollwatch", started.rollwatch.clone()),
    ];
    if let Some((_, verdict)) = &summary.verdict {
        all.push(("baseline_mode", verdict.baseline_mode.word().to_owned()));
    }
    if let Some((_, ended)) = &summary.ended {
        all.extend([
            ("verdict", ended.verdict.word().to_owned()),
            ("outcome", ended.outcome.word().to_owned()),
            ("exit_code", ended.exit_code.to_string()),
            ("watched_s", ended.watched_s.to_string()),
            ("blind_s", ended.blind_s.to_string()),
        ]);
    }
    all.extend(links.journal.as_ref().map(|path| ("journal", path.display().to_string())));
    all.extend(links.run.as_ref().map(|url| ("run", url.clone())));
    all.retain(|(_, value)| !value.is_empty());
    all
}

fn watch(summary: &Summary) -> Case {
    let result = match summary.standing() {
        Standing::Good => Became::Passed,
        Standing::Bad => Became::Failed,
        Standing::Unsure => Became::Skipped,
        Standing::Broken => Became::Broken,
    };
    let reasons = summary.strongest().into_iter().map(|judged| {
        let change = &judged.change;
        format!("{}: {}: {}", change.check, change.verdict.word(), change.sentence)
    });
    Case {
        name: "watch".to_owned(),
        seconds: summary.end().secs_since(summary.began).max(0.0),
        result,
        word: summary.ended.as_ref().map_or("unfinished", |(_, ended)| ended.verdict.word()).to_owned(),
        message: summary.sentence().to_owned(),
        lines: reasons.collect(),
    }
}

fn check(id: &str, judged: Option<&Judged>) -> Case {
    let Some(judged @ Judged { change, .. }) = judged else {
        let (word, message) = ("insufficient".to_owned(), "It was never judged".to_owned());
        return Case { name: id.to_owned(), seconds: 0.0, result: Became::Skipped, word, message, lines: Vec::new() };
    };
    let result = match change.verdict {
        CheckVerdict::Pass | CheckVerdict::Warn => Became::Passed,
        CheckVerdict::Fail => Became::Failed,
        CheckVerdict::ProviderError => Became::Broken,
        CheckVerdict::Insufficient | CheckVerdict::NoData | CheckVerdict::Shared | CheckVerdict::Muted => Became::Skipped,
    };
    let lines = judged.explanation().iter().map(|reason| format!("{}: {}", reason.about, reason.text));
    Case {
        name: id.to_owned(),
        seconds: 0.0,
        result,
        word: change.verdict.word().to_owned(),
        message: change.sentence.clone(),
        lines: lines.collect(),
    }
}

impl Case {
    fn write(&self, class: &str, xml: &mut String) {
        let (name, word, message) = (escaped(&self.name), &self.word, escaped(&self.message));
        add(xml, format_args!("    <testcase name=\"{name}\" classname=\"{class}\" time=\"{:.3}\">\n", self.seconds));
        let said = std::iter::once(format!("{word}: {}", self.message)).chain(self.lines.iter().cloned());
        let body: Vec<String> = said.map(|line| escaped(&line)).collect();
        let body = body.join("\n");
        match self.result {
            Became::Passed => add(xml, format_args!("      <system-out>{body}</system-out>\n")),
            Became::Failed => {
                add(xml, format_args!("      <failure type=\"{word}\" message=\"{message}\">{body}</failure>\n"));
            }
            Became::Broken => add(xml, format_args!("      <error type=\"{word}\" message=\"{message}\">{body}</error>\n")),
            Became::Skipped => add(xml, format_args!("      <skipped type=\"{word}\" message=\"{message}\">{body}</skipped>\n")),
        }
        xml.push_str("    </testcase>\n");
    }
}

fn add(xml: &mut String, more: std::fmt::Arguments<'_>) {
    xml.write_fmt(more).expect("writing to a string cannot fail");
}

/// Text as it may stand in XML 1.0, between tags and between quotes: one line, no character that the standard forbids.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in plain(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_can_leave_its_place() {
        assert_eq!(escaped("a<b>&\"'\n\u{0}\u{ffff}"), "a&lt;b&gt;&amp;&quot;&apos;␊␀\u{fffd}");
        assert!(escaped(&"&".repeat(5000)).len() < 6000);
    }
}
